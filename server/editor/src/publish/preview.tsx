import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import { useId, useState, type ReactNode } from "react";

import type { Bump, Preview, Refusal } from "../api/registry";
import { NAME_PATTERN, slug } from "../graph/ids";
import { Button } from "../ui/button";
import { Prose } from "../ui/prose";
import { BumpChip, ChangeList } from "./bump";
import { NodeLink } from "./node-link";
import { chosen, isUnchanged, rename, showCrate, usePublish } from "./state";
import { VersionList } from "./version-list";

/** What publishing would do: the name, the version and why, the runs, the note. */
export function PreviewView({ preview, problem, busy }: { preview: Preview; problem: string | undefined; busy: boolean }) {
  const published = usePublish((state) => state.published);
  const license = usePublish((state) => state.license);
  const unchanged = isUnchanged(preview, license);
  return (
    <fieldset className="publish-form" disabled={busy}>
      {problem && (
        <p className="form-problem" role="alert">
          {problem}
        </p>
      )}
      <NameField key={preview.crate} preview={preview} />
      {preview.refusals.filter((refusal) => refusal.suggestion === undefined).map((refusal) => <Unfit key={refusal.code} refusal={refusal} />)}
      {unchanged ? <Unchanged preview={preview} /> : <Versions preview={preview} />}
      {!unchanged && preview.latest !== null && <Runs preview={preview} />}
      {!unchanged && <Note />}
      <License preview={preview} />
      {published && <VersionList crate={published} />}
    </fieldset>
  );
}

/** The crate is called as the workflow; a name that is refused says so here, with one that is not. */
function NameField({ preview }: { preview: Preview }) {
  const [text, setText] = useState(preview.crate);
  const id = useId();
  const refusal = preview.refusals.find((entry) => entry.suggestion !== undefined);
  const name = NAME_PATTERN.test(text) ? text : slug(text);
  const changed = text !== preview.crate;
  return (
    <div className="form">
      <label htmlFor={id}>Name of the crate</label>
      <div className="field-line">
        <input
          id={id}
          className="input mono"
          spellCheck={false}
          value={text}
          aria-invalid={refusal !== undefined && !changed}
          aria-describedby={`${id}-doc`}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && changed) void rename(name);
          }}
        />
        {changed && <Button onClick={() => void rename(name)}>Rename to {name}</Button>}
        {!changed && refusal?.suggestion !== undefined && <Button onClick={() => void rename(refusal.suggestion ?? name)}>Call it {refusal.suggestion}</Button>}
      </div>
      {refusal && !changed ? (
        <p id={`${id}-doc`} className="form-problem" role="alert">
          <Prose text={refusal.detail} />
        </p>
      ) : (
        <p id={`${id}-doc`} className="field-doc">
          {changed && preview.latest !== null
            ? `This renames the workflow and begins another crate; ${preview.crate} ${preview.latest} stays as it is.`
            : "It is the workflow’s name: another one renames the workflow, too."}
        </p>
      )}
    </div>
  );
}

function Unfit({ refusal }: { refusal: Refusal }) {
  return (
    <div className="form-problem" role="alert">
      <Prose text={refusal.detail} />
      {refusal.nodes && refusal.nodes.length > 0 && (
        <p className="publish-nodes">
          {refusal.nodes.map((node) => (
            <NodeLink key={node} id={node} />
          ))}
        </p>
      )}
    </div>
  );
}

function Unchanged({ preview }: { preview: Preview }) {
  return (
    <Fact tone="info" title={`Nothing has changed since ${preview.latest}`}>
      <p>The latest version is this very content, so there is nothing to publish.</p>
      <p>
        <button type="button" className="link" onClick={() => showCrate(preview.crate)}>
          How to add {preview.crate} {preview.latest}
        </button>
      </p>
    </Fact>
  );
}

const WORDS: Record<Bump, string> = { patch: "Patch", minor: "Minor", major: "Major" };
const MEANING: Record<Bump, string> = { patch: "nobody need know", minor: "there is more", major: "something breaks" };

