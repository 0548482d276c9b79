import { CircleOff, Copy, CopyPlus, Plus, Scissors, Trash2, type LucideIcon } from "lucide-react";
import { useEffect, useRef, type KeyboardEvent } from "react";

import type { Point } from "../graph/document";
import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";
import { copySelection, cutSelection, deleteSelection, duplicateSelection, toggleDisabled } from "./commands";
import { besideNode, freeHandle } from "./place";

interface Entry {
  icon: LucideIcon;
  label: string;
  keys: string;
  run: () => void;
}

/** What a right click on the selection offers. */
export function NodeMenu({ at, onClose }: { at: Point; onClose: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const single = useEditor((state) => state.nodes.size === 1);
  useEffect(() => list.current?.querySelector("button")?.focus(), []);
  const entries: Entry[] = [
    ...(single ? [{ icon: Plus, label: "Add a node after it", keys: "Tab", run: () => addAfter(at) }] : []),
    { icon: Copy, label: "Copy", keys: "Ctrl+C", run: copySelection },
    { icon: Scissors, label: "Cut", keys: "Ctrl+X", run: cutSelection },
    { icon: CopyPlus, label: "Duplicate", keys: "Ctrl+D", run: duplicateSelection },
    { icon: CircleOff, label: "Disable or enable", keys: "D", run: toggleDisabled },
    { icon: Trash2, label: "Delete", keys: "Del", run: deleteSelection },
  ];
  const onKey = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") onClose();
    else if (move !== undefined) {
      const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
      buttons[(now + move + buttons.length) % buttons.length]?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <div className="veil" onMouseDown={onClose} onContextMenu={(event) => event.preventDefault()} />
      <div ref={list} className="menu" role="menu" style={{ left: Math.min(at.x, window.innerWidth - 230), top: Math.min(at.y, window.innerHeight - 220) }} onKeyDown={onKey}>
        {entries.map(({ icon: Icon, label, keys, run }) => (
          <button
            key={label}
            type="button"
            role="menuitem"
            onClick={() => {
              onClose();
              run();
            }}
          >
            <Icon size={14} aria-hidden />
            <span>{label}</span>
            <kbd>{keys}</kbd>
          </button>
        ))}
      </div>
    </>
  );
}

function addAfter(at: Point): void {
  const { doc, nodes, sizes } = useEditor.getState();
  const [id] = nodes;
  if (id === undefined) return;
  const handle = freeHandle(doc, id);
  useUi.setState({ quickAdd: { at, position: besideNode(doc, id, sizes), ...(handle === undefined ? {} : { from: { node: id, handle } }) } });
}
