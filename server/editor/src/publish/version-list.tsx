import { useState } from "react";

import { ApiError, describeError } from "../api/client";
import { keepToken, type CrateDocument, type VersionSummary } from "../api/registry";
import { toast } from "../store/ui";
import { Button } from "../ui/button";
import { ago, clock } from "../ui/time";
import { TokenForm } from "../ui/token-form";
import { BumpChip } from "./bump";
import { setYanked } from "./state";

/** The versions that there are, each to be yanked and un-yanked. */
export function VersionList({ crate }: { crate: CrateDocument }) {
  return (
    <details className="version-list">
      <summary>
        {crate.releases.length} published {crate.releases.length === 1 ? "version" : "versions"}
      </summary>
      <ul>
        {crate.releases.map((release) => (
          <Version key={release.version} crate={crate.name} release={release} />
        ))}
      </ul>
      <p className="field-doc">A yanked version is taken by no new lock file; whoever has it goes on.</p>
    </details>
  );
}

function Version({ crate, release }: { crate: string; release: VersionSummary }) {
  const { version, yanked } = release;
  return (
    <li className={yanked ? "yanked" : ""}>
      <b className="mono">{version}</b>
      <BumpChip bump={release.bump} />
      {yanked && <span className="chip bad">yanked</span>}
      <span className="quiet-text" title={clock(release.published_at)}>
        {ago(release.published_at)}
      </span>
      <YankButton crate={crate} release={release} onYank={(yank) => setYanked(crate, version, yank)} />
    </li>
  );
}

/** Yanks at once, since it can be taken back; asks for a token where one is wanted. */
export function YankButton({ crate, release, onYank }: { crate: string; release: VersionSummary; onYank: (yanked: boolean) => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const { version, yanked } = release;
  const act = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await onYank(!yanked);
      toast("good", yanked ? `${crate} ${version} may be taken again` : `Yanked ${crate} ${version}`);
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return setRefused(error.message);
      toast("bad", `Not ${yanked ? "un-yanked" : "yanked"}: ${describeError(error)}`);
    } finally {
      setBusy(false);
    }
  };
  if (refused !== null) {
    return (
      <TokenForm
        why={refused}
        scope="publish"
        onToken={(token) => {
          keepToken(token);
          void act();
        }}
      />
    );
  }
  return (
    <Button small disabled={busy} aria-label={`${yanked ? "Un-yank" : "Yank"} ${version}`} onClick={() => void act()}>
      {yanked ? "Un-yank" : "Yank"}
    </Button>
  );
}