function Versions({ preview }: { preview: Preview }) {
  const wish = usePublish((state) => state.wish);
  const picked = chosen(preview, wish);
  if (preview.latest === null) {
    return (
      <Fact tone="info" title={`The first version: ${picked?.version}`}>
        <p>From here on the number says what changed for programs that use the crate.</p>
      </Fact>
    );
  }
  const least = preview.choices[0]?.bump;
  return (
    <section className="publish-axis" aria-label="The version">
      <h3>For programs that use it</h3>
      <div className="version-choices" role="radiogroup" aria-label="Version">
        {(["patch", "minor", "major"] as const).map((bump) => {
          const choice = preview.choices.find((entry) => entry.bump === bump);
          return (
            <label key={bump} className={choice ? "" : "forbidden"} title={choice ? undefined : `What changed asks for a ${least} version at least`}>
              <input type="radio" name="bump" disabled={!choice} checked={choice !== undefined && picked?.bump === bump} onChange={() => usePublish.setState({ wish: bump })} />
              <b className="mono">{choice?.version ?? "–"}</b>
              <span>
                {WORDS[bump]}: {MEANING[bump]}
              </span>
            </label>
          );
        })}
      </div>
      <p className="publish-why">
        At least <BumpChip bump={least ?? null} /> after <code>{preview.latest}</code>
        {preview.changes.length === 0 ? ": for programs nothing has changed." : ", because:"}
      </p>
      {preview.changes.length > 0 && <ChangeList changes={preview.changes} />}
    </section>
  );
}

/** The other axis: what becomes of runs has nothing to do with the version's number. */
function Runs({ preview }: { preview: Preview }) {
  const { upgrade } = preview;
  const stuck = Object.entries(upgrade?.nodes ?? {}).filter(([, fate]) => fate.verdict === "prevents");
  return (
    <section className="publish-axis" aria-label="Runs under way">
      <h3>For runs under way</h3>
      {preview.survives === null && <Fact tone="info" title={`Nobody knows whether runs of ${preview.latest} may move`} />}
      {preview.survives === true && <Fact tone="good" title={`Runs of ${preview.latest} may move to this version`} />}
      {preview.survives === false && (
        <Fact tone="warn" title={`Runs of ${preview.latest} end as they began`}>
          {upgrade?.input !== undefined && <p>{upgrade.input}</p>}
          {stuck.length > 0 && (
            <ul className="publish-stuck">
              {stuck.map(([id, fate]) => (
                <li key={id}>
                  <NodeLink id={id} />
                  {fate.reasons && fate.reasons.length > 0 && `: ${fate.reasons.map((reason) => reason.message).join("; ")}`}
                </li>
              ))}
            </ul>
          )}
        </Fact>
      )}
    </section>
  );
}

const ICONS = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert } as const;

function Fact({ tone, title, children }: { tone: keyof typeof ICONS; title: string; children?: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={`fact ${tone}`}>
      <Icon size={16} aria-hidden />
      <div>
        <b>{title}</b>
        {children}
      </div>
    </div>
  );
}

/** Usual ones; anything that SPDX writes will do. */
const LICENSES = ["MIT OR Apache-2.0", "MIT", "Apache-2.0", "MPL-2.0", "GPL-3.0-or-later", "LicenseRef-Proprietary"];

/** Said once: later versions keep it. */
function License({ preview }: { preview: Preview }) {
  const license = usePublish((state) => state.license);
  const id = useId();
  return (
    <div className="form">
      <label htmlFor={id}>Licence</label>
      <input
        id={id}
        className="input mono"
        list={`${id}-known`}
        spellCheck={false}
        placeholder="None: nothing is claimed"
        value={license ?? preview.license ?? ""}
        aria-describedby={`${id}-doc`}
        onChange={(event) => usePublish.setState({ license: event.target.value })}
      />
      <datalist id={`${id}-known`}>
        {LICENSES.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
      <p id={`${id}-doc`} className="field-doc">
        As SPDX writes it, such as <code>MIT OR Apache-2.0</code>; later versions keep it.
      </p>
    </div>
  );
}

function Note() {
  const note = usePublish((state) => state.note);
  const id = useId();
  return (
    <div className="form">
      <label htmlFor={id}>What is new</label>
      <textarea
        id={id}
        className="input"
        rows={3}
        placeholder="For those who use the crate; it goes into its changelog"
        value={note}
        onChange={(event) => usePublish.setState({ note: event.target.value })}
      />
    </div>
  );
}
