/** Cron expressions for people. */

export const CRON_PRESETS: [string, string][] = [
  ["*/5 * * * *", "Every 5 minutes"],
  ["*/15 * * * *", "Every 15 minutes"],
  ["0 * * * *", "Every hour"],
  ["0 9 * * *", "Every day at 09:00"],
  ["0 9 * * 1-5", "Weekdays at 09:00"],
  ["0 9 * * 1", "Mondays at 09:00"],
  ["0 0 1 * *", "On the first of each month"],
];

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Plain words for the common shapes, or null. */
export function cronText(cron: string): string | null {
  const preset = CRON_PRESETS.find(([text]) => text === cron.trim());
  if (preset) return preset[1];
  const [minute, hour, day, month, weekday, ...more] = cron.trim().split(/\s+/);
  if (weekday === undefined || more.length > 0 || month !== "*") return null;
  const everyMinutes = /^\*\/(\d+)$/.exec(minute ?? "")?.[1];
  if (everyMinutes && hour === "*" && day === "*" && weekday === "*") return `Every ${everyMinutes} minutes`;
  if (!/^\d+$/.test(minute ?? "")) return null;
  if (hour === "*" && day === "*" && weekday === "*") return `Every hour at minute ${minute}`;
  const everyHours = /^\*\/(\d+)$/.exec(hour ?? "")?.[1];
  if (everyHours && day === "*" && weekday === "*") return `Every ${everyHours} hours at minute ${minute}`;
  if (!/^\d+$/.test(hour ?? "")) return null;
  const at = `${hour?.padStart(2, "0")}:${minute?.padStart(2, "0")}`;
  if (day === "*" && weekday === "*") return `Every day at ${at}`;
  if (day === "*" && weekday === "1-5") return `Weekdays at ${at}`;
  if (day === "*" && /^\d$/.test(weekday)) return `${DAYS[Number(weekday)]}s at ${at}`;
  if (/^\d+$/.test(day ?? "") && weekday === "*") return `On day ${day} of each month at ${at}`;
  return null;
}
