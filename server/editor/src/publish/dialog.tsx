import { CircleAlert, CircleCheck, LoaderCircle, Package } from "lucide-react";

import type { Published } from "../api/registry";
import { useCheck } from "../store/check";
import { useEditor } from "../store/editor";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Prose } from "../ui/prose";
import { TokenForm } from "../ui/token-form";
import { AddLines } from "./add-lines";
import { NodeLink } from "./node-link";
import { PreviewView } from "./preview";
import { chosen, closePublish, giveToken, isUnchanged, loadPreview, mayPublish, publish, showCrate, usePublish, type Stage } from "./state";

/** Publishes the open workflow: what would happen first, then the version. */
export function PublishDialog() {
  const stage = usePublish((state) => state.stage);
  const name = useEditor((state) => state.doc.name);
  const title = stage.at === "done" ? `${stage.published.crate} ${stage.published.version}` : `Publish ${name}`;
  return (
    <Dialog title={title} wide onClose={closePublish} actions={<Actions stage={stage} />}>
      <div className="publish scroll" aria-busy={stage.at === "loading" || stage.at === "publishing"}>
        <Body stage={stage} />
      </div>
    </Dialog>
  );
}

function Body({ stage }: { stage: Stage }) {
  switch (stage.at) {
    case "loading":
      return <Progress text="Working out what changed…" />;
    case "faulty":
      return <Faults />;
    case "failed":
      return (
        <p className="form-problem" role="alert">
          {stage.problem}
        </p>
      );
    case "token":
      return <TokenForm why={stage.why} scope="publish" onToken={(token) => void giveToken(token)} />;
    case "ready":
    case "publishing":
      return <PreviewView preview={stage.preview} problem={stage.at === "ready" ? stage.problem : undefined} busy={stage.at === "publishing"} />;
    case "done":
      return <Done published={stage.published} />;
  }
}

function Progress({ text }: { text: string }) {
  return (
    <p className="publish-progress" role="status">
      <LoaderCircle size={18} className="spin" aria-hidden /> {text}
    </p>
  );
}

function Actions({ stage }: { stage: Stage }) {
  const wish = usePublish((state) => state.wish);
  const license = usePublish((state) => state.license);
  if (stage.at === "done") {
    return (
      <>
        <Button onClick={() => showCrate(stage.published.crate)}>
          <Package size={15} aria-hidden /> Its page
        </Button>
        <Button tone="primary" autoFocus onClick={closePublish}>
          Done
        </Button>
      </>
    );
  }
  const shown = stage.at === "ready" || stage.at === "publishing" ? stage.preview : null;
  const version = shown && chosen(shown, wish)?.version;
  return (
    <>
      <Button onClick={closePublish}>{stage.at === "publishing" ? "Close" : "Cancel"}</Button>
      {stage.at === "failed" && (
        <Button tone="primary" onClick={() => void loadPreview()}>
          Try again
        </Button>
      )}
      {shown && (
        <Button tone="primary" disabled={stage.at === "publishing" || !mayPublish(shown, license)} onClick={() => void publish()}>
          {stage.at === "publishing" ? (
            <>
              <LoaderCircle size={15} className="spin" aria-hidden /> Packing {version}…
            </>
          ) : isUnchanged(shown, license) ? (
            "Nothing to publish"
          ) : (
            `Publish ${version}`
          )}
        </Button>
      )}
    </>
  );
}

/** The errors of the drawing, each with its place. */
function Faults() {
  const diagnostics = useCheck((state) => state.diagnostics);
  const errors = diagnostics.filter((entry) => entry.severity === "error");
  return (
    <>
      <p>A crate is only made of a workflow without errors.</p>
      <ul className="publish-faults">
        {errors.map((entry, at) => (
          <li key={at}>
            <CircleAlert size={15} aria-label="error" />
            <span>
              <Prose text={entry.message} /> {entry.node !== undefined && <NodeLink id={entry.node} {...(entry.field === undefined ? {} : { field: entry.field })} />}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Done({ published }: { published: Published }) {
  return (
    <>
      <p className="publish-done" role="status">
        <CircleCheck size={18} aria-hidden />
        {published.fresh ? (
          <span>
            <b>
              {published.crate} {published.version}
            </b>{" "}
            is published. It never changes again.
          </span>
        ) : (
          <span>
            This very content is <b>{published.version}</b> already.
          </span>
        )}
      </p>
      <AddLines add={published.add} />
    </>
  );
}
