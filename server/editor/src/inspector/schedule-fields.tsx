import type { Diagnostic } from "../api/types";
import type { GraphNode } from "../graph/document";
import { setIn, updateData } from "../graph/edit";
import { useEditor } from "../store/editor";
import { FieldRow } from "./field-row";
import { CRON_PRESETS, cronText } from "./schedule";

function set(node: GraphNode, key: string, value: string): void {
  useEditor.getState().edit({ label: "Edit the schedule", key: `${node.id} ${key}` }, (doc) => updateData(doc, node.id, (data) => setIn(data, "config", key, value || undefined)));
}

const ZONES: string[] = typeof Intl.supportedValuesOf === "function" ? ["UTC", ...Intl.supportedValuesOf("timeZone")] : ["UTC"];

export function ScheduleFields({ node, diagnostics }: { node: GraphNode; diagnostics: readonly Diagnostic[] }) {
  const cron = String(node.data.config?.cron ?? "");
  const zone = String(node.data.config?.timezone ?? "");
  const words = cronText(cron);
  const preset = CRON_PRESETS.some(([text]) => text === cron);
  return (
    <>
      <FieldRow label="When" pointer="/config/cron" diagnostics={diagnostics} required htmlFor="cron" doc={preset ? undefined : (words ?? "Five fields: minute, hour, day of month, month, day of week.")}>
        <div className="side-by-side">
          <input id="cron" className="input mono" spellCheck={false} value={cron} placeholder="0 * * * *" onChange={(event) => set(node, "cron", event.target.value)} />
          <select className="input" aria-label="Common schedules" value={preset ? cron : ""} onChange={(event) => event.target.value && set(node, "cron", event.target.value)}>
            <option value="">Custom</option>
            {CRON_PRESETS.map(([text, title]) => (
              <option key={text} value={text}>
                {title}
              </option>
            ))}
          </select>
        </div>
      </FieldRow>
      <FieldRow label="Time zone" pointer="/config/timezone" diagnostics={diagnostics} htmlFor="timezone">
        <input id="timezone" className="input" list="time-zones" value={zone} placeholder="UTC" onChange={(event) => set(node, "timezone", event.target.value)} />
        <datalist id="time-zones">
          {ZONES.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </FieldRow>
    </>
  );
}
