/** Publishing the open workflow, from the question what would happen to the version that did. */

import { create } from "zustand";

import { ApiError, describeError } from "../api/client";
import { keepToken, registry, type Bump, type CrateDocument, type Preview, type Published } from "../api/registry";
import { cratePath, navigate } from "../router";
import { errorCount, useCheck } from "../store/check";
import { isDirty, useEditor } from "../store/editor";
import { save } from "../store/session";
import { useUi } from "../store/ui";

export type Stage =
  | { at: "loading" }
  /** The graph has errors. */
  | { at: "faulty" }
  | { at: "failed"; problem: string }
  /** The registry wants a token; `why` where it took none or not this one. */
  | { at: "token"; why: string; then: "load" | "publish" }
  | { at: "ready"; preview: Preview; etag: string; problem?: string }
  | { at: "publishing"; preview: Preview; etag: string }
  | { at: "done"; published: Published };

interface State {
  stage: Stage;
  /** What the publisher raises the version to; null leaves it at the least. */
  wish: Bump | null;
  note: string;
  /** What the publisher wrote as its licence; null leaves it as it is. */
  license: string | null;
  /** The crate as it is published; null before its first version. */
  published: CrateDocument | null;
}

const CLOSED: State = { stage: { at: "loading" }, wish: null, note: "", license: null, published: null };

export const usePublish = create<State>()(() => CLOSED);

const ORDER: readonly Bump[] = ["patch", "minor", "major"];

/** The version that a wish makes: the least that is permitted where it is lower than that. */
export function chosen(preview: Preview, wish: Bump | null): Preview["choices"][number] | undefined {
  const wanted = wish === null ? -1 : ORDER.indexOf(wish);
  return preview.choices.find((choice) => choice.bump !== null && ORDER.indexOf(choice.bump) >= wanted) ?? preview.choices[0];
}

/** Whether the very content is published: a licence is a part of it. */
export function isUnchanged(preview: Preview, license: string | null): boolean {
  return preview.unchanged && (license === null || license.trim() === (preview.license ?? ""));
}

/** Whether there is something to publish, and nothing that forbids it. */
export function mayPublish(preview: Preview, license: string | null): boolean {
  return !isUnchanged(preview, license) && preview.refusals.length === 0 && preview.choices.length > 0;
}

/** Opens the dialog. What is unsaved is saved first: a version is made of what is stored. */
export async function openPublish(): Promise<void> {
  usePublish.setState({ ...CLOSED });
  useUi.setState({ dialog: "publish" });
  await loadPreview();
}

export function closePublish(): void {
  useUi.setState({ dialog: null });
}

export function showCrate(name: string): void {
  closePublish();
  navigate(cratePath(name));
}

function show(stage: Stage): void {
  usePublish.setState({ stage });
}

/** Saves what is unsaved; whether the dialog may go on. */
async function stored(): Promise<boolean> {
  if (errorCount(useCheck.getState()) > 0) {
    show({ at: "faulty" });
    return false;
  }
  const state = useEditor.getState();
  if (state.meta && !isDirty(state)) return true;
  switch (await save()) {
    case "saved":
      return true;
    // Its own dialog asks what to do, in the place of this one.
    case "conflict":
      return false;
    case "failed":
      show(errorCount(useCheck.getState()) > 0 ? { at: "faulty" } : { at: "failed", problem: "The workflow could not be saved, so there is nothing to publish." });
      return false;
  }
}

/** Asks what publishing would do; `quiet` leaves what is shown until the answer is there. */
export async function loadPreview({ problem, quiet = false }: { problem?: string; quiet?: boolean } = {}): Promise<void> {
  if (!quiet) show({ at: "loading" });
  if (!(await stored())) return;
  const { meta } = useEditor.getState();
  if (!meta) return;
  try {
    const { preview, etag } = await registry.preview(meta.id);
    const own = preview.latest === null ? null : await registry.crate(preview.crate);
    usePublish.setState({ published: own });
    show({ at: "ready", preview, etag, ...(problem === undefined ? {} : { problem }) });
  } catch (error) {
    show(refused(error, "load") ?? { at: "failed", problem: describeError(error) });
  }
}

/** The question for a token, where that is what is missing. */
function refused(error: unknown, then: "load" | "publish"): Stage | null {
  if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 403)) return null;
  return { at: "token", why: error.message, then };
}

/** Takes a token, and goes on with what it was missing for. */
export async function giveToken(token: string): Promise<void> {
  const { stage } = usePublish.getState();
  keepToken(token);
  await loadPreview();
  const { stage: after } = usePublish.getState();
  if (stage.at === "token" && stage.then === "publish" && after.at === "ready") await publish();
}

/** Publishes what the dialog shows, or nothing. */
export async function publish(): Promise<void> {
  const { stage, wish, note, license } = usePublish.getState();
  const { meta } = useEditor.getState();
  if (stage.at !== "ready" || !meta || !mayPublish(stage.preview, license)) return;
  const { preview, etag } = stage;
  show({ at: "publishing", preview, etag });
  try {
    const bump = chosen(preview, wish)?.bump ?? null;
    const published = await registry.publish(meta.id, { bump, note: note.trim(), license }, etag);
    show({ at: "done", published });
  } catch (error) {
    const token = refused(error, "publish");
    if (token) return show(token);
    const again = error instanceof ApiError && [409, 412, 422].includes(error.status);
    if (!again) return show({ at: "ready", preview, etag, problem: describeError(error) });
    const stale = error.status === 412 ? "It changed meanwhile: this is what would be published now." : error.message;
    await loadPreview({ problem: stale });
  }
}

/** Gives the workflow, and so the crate, another name: one step that can be undone. */
export async function rename(name: string): Promise<void> {
  const { doc, edit } = useEditor.getState();
  if (name !== doc.name) edit({ label: "Rename the workflow" }, (old) => ({ ...old, name }));
  await loadPreview();
}

/** Yanks a version or takes that back; an error stays with the caller. */
export async function setYanked(crate: string, version: string, yanked: boolean): Promise<void> {
  await registry.yank(crate, version, yanked);
  // What is yanked may be published again.
  await loadPreview({ quiet: true });
}
