import { ReactFlowProvider } from "@xyflow/react";
import { useEffect, useState } from "react";

import { ApiError, describeError } from "./api/client";
import { Canvas } from "./canvas/canvas";
import { FindNode } from "./canvas/find-node";
import { Palette } from "./canvas/palette";
import { Inspector } from "./inspector/inspector";
import { ConflictDialog } from "./panels/conflict";
import { DiscardDialog } from "./panels/discard";
import { Dock } from "./panels/dock";
import { HelpDialog } from "./panels/help";
import { TopBar } from "./panels/top-bar";
import { PublishDialog } from "./publish/dialog";
import { navigate } from "./router";
import { startChecking } from "./store/check";
import { isDirty, useEditor } from "./store/editor";
import { resetRuns } from "./store/runs";
import { discardDraft, loadCatalogue, openNew, openWorkflow, startDrafting } from "./store/session";
import { toast, useUi } from "./store/ui";
import { Button } from "./ui/button";

type Load = "loading" | "ready" | { problem: string };

/** The editor of one workflow; `id` is null for one that was never stored and has only a draft. */
export function WorkflowPage({ id, draft = "" }: { id: string | null; draft?: string }) {
  const [load, setLoad] = useState<Load>("loading");
  const online = useUi((state) => state.online);
  // A page that could not be loaded is loaded again when the server is back.
  const retry = typeof load === "object" && online;

  useEffect(() => {
    const { meta } = useEditor.getState();
    // Saving under a new name changes the address, not the workflow.
    if (id !== null && meta && (meta.name === id || meta.id === id)) return setLoad("ready");
    let gone = false;
    setLoad("loading");
    resetRuns();
    open(id, draft).then(
      () => !gone && setLoad("ready"),
      (error: unknown) => !gone && setLoad({ problem: error instanceof ApiError && error.status === 404 ? "There is no such workflow." : describeError(error) }),
    );
    return () => {
      gone = true;
    };
  }, [id, draft, retry]);

  useEffect(() => {
    if (load !== "ready") return;
    const stops = [startChecking(), startDrafting(), guardLeaving()];
    return () => stops.forEach((stop) => stop());
  }, [load]);

  useEffect(() => () => resetRuns(), []);

  if (load === "loading") return <p className="page-state">Opening…</p>;
  if (load !== "ready") {
    return (
      <div className="page-state">
        <p>{load.problem}</p>
        <Button onClick={() => navigate("/")}>All workflows</Button>
      </div>
    );
  }
  return <Workspace />;
}

async function open(id: string | null, key: string): Promise<void> {
  await loadCatalogue();
  if (id === null) return openNew(key);
  const draft = await openWorkflow(id);
  if (!draft) return;
  const changed = draft.etag !== useEditor.getState().meta?.etag;
  toast("info", changed ? "Your draft is shown; the stored workflow has changed since." : "Your unsaved draft is shown.", {
    label: "Discard it",
    run: () => void discardDraft(),
  });
}

/** Asks before the tab is closed over unsaved edits. */
function guardLeaving(): () => void {
  const guard = (event: BeforeUnloadEvent) => {
    if (isDirty(useEditor.getState())) event.preventDefault();
  };
  window.addEventListener("beforeunload", guard);
  return () => window.removeEventListener("beforeunload", guard);
}

function Workspace() {
  const palette = useUi((state) => state.palette);
  const dialog = useUi((state) => state.dialog);
  const name = useEditor((state) => state.doc.name);
  const key = useEditor((state) => state.draftKey);
  useEffect(() => {
    document.title = `${name} · Flowcrate`;
  }, [name]);
  return (
    <ReactFlowProvider key={key}>
      <div className="workspace">
        <TopBar />
        <main className="stage">
          {palette && <Palette />}
          <div className="middle">
            <div className="drawing">
              <Canvas />
              <Inspector />
            </div>
            <Dock />
          </div>
        </main>
      </div>
      {dialog === "help" && <HelpDialog />}
      {dialog === "find" && <FindNode />}
      {dialog === "conflict" && <ConflictDialog />}
      {dialog === "discard" && <DiscardDialog />}
      {dialog === "publish" && <PublishDialog />}
    </ReactFlowProvider>
  );
}
