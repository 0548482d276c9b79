import {
  Box,
  Braces,
  CircleOff,
  CircleStop,
  Clock,
  Code2,
  CornerDownLeft,
  GitBranch,
  Globe,
  Hourglass,
  ListFilter,
  MousePointerClick,
  Radio,
  Repeat,
  ShieldQuestion,
  Split,
  StickyNote,
  Webhook,
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
  while: Repeat,
  transform: Braces,
  set: Braces,
  filter: ListFilter,
  "http.request": Globe,
  wait: Hourglass,
  wait_event: Radio,
  approval: ShieldQuestion,
  return: CornerDownLeft,
  fail: CircleStop,
  custom: Code2,
  note: StickyNote,
};

export function KindIcon({ kind, size = 16, disabled = false }: { kind: string; size?: number; disabled?: boolean }) {
  const Icon = disabled ? CircleOff : (ICONS[kindName(kind)] ?? Box);
  return <Icon size={size} strokeWidth={1.9} aria-hidden />;
}
