/** JSON Patch (RFC 6902) and JSON Pointer (RFC 6901), without mutation. */

import { isObject } from "./document";

export interface PatchOperation {
  op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  path: string;
  from?: string;
  value?: unknown;
}

export class PatchError extends Error {}

export function parsePointer(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) throw new PatchError(`not a pointer: ${pointer}`);
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at `path`, or undefined. */
export function valueAt(root: unknown, path: string[]): unknown {
  let value = root;
  for (const key of path) {
    if (Array.isArray(value)) value = value[arrayIndex(key, value.length - 1, false)];
    else if (isObject(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}

function arrayIndex(key: string, last: number, strict = true): number {
  const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1;
  if (strict && (index < 0 || index > last)) throw new PatchError(`no element ${key}`);
  return index;
}

type Leaf = (container: unknown, key: string) => unknown;

/** A copy of `root` in which the container at all but the last key of `path` went through `leaf`. */
function update(root: unknown, path: string[], leaf: Leaf): unknown {
  const [key, ...rest] = path;
  if (key === undefined) throw new PatchError("the whole document cannot be patched in place");
  if (rest.length === 0) return leaf(root, key);
  if (Array.isArray(root)) {
    const index = arrayIndex(key, root.length - 1);
    return root.map((entry: unknown, at) => (at === index ? update(entry, rest, leaf) : entry));
  }
  if (!isObject(root) || !Object.hasOwn(root, key)) throw new PatchError(`no member ${key}`);
  return { ...root, [key]: update(root[key], rest, leaf) };
}

function add(root: unknown, path: string[], value: unknown): unknown {
  if (path.length === 0) return value;
  return update(root, path, (container, key) => {
    if (Array.isArray(container)) {
      const index = key === "-" ? container.length : arrayIndex(key, container.length);
      return [...container.slice(0, index), value, ...container.slice(index)];
    }
    if (!isObject(container)) throw new PatchError(`nothing to hold ${key}`);
    return { ...container, [key]: value };
  });
}

function remove(root: unknown, path: string[]): unknown {
  return update(root, path, (container, key) => {
    if (Array.isArray(container)) {
      const index = arrayIndex(key, container.length - 1);
      return container.filter((_, at) => at !== index);
    }
    if (!isObject(container) || !Object.hasOwn(container, key)) throw new PatchError(`no member ${key}`);
    const { [key]: _gone, ...rest } = container;
    return rest;
  });
}

function replace(root: unknown, path: string[], value: unknown): unknown {
  if (path.length === 0) return value;
  return update(root, path, (container, key) => {
    if (Array.isArray(container)) {
      const index = arrayIndex(key, container.length - 1);
      return container.map((entry: unknown, at) => (at === index ? value : entry));
    }
    if (!isObject(container) || !Object.hasOwn(container, key)) throw new PatchError(`no member ${key}`);
    return { ...container, [key]: value };
  });
}

function same(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((entry, at) => same(entry, right[at]));
  }
  if (isObject(left) && isObject(right)) {
    const keys = Object.keys(left);
    return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && same(left[key], right[key]));
  }
  return left === right;
}

function existing(root: unknown, from: string | undefined): unknown {
  const value = valueAt(root, parsePointer(from ?? ""));
  if (value === undefined) throw new PatchError(`nothing at ${from}`);
  return value;
}

function apply(root: unknown, operation: PatchOperation): unknown {
  const path = parsePointer(operation.path);
  switch (operation.op) {
    case "add":
      return add(root, path, operation.value);
    case "remove":
      return remove(root, path);
    case "replace":
      return replace(root, path, operation.value);
    case "copy":
      return add(root, path, existing(root, operation.from));
    case "move": {
      const value = existing(root, operation.from);
      return add(remove(root, parsePointer(operation.from ?? "")), path, value);
    }
    case "test":
      if (!same(valueAt(root, path), operation.value)) throw new PatchError(`the graph has changed at ${operation.path}`);
      return root;
    default:
      throw new PatchError(`unknown operation ${String(operation.op)}`);
  }
}

/** The document after all operations; throws `PatchError`, and changes nothing, where one fails. */
export function applyPatch<T>(document: T, patch: PatchOperation[]): T {
  return patch.reduce<unknown>(apply, document) as T;
}
