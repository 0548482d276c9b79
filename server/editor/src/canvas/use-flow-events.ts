/** React Flow's events, turned into edits of the document. */

import { useReactFlow, type Connection, type EdgeChange, type FinalConnectionState, type NodeChange } from "@xyflow/react";
import { useCallback, useMemo, useRef, type DragEvent } from "react";

import { findNode, isContainer, type GraphDocument, type Point } from "../graph/document";
import { connect, connectionProblem, moveNodes, removeEdges } from "../graph/edit";
import { absolutePosition, containerAt, containerSizes, makeRoom, nodeSize, reparent, withDescendants, type Size, type Sizes } from "../graph/scopes";
import { useEditor } from "../store/editor";
import { toast, useUi } from "../store/ui";
import type { FlowEdge, FlowNode } from "./flow-model";
import { DRAG_TYPE } from "./palette";
import { placeNode } from "./place";

function onEdgesChange(changes: EdgeChange<FlowEdge>[]): void {
  const { edges, nodes, select } = useEditor.getState();
  const chosen = new Set(edges);
  for (const change of changes) {
    if (change.type === "select") chosen[change.selected ? "add" : "delete"](change.id);
  }
  if (chosen.size !== edges.size || [...chosen].some((id) => !edges.has(id))) select(nodes, chosen);
}

function applySelection(changes: NodeChange<FlowNode>[]): void {
  const { nodes, edges, select } = useEditor.getState();
  const chosen = new Set(nodes);
  for (const change of changes) {
    if (change.type === "select") chosen[change.selected ? "add" : "delete"](change.id);
  }
  if (chosen.size !== nodes.size || [...chosen].some((id) => !nodes.has(id))) select(chosen, edges);
}

/** After a drag: nodes dropped into a container belong to it, nodes pulled out of one no longer do. */
function settle(ids: string[]): void {
  useEditor.getState().adjust((doc) => {
    const { sizes, held } = useEditor.getState();
    const containers = held ?? containerSizes(doc, sizes);
    const moving = withDescendants(doc, ids);
    return ids.reduce((next, id) => {
      const node = findNode(next, id);
      if (!node || (node.parentId !== undefined && ids.includes(node.parentId))) return next;
      const at = absolutePosition(next, node);
      const size = nodeSize(next, node, sizes);
      const centre = { x: at.x + size.width / 2, y: at.y + size.height / 2 };
      const holder = containerAt(next, centre, moving, containers);
      // A child that only looks over the edge stays, and its container grows.
      if (node.parentId !== undefined && !holder && near(next, node.parentId, centre, containers)) return makeRoom(next, node.parentId);
      const moved = reparent(next, id, holder?.id);
      return holder ? makeRoom(moved, holder.id) : moved;
    }, doc);
  });
}

const MARGIN = 50;

function near(doc: GraphDocument, id: string, point: Point, containers: Sizes): boolean {
  const holder = findNode(doc, id);
  const size = containers.get(id);
  if (!holder || !size) return false;
  const at = absolutePosition(doc, holder);
  return point.x > at.x - MARGIN && point.y > at.y - MARGIN && point.x < at.x + size.width + MARGIN && point.y < at.y + size.height + MARGIN;
}

function screenPoint(event: MouseEvent | TouchEvent): Point {
  if ("changedTouches" in event) {
    const touch = event.changedTouches[0];
    return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 };
  }
  return { x: event.clientX, y: event.clientY };
}

export function useFlowEvents() {
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const dragging = useRef(false);

  const onNodesChange = useCallback((changes: NodeChange<FlowNode>[]) => {
    const measured = new Map<string, Size>();
    const moved = new Map<string, Point>();
    for (const change of changes) {
      if (change.type === "dimensions" && change.dimensions) measured.set(change.id, change.dimensions);
      if (change.type === "position" && change.position) moved.set(change.id, change.position);
    }
    const { measure, adjust, edit, doc } = useEditor.getState();
    const leaves = new Map([...measured].filter(([id]) => {
      const node = findNode(doc, id);
      return node !== undefined && !isContainer(node);
    }));
    if (leaves.size > 0) measure(leaves);
    if (moved.size > 0) {
      if (dragging.current) adjust((current) => moveNodes(current, moved));
      else edit({ label: "Move", key: `nudge ${[...moved.keys()].join()}` }, (current) => moveNodes(current, moved));
    }
    applySelection(changes);
  }, []);

  const onNodeDragStart = useCallback(() => {
    dragging.current = true;
    const { checkpoint, doc, sizes } = useEditor.getState();
    checkpoint("Move");
    useEditor.setState({ held: containerSizes(doc, sizes) });
  }, []);

  const onNodeDragStop = useCallback((_event: unknown, _node: FlowNode, nodes: FlowNode[]) => {
    dragging.current = false;
    settle(nodes.map((node) => node.id));
    useEditor.setState({ held: null });
  }, []);

  const onConnect = useCallback((connection: Connection) => {
    const { doc, edit } = useEditor.getState();
    const problem = connectionProblem(doc, connection);
    if (problem) return toast("bad", problem);
    edit({ label: "Connect" }, (current) => connect(current, connection));
  }, []);

  const onReconnect = useCallback((old: FlowEdge, connection: Connection) => {
    useEditor.getState().edit({ label: "Reconnect" }, (doc) => {
      const without = removeEdges(doc, [old.id]);
      return connectionProblem(without, connection) ? doc : connect(without, connection);
    });
  }, []);

  const onConnectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      if (state.isValid || !state.fromNode || !state.fromHandle) return;
      if (state.toNode) {
        const { doc } = useEditor.getState();
        const problem = connectionProblem(doc, { source: state.fromNode.id, target: state.toNode.id });
        if (problem) toast("bad", problem);
        return;
      }
      const at = screenPoint(event);
      const point = flow.screenToFlowPosition(at);
      const handle = state.fromHandle.id ?? "out";
      const backwards = state.fromHandle.type === "target";
      useUi.setState({
        quickAdd: {
          at,
          position: backwards ? { x: point.x - 232, y: point.y - 30 } : { x: point.x, y: point.y - 30 },
          ...(backwards ? { into: { node: state.fromNode.id } } : { from: { node: state.fromNode.id, handle } }),
        },
      });
    },
    [flow],
  );

  const onDrop = useCallback(
    (event: DragEvent) => {
      const kind = useUi.getState().catalogue.get(event.dataTransfer.getData(DRAG_TYPE));
      if (!kind) return;
      event.preventDefault();
      const point = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      placeNode(kind, { position: { x: point.x - 40, y: point.y - 24 } });
    },
    [flow],
  );

  return useMemo(
    () => ({ onNodesChange, onEdgesChange, onNodeDragStart, onNodeDragStop, onConnect, onReconnect, onConnectEnd, onDrop }),
    [onNodesChange, onNodeDragStart, onNodeDragStop, onConnect, onReconnect, onConnectEnd, onDrop],
  );
}

export function isValidConnection(connection: Connection | FlowEdge): boolean {
  return connectionProblem(useEditor.getState().doc, connection) === null;
}
