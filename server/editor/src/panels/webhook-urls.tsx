import { kindName, type GraphNode } from "../graph/document";
import { useEditor } from "../store/editor";
import { CopyButton } from "../ui/copy";

export function hookUrl(node: GraphNode, workflow: string): string {
  const path = node.data.config?.path;
  return `${location.origin}/hooks/${typeof path === "string" && path !== "" ? path : workflow}`;
}

/** Where the workflow's webhooks listen once it is saved. */
export function WebhookUrls() {
  const doc = useEditor((state) => state.doc);
  const hooks = doc.nodes.filter((node) => kindName(node.data.kind) === "webhook");
  if (hooks.length === 0) return null;
  return (
    <div className="hooks">
      <h3>{hooks.length === 1 ? "Webhook" : "Webhooks"}</h3>
      {hooks.map((node) => (
        <HookUrl key={node.id} url={hookUrl(node, doc.name)} />
      ))}
    </div>
  );
}

export function HookUrl({ url }: { url: string }) {
  return (
    <div className="hook-url">
      <span className="chip">POST</span>
      <code title={url}>{url}</code>
      <CopyButton text={url} label="Copy the URL" />
    </div>
  );
}
