import { Panel, useReactFlow, useStore } from "@xyflow/react";
import { LayoutDashboard, Maximize, Minus, PanelLeftOpen, Plus, Redo2, Undo2 } from "lucide-react";

import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";
import { IconButton } from "../ui/button";
import { autoLayout, redoEdit, undoEdit } from "./commands";

export function Controls() {
  const flow = useReactFlow();
  const zoom = useStore((state) => Math.round(state.transform[2] * 100));
  const undone = useEditor((state) => state.history.past.at(-1)?.label);
  const redone = useEditor((state) => state.history.future[0]?.label);
  const palette = useUi((state) => state.palette);
  const fit = () => void flow.fitView({ padding: 0.15, maxZoom: 1, duration: 250 });
  return (
    <Panel position="bottom-left" className="controls">
      {!palette && (
        <IconButton label="Show the palette" small onClick={() => useUi.setState({ palette: true })}>
          <PanelLeftOpen size={15} />
        </IconButton>
      )}
      <IconButton label="Zoom out" small onClick={() => void flow.zoomOut({ duration: 150 })}>
        <Minus size={15} />
      </IconButton>
      <button type="button" className="zoom" title="Zoom to 100 %" onClick={() => void flow.zoomTo(1, { duration: 150 })}>
        {zoom} %
      </button>
      <IconButton label="Zoom in" small onClick={() => void flow.zoomIn({ duration: 150 })}>
        <Plus size={15} />
      </IconButton>
      <IconButton label="Fit to screen" shortcut="F" small onClick={fit}>
        <Maximize size={14} />
      </IconButton>
      <span className="controls-line" />
      <IconButton
        label="Tidy up"
        shortcut="Shift+L"
        small
        onClick={() => {
          autoLayout();
          setTimeout(fit, 60);
        }}
      >
        <LayoutDashboard size={15} />
      </IconButton>
      <IconButton label={undone ? `Undo ${undone.toLowerCase()}` : "Undo"} shortcut="Ctrl+Z" small disabled={!undone} onClick={undoEdit}>
        <Undo2 size={15} />
      </IconButton>
      <IconButton label={redone ? `Redo ${redone.toLowerCase()}` : "Redo"} shortcut="Ctrl+Shift+Z" small disabled={!redone} onClick={redoEdit}>
        <Redo2 size={15} />
      </IconButton>
    </Panel>
  );
}
