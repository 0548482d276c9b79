import type { ReactNode } from "react";

import { navigate } from "../router";

/** A link to a page of this app; with a modifier the browser's own way. */
export function PageLink({ to, className, current, children }: { to: string; className?: string; current?: boolean; children: ReactNode }) {
  return (
    <a
      href={to}
      {...(className === undefined ? {} : { className })}
      aria-current={current ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}
