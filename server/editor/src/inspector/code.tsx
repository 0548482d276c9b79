/** The code field, loaded when the first one is shown: most of a visit to the list needs none. */

import { lazy, Suspense } from "react";

import type { CodeFieldProps } from "./code-field";

const Loaded = lazy(() => import("./code-field"));

export function Code(props: CodeFieldProps) {
  return (
    <Suspense fallback={<div className={`input code-field ${props.multiline ? "tall" : ""}`}>{props.value}</div>}>
      <Loaded {...props} />
    </Suspense>
  );
}
