/** What the canvas does by itself to keep in view what matters. */

import { useReactFlow, useStore, type ReactFlowState } from "@xyflow/react";
import { useEffect, useRef } from "react";

import { useEditor } from "../store/editor";
import type { FlowEdge, FlowNode } from "./flow-model";

const NOTHING: ReadonlySet<string> = new Set();
const MARGIN = 24;
/** What the controls and the map cover at the bottom. */
const COVERED = 140;

/** Brings a node into view when a problem or a step names it. */
export function useFocusRequests(): void {
  const focus = useEditor((state) => state.focus);
  const flow = useReactFlow();
  useEffect(() => {
    if (focus?.node !== undefined) void flow.fitView({ nodes: [{ id: focus.node }], padding: 0.6, maxZoom: Math.max(0.6, Math.min(1, flow.getZoom())), duration: 300 });
  }, [focus, flow]);
}

/** The inspector takes room when it opens: the node that was clicked must not vanish behind it. */
export function useKeepInView(): void {
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

interface Extent {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The place of all nodes on the screen, relative to the canvas; null before they are measured. */
function extentOf({ nodeLookup, transform: [x, y, zoom] }: Pick<ReactFlowState, "nodeLookup" | "transform">): Extent | null {
  let extent: Extent | null = null;
  for (const { internals, measured } of nodeLookup.values()) {
    if (measured.width === undefined || measured.height === undefined) return null;
    const left = internals.positionAbsolute.x * zoom + x;
    const top = internals.positionAbsolute.y * zoom + y;
    const [right, bottom] = [left + measured.width * zoom, top + measured.height * zoom];
    extent = extent
      ? { left: Math.min(extent.left, left), top: Math.min(extent.top, top), right: Math.max(extent.right, right), bottom: Math.max(extent.bottom, bottom) }
      : { left, top, right, bottom };
  }
  return extent;
}

/** Whether some node lies outside the canvas. */
export function reachesOut(state: Pick<ReactFlowState, "nodeLookup" | "transform" | "width" | "height">): boolean {
  const extent = extentOf(state);
  return extent !== null && (extent.left < 0 || extent.top < 0 || extent.right > state.width || extent.bottom > state.height);
}

/** The panel below takes height from the canvas: what it would hide moves up, as far as there is room above. */
export function useRoomBelow(): void {
  const height = useStore((state) => state.height);
  const before = useRef(0);
  const lookup = useStore((state) => state.nodeLookup);
  const flow = useReactFlow();
  useEffect(() => {
    const shrunk = before.current > height && height > 0;
    before.current = height;
    if (!shrunk) return;
    const { x, y, zoom } = flow.getViewport();
    const extent = extentOf({ nodeLookup: lookup as ReactFlowState["nodeLookup"], transform: [x, y, zoom] });
    if (!extent) return;
    const hidden = extent.bottom + COVERED - height;
    const by = Math.min(hidden, Math.max(0, extent.top - MARGIN));
    if (by > 0) void flow.setViewport({ x, y: y - by, zoom });
  }, [height, lookup, flow]);
}

/** A stored view may have been made on another screen: one that shows no node is given up. */
export function useSomethingInView(): void {
  const done = useRef(false);
  const lost = useStore((state) => {
    const extent = extentOf(state);
    if (!extent || state.width === 0) return null;
    return extent.right < 0 || extent.bottom < 0 || extent.left > state.width || extent.top > state.height;
  });
  const flow = useReactFlow();
  useEffect(() => {
    if (done.current || lost === null) return;
    done.current = true;
    if (lost) void flow.fitView({ padding: 0.2, maxZoom: 1 });
  }, [lost, flow]);
}
