import { useState } from "react";

import { ApiError, describeError } from "../api/client";
import { NAME_PATTERN, slug } from "../graph/ids";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { blankDocument, createAndOpen } from "./create";

export function CreateDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const name = NAME_PATTERN.test(text) ? text : text.trim() === "" ? "" : slug(text);
  const create = async () => {
    if (!name) return setProblem("Give it a name.");
    setBusy(true);
    try {
      await createAndOpen(blankDocument(name));
    } catch (error) {
      setProblem(error instanceof ApiError && error.status === 409 ? `There is a workflow named ${name} already.` : describeError(error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title="New workflow"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" disabled={busy} onClick={() => void create()}>
            Create
          </Button>
        </>
      }
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <label htmlFor="new-name">Name</label>
        <input
          id="new-name"
          className="input"
          autoFocus
          spellCheck={false}
          placeholder="order-intake"
          value={text}
          aria-invalid={problem !== null}
          onChange={(event) => {
            setText(event.target.value);
            setProblem(null);
          }}
        />
        <p className="field-doc">{name && name !== text ? <>Becomes <code>{name}</code>, the name of the crate.</> : "The name of the crate, too."}</p>
        {problem && (
          <p className="form-problem" role="alert">
            {problem}
          </p>
        )}
      </form>
    </Dialog>
  );
}
