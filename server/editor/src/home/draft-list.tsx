import { FileWarning, Trash2 } from "lucide-react";
import { useState } from "react";

import { navigate, newPath } from "../router";
import { dropDraft, keepDraft, newDrafts } from "../store/drafts";
import { toast } from "../store/ui";
import { IconButton } from "../ui/button";
import { ago } from "../ui/time";

/** Workflows that only this browser has: imported with errors, or never saved. */
export function DraftList() {
  const [drafts, setDrafts] = useState(newDrafts);
  if (drafts.length === 0) return null;
  return (
    <section aria-label="Drafts in this browser">
      <ul className="workflow-list">
        {drafts.map(({ key, draft }) => (
          <li key={key} className="workflow-card">
            <a
              href={newPath(key)}
              onClick={(event) => {
                event.preventDefault();
                navigate(newPath(key));
              }}
            >
              <span className="workflow-triggers">
                <span className="card-icon note">
                  <FileWarning size={17} aria-hidden />
                </span>
              </span>
              <span className="workflow-text">
                <b>{draft.doc.name}</b>
                <span>{draft.doc.description || "Not saved yet: kept in this browser."}</span>
              </span>
              <span className="chip warn">Draft</span>
              {draft.at > 0 && <span className="workflow-when">{ago(new Date(draft.at).toISOString())}</span>}
            </a>
            <IconButton
              label={`Discard the draft ${draft.doc.name}`}
              onClick={() => {
                dropDraft(key);
                setDrafts(newDrafts());
                toast("info", `Discarded ${draft.doc.name}`, {
                  label: "Undo",
                  run: () => {
                    keepDraft(key, draft);
                    setDrafts(newDrafts());
                  },
                });
              }}
            >
              <Trash2 size={15} />
            </IconButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
