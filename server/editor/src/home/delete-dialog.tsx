import { useState } from "react";

import { api, describeError } from "../api/client";
import type { WorkflowSummary } from "../api/types";
import { dropDraft } from "../store/drafts";
import { toast } from "../store/ui";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";

export function DeleteDialog({ workflow, onClose }: { workflow: WorkflowSummary; onClose: (deleted: boolean) => void }) {
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    try {
      await api.remove(workflow.id);
      dropDraft(workflow.id);
      toast("good", `Deleted ${workflow.name}`);
      onClose(true);
    } catch (error) {
      toast("bad", `Not deleted: ${describeError(error)}`);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={`Delete ${workflow.name}?`}
      onClose={() => onClose(false)}
      actions={
        <>
          <Button onClick={() => onClose(false)}>Keep it</Button>
          <Button tone="danger" disabled={busy} onClick={() => void remove()}>
            Delete
          </Button>
        </>
      }
    >
      <p>Its webhooks and schedules stop at once. Crates that were exported from it are not touched. This cannot be undone.</p>
    </Dialog>
  );
}
