//! Which scope holds which node.

use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::json;

use super::{Ids, Node};
use crate::check::kinds::{Kind, TRY_REGIONS, WINNER};
use crate::diagnostic::{Diagnostic, Suggestions, code, nearest, quoted};
use crate::graph::limits::MAX_NESTING;
use crate::graph::{HandleId, NodeId, is_id};

type Nodes<'c> = DiGraph<Node<'c>, HandleId>;

/// Sets each node's parent. A node whose parent cannot be stays at top level.
pub(super) fn set(
    graph: &mut Nodes<'_>,
    ids: &Ids,
    asked: &[Option<NodeId>],
    out: &mut Vec<Diagnostic>,
) {
    let suggestions = Suggestions::default();
    let all: Vec<NodeIndex> = graph.node_indices().collect();
    for (&index, parent) in all.iter().zip(asked) {
        if let Some(parent) = parent {
            match find(graph, ids, index, parent, &suggestions) {
                Ok(parent) => graph[index].parent = Some(parent),
                Err(diagnostic) => out.push(*diagnostic),
            }
        }
    }
    cut_circles(graph, &all, out);
    for &index in &all {
        if let Some(parent) = graph[index].parent {
            match region(&graph[index], &graph[parent]) {
                Ok(region) => graph[index].region = region,
                Err(diagnostic) => out.push(*diagnostic),
            }
        }
    }
    for &index in &all {
        check_place(graph, index, out);
    }
}

/// The region of `scope` in which `node` stands.
fn region(node: &Node<'_>, scope: &Node<'_>) -> Result<String, Box<Diagnostic>> {
    let asked = node.raw.region.as_deref();
    let path = format!("/nodes/{}/data/region", node.raw.index);
    let wrong = |what: &str| {
        let found =
            asked.map_or("no region".to_owned(), |name| format!("the region {}", quoted(name)));
        let message = format!(
            "node {} stands in {found} of {}, expected {what}",
            node.quoted(),
            scope.quoted()
        );
        Diagnostic::new(code::BAD_REGION, message).node(&*node.raw.id).field("/region")
    };
    match (scope.kind, asked) {
        (Some(Kind::Race), Some(name)) if is_id(name) && name != WINNER => Ok(name.to_owned()),
        (Some(Kind::Race), _) => {
            let what = "the name of a branch: a-z, 0-9 and `_`, not `winner`";
            Err(Box::new(wrong(what).help("set the node's `region` to the branch it belongs to")))
        }
        (Some(Kind::Try), None) => Ok(TRY_REGIONS[0].to_owned()),
        (Some(Kind::Try), Some(name)) if TRY_REGIONS.contains(&name) => Ok(name.to_owned()),
        (Some(Kind::Try), Some(name)) => {
            let diagnostic = wrong("`body`, `catch` or `finally`");
            Err(Box::new(match nearest(name, TRY_REGIONS) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("move it to `{near}`"),
                    vec![json!({"op": "replace", "path": path, "value": near})],
                ),
                None => diagnostic.help("set the node's `region` to one of these"),
            }))
        }
        _ => Ok(String::new()),
    }
}

fn find(
    graph: &Nodes<'_>,
    ids: &Ids,
    index: NodeIndex,
    parent: &NodeId,
    suggestions: &Suggestions,
) -> Result<NodeIndex, Box<Diagnostic>> {
    let node = &graph[index];
    let wrong = |message: String| Diagnostic::new(code::BAD_PARENT, message).node(&*node.raw.id);
    let Some(&found) = ids.get(parent) else {
        let near = suggestions.nearest(parent, ids.keys().map(NodeId::as_str));
        let is_scope = |id: &&str| {
            let index = ids.get(id);
            index.is_some_and(|index| graph[*index].kind.is_some_and(Kind::is_scope))
        };
        let near = near.filter(is_scope);
        let message =
            format!("node {} stands in {}, which no node is", node.quoted(), quoted(parent));
        return Err(Box::new(match near {
            Some(near) => wrong(message).help(format!("did you mean `{near}`?")),
            None => wrong(message).help("take it out of that parent, or add a `for_each@1`"),
        }));
    };
    let scope = &graph[found];
    // What a node of an unknown kind holds cannot be said.
    if scope.kind.is_none_or(Kind::is_scope) {
        return Ok(found);
    }
    let message = format!(
        "node {} stands in {}, a `{}`, expected a scope such as `for_each@1`",
        node.quoted(),
        scope.quoted(),
        scope.raw.kind
    );
    Err(Box::new(wrong(message).help("move it to the top level or into a loop")))
}

