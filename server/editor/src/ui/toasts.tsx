import { CheckCircle2, CircleAlert, Info, X } from "lucide-react";

import { dismissToast, useUi, type Toast } from "../store/ui";
import { Button, IconButton } from "./button";

const ICONS = { info: Info, good: CheckCircle2, bad: CircleAlert } as const;

export function Toasts() {
  const toasts = useUi((state) => state.toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((entry) => (
        <ToastCard key={entry.id} toast={entry} />
      ))}
    </div>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const Icon = ICONS[toast.tone];
  const { action } = toast;
  return (
    <div className={`toast ${toast.tone}`}>
      <Icon size={16} aria-hidden />
      <span>{toast.text}</span>
      {action && (
        <Button
          small
          onClick={() => {
            dismissToast(toast.id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton label="Dismiss" small onClick={() => dismissToast(toast.id)}>
        <X size={14} />
      </IconButton>
    </div>
  );
}
