/** The named handles of a node: one in, any number out. */

import { Handle, Position, useUpdateNodeInternals } from "@xyflow/react";
import { useEffect, useRef } from "react";

import { edgesFrom, sourceHandle, type GraphNode } from "../graph/document";
import { groupOf, hasInput, outputHandles } from "../graph/handles";
import { typeText } from "../expr/types";
import { useCheck } from "../store/check";
import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";

/** The node's output handles and those with an edge, as one text each so that a selector can compare them. */
export function useHandles(node: GraphNode): { outputs: string[]; wired: ReadonlySet<string>; input: boolean } {
  const kind = useUi((state) => state.catalogue.get(node.data.kind));
  const joined = useEditor((state) => outputHandles(state.doc, node, kind).join("\n"));
  const used = useEditor((state) =>
    edgesFrom(state.doc, node.id).map(sourceHandle).join("\n"),
  );
  const update = useUpdateNodeInternals();
  // React Flow measures a node when it appears; only handles that come or go later need another look.
  const measured = useRef(joined);
  useEffect(() => {
    if (measured.current === joined) return;
    measured.current = joined;
    update(node.id);
  }, [update, node.id, joined]);
  return {
    outputs: joined === "" ? [] : joined.split("\n"),
    wired: new Set(used.split("\n")),
    input: hasInput(node, kind),
  };
}

export function InputPort() {
  return <Handle type="target" position={Position.Left} id="in" className="port port-in" title="Input" />;
}

/** The only output, or the main one: half way down the node's edge. */
export function MainPort({ node }: { node: string }) {
  const type = useCheck((state) => state.types[node]?.output);
  return <Handle type="source" position={Position.Right} id="out" className="port port-out" title={type ? `Output: ${typeText(type)}` : "Output"} />;
}

/** Further outputs, one row each with its name. */
export function PortRows({ handles, wired }: { handles: string[]; wired: ReadonlySet<string> }) {
  if (handles.length === 0) return null;
  return (
    <ul className="ports">
      {handles.map((name) => (
        <li key={name} className={`port-row ${name === "error" ? "error" : ""} ${wired.has(name) ? "wired" : ""}`}>
          <span>{name}</span>
          <Handle type="source" position={Position.Right} id={name} className="port" title={`Output: ${name}`} />
        </li>
      ))}
    </ul>
  );
}

export function useGroup(node: GraphNode) {
  return useUi((state) => groupOf(node, state.catalogue.get(node.data.kind)));
}
