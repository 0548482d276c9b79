import { Background, BackgroundVariant, MiniMap, ReactFlow, SelectionMode, useReactFlow, useStore, type EdgeTypes, type NodeTypes } from "@xyflow/react";
import { useMemo, useState, type DragEvent, type MouseEvent } from "react";

import type { Point, Viewport } from "../graph/document";
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
import { reachesOut, useFocusRequests, useKeepInView, useRoomBelow, useSomethingInView } from "./use-view";
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
  useRoomBelow();
  useSomethingInView();

  const start = useMemo(() => chosenView(useEditor.getState().viewport), []);
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

/** The view of a document that nobody has moved is no choice: such a one is fitted. */
function chosenView(viewport: Viewport | null): Viewport | null {
  return viewport && viewport.x === 0 && viewport.y === 0 && viewport.zoom === 1 ? null : viewport;
}

function allowDrop(event: DragEvent): void {
  if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
}

/** The map, where the canvas does not show everything anyway. */
function Overview({ colour }: { colour: (node: FlowNode) => string }) {
  const needed = useStore(reachesOut);
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
