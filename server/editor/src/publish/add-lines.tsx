import type { Adding } from "../api/registry";
import { Snippet } from "../ui/snippet";

/** How a project takes a version: by cargo's configuration, without any, and from git. */
export function AddLines({ add }: { add: Adding }) {
  return (
    <div className="add-lines">
      <h3>With the registry in cargo’s configuration</h3>
      <Snippet text={add.command} label="the cargo add line" />
      <details>
        <summary>
          Once, in <code>.cargo/config.toml</code>
        </summary>
        <Snippet text={add.config} label="the configuration" />
      </details>
      <h3>
        Without any configuration, in <code>Cargo.toml</code>
      </h3>
      <Snippet text={add.dependency} label="the dependency" />
      <h3>From git</h3>
      <Snippet text={add.git} label="the git line" />
    </div>
  );
}
