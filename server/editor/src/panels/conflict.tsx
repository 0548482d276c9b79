import { discardDraft, save, saveCopy } from "../store/session";
import { useUi } from "../store/ui";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";

/** Shown when the server holds another version than the one that the edits began from. */
export function ConflictDialog() {
  const close = () => useUi.setState({ dialog: null });
  const after = (work: Promise<unknown>) => {
    close();
    void work;
  };
  return (
    <Dialog
      title="Someone else saved this workflow"
      onClose={close}
      actions={
        <>
          <Button onClick={() => after(discardDraft())}>Take theirs</Button>
          <Button onClick={() => after(saveCopy())}>Save mine as a copy</Button>
          <Button tone="danger" onClick={() => after(save(true))}>
            Overwrite theirs
          </Button>
        </>
      }
    >
      <p>It changed on the server since you opened it. Your edits are still here, and kept as a draft in this browser.</p>
    </Dialog>
  );
}
