import type { CrateDocument, VersionSummary } from "../api/registry";
import { registry } from "../api/registry";
import { BumpChip, ChangeList } from "../publish/bump";
import { YankButton } from "../publish/version-list";
import { cratePath } from "../router";
import { Markdown } from "../ui/markdown-view";
import { PageLink } from "../ui/page-link";
import { Prose } from "../ui/prose";
import { ago, clock } from "../ui/time";
import { bytes } from "./signature";

interface Props {
  crate: CrateDocument;
  /** The version that the page is about. */
  shown: string;
  /** Of that version, where it brings one: for versions that no workflow made. */
  changelog: string | null;
  onChange: () => void;
}

/** All versions, each with what it changed. */
export function VersionTable({ crate, shown, changelog, onChange }: Props) {
  return (
    <>
      <ol className="versions">
        {crate.releases.map((release) => (
          <Version key={release.version} crate={crate.name} release={release} shown={release.version === shown} onChange={onChange} />
        ))}
      </ol>
      {changelog !== null && crate.origin !== "workflow" && <Markdown text={changelog} />}
    </>
  );
}

function Version({ crate, release, shown, onChange }: { crate: string; release: VersionSummary; shown: boolean; onChange: () => void }) {
  const yank = async (yanked: boolean) => {
    await registry.yank(crate, release.version, yanked);
    onChange();
  };
  return (
    <li className={release.yanked ? "yanked" : ""}>
      <div className="version-head">
        <PageLink to={cratePath(crate, release.version)} className="link mono" current={shown}>
          {release.version}
        </PageLink>
        <BumpChip bump={release.bump} />
        {release.yanked && <span className="chip bad">yanked</span>}
        <span className="quiet-text" title={clock(release.published_at)}>
          {ago(release.published_at)}
        </span>
        <span className="quiet-text">{bytes(release.size)}</span>
        <YankButton crate={crate} release={release} onYank={yank} />
      </div>
      {release.note && (
        <p className="version-note">
          <Prose text={release.note} />
        </p>
      )}
      {release.changes.length > 0 && <ChangeList changes={release.changes} />}
      {release.survives !== null && (
        <p className="quiet-text">{release.survives ? "Runs of the version before may move to it." : "Runs of the version before end as they began."}</p>
      )}
    </li>
  );
}
