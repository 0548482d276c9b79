//! The graph as a Mermaid flowchart, for the emitted crate's README.

use std::fmt::Write;

use crate::check::{Body, Checked, Node, Scope};
use crate::diagnostic::is_unprintable;

/// Renders `flowchart TD`, loops as subgraphs, in topological order.
pub(super) fn flowchart(checked: &Checked) -> String {
    let mut out = String::from("flowchart TD\n");
    scope(&mut out, checked, &checked.root, 1);
    out
}

fn scope(out: &mut String, checked: &Checked, scope: &Scope, depth: usize) {
    let indent = "    ".repeat(depth);
    for node in scope.nodes.iter().filter_map(|id| checked.nodes.get(id)) {
        let scopes = node.body.scopes();
        if scopes.is_empty() {
            line(out, &indent, &format!("n_{}{}", node.id, shape(node)));
            continue;
        }
        line(out, &indent, &format!("subgraph n_{}[\"{}\"]", node.id, text(&node.label)));
        for (region, body) in scopes {
            if region.is_empty() {
                self::scope(out, checked, body, depth + 1);
                continue;
            }
            let inner = "    ".repeat(depth + 1);
            line(out, &inner, &format!("subgraph n_{}_{region}[\"{region}\"]", node.id));
            self::scope(out, checked, body, depth + 2);
            line(out, &inner, "end");
        }
        line(out, &indent, "end");
    }
    for edge in &scope.edges {
        let arrow = match edge.handle.as_str() {
            "out" => "-->".to_owned(),
            handle => format!("-- \"{}\" -->", text(handle)),
        };
        line(out, &indent, &format!("n_{} {arrow} n_{}", edge.source, edge.target));
    }
}

/// Round for triggers and returns, a rhombus where the flow divides, a box for the rest.
fn shape(node: &Node) -> String {
    let label = text(&node.label);
    match node.body {
        Body::Manual
        | Body::Webhook { .. }
        | Body::Schedule { .. }
        | Body::Return { .. }
        | Body::Fail { .. } => format!("([\"{label}\"])"),
        Body::Condition { .. } | Body::Switch { .. } => format!("{{\"{label}\"}}"),
        Body::Wait { .. } | Body::WaitEvent { .. } | Body::Approval(_) => {
            format!("{{{{\"{label}\"}}}}")
        }
        _ => format!("[\"{label}\"]"),
    }
}

fn line(out: &mut String, indent: &str, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{indent}{text}");
}

/// Text inside a quoted Mermaid label: entities for what Mermaid, HTML or Markdown would read.
fn text(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    for char in label.chars().take(80) {
        match char {
            '"' | '#' | '<' | '>' | '&' | '`' | '\\' | '[' | ']' | '{' | '}' | ';' => {
                let _ = write!(out, "#{};", u32::from(char));
            }
            _ if char.is_control() => out.push(' '),
            _ if is_unprintable(char) => {}
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn labels_cannot_leave_their_quotes_or_the_code_fence() {
        assert_eq!(text("a\"]\n```--> x"), "a#34;#93; #96;#96;#96;--#62; x");
    }
}
