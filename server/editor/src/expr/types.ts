/** Types as text, and steps into them. */

import type { Type } from "../api/types";

/** How many choices, fields or elements are shown before an ellipsis. */
const SHOWN = 3;

/**
 * `string?`, `list<int>`, `Order`, `{id, total, +3}`, `tuple<string, int>`, `int | string`. A named
 * union shows its choices where it stands alone; a recursive type is called by its name within itself.
 */
export function typeText(type: Type | undefined, depth = 0, defs: readonly Type[] = []): string {
  if (!type) return "any";
  switch (type.type) {
    case "list":
      return `list<${typeText(type.items, depth + 1, defs)}>`;
    case "map":
      return `map<${typeText(type.values, depth + 1, defs)}>`;
    case "tuple":
      return `tuple<${type.items.map((item) => typeText(item, depth + 1, defs)).join(", ")}>`;
    case "optional": {
      const some = typeText(type.some, depth, defs);
      if (type.some.type === "any") return "any";
      return some.includes(" | ") ? `(${some})?` : `${some}?`;
    }
    case "enum":
      return type.values.length <= SHOWN ? type.values.map((value) => JSON.stringify(value)).join(" | ") : (type.name ?? "enum");
    case "record":
      return type.name ?? recordText(type.fields, depth);
    case "union":
      return unionText(type, depth, defs);
    case "recursive":
      return recursiveText(type, depth);
    case "own":
      return nameOf(defs[type.def]) ?? "itself";
    default:
      return type.type;
  }
}

function recordText(fields: Record<string, Type>, depth: number): string {
  const names = Object.keys(fields);
  if (depth > 1) return "record";
  const shown = names.slice(0, SHOWN).join(", ");
  return names.length > SHOWN ? `{${shown}, +${names.length - SHOWN}}` : `{${shown}}`;
}

type Union = Extract<Type, { type: "union" }>;
type Recursive = Extract<Type, { type: "recursive" }>;

/** `Payment (card | iban)`, `{kind: card | iban}` by a tag; `int | list<string>` by form. */
function unionText({ name, tag, choices }: Union, depth: number, defs: readonly Type[]): string {
  if (name !== undefined && depth > 0) return name;
  const entries = Object.entries(choices);
  const shown = entries.slice(0, SHOWN).map(([text, choice]) => (tag === undefined ? typeText(choice, depth + 1, defs) : text));
  const all = [...shown, ...(entries.length > SHOWN ? [`+${entries.length - SHOWN}`] : [])].join(" | ");
  if (name !== undefined) return `${name} (${all})`;
  return tag === undefined ? all : `{${tag}: ${all}}`;
}

/** `Category`, and what it is made of where it has no name. */
function recursiveText({ defs, head = 0 }: Recursive, depth: number): string {
  const own = defs[head];
  return own?.type === "record" ? (own.name ?? recordText(own.fields, depth)) : typeText(own, depth, defs);
}

function nameOf(type: Type | undefined): string | undefined {
  return type?.type === "record" || type?.type === "union" ? type.name : undefined;
}

/** The type without `optional`, and a recursive one as what it is made of. */
export function unwrap(type: Type | undefined): Type | undefined {
  if (type?.type === "optional") return unwrap(type.some);
  if (type?.type !== "recursive") return type;
  const own = type.defs[type.head ?? 0];
  return own && within(own, type.defs);
}

/** A definition with the recursive types in the places where it names them. */
function within(type: Type, defs: Type[]): Type {
  const inner = (part: Type) => within(part, defs);
  const each = <T extends Type>(parts: Record<string, T>) => Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, { ...part, ...inner(part) }]));
  switch (type.type) {
    case "own":
      return { type: "recursive", defs, head: type.def };
    case "list":
      return { ...type, items: inner(type.items) };
    case "map":
      return { ...type, values: inner(type.values) };
    case "tuple":
      return { ...type, items: type.items.map(inner) };
    case "optional":
      return { ...type, some: inner(type.some) };
    case "record":
      return { ...type, fields: each(type.fields) };
    case "union":
      return { ...type, choices: each(type.choices) };
    default:
      return type;
  }
}

type Documented = Type & { doc?: string };

/** What may be read of a value by name: a record's fields, those of a union's choices and its tag. */
export function fieldsOf(type: Type | undefined): [string, Documented][] {
  const inner = unwrap(type);
  if (inner?.type === "record") return Object.entries(inner.fields);
  return inner?.type === "union" ? unionFields(inner) : [];
}

/** A field that not every choice has is optional; without a tag only the object has any. */
function unionFields({ tag, choices }: Union): [string, Documented][] {
  const all = Object.values(choices).map((choice) => new Map(fieldsOf(choice)));
  if (tag === undefined) return all.flatMap((fields) => [...fields]);
  const names = [...new Set(all.flatMap((fields) => [...fields.keys()]))].sort();
  const fields = names.map((name): [string, Documented] => {
    const found = all.flatMap((of) => of.get(name) ?? []);
    const everywhere = found.length === all.length && found.every((field) => field.type !== "optional");
    const [first = { type: "any" }] = found;
    return [name, everywhere || first.type === "optional" ? first : { type: "optional", some: first }];
  });
  return [[tag, { type: "enum", values: Object.keys(choices) }], ...fields];
}

/** What a value is made of, with what to write behind its name: fields, a tuple's elements. */
export function partsOf(type: Type | undefined): [string, Documented, string][] {
  const inner = unwrap(type);
  if (inner?.type === "tuple") return inner.items.map((item, at) => [`[${at}]`, item, `[${at}]`]);
  return fieldsOf(inner).map(([name, field]) => [name, field, `.${name}`]);
}

/** The type one step in: a field, or an element. */
export function stepInto(type: Type | undefined, step: string | number): Type | undefined {
  const inner = unwrap(type);
  if (!inner) return undefined;
  if (inner.type === "any") return { type: "any" };
  if (typeof step === "number") {
    if (inner.type === "union") return stepInto(inner.tag === undefined ? inner.choices.list : undefined, step);
    return inner.type === "tuple" ? inner.items[step] : inner.type === "list" ? inner.items : undefined;
  }
  if (inner.type === "map") return inner.values;
  return fieldsOf(inner).find(([name]) => name === step)?.[1];
}

export const FAILURE: Type = {
  type: "record",
  name: "Failure",
  fields: {
    code: { type: "string" },
    message: { type: "string" },
    attempts: { type: "int" },
    path: { type: "string" },
  },
};
