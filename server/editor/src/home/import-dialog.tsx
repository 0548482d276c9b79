import { FileUp } from "lucide-react";
import { useId, useState, type DragEvent } from "react";

import { api, ApiError, describeError } from "../api/client";
import type { Diagnostic } from "../api/types";
import { isObject, toDocument, type GraphDocument } from "../graph/document";
import { slug } from "../graph/ids";
import { toast, useUi } from "../store/ui";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Prose } from "../ui/prose";
import { createAndOpen, openAsDraft } from "./create";

/** Whose JSON this is: ours names a kind in each node's data. */
export function dialectOf(value: unknown): "flowcrate" | "vercel" | null {
  if (!isObject(value) || !Array.isArray(value.nodes)) return null;
  const nodes = (value.nodes as unknown[]).filter(isObject);
  return nodes.every((node) => isObject(node.data) && typeof node.data.kind === "string") && toDocument(value) ? "flowcrate" : "vercel";
}

interface Refusal {
  text: string;
  diagnostics: readonly Diagnostic[];
}

/** Takes a workflow of ours, or one of the Vercel workflow builder. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [file, setFile] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const take = async (chosen: File | undefined) => {
    if (!chosen) return;
    setText(await chosen.text());
    setFile(chosen.name);
    setRefusal(null);
  };
  const run = async () => {
    setBusy(true);
    try {
      await importText(text, file);
    } catch (error) {
      setRefusal({ text: describeError(error), diagnostics: error instanceof ApiError ? error.diagnostics : [] });
      setBusy(false);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void take(event.dataTransfer.files[0]);
  };
  return (
    <Dialog
      title="Import a workflow"
      wide
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" disabled={busy || text.trim() === ""} onClick={() => void run()}>
            Import
          </Button>
        </>
      }
    >
      <div className="form" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
        <label htmlFor={id} className="drop">
          <FileUp size={18} aria-hidden />
          <span>{file ?? "Choose a JSON file, or drop it here"}</span>
          <input id={id} type="file" accept=".json,application/json" className="visually-hidden" onChange={(event) => void take(event.target.files?.[0])} />
        </label>
        <label htmlFor={`${id}-text`}>or paste it</label>
        <textarea
          id={`${id}-text`}
          className="input mono"
          rows={9}
          spellCheck={false}
          placeholder="A Flowcrate graph, or a workflow of Vercel's workflow builder"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setFile(null);
            setRefusal(null);
          }}
        />
        {refusal && <RefusalList refusal={refusal} />}
      </div>
    </Dialog>
  );
}

function RefusalList({ refusal }: { refusal: Refusal }) {
  return (
    <div className="form-problem" role="alert">
      <b>{refusal.text}</b>
      {refusal.diagnostics.length > 0 && (
        <ul className="refusals scroll">
          {refusal.diagnostics.map((entry, at) => (
            <li key={at}>
              <code>{entry.code}</code> <Prose text={entry.message} />
              {entry.node && (
                <>
                  {" "}
                  at <code>{entry.node}</code>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

async function importText(text: string, file: string | null): Promise<void> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${error instanceof Error ? error.message : "it does not parse"}`);
  }
  const dialect = dialectOf(value);
  if (dialect === null) throw new Error("This holds no nodes, so it is no workflow.");
  const doc = toDocument(value);
  if (dialect === "flowcrate" && doc) return importOurs(doc);
  const name = slug((file ?? "").replace(/\.json$/i, ""));
  const { graph, diagnostics } = await api.importVercel(text, file === null ? "" : name);
  const translated = toDocument(graph);
  if (!translated) throw new Error("The server's translation cannot be read.");
  // Opened unsaved, so that its warnings are seen before it is stored.
  openAsDraft(spread(translated), diagnostics);
  if (diagnostics.length > 0) useUi.setState({ dock: "problems" });
}

/** A name that is taken gets another one, and is shown before it is stored. */
async function importOurs(doc: GraphDocument): Promise<void> {
  try {
    await createAndOpen(doc);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    openAsDraft({ ...doc, name: `${doc.name}-copy` });
    toast("info", `There is a workflow named ${doc.name} already: this one is ${doc.name}-copy.`);
  }
}

/** The other builder's nodes are narrower than ours: the same arrangement, with room for them. */
function spread(doc: GraphDocument): GraphDocument {
  return { ...doc, nodes: doc.nodes.map((node) => ({ ...node, position: { x: Math.round(node.position.x * 1.35), y: node.position.y } })) };
}
