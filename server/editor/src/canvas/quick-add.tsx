import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import type { CatalogueKind } from "../api/types";
import { useUi, type QuickAdd } from "../store/ui";
import { KindIcon } from "../ui/kind-icon";
import { grouped, groupOfKind, searchKinds } from "./kind-search";
import { placeNode } from "./place";

const SIZE = { width: 320, height: 340 };

function close(): void {
  useUi.setState({ quickAdd: null });
}

/** A search under the pointer that adds a node: by `/`, `Tab`, a double click, or a connection dropped on nothing. */
export function QuickAddMenu({ request }: { request: QuickAdd }) {
  const catalogue = useUi((state) => state.catalogue);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const joined = request.from !== undefined || request.edge !== undefined;
  const kinds = useMemo(() => {
    const found = searchKinds(catalogue.values(), query).filter((kind) => !joined || (kind.group !== "trigger" && groupOfKind(kind) !== "note"));
    return query === "" ? grouped(found).flatMap((group) => group.kinds) : found;
  }, [catalogue, query, joined]);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const choose = (kind: CatalogueKind | undefined) => {
    if (!kind) return;
    const { at: _at, ...place } = request;
    placeNode(kind, place);
    close();
  };
  const onKey = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      setActive((at) => (kinds.length === 0 ? 0 : (at + move + kinds.length) % kinds.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(kinds[active]);
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close();
    }
    event.stopPropagation();
  };
  const left = Math.max(8, Math.min(request.at.x, window.innerWidth - SIZE.width - 8));
  const top = Math.max(8, Math.min(request.at.y, window.innerHeight - SIZE.height - 8));
  return (
    <>
      <div className="veil" onMouseDown={close} />
      <div className="quick-add" style={{ left, top, width: SIZE.width }} role="dialog" aria-label="Add a node" onKeyDown={onKey}>
        <input
          className="quick-add-input"
          placeholder={joined ? "Then…" : "Add a node…"}
          aria-label="Search nodes"
          role="combobox"
          aria-expanded
          aria-controls="quick-add-list"
          aria-activedescendant={kinds[active] ? `quick-${kinds[active].kind}` : undefined}
          value={query}
          autoFocus
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
        />
        <ul id="quick-add-list" ref={list} role="listbox" aria-label="Nodes" className="scroll">
          {kinds.map((kind, at) => (
            <li
              key={kind.kind}
              id={`quick-${kind.kind}`}
              role="option"
              aria-selected={at === active}
              className={groupOfKind(kind)}
              onMouseMove={() => setActive(at)}
              onClick={() => choose(kind)}
            >
              <span className="card-icon">
                <KindIcon kind={kind.kind} size={15} />
              </span>
              <span className="quick-add-text">
                <b>{kind.label}</b>
                <small>{kind.description}</small>
              </span>
            </li>
          ))}
          {kinds.length === 0 && <li className="quiet-text">Nothing is called “{query}”.</li>}
        </ul>
      </div>
    </>
  );
}
