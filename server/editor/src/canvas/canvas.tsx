import { Background, BackgroundVariant, MiniMap, ReactFlow, SelectionMode, useReactFlow, useStore, type EdgeTypes, type NodeTypes } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState, type DragEvent, type MouseEvent } from "react";

import type { Point } from "../graph/document";
import { groupOf } from "../graph/handles";
import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";
import { ContainerNode } from "./container-node";
import { Controls } from "./controls";
import { edgeDeriver, nodeDeriver, type FlowEdge, type FlowNode } from "./flow-model";
import { NodeCard } from "./node-card";
import { NodeMenu } from "./node-menu";
import { NoteNode } from "./note-node";
import { DRAG_TYPE } from "./palette";
import { QuickAddMenu } from "./quick-add";
import { isValidConnection, useFlowEvents } from "./use-flow-events";
import { useShortcuts } from "./use-shortcuts";
import { Wire } from "./wire";

const NODE_TYPES: NodeTypes = { card: NodeCard, container: ContainerNode, note: NoteNode };
const EDGE_TYPES: EdgeTypes = { wire: Wire };
const GRID: [number, number] = [10, 10];
const MANY = 150;

export function Canvas() {
  const doc = useEditor((state) => state.doc);
  const chosenNodes = useEditor((state) => state.nodes);
  const chosenEdges = useEditor((state) => state.edges);
  const sizes = useEditor((state) => state.sizes);
  const held = useEditor((state) => state.held);
  const quickAdd = useUi((state) => state.quickAdd);
  const catalogue = useUi((state) => state.catalogue);
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const events = useFlowEvents();
  const toNodes = useMemo(nodeDeriver, []);
  const toEdges = useMemo(edgeDeriver, []);
  const nodes = toNodes(doc, chosenNodes, sizes, held);
  const edges = toEdges(doc, chosenEdges);
  const [menu, setMenu] = useState<Point | null>(null);
  useShortcuts();
  useFocusRequests();
  useKeepInView();
  useCentreOnResize();

  const start = useMemo(() => useEditor.getState().viewport, []);
  const onDoubleClick = (event: MouseEvent) => {
    if (!(event.target instanceof Element) || !event.target.classList.contains("react-flow__pane")) return;
    const at = { x: event.clientX, y: event.clientY };
    useUi.setState({ quickAdd: { at, position: flow.screenToFlowPosition(at) } });
  };
  const colour = (node: FlowNode) => `var(--${groupOf(node.data.node, catalogue.get(node.data.node.data.kind))})`;
  return (
    <div className="canvas" onDoubleClick={onDoubleClick}>
      <ReactFlow<FlowNode, FlowEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={events.onNodesChange}
        onEdgesChange={events.onEdgesChange}
        onNodeDragStart={events.onNodeDragStart}
        onNodeDragStop={events.onNodeDragStop}
        onSelectionDragStart={events.onNodeDragStart}
        onConnect={events.onConnect}
        onConnectEnd={events.onConnectEnd}
        onReconnect={events.onReconnect}
        onNodeContextMenu={(event, node) => {
          event.preventDefault();
          if (!useEditor.getState().nodes.has(node.id)) useEditor.getState().select([node.id]);
          setMenu({ x: event.clientX, y: event.clientY });
        }}
        onDrop={events.onDrop}
        onDragOver={allowDrop}
        onMoveEnd={(_event, viewport) => useEditor.getState().setViewport(viewport)}
        isValidConnection={isValidConnection}
        {...(start ? { defaultViewport: start } : { fitView: true, fitViewOptions: { padding: 0.2, maxZoom: 1 } })}
        minZoom={0.1}
        maxZoom={2}
        snapToGrid
        snapGrid={GRID}
        panOnScroll
        zoomOnDoubleClick={false}
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={["Shift", "Control", "Meta"]}
        deleteKeyCode={null}
        connectionRadius={28}
        elevateNodesOnSelect={false}
        onlyRenderVisibleElements={doc.nodes.length > MANY}
        proOptions={{ hideAttribution: true }}
        aria-label="Workflow canvas"
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.4} color="var(--grid)" />
        <Overview colour={colour} />
        <Controls />
      </ReactFlow>
      {doc.nodes.length === 0 && <EmptyCanvas />}
      {menu && <NodeMenu at={menu} onClose={() => setMenu(null)} />}
      {quickAdd && <QuickAddMenu request={quickAdd} />}
    </div>
  );
}

function allowDrop(event: DragEvent): void {
  if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
}

/** Brings a node into view when a problem or a step names it. */
function useFocusRequests(): void {
  const focus = useEditor((state) => state.focus);
  const flow = useReactFlow();
  useEffect(() => {
    if (focus) void flow.fitView({ nodes: [{ id: focus.node }], padding: 0.6, maxZoom: Math.max(0.6, Math.min(1, flow.getZoom())), duration: 300 });
  }, [focus, flow]);
}

/** The inspector takes room when it opens: the node that was clicked must not vanish behind it. */
function useKeepInView(): void {
  const [only] = useEditor((state) => (state.nodes.size === 1 ? state.nodes : NOTHING));
  const flow = useReactFlow<FlowNode, FlowEdge>();
  useEffect(() => {
    if (only === undefined) return;
    const timer = setTimeout(() => {
      const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
      const node = document.querySelector(`.react-flow__node[data-id="${CSS.escape(only)}"]`)?.getBoundingClientRect();
      if (!pane || !node || node.right <= pane.right - 16) return;
      const { x, y, zoom } = flow.getViewport();
      void flow.setViewport({ x: x - (node.right - pane.right + 40), y, zoom }, { duration: 200 });
    }, 40);
    return () => clearTimeout(timer);
  }, [only, flow]);
}

/** The panel below takes height from the canvas: what was in its middle stays there. */
function useCentreOnResize(): void {
  const height = useStore((state) => state.height);
  const before = useRef(0);
  const flow = useReactFlow();
  useEffect(() => {
    const by = before.current === 0 || height === 0 ? 0 : (height - before.current) / 2;
    before.current = height;
    if (by === 0) return;
    const { x, y, zoom } = flow.getViewport();
    void flow.setViewport({ x, y: y + by, zoom });
  }, [height, flow]);
}

/** The map, where the canvas does not show everything anyway. */
function Overview({ colour }: { colour: (node: FlowNode) => string }) {
  const needed = useStore(({ nodeLookup, transform: [x, y, zoom], width, height }) => {
    for (const { internals, measured } of nodeLookup.values()) {
      const left = internals.positionAbsolute.x * zoom + x;
      const top = internals.positionAbsolute.y * zoom + y;
      if (left < 0 || top < 0 || left + (measured.width ?? 0) * zoom > width || top + (measured.height ?? 0) * zoom > height) return true;
    }
    return false;
  });
  if (!needed) return null;
  return (
    <MiniMap
      pannable
      zoomable
      ariaLabel="Map of the workflow"
      nodeColor={colour}
      nodeBorderRadius={14}
      maskColor="color-mix(in srgb, var(--ground) 72%, transparent)"
      style={MAP_SIZE}
    />
  );
}

const MAP_SIZE = { width: 168, height: 112 };

const NOTHING: ReadonlySet<string> = new Set();

function EmptyCanvas() {
  return (
    <div className="canvas-empty">
      <h2>Every workflow starts with a trigger</h2>
      <p>
        Press <kbd className="kbd">/</kbd> to add one, or drag it from the palette.
      </p>
    </div>
  );
}
