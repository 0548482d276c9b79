import { discardDraft } from "../store/session";
import { toast, useUi } from "../store/ui";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { describeError } from "../api/client";

/** Asks before the unsaved edits are thrown away. */
export function DiscardDialog() {
  const close = () => useUi.setState({ dialog: null });
  const discard = () => {
    close();
    discardDraft().catch((error: unknown) => toast("bad", `Not discarded: ${describeError(error)}`));
  };
  return (
    <Dialog
      title="Discard your unsaved changes?"
      onClose={close}
      actions={
        <>
          <Button onClick={close}>Keep them</Button>
          <Button tone="danger" onClick={discard}>
            Discard
          </Button>
        </>
      }
    >
      <p>The workflow goes back to what the server has. This cannot be undone.</p>
    </Dialog>
  );
}
