import { FileUp, Plus, Search } from "lucide-react";
import { useEffect, useMemo, useState } from "react";

import { api, describeError } from "../api/client";
import type { WorkflowSummary } from "../api/types";
import { useUi } from "../store/ui";
import { Button } from "../ui/button";
import { CreateDialog } from "./create-dialog";
import { DraftList } from "./draft-list";
import { DeleteDialog } from "./delete-dialog";
import { HomeBar } from "./home-bar";
import { ImportDialog } from "./import-dialog";
import { WorkflowCard } from "./workflow-card";

type Load = { state: "loading" } | { state: "failed"; problem: string } | { state: "ready"; items: WorkflowSummary[]; cursor: string | null };

export function HomePage() {
  const [load, setLoad] = useState<Load>({ state: "loading" });
  const [query, setQuery] = useState("");
  const [dialog, setDialog] = useState<"create" | "import" | null>(null);
  const [doomed, setDoomed] = useState<WorkflowSummary | null>(null);
  const online = useUi((state) => state.online);

  const refresh = async (cursor?: string) => {
    try {
      const page = await api.workflows(cursor);
      setLoad((before) => ({
        state: "ready",
        items: cursor && before.state === "ready" ? [...before.items, ...page.items] : page.items,
        cursor: page.next_cursor ?? null,
      }));
    } catch (error) {
      setLoad({ state: "failed", problem: describeError(error) });
    }
  };
  useEffect(() => {
    document.title = "Flowcrate";
    void refresh();
  }, [online]);

  const items = load.state === "ready" ? load.items : [];
  const found = useMemo(() => items.filter((item) => matches(item, query)), [items, query]);
  return (
    <div className="home scroll">
      <HomeBar />
      <main className="home-main">
        <div className="home-head">
          <h1>Workflows</h1>
          <label className="search">
            <Search size={15} aria-hidden />
            <input type="search" placeholder="Search workflows" aria-label="Search workflows" value={query} onChange={(event) => setQuery(event.target.value)} />
          </label>
          <Button onClick={() => setDialog("import")}>
            <FileUp size={15} aria-hidden /> Import
          </Button>
          <Button tone="primary" onClick={() => setDialog("create")}>
            <Plus size={15} aria-hidden /> New workflow
          </Button>
        </div>
        <DraftList />
        {load.state === "loading" && <p className="quiet-text">Loading…</p>}
        {load.state === "failed" && (
          <div className="empty">
            <p>{load.problem}</p>
            <Button onClick={() => void refresh()}>Try again</Button>
          </div>
        )}
        {load.state === "ready" && items.length === 0 && <EmptyHome onCreate={() => setDialog("create")} onImport={() => setDialog("import")} />}
        {load.state === "ready" && items.length > 0 && found.length === 0 && <p className="quiet-text">No workflow matches “{query}”.</p>}
        <ul className="workflow-list">
          {found.map((item) => (
            <WorkflowCard key={item.id} workflow={item} onDelete={() => setDoomed(item)} />
          ))}
        </ul>
        {load.state === "ready" && load.cursor && (
          <Button tone="quiet" onClick={() => void refresh(load.cursor ?? undefined)}>
            Show more
          </Button>
        )}
      </main>
      {dialog === "create" && <CreateDialog onClose={() => setDialog(null)} />}
      {dialog === "import" && <ImportDialog onClose={() => setDialog(null)} />}
      {doomed && (
        <DeleteDialog
          workflow={doomed}
          onClose={(deleted) => {
            setDoomed(null);
            if (deleted) void refresh();
          }}
        />
      )}
    </div>
  );
}

function matches(item: WorkflowSummary, query: string): boolean {
  const text = `${item.name} ${item.description ?? ""} ${item.triggers.map((trigger) => trigger.kind).join(" ")}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function EmptyHome({ onCreate, onImport }: { onCreate: () => void; onImport: () => void }) {
  return (
    <div className="empty">
      <h2>Nothing here yet</h2>
      <p>Draw a workflow, run it here, and take it away as a Rust crate.</p>
      <div className="empty-actions">
        <Button tone="primary" onClick={onCreate}>
          <Plus size={15} aria-hidden /> New workflow
        </Button>
        <Button onClick={onImport}>
          <FileUp size={15} aria-hidden /> Import one
        </Button>
      </div>
    </div>
  );
}
