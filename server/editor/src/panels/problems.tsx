import { CircleAlert, TriangleAlert, Wrench } from "lucide-react";
import { useState } from "react";

import { api, describeError } from "../api/client";
import type { Diagnostic } from "../api/types";
import { findNode, type GraphDocument } from "../graph/document";
import { applyPatch, PatchError } from "../graph/patch";
import { useCheck } from "../store/check";
import { documentToStore, useEditor } from "../store/editor";
import { toast } from "../store/ui";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Prose } from "../ui/prose";

export function ProblemsPanel() {
  const diagnostics = useCheck((state) => state.diagnostics);
  const [page, setPage] = useState<{ code: string; text: string } | null>(null);
  const explain = async (code: string) => {
    try {
      setPage({ code, text: await api.diagnosticPage(code) });
    } catch (error) {
      toast("bad", `No page for ${code}: ${describeError(error)}`);
    }
  };
  if (diagnostics.length === 0) return <p className="dock-empty">No problems. This workflow can be saved, run and exported.</p>;
  return (
    <>
      <ul className="problems scroll">
        {diagnostics.map((entry, at) => (
          <Problem key={`${at} ${entry.code} ${entry.node}`} diagnostic={entry} onExplain={() => void explain(entry.code)} />
        ))}
      </ul>
      {page && (
        <Dialog title={page.code} wide onClose={() => setPage(null)}>
          <pre className="page scroll">{page.text}</pre>
        </Dialog>
      )}
    </>
  );
}

function Problem({ diagnostic, onExplain }: { diagnostic: Diagnostic; onExplain: () => void }) {
  const { severity, code, message, help, fix, field } = diagnostic;
  const ofWorkflow = diagnostic.node === undefined && field?.startsWith("/limit") === true;
  const label = useEditor((state) => (ofWorkflow ? state.doc.name : placeLabel(state.doc, diagnostic.node)));
  const Icon = severity === "error" ? CircleAlert : TriangleAlert;
  const focus = () => {
    const { doc, focusOn, focusOnWorkflow, select } = useEditor.getState();
    if (ofWorkflow && field !== undefined) return focusOnWorkflow(field);
    if (diagnostic.node === undefined) return;
    const edge = doc.edges.find((entry) => entry.id === diagnostic.node);
    if (findNode(doc, diagnostic.node)) return focusOn(diagnostic.node, field);
    if (!edge) return;
    focusOn(edge.source);
    select([], [edge.id]);
  };
  return (
    <li className={`problem ${severity === "error" ? "bad" : "warn"}`}>
      <button type="button" className="problem-main" onClick={focus} disabled={label === undefined}>
        <Icon size={15} aria-label={severity} />
        <span>
          <span className="problem-text">
            <Prose text={message} />
          </span>
          {help && (
            <span className="problem-help">
              <Prose text={help} />
            </span>
          )}
        </span>
        {label && (
          <span className="problem-place">
            {label}
            {field && <code>{field.replace(/^\/((inputs|config)\/)?/, "").replaceAll("/", ".")}</code>}
          </span>
        )}
      </button>
      {fix && (
        <Button small onClick={() => applyFix(fix)}>
          <Wrench size={13} aria-hidden />
          <span>
            <Prose text={fix.title} />
          </span>
        </Button>
      )}
      <button type="button" className="problem-code mono" title="What this means" onClick={onExplain}>
        {code}
      </button>
    </li>
  );
}

/** The node's label, or both ends of an edge. */
function placeLabel(doc: GraphDocument, id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  const node = findNode(doc, id);
  if (node) return node.data.label || id;
  const edge = doc.edges.find((entry) => entry.id === id);
  return edge && `${findNode(doc, edge.source)?.data.label ?? edge.source} → ${findNode(doc, edge.target)?.data.label ?? edge.target}`;
}

/** Applies a fix to the document, as one undoable edit. */
export function applyFix(fix: NonNullable<Diagnostic["fix"]>): void {
  const { edit } = useEditor.getState();
  try {
    // The check saw the document with its viewport, which a patch may test.
    const patched = applyPatch(documentToStore(useEditor.getState()), fix.patch);
    edit({ label: "Apply a fix" }, () => patched);
  } catch (error) {
    toast("bad", error instanceof PatchError ? `The fix no longer fits: ${error.message}` : describeError(error));
  }
}
