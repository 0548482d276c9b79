//! The graph as a Mermaid flowchart, for the emitted crate's README: what undoes a step hangs on
//! it by a dotted line.

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
            if let Some(undo) = node.body.undo() {
                undone(out, &indent, &node.id, &undo.node);
            }
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

/// What undoes a step, where it has to be undone.
fn undone(out: &mut String, indent: &str, step: &str, undo: &Node) {
    line(out, indent, &format!("u_{step}[/\"{}\"/]", text(&undo.label)));
    line(out, indent, &format!("n_{step} -. \"undone by\" .-> u_{step}"));
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
    use flowcrate::catalogue::Catalogue;

    use super::{flowchart, text};
    use crate::check::check_source;

    #[test]
    fn what_undoes_a_step_hangs_on_it() {
        let graph = br#"{ "name": "undo", "nodes": [
            { "id": "start", "data": { "kind": "manual@1" } },
            { "id": "book", "data": { "label": "Book", "kind": "custom@1",
                "compensate": { "kind": "custom@1", "label": "Cancel \"it\"" } } }
        ], "edges": [ { "source": "start", "target": "book" } ] }"#;
        let (checked, found) = check_source(graph, &Catalogue::default());
        let drawn = flowchart(&checked.unwrap_or_else(|| panic!("{found:?}")));
        let lines: Vec<&str> = drawn.lines().map(str::trim).collect();
        assert_eq!(
            lines[2..5],
            [
                "n_book[\"Book\"]",
                "u_book[/\"Cancel #34;it#34;\"/]",
                "n_book -. \"undone by\" .-> u_book"
            ]
        );
    }

    #[test]
    fn labels_cannot_leave_their_quotes_or_the_code_fence() {
        assert_eq!(text("a\"]\n```--> x"), "a#34;#93; #96;#96;#96;--#62; x");
    }
}
