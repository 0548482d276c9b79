/** The limit of a workflow's runs: so many at a time, so many starts in a period, each by a key. */

import type { Scope } from "../expr/scope";
import { isObject, type GraphDocument, type Json, type JsonObject } from "./document";

/** The limit as it is drawn; empty where there is none. */
export function limitOf(doc: GraphDocument): JsonObject {
  return isObject(doc.limit) ? (doc.limit as JsonObject) : {};
}

/** Its starts in a period; empty where there is none. */
export function rateOf(doc: GraphDocument): JsonObject {
  const { rate } = limitOf(doc);
  return isObject(rate) ? (rate as JsonObject) : {};
}

/** Sets one key of the limit; undefined removes it, and an empty limit with it. */
export function setLimit(doc: GraphDocument, key: string, value: Json | undefined): GraphDocument {
  const limit = without(limitOf(doc), key);
  const next = value === undefined ? limit : { ...limit, [key]: value };
  if (Object.keys(next).length > 0) return { ...doc, limit: next };
  const { limit: _gone, ...rest } = doc;
  return rest as GraphDocument;
}

/** One key of its rate. */
export function setRate(doc: GraphDocument, key: string, value: Json | undefined): GraphDocument {
  const old = without(rateOf(doc), key);
  const next = value === undefined ? old : { ...old, [key]: value };
  return setLimit(doc, "rate", Object.keys(next).length > 0 ? next : undefined);
}

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _old, ...rest } = object;
  return rest;
}

/** What was typed: a whole number where it is one; the check says what is wrong with the rest. */
export function counted(text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  return /^\d+$/.test(text.trim()) ? Number(text) : text;
}

/** What a key may name: no run has begun yet, so there is what starts it and nothing else. */
export function keyScope(scope: Scope): Scope {
  return { names: scope.names.filter(({ name }) => name === "trigger" || name.startsWith("triggers.")) };
}
