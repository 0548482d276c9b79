import { useReactFlow } from "@xyflow/react";
import { PanelLeftClose, Search } from "lucide-react";
import { useMemo, useState, type DragEvent } from "react";

import type { CatalogueKind } from "../api/types";
import { useUi } from "../store/ui";
import { IconButton } from "../ui/button";
import { KindIcon } from "../ui/kind-icon";
import { grouped, groupOfKind, searchKinds } from "./kind-search";
import { placeNext } from "./place";

/** What a drag from the palette carries. */
export const DRAG_TYPE = "application/x-flowcrate-kind";

export function Palette() {
  const catalogue = useUi((state) => state.catalogue);
  const [query, setQuery] = useState("");
  const groups = useMemo(() => grouped(searchKinds(catalogue.values(), query)), [catalogue, query]);
  return (
    <aside className="palette" aria-label="Palette">
      <div className="palette-head">
        <label className="search">
          <Search size={14} aria-hidden />
          <input type="search" placeholder="Search nodes" aria-label="Search nodes" value={query} onChange={(event) => setQuery(event.target.value)} />
        </label>
        <IconButton label="Hide the palette" small onClick={() => useUi.setState({ palette: false })}>
          <PanelLeftClose size={15} />
        </IconButton>
      </div>
      <div className="palette-list scroll">
        {groups.map(({ group, title, kinds }) => (
          <section key={group} aria-label={title}>
            <h3>{title}</h3>
            {kinds.map((kind) => (
              <PaletteItem key={kind.kind} kind={kind} />
            ))}
          </section>
        ))}
        {groups.length === 0 && <p className="quiet-text">Nothing is called “{query}”.</p>}
      </div>
    </aside>
  );
}

function PaletteItem({ kind }: { kind: CatalogueKind }) {
  const flow = useReactFlow();
  const drag = (event: DragEvent) => {
    event.dataTransfer.setData(DRAG_TYPE, kind.kind);
    event.dataTransfer.effectAllowed = "copy";
  };
  const add = () => {
    const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
    if (pane) placeNext(kind, flow.screenToFlowPosition({ x: pane.x + pane.width / 2, y: pane.y + pane.height / 2 }));
  };
  return (
    <button type="button" className={`palette-item ${groupOfKind(kind)}`} draggable onDragStart={drag} onClick={add} title={kind.description}>
      <span className="card-icon">
        <KindIcon kind={kind.kind} size={15} />
      </span>
      {kind.label}
    </button>
  );
}