/// Takes nodes out of parents that stand in themselves, or too deep.
fn cut_circles(graph: &mut Nodes<'_>, all: &[NodeIndex], out: &mut Vec<Diagnostic>) {
    // Depth of each node once known; the top level is 0.
    let mut depth: Vec<Option<usize>> = vec![None; all.len()];
    // On which walk each node was met last.
    let mut met: Vec<usize> = vec![0; all.len()];
    let mut walk = 0;
    for &start in all {
        walk += 1;
        let mut chain = Vec::new();
        let mut at = Some(start);
        while let Some(index) = at {
            if depth.get(index.index()).copied().flatten().is_some() {
                break;
            }
            let Some(met) = met.get_mut(index.index()) else { break };
            if *met == walk {
                out.push(circle(&graph[index]));
                graph[index].parent = None;
                // What leads into the circle is walked again, now that it has an end.
                walk += 1;
                chain.clear();
                at = Some(start);
                continue;
            }
            *met = walk;
            chain.push(index);
            at = graph[index].parent;
        }
        settle(graph, &chain, &mut depth, out);
    }
}

fn circle(node: &Node<'_>) -> Diagnostic {
    Diagnostic::new(code::NESTING, format!("node {} stands in itself", node.quoted()))
        .node(&*node.raw.id)
        .help("take one of the scopes out of the other")
}

/// Gives the nodes of a chain, innermost first, their depths.
fn settle(
    graph: &mut Nodes<'_>,
    chain: &[NodeIndex],
    depth: &mut [Option<usize>],
    out: &mut Vec<Diagnostic>,
) {
    for &index in chain.iter().rev() {
        let parent = graph[index].parent.and_then(|parent| depth.get(parent.index()).copied());
        let mut found = parent.flatten().map_or(0, |above| above + 1);
        if found > MAX_NESTING {
            let message =
                format!("node {} stands in more than {MAX_NESTING} scopes", graph[index].quoted());
            out.push(
                Diagnostic::new(code::NESTING, message)
                    .node(&*graph[index].raw.id)
                    .help("make the inner scopes a workflow of their own"),
            );
            graph[index].parent = None;
            found = 0;
        }
        if let Some(slot) = depth.get_mut(index.index()) {
            *slot = Some(found);
        }
    }
}

/// Where returns and responses may stand.
const ONCE: &str = "the top level, or the body or catch of a try";

fn check_place(graph: &Nodes<'_>, index: NodeIndex, out: &mut Vec<Diagnostic>) {
    let node = &graph[index];
    let Some(kind) = node.kind.filter(|_| node.parent.is_some()) else { return };
    let (what, expected, help) = if kind.is_trigger() {
        ("trigger", "the top level", "move the trigger to the top level")
    } else if is_reached_once(graph, index) {
        return;
    } else if matches!(kind, Kind::Return) {
        ("return", ONCE, "give the scope a `result`, and return `steps.<scope>` after it")
    } else if matches!(kind, Kind::Respond) {
        ("response", ONCE, "give the scope a `result`, and respond with `steps.<scope>` after it")
    } else {
        return;
    };
    let message = format!("the {what} {} stands in a scope, expected {expected}", node.quoted());
    out.push(Diagnostic::new(code::MISPLACED, message).node(&*node.raw.id).help(help));
}

/// Whether a run comes by here once at most, and not while it is given up: at top level, and in the
/// bodies and catches of tries (S31).
fn is_reached_once(graph: &Nodes<'_>, index: NodeIndex) -> bool {
    let mut at = index;
    while let Some(scope) = graph[at].parent {
        let is_try = graph[scope].kind.is_none_or(|kind| kind == Kind::Try);
        if !is_try || graph[at].region == TRY_REGIONS[2] {
            return false;
        }
        at = scope;
    }
    true
}
