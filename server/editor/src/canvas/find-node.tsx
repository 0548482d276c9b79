import { useMemo, useState, type KeyboardEvent } from "react";

import { describe } from "../graph/describe";
import type { GraphNode } from "../graph/document";
import { groupOf } from "../graph/handles";
import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";
import { KindIcon } from "../ui/kind-icon";

const MOST = 50;

function close(): void {
  useUi.setState({ dialog: null });
}

function matches(node: GraphNode, query: string): boolean {
  const text = `${node.data.label} ${node.id} ${node.data.kind} ${describe(node)}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Ctrl+K: goes to a node by its label, id, kind or settings. */
export function FindNode() {
  const nodes = useEditor((state) => state.doc.nodes);
  const catalogue = useUi((state) => state.catalogue);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const found = useMemo(() => nodes.filter((node) => matches(node, query)).slice(0, MOST), [nodes, query]);
  const go = (node: GraphNode | undefined) => {
    if (!node) return;
    close();
    useEditor.getState().focusOn(node.id);
  };
  const onKey = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) setActive((at) => (found.length === 0 ? 0 : (at + move + found.length) % found.length));
    else if (event.key === "Enter") go(found[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <div className="veil" onMouseDown={close} />
      <div className="quick-add find-node" role="dialog" aria-label="Go to a node" onKeyDown={onKey}>
        <input
          className="quick-add-input"
          placeholder="Go to a node…"
          aria-label="Find a node"
          role="combobox"
          aria-expanded
          aria-controls="find-list"
          aria-activedescendant={found[active] ? `find-${found[active].id}` : undefined}
          value={query}
          autoFocus
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
        />
        <ul id="find-list" role="listbox" aria-label="Nodes" className="scroll">
          {found.map((node, at) => (
            <li
              key={node.id}
              id={`find-${node.id}`}
              role="option"
              aria-selected={at === active}
              className={groupOf(node, catalogue.get(node.data.kind))}
              onMouseMove={() => setActive(at)}
              onClick={() => go(node)}
            >
              <span className="card-icon">
                <KindIcon kind={node.data.kind} size={15} />
              </span>
              <span className="quick-add-text">
                <b>{node.data.label}</b>
                <small className="mono">{node.id}</small>
              </span>
            </li>
          ))}
          {found.length === 0 && <li className="quiet-text">No node matches “{query}”.</li>}
        </ul>
      </div>
    </>
  );
}
