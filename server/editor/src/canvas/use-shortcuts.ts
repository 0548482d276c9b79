/** The keyboard of the workflow page. Fields keep their own keys, but for saving and running. */

import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";

import { openPublish } from "../publish/state";
import { useEditor } from "../store/editor";
import { save } from "../store/session";
import { runOrAsk } from "../store/start";
import { useUi } from "../store/ui";
import { autoLayout, copySelection, cutSelection, deleteSelection, duplicateSelection, pasteText, redoEdit, selectAll, toggleDisabled, undoEdit } from "./commands";
import { besideNode, freeHandle } from "./place";

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable='true'], dialog") !== null;
}

/** Keys that a button or link under the focus needs itself. */
function onControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a, [role='tab'], [role='option']") !== null;
}

/** Tab adds after a selected node; elsewhere it moves the focus, as it must. */
function tabAdds(event: KeyboardEvent): boolean {
  return !event.shiftKey && !onControl(event.target) && useEditor.getState().nodes.size === 1;
}

export function useShortcuts(): void {
  const flow = useReactFlow();
  useEffect(() => {
    const quickAdd = () => {
      const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
      if (!pane) return;
      const { doc, nodes, sizes } = useEditor.getState();
      const [only] = nodes;
      const middle = { x: pane.x + pane.width / 2, y: pane.y + pane.height / 3 };
      const handle = nodes.size === 1 && only !== undefined ? freeHandle(doc, only) : undefined;
      const from = handle !== undefined && only !== undefined ? { node: only, handle } : undefined;
      const position = from ? besideNode(doc, from.node, sizes) : flow.screenToFlowPosition(middle);
      const beside = from && document.querySelector(`.react-flow__node[data-id="${from.node}"]`)?.getBoundingClientRect();
      const at = beside ? { x: beside.right + 24, y: beside.top } : { x: middle.x - 160, y: middle.y - 60 };
      useUi.setState({ quickAdd: { at, position, ...(from ? { from } : {}) } });
    };
    const withControl = (event: KeyboardEvent): (() => void) | undefined => {
      switch (event.key.toLowerCase()) {
        case "z":
          return event.shiftKey ? redoEdit : undoEdit;
        case "y":
          return redoEdit;
        case "c":
          return window.getSelection()?.toString() ? undefined : copySelection;
        case "x":
          return cutSelection;
        case "d":
          return duplicateSelection;
        case "a":
          return selectAll;
        default:
          return undefined;
      }
    };
    const plain = (event: KeyboardEvent): (() => void) | undefined => {
      switch (event.key) {
        case "Delete":
        case "Backspace":
          return deleteSelection;
        case "/":
        case "Tab":
          return event.key === "Tab" && !tabAdds(event) ? undefined : quickAdd;
        case "?":
          return () => useUi.setState({ dialog: "help" });
        case "f":
        case "1":
          return () => void flow.fitView({ padding: 0.15, maxZoom: 1, duration: 250 });
        case "L":
          return () => {
            autoLayout();
            setTimeout(() => void flow.fitView({ padding: 0.15, maxZoom: 1, duration: 250 }), 60);
          };
        case "d":
          return toggleDisabled;
        case "p":
          return () => void openPublish();
        case "Escape":
          return () => useEditor.getState().select([]);
        default:
          return undefined;
      }
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const control = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (control && key === "s") {
        event.preventDefault();
        void save();
        return;
      }
      if (control && key === "enter") {
        event.preventDefault();
        runOrAsk();
        return;
      }
      if (control && key === "k") {
        event.preventDefault();
        useUi.setState({ dialog: "find" });
        return;
      }
      if (inField(event.target)) return;
      const action = control ? withControl(event) : plain(event);
      if (!action) return;
      event.preventDefault();
      action();
    };
    const onPaste = (event: ClipboardEvent) => {
      if (inField(event.target)) return;
      pasteText(event.clipboardData?.getData("text/plain") ?? "");
    };
    window.addEventListener("keydown", onKey);
    window.addEventListener("paste", onPaste);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("paste", onPaste);
    };
  }, [flow]);
}
