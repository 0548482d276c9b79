import { Package, Search } from "lucide-react";
import { useEffect, useState } from "react";

import { ApiError, describeError } from "../api/client";
import { keepToken, registry, type CrateSummary } from "../api/registry";
import { HomeBar } from "../home/home-bar";
import { cratePath, navigate } from "../router";
import { useUi } from "../store/ui";
import { Button } from "../ui/button";
import { PageLink } from "../ui/page-link";
import { ago, clock } from "../ui/time";
import { TokenForm } from "../ui/token-form";

type Load =
  | { state: "loading" }
  | { state: "failed"; problem: string }
  | { state: "token"; why: string }
  | { state: "ready"; items: CrateSummary[]; cursor: string | null };

const ORIGINS = { workflow: null, upload: "by hand", support: "Flowcrate’s own" } as const;
const DEBOUNCE_MS = 200;

/** All published crates, and the search among them. */
export function CratesPage() {
  const [query, setQuery] = useState(() => new URLSearchParams(location.search).get("q") ?? "");
  const [load, setLoad] = useState<Load>({ state: "loading" });
  const [round, setRound] = useState(0);
  const online = useUi((state) => state.online);
  useEffect(() => {
    document.title = "Crates · Flowcrate";
    let gone = false;
    const timer = setTimeout(async () => {
      const next = await page(query);
      if (!gone) setLoad(next);
    }, query ? DEBOUNCE_MS : 0);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [query, online, round]);
  const search = (text: string) => {
    setQuery(text);
    navigate(text ? `/crates?${new URLSearchParams({ q: text })}` : "/crates", true);
  };
  const more = async (cursor: string) => {
    const next = await page(query, cursor);
    setLoad((before) => (before.state === "ready" && next.state === "ready" ? { ...next, items: [...before.items, ...next.items] } : next));
  };
  return (
    <div className="home scroll">
      <HomeBar crates />
      <main className="home-main">
        <div className="home-head">
          <h1>Crates</h1>
          <label className="search">
            <Search size={15} aria-hidden />
            <input type="search" placeholder="Search crates" aria-label="Search crates" value={query} onChange={(event) => search(event.target.value)} />
          </label>
        </div>
        {load.state === "loading" && <p className="quiet-text">Loading…</p>}
        {load.state === "failed" && (
          <div className="empty">
            <p>{load.problem}</p>
            <Button onClick={() => setRound(round + 1)}>Try again</Button>
          </div>
        )}
        {load.state === "token" && (
          <TokenForm
            why={load.why}
            scope="read"
            onToken={(token) => {
              keepToken(token);
              setRound(round + 1);
            }}
          />
        )}
        {load.state === "ready" && load.items.length === 0 && <Nothing query={query} />}
        {load.state === "ready" && load.items.length > 0 && (
          <ul className="workflow-list">
            {load.items.map((item) => (
              <CrateCard key={item.name} crate={item} />
            ))}
          </ul>
        )}
        {load.state === "ready" && load.cursor !== null && (
          <Button tone="quiet" onClick={() => void more(load.cursor ?? "")}>
            Show more
          </Button>
        )}
      </main>
    </div>
  );
}

async function page(query: string, cursor?: string): Promise<Load> {
  try {
    const { items, next_cursor } = await registry.crates(query, cursor);
    return { state: "ready", items, cursor: next_cursor ?? null };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return { state: "token", why: error.message };
    return { state: "failed", problem: describeError(error) };
  }
}

function CrateCard({ crate }: { crate: CrateSummary }) {
  const origin = ORIGINS[crate.origin];
  return (
    <li className="workflow-card">
      <PageLink to={cratePath(crate.name)}>
        <span className="workflow-triggers">
          <span className={`card-icon ${crate.origin === "support" ? "control" : "action"}`}>
            <Package size={17} aria-hidden />
          </span>
        </span>
        <span className="workflow-text">
          <b>{crate.name}</b>
          <span>{crate.description || "No description."}</span>
        </span>
        {origin && <span className="chip">{origin}</span>}
        <span className="workflow-when" title={clock(crate.published_at)}>
          {ago(crate.published_at)}
        </span>
        {crate.latest === null ? <span className="chip bad">yanked</span> : <code>{crate.latest}</code>}
      </PageLink>
    </li>
  );
}

function Nothing({ query }: { query: string }) {
  if (query) return <p className="quiet-text">No crate matches “{query}”.</p>;
  return (
    <div className="empty">
      <h2>Nothing is published yet</h2>
      <p>Open a workflow and press Publish: it becomes a versioned crate for any Rust project.</p>
    </div>
  );
}
