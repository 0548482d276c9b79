import {
  ArrowDownWideNarrow,
  Box,
  Braces,
  CircleOff,
  CircleStop,
  Clock,
  Code2,
  CornerDownLeft,
  Flag,
  GitBranch,
  Globe,
  Hourglass,
  LifeBuoy,
  ListFilter,
  MessageSquareReply,
  MousePointerClick,
  Radio,
  RefreshCw,
  Repeat,
  Send,
  ShieldQuestion,
  Sigma,
  Split,
  StickyNote,
  Webhook,
  Workflow,
  type LucideIcon,
} from "lucide-react";

import { kindName } from "../graph/document";

const ICONS: Record<string, LucideIcon> = {
  manual: MousePointerClick,
  webhook: Webhook,
  schedule: Clock,
  condition: Split,
  switch: GitBranch,
  for_each: Repeat,
  while: RefreshCw,
  race: Flag,
  try: LifeBuoy,
  transform: Braces,
  set: Braces,
  filter: ListFilter,
  sort: ArrowDownWideNarrow,
  aggregate: Sigma,
  "http.request": Globe,
  wait: Hourglass,
  wait_event: Radio,
  approval: ShieldQuestion,
  call_workflow: Workflow,
  start_workflow: Send,
  return: CornerDownLeft,
  respond: MessageSquareReply,
  fail: CircleStop,
  custom: Code2,
  note: StickyNote,
};

export function KindIcon({ kind, size = 16, disabled = false }: { kind: string; size?: number; disabled?: boolean }) {
  const Icon = disabled ? CircleOff : (ICONS[kindName(kind)] ?? Box);
  return <Icon size={size} strokeWidth={1.9} aria-hidden />;
}
