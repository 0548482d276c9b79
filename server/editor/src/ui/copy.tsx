import { Check, Copy } from "lucide-react";
import { useState } from "react";

import { toast } from "../store/ui";
import { IconButton } from "./button";

/** Copies a text; `navigator.clipboard` is missing on a page served over plain HTTP from another host. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    } finally {
      area.remove();
    }
  }
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    if (!(await copyText(text))) return toast("bad", "The browser did not let us copy.");
    setDone(true);
    setTimeout(() => setDone(false), 1_500);
  };
  return (
    <IconButton label={done ? "Copied" : label} small onClick={() => void copy()}>
      {done ? <Check size={14} /> : <Copy size={14} />}
    </IconButton>
  );
}
