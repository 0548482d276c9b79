import { KeyRound } from "lucide-react";
import { useId, useState } from "react";

import { Button } from "./button";

/** Asks for a token of the registry. */
export function TokenForm({ why, scope, onToken }: { why: string; scope: "read" | "publish"; onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  const id = useId();
  return (
    <form
      className="form token-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim()) onToken(token.trim());
      }}
    >
      <p>
        <KeyRound size={15} aria-hidden /> {sentence(why)}
      </p>
      <label htmlFor={id}>Token</label>
      <div className="field-line">
        <input id={id} className="input mono" type="password" autoComplete="off" autoFocus placeholder="flowcrate_…" value={token} onChange={(event) => setToken(event.target.value)} />
        <Button tone="primary" type="submit" disabled={token.trim() === ""}>
          Go on
        </Button>
      </div>
      <p className="field-doc">
        Whoever runs the server makes one: <code>flowcrate token create --scope {scope} --name you</code>. It stays in this tab.
      </p>
    </form>
  );
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
