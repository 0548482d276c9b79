//! What a scope gives to the outside, and an iteration to the next (S25).

use flowcrate::types::Type;
use petgraph::graph::NodeIndex;
use serde_json::Value;

use super::Kind;
use crate::check::guards::Event;
use crate::check::settings::shown;
use crate::check::site::Site;
use crate::check::stage::Output;
use crate::diagnostic::{Span, code};
use crate::expr::{Expr, ExprKind, Name};

/// The scope's `result`, at the end of its body; `None` where it is wrong.
pub(super) fn of(site: &Site<'_>, expected: Option<&Type>) -> Option<Expr> {
    let (pointer, given) = match (&site.node.raw.result, site.region.as_str()) {
        (given, "") => ("/result".to_owned(), given.as_ref()),
        (Some(Value::Object(results)), region) => {
            (format!("/result/{region}"), results.get(region))
        }
        (None, region) => (format!("/result/{region}"), None),
        (Some(other), region) => {
            let message = format!(
                "`result` of {} is {}, expected an object with a result for each region",
                site.node.quoted(),
                shown(other)
            );
            let finding = site.finding(code::WRONG_TYPE, message).field("/result");
            let example = format!("write `{{\"{region}\": \"{{{{ … }}}}\"}}`");
            site.report(finding.help(example));
            return None;
        }
    };
    match (given.filter(|given| !given.is_null()), expected) {
        (Some(result), Some(_)) => site.typed(&pointer, result, expected),
        (Some(result), None) => site.typed_result(&pointer, result),
        (None, _) => Some(default(site)),
    }
}

/// S25: the output of the only sink, else null.
fn default(site: &Site<'_>) -> Expr {
    let stage = site.stage;
    let own =
        |index: &NodeIndex| stage.graph.node(*index).region == site.region && stage.counts(*index);
    let counted: Vec<NodeIndex> = site.node.children.iter().copied().filter(own).collect();
    let is_sink =
        |index: &NodeIndex| stage.graph.nodes.neighbors(*index).all(|target| !stage.counts(target));
    let sinks: Vec<NodeIndex> = counted.into_iter().filter(is_sink).collect();
    let null = || Expr {
        kind: ExprKind::Literal(serde_json::Value::Null),
        ty: Type::Null,
        span: Span::default(),
    };
    let [sink] = sinks.as_slice() else {
        if stage.graph.whole && stage.counts(site.index) {
            lost(site, sinks.len());
        }
        return null();
    };
    let ty = match stage.outputs.get(*sink) {
        Some(Output::Is(ty)) => ty.clone(),
        Some(Output::Unknown) | None => Type::Any,
        Some(Output::None) => return null(),
    };
    let sure = stage.guards.implies(site.place, &[(*sink, Event::Value)]);
    let ty = if sure { ty } else { ty.optional() };
    let name = Name::Step(stage.graph.id(*sink).to_string());
    Expr { kind: ExprKind::Name(name), ty, span: Span::default() }
}

fn lost(site: &Site<'_>, sinks: usize) {
    let (label, region) = (site.node.quoted(), &site.region);
    let (what, each) = match site.node.kind {
        Some(Kind::While) => (format!("the loop {label}"), "the next state is null"),
        Some(Kind::Race | Kind::Try) => (format!("`{region}` of {label}"), "its result is null"),
        _ => (format!("the loop {label}"), "it gives null for each item"),
    };
    let message = if sinks == 0 {
        format!("{what} holds no nodes, so {each}")
    } else {
        format!("{what} ends in {sinks} nodes and has no `result`, so {each}")
    };
    let help = match (sinks, region.as_str()) {
        (0, _) => "put nodes into the loop".to_owned(),
        (_, "") => "set the loop's `result`, for example to `{{ steps.<id> }}` of one of its nodes"
            .to_owned(),
        (_, region) => format!("set `result.{region}`, for example to `{{{{ steps.<id> }}}}`"),
    };
    let field = if region.is_empty() { "/result".to_owned() } else { format!("/result/{region}") };
    site.report(site.finding(code::LOST_RESULT, message).field(field).help(help));
}
