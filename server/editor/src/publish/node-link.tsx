import { findNode } from "../graph/document";
import { useEditor } from "../store/editor";
import { closePublish } from "./state";

/** A node by its label; closes the dialog and shows the node. */
export function NodeLink({ id, field }: { id: string; field?: string }) {
  const label = useEditor((state) => findNode(state.doc, id)?.data.label);
  if (label === undefined) return <code>{id}</code>;
  const show = () => {
    closePublish();
    useEditor.getState().focusOn(id, field);
  };
  return (
    <button type="button" className="link" onClick={show}>
      {label || id}
    </button>
  );
}
