import { CloudOff } from "lucide-react";

import { Button } from "./button";

/** Stands above everything while the server does not answer. */
export function Banner({ onRetry }: { onRetry: () => void }) {
  return (
    <div className="banner" role="alert">
      <CloudOff size={16} aria-hidden />
      <span>The server does not answer. Your edits are kept in this browser; trying again…</span>
      <Button small onClick={onRetry}>
        Try now
      </Button>
    </div>
  );
}
