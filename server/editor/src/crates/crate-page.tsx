import { ChevronRight, Package } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { ApiError, describeError } from "../api/client";
import { keepToken, registry, type CrateDocument, type VersionDocument } from "../api/registry";
import { HomeBar } from "../home/home-bar";
import { AddLines } from "../publish/add-lines";
import { cratePath, navigate, workflowPath } from "../router";
import { useUi } from "../store/ui";
import { Button } from "../ui/button";
import { Markdown } from "../ui/markdown-view";
import { PageLink } from "../ui/page-link";
import { TokenForm } from "../ui/token-form";
import { ApiView } from "./api-view";
import { DependencyView } from "./dependencies";
import { VersionTable } from "./version-table";

interface Shown {
  crate: CrateDocument;
  version: VersionDocument;
}

type Load = { state: "loading" } | { state: "failed"; problem: string } | { state: "token"; why: string } | ({ state: "ready" } & Shown);
type Tab = "readme" | "api" | "versions" | "dependencies";

const TABS: [Tab, string][] = [
  ["readme", "Readme"],
  ["api", "API"],
  ["versions", "Versions"],
  ["dependencies", "Dependencies"],
];

/** A crate: what it is for, how a project takes it, what it promises, its versions. */
export function CratePage({ name, version }: { name: string; version: string | null }) {
  const [load, setLoad] = useState<Load>({ state: "loading" });
  const [round, setRound] = useState(0);
  const online = useUi((state) => state.online);
  useEffect(() => {
    document.title = `${name} · Flowcrate`;
    let gone = false;
    void read(name, version).then((next) => !gone && setLoad(next));
    return () => {
      gone = true;
    };
  }, [name, version, online, round]);
  return (
    <div className="home scroll">
      <HomeBar crates />
      <main className="home-main crate-main">
        {load.state === "loading" && <p className="quiet-text">Loading…</p>}
        {load.state === "failed" && (
          <div className="empty">
            <p>{load.problem}</p>
            <Button onClick={() => navigate("/crates")}>All crates</Button>
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
        {load.state === "ready" && <Sheet {...load} onChange={() => setRound(round + 1)} />}
      </main>
    </div>
  );
}

async function read(name: string, version: string | null): Promise<Load> {
  try {
    const crate = await registry.crate(name);
    // Of a crate whose versions are all yanked the highest is shown.
    const shown = version ?? crate.latest ?? crate.releases[0]?.version ?? "";
    return { state: "ready", crate, version: await registry.version(name, shown) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return { state: "token", why: error.message };
    const absent = error instanceof ApiError && error.status === 404;
    return { state: "failed", problem: absent ? `There is no ${name}${version === null ? "" : ` ${version}`} here.` : describeError(error) };
  }
}

function Sheet({ crate, version, onChange }: Shown & { onChange: () => void }) {
  const [tab, setTab] = useState<Tab>("readme");
  return (
    <>
      <header className="crate-head">
        <span className="card-icon action">
          <Package size={20} aria-hidden />
        </span>
        <div>
          <h1>
            {crate.name} <span className="crate-version mono">{version.version}</span>
            {version.yanked && <span className="chip bad">yanked</span>}
          </h1>
          <p>{crate.description || "No description."}</p>
        </div>
      </header>
      <div className="crate-columns">
        <div className="crate-body">
          <Tabs tab={tab} onTab={setTab} />
          {tab === "readme" && (version.readme ? <Markdown text={version.readme} /> : <p className="quiet-text">The package has no README.md.</p>)}
          {tab === "api" && <ApiView name={crate.name} api={version.api} />}
          {tab === "versions" && <VersionTable crate={crate} shown={version.version} changelog={version.changelog} onChange={onChange} />}
          {tab === "dependencies" && <DependencyView version={version} />}
        </div>
        <Side crate={crate} version={version} />
      </div>
    </>
  );
}

function Tabs({ tab, onTab }: { tab: Tab; onTab: (tab: Tab) => void }) {
  return (
    <div className="crate-tabs" role="tablist" aria-label="About the crate">
      {TABS.map(([key, label]) => (
        <button key={key} type="button" role="tab" aria-selected={tab === key} onClick={() => onTab(key)}>
          {label}
        </button>
      ))}
    </div>
  );
}

function Side({ crate, version }: Shown) {
  const newer = crate.latest !== null && crate.latest !== version.version ? crate.latest : null;
  return (
    <aside className="crate-side" aria-label="How to use it">
      {newer && (
        <PageLink to={cratePath(crate.name)} className="crate-newer">
          {newer} is the latest <ChevronRight size={14} aria-hidden />
        </PageLink>
      )}
      <section>
        <h2>Add it</h2>
        <AddLines add={version.add} />
      </section>
      {crate.workflow !== null && (
        <Named title="Made of">
          <PageLink to={workflowPath(crate.workflow)} className="link">
            {crate.workflow}
          </PageLink>{" "}
          <span className="quiet-text">a workflow of this server</span>
        </Named>
      )}
      <Named title="Owners">{crate.owners.length > 0 ? crate.owners.join(", ") : <span className="quiet-text">Everybody who may publish</span>}</Named>
      <Named title="Used here by">
        {crate.dependants.length === 0 && <span className="quiet-text">No crate of this registry</span>}
        <ul className="plain-list">
          {crate.dependants.map((dependant) => (
            <li key={dependant.name}>
              <PageLink to={cratePath(dependant.name)} className="link">
                {dependant.name}
              </PageLink>{" "}
              <code>{dependant.version}</code> <span className="quiet-text">asks for {dependant.req}</span>
            </li>
          ))}
        </ul>
      </Named>
      <Named title="Licence">{version.license ?? <span className="quiet-text">None is named</span>}</Named>
      {version.rust_version !== null && <Named title="Rust">{version.rust_version} or newer</Named>}
      <Named title="SHA-256">
        <code className="crate-sum">{version.checksum}</code>
      </Named>
    </aside>
  );
}

function Named({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  );
}
