import { CircleOff, Copy, CopyPlus, Trash2 } from "lucide-react";

import { copySelection, deleteSelection, duplicateSelection, toggleDisabled } from "../canvas/commands";
import { Button } from "../ui/button";

export function ManySelected({ count }: { count: number }) {
  return (
    <div className="inspector-body">
      <h2>{count} nodes selected</h2>
      <div className="stack">
        <Button onClick={copySelection}>
          <Copy size={14} aria-hidden /> Copy
        </Button>
        <Button onClick={duplicateSelection}>
          <CopyPlus size={14} aria-hidden /> Duplicate
        </Button>
        <Button onClick={toggleDisabled}>
          <CircleOff size={14} aria-hidden /> Disable or enable
        </Button>
        <Button onClick={deleteSelection}>
          <Trash2 size={14} aria-hidden /> Delete
        </Button>
      </div>
    </div>
  );
}
