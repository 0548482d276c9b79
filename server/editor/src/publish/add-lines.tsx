import type { Adding } from "../api/registry";
import { Snippet } from "../ui/snippet";

/** How a project takes a version: by cargo’s configuration, without any, and from git. */
export function AddLines({ add }: { add: Adding }) {
  if (add.login !== null) return <PrivateLines add={add} login={add.login} />;
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

/** Nothing goes without a token, and so the configuration comes first. */
function PrivateLines({ add, login }: { add: Adding; login: string }) {
  return (
    <div className="add-lines">
      <p>This registry is private: cargo needs a token to read.</p>
      <h3>
        Once, in <code>.cargo/config.toml</code>
      </h3>
      <Snippet text={add.config} label="the configuration" />
      <h3>Once, with your token</h3>
      <Snippet text={login} label="the login" />
      <h3>Then, in any project</h3>
      <Snippet text={add.command} label="the cargo add line" />
      <details>
        <summary>
          Or in <code>Cargo.toml</code>
        </summary>
        <Snippet text={add.dependency} label="the dependency" />
      </details>
      <details>
        <summary>Or from git, where the token is the password</summary>
        <Snippet text={add.git} label="the git line" />
      </details>
    </div>
  );
}
