import type { VersionDocument } from "../api/registry";
import { cratePath } from "../router";
import { PageLink } from "../ui/page-link";

/** What a version depends on, and its features. */
export function DependencyView({ version }: { version: VersionDocument }) {
  const dependencies = version.dependencies.filter((dependency) => dependency.kind !== "dev");
  const features = Object.entries(version.features);
  return (
    <div className="api">
      <section>
        <h3>Dependencies</h3>
        {dependencies.length === 0 && <p className="quiet-text">None.</p>}
        <dl className="api-pairs">
          {dependencies.map((dependency) => (
            <div key={`${dependency.kind} ${dependency.name}`}>
              <dt>
                {dependency.registry === null ? (
                  <PageLink to={cratePath(dependency.package ?? dependency.name)} className="link">
                    {dependency.name}
                  </PageLink>
                ) : (
                  <code>{dependency.name}</code>
                )}
              </dt>
              <dd>
                <code>{dependency.req}</code>
                {dependency.registry === null && <span className="chip">this registry</span>}
                {dependency.optional && <span className="chip">optional</span>}
                {dependency.kind === "build" && <span className="chip">build</span>}
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>Features</h3>
        {features.length === 0 && <p className="quiet-text">None.</p>}
        <dl className="api-pairs">
          {features.map(([feature, brings]) => (
            <div key={feature}>
              <dt>
                <code>{feature}</code>
              </dt>
              <dd className="mono">{brings.join(", ") || "–"}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}
