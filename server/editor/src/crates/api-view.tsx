import type { ApiModel, ApiType } from "../api/registry";
import { Snippet } from "../ui/snippet";
import { given, pieces } from "./signature";

/** What a crate promises: the function, what it takes and gives, events, failures, types. */
export function ApiView({ name, api }: { name: string; api: ApiModel | null }) {
  if (!api) return <p className="quiet-text">It was not made of a workflow, so this server does not know what it promises.</p>;
  const own = new Set(Object.keys(api.types));
  const events = Object.entries(api.events);
  return (
    <div className="api">
      <section>
        <h3>The workflow</h3>
        <div className="snippet api-function">
          <pre className="scroll" tabIndex={0} aria-label="The function">
            <code>
              use {name.replaceAll("-", "_")}::{api.structure};{"\n\n"}
              <i>async fn</i> {api.function}(ctx: Context
              {api.input.map((type) => (
                <span key={type}>
                  , trigger: <TypeText type={type} own={own} />
                </span>
              ))}
              ) -&gt; Result&lt;
              <TypeText type={given(api.output)} own={own} />
              &gt;
            </code>
          </pre>
        </div>
        {api.triggers.length > 0 && <p>Started: {api.triggers.join(", ")}.</p>}
      </section>
      {api.constraints && Object.keys(api.constraints).length > 0 && (
        <section>
          <h3>What an input must be beyond its type</h3>
          <Snippet text={JSON.stringify(api.constraints, null, 2)} label="the constraints, as a JSON Schema" />
        </section>
      )}
      <section>
        <h3>Events that it waits for</h3>
        {events.length === 0 && <p className="quiet-text">None.</p>}
        <dl className="api-pairs">
          {events.map(([event, type]) => (
            <div key={event}>
              <dt>
                <code>{event}</code>
              </dt>
              <dd className="mono">
                <TypeText type={type} own={own} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>Failures of its own</h3>
        {api.errors.length === 0 ? (
          <p className="quiet-text">None by a code of its own.</p>
        ) : (
          <p>
            {api.errors.map((code) => (
              <code key={code} className="api-code">
                {code}
              </code>
            ))}
          </p>
        )}
      </section>
      <section>
        <h3>Types</h3>
        {own.size === 0 && <p className="quiet-text">None of its own.</p>}
        {Object.entries(api.types).map(([type, shape]) => (
          <TypeCard key={type} name={type} shape={shape} own={own} />
        ))}
      </section>
    </div>
  );
}

function TypeText({ type, own }: { type: string; own: ReadonlySet<string> }) {
  return pieces(type, own).map((piece, at) =>
    piece.own ? (
      <a key={at} className="link" href={`#type-${piece.text}`}>
        {piece.text}
      </a>
    ) : (
      <span key={at}>{piece.text}</span>
    ),
  );
}

function TypeCard({ name, shape, own }: { name: string; shape: ApiType; own: ReadonlySet<string> }) {
  return (
    <article className="api-type" id={`type-${name}`}>
      <h4 className="mono">
        <i>{"struct" in shape ? "struct" : "enum" in shape ? "enum" : "type"}</i> {name}
      </h4>
      {"alias" in shape && (
        <p className="mono">
          <TypeText type={shape.alias} own={own} />
        </p>
      )}
      {"struct" in shape && (
        <dl className="api-pairs">
          {Object.entries(shape.struct.fields).map(([field, { ty, json }]) => (
            <div key={field}>
              <dt>
                <code>{field}</code>
                {json !== field && <span className="quiet-text"> “{json}” in JSON</span>}
              </dt>
              <dd className="mono">
                <TypeText type={ty} own={own} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {"enum" in shape && (
        <dl className="api-pairs">
          {Object.entries(shape.enum.variants).map(([variant, json]) => (
            <div key={variant}>
              <dt>
                <code>{variant}</code>
              </dt>
              <dd className="mono">
                <TypeText type={json} own={own} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </article>
  );
}
