import type { Bump, Change } from "../api/registry";
import { Prose } from "../ui/prose";

const TONES: Record<Bump, string> = { patch: "good", minor: "busy", major: "warn" };

/** Which number of a version went up. */
export function BumpChip({ bump }: { bump: Bump | null }) {
  return bump ? <span className={`chip ${TONES[bump]}`}>{bump}</span> : <span className="chip">first</span>;
}

/** What changed for those who use the crate, the gravest first. */
export function ChangeList({ changes }: { changes: readonly Change[] }) {
  const order: readonly Bump[] = ["major", "minor", "patch"];
  const sorted = [...changes].sort((a, b) => order.indexOf(a.bump) - order.indexOf(b.bump));
  return (
    <ul className="change-list">
      {sorted.map((change, at) => (
        <li key={at}>
          <BumpChip bump={change.bump} />
          <span>
            <Prose text={change.what} />
            {change.by_policy && <span className="quiet-text"> (programs still compile; the promise changes)</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
