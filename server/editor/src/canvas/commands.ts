/** What keys and menus do to the selection. */

import { copyNodes, parseClip, pasteNodes, type Clip } from "../graph/clipboard";
import { findNode } from "../graph/document";
import { removeEdges, removeNodes, updateData, setKey } from "../graph/edit";
import { layout } from "../graph/layout";
import { makeRoom } from "../graph/scopes";
import { useEditor } from "../store/editor";
import { toast } from "../store/ui";
import { copyText } from "../ui/copy";

/** Kept here too: a browser may refuse to read its clipboard. */
let clip: Clip | null = null;
let pastes = 0;

function count(number: number, noun: string): string {
  return number === 1 ? `one ${noun}` : `${number} ${noun}s`;
}

export function copySelection(): boolean {
  const { doc, nodes } = useEditor.getState();
  if (nodes.size === 0) return false;
  clip = copyNodes(doc, nodes);
  pastes = 0;
  void copyText(JSON.stringify(clip));
  toast("info", `Copied ${count(clip.nodes.length, "node")}`);
  return true;
}

export function cutSelection(): void {
  if (copySelection()) deleteSelection();
}

/** Pastes what was copied here, or in another window. */
export function pasteText(text: string): void {
  const found = parseClip(text);
  // The same clip again lands a little further on; a new one begins anew.
  if (found && JSON.stringify(found) !== JSON.stringify(clip)) pastes = 0;
  clip = found ?? clip;
  if (clip) paste(clip, "Paste");
}

export function duplicateSelection(): void {
  const { doc, nodes } = useEditor.getState();
  if (nodes.size === 0) return;
  pastes = 0;
  paste(copyNodes(doc, nodes), "Duplicate");
}

function paste(source: Clip, label: string): void {
  pastes += 1;
  const { doc, edit, select } = useEditor.getState();
  const parentId = commonParent(source);
  const [pasted, ids] = pasteNodes(doc, source, {
    offset: { x: 40 * pastes, y: 40 * pastes },
    ...(parentId === undefined ? {} : { parentId }),
  });
  edit({ label }, () => (parentId === undefined ? pasted : makeRoom(pasted, parentId)));
  select(ids);
}

/** The container that all selected nodes, and all roots of the clip, come from. */
function commonParent(source: Clip): string | undefined {
  const { doc } = useEditor.getState();
  const inClip = new Set(source.nodes.map((node) => node.id));
  const parents = new Set(
    source.nodes.filter((node) => !node.parentId || !inClip.has(node.parentId)).map((node) => findNode(doc, node.id)?.parentId),
  );
  const [only] = parents;
  return parents.size === 1 && only !== undefined && findNode(doc, only) ? only : undefined;
}

export function deleteSelection(): void {
  const { nodes, edges, edit } = useEditor.getState();
  if (nodes.size + edges.size === 0) return;
  const label = nodes.size > 0 ? `Delete ${count(nodes.size, "node")}` : `Delete ${count(edges.size, "edge")}`;
  edit({ label }, (doc) => removeEdges(removeNodes(doc, nodes), edges));
}

export function selectAll(): void {
  const { doc, select } = useEditor.getState();
  select(
    doc.nodes.map((node) => node.id),
    doc.edges.map((edge) => edge.id),
  );
}

export function autoLayout(): void {
  const { edit, sizes } = useEditor.getState();
  edit({ label: "Tidy up" }, (doc) => layout(doc, sizes));
}

export function toggleDisabled(): void {
  const { doc, nodes, edit } = useEditor.getState();
  const selected = doc.nodes.filter((node) => nodes.has(node.id));
  if (selected.length === 0) return;
  const disable = selected.some((node) => node.data.disabled !== true);
  edit({ label: disable ? "Disable" : "Enable" }, (current) =>
    selected.reduce((next, node) => updateData(next, node.id, (data) => setKey(data, "disabled", disable ? true : undefined)), current),
  );
}

export function undoEdit(): void {
  const label = useEditor.getState().undo();
  if (label === null) toast("info", "Nothing to undo");
}

export function redoEdit(): void {
  const label = useEditor.getState().redo();
  if (label === null) toast("info", "Nothing to redo");
}
