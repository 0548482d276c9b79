import { ChevronRight, Download, Keyboard, Moon, Package, Play, Save, SlidersHorizontal, Sun, SunMoon } from "lucide-react";
import { useState } from "react";

import { NAME_PATTERN, slug } from "../graph/ids";
import { openPublish } from "../publish/state";
import { navigate } from "../router";
import { errorCount, useCheck } from "../store/check";
import { isDirty, useEditor } from "../store/editor";
import { exportCode, save } from "../store/session";
import { runOrAsk } from "../store/start";
import { toast, useUi, type Theme } from "../store/ui";
import { Button, IconButton } from "../ui/button";
import { Logo } from "../ui/logo";

export function TopBar() {
  const errors = useCheck(errorCount);
  const dirty = useEditor(isDirty);
  const [busy, setBusy] = useState<"save" | "export" | null>(null);
  const during = (what: "save" | "export", work: Promise<unknown>) => {
    setBusy(what);
    void work.finally(() => setBusy(null));
  };
  const blocked = errors > 0 ? `Fix ${errors === 1 ? "the problem" : `${errors} problems`} first` : null;
  const refuse = () => {
    useUi.setState({ dock: "problems" });
    toast("bad", `${blocked}: a crate is only made of a workflow without errors.`);
  };
  return (
    <header className="top-bar">
      <a
        href="/"
        className="brand"
        aria-label="Flowcrate: all workflows"
        onClick={(event) => {
          event.preventDefault();
          navigate("/");
        }}
      >
        <Logo />
      </a>
      <ChevronRight size={14} className="crumb" aria-hidden />
      <NameField />
      <SaveState />
      <div className="top-actions">
        <SettingsButton />
        <ThemeButton />
        <IconButton label="Keyboard shortcuts" shortcut="?" onClick={() => useUi.setState({ dialog: "help" })}>
          <Keyboard size={16} />
        </IconButton>
        <span className="controls-line" />
        <Button
          aria-disabled={blocked !== null}
          title={blocked ?? "Download this workflow as a Rust crate"}
          disabled={busy === "export"}
          onClick={() => (blocked ? refuse() : during("export", exportCode()))}
        >
          <Download size={15} aria-hidden /> Export as code
        </Button>
        <Button title="Publish as a version of a crate (P)" onClick={() => void openPublish()}>
          <Package size={15} aria-hidden /> Publish
        </Button>
        <Button disabled={busy === "save" || !dirty} title="Save (Ctrl+S)" onClick={() => during("save", save())}>
          <Save size={15} aria-hidden /> Save
        </Button>
        <Button
          tone="primary"
          title="Run (Ctrl+Enter)"
          onClick={runOrAsk}
        >
          <Play size={14} fill="currentColor" aria-hidden /> Run
        </Button>
      </div>
    </header>
  );
}

function NameField() {
  const name = useEditor((state) => state.doc.name);
  const [text, setText] = useState<string | null>(null);
  const finish = () => {
    const next = NAME_PATTERN.test(text ?? "") ? (text ?? "") : slug(text ?? "");
    if (text !== null && next && next !== name) useEditor.getState().edit({ label: "Rename the workflow" }, (doc) => ({ ...doc, name: next }));
    setText(null);
  };
  const shown = text ?? name;
  return (
    <input
      className="name-field"
      aria-label="Name of the workflow"
      spellCheck={false}
      value={shown}
      onChange={(event) => setText(event.target.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") setText(null);
      }}
    />
  );
}

function SaveState() {
  const meta = useEditor((state) => state.meta);
  const dirty = useEditor(isDirty);
  if (!meta) return <span className="chip">Not saved yet</span>;
  if (dirty) {
    return (
      <button type="button" className="chip warn" title="Discard them…" onClick={() => useUi.setState({ dialog: "discard" })}>
        Unsaved changes
      </button>
    );
  }
  return (
    <span className="save-state" title={`Revision ${meta.revision}`}>
      Saved <code>{meta.revision.slice(0, 7)}</code>
    </span>
  );
}

function SettingsButton() {
  const shown = useUi((state) => state.settings);
  const show = () => {
    useEditor.getState().select([]);
    useUi.setState({ settings: !shown });
  };
  return (
    <IconButton label="Workflow settings" aria-pressed={shown} onClick={show}>
      <SlidersHorizontal size={16} />
    </IconButton>
  );
}

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: SunMoon, light: Sun, dark: Moon } as const;

export function ThemeButton() {
  const theme = useUi((state) => state.theme);
  const Icon = ICONS[theme];
  return (
    <IconButton label={`Theme: ${theme}`} onClick={() => useUi.setState({ theme: NEXT[theme] })}>
      <Icon size={16} />
    </IconButton>
  );
}
