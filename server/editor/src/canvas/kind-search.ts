/** The kinds that a search finds, in the palette's order. */

import type { CatalogueKind } from "../api/types";
import { kindName } from "../graph/document";
import type { Group } from "../graph/handles";

export interface KindGroup {
  group: Group;
  title: string;
  kinds: CatalogueKind[];
}

const TITLES: [Group, string][] = [
  ["trigger", "Triggers"],
  ["action", "Actions"],
  ["control", "Flow"],
  ["pure", "Data"],
  ["note", "Notes"],
];

export function groupOfKind(kind: CatalogueKind): Group {
  return kindName(kind.kind) === "note" ? "note" : kind.group;
}

/** How well a kind answers a search; 0 is not at all. */
function score(kind: CatalogueKind, query: string): number {
  if (query === "") return 1;
  const label = kind.label.toLowerCase();
  if (label.startsWith(query)) return 5;
  if (label.split(/\s+/).some((word) => word.startsWith(query))) return 4;
  if (label.includes(query) || kind.kind.includes(query)) return 3;
  return `${kind.category} ${kind.description}`.toLowerCase().includes(query) ? 1 : 0;
}

export function searchKinds(kinds: Iterable<CatalogueKind>, query: string): CatalogueKind[] {
  const wanted = query.trim().toLowerCase();
  return [...kinds]
    .map((kind) => ({ kind, score: score(kind, wanted) }))
    .filter((entry) => entry.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((entry) => entry.kind);
}

export function grouped(kinds: CatalogueKind[]): KindGroup[] {
  return TITLES.map(([group, title]) => ({ group, title, kinds: kinds.filter((kind) => groupOfKind(kind) === group) })).filter(
    (entry) => entry.kinds.length > 0,
  );
}
