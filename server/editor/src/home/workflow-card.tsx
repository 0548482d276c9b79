import { Trash2 } from "lucide-react";

import type { WorkflowSummary } from "../api/types";
import { navigate, workflowPath } from "../router";
import { loadDraft } from "../store/drafts";
import { IconButton } from "../ui/button";
import { KindIcon } from "../ui/kind-icon";
import { ago, clock } from "../ui/time";
import { kindName } from "../graph/document";

export function WorkflowCard({ workflow, onDelete }: { workflow: WorkflowSummary; onDelete: () => void }) {
  const path = workflowPath(workflow.name);
  const draft = loadDraft(workflow.id) !== null;
  return (
    <li className="workflow-card">
      <a
        href={path}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          navigate(path);
        }}
      >
        <span className="workflow-triggers">
          {workflow.triggers.slice(0, 3).map((trigger) => (
            <span key={trigger.id} className="card-icon trigger" title={kindName(trigger.kind)}>
              <KindIcon kind={trigger.kind} size={17} />
            </span>
          ))}
        </span>
        <span className="workflow-text">
          <b>{workflow.name}</b>
          <span>{workflow.description || "No description."}</span>
        </span>
        {draft && <span className="chip warn">Unsaved draft</span>}
        <span className="workflow-when" title={clock(workflow.updated_at)}>
          {ago(workflow.updated_at)}
        </span>
        <code title={`Revision ${workflow.revision}`}>{workflow.revision.slice(0, 7)}</code>
      </a>
      <IconButton label={`Delete ${workflow.name}`} onClick={onDelete}>
        <Trash2 size={15} />
      </IconButton>
    </li>
  );
}
