//! `race@1`: the first of its branches to succeed wins (S28).

use flowcrate::types::{EnumType, Field, RecordType, Type, widens_to};
use serde_json::Value;

use super::{Found, WINNER, regions, result};
use crate::check::settings::shown;
use crate::check::site::{Findings, Site};
use crate::check::stage::Stage;
use crate::check::{Body, Branch, assemble};
use crate::diagnostic::{Span, code, listed, nearest, quoted};
use crate::expr::{Expr, ExprKind};
use petgraph::graph::NodeIndex;

/// Checks what stands outside the branches: those whose effects are kept where they lose.
pub(in crate::check) fn open(site: &Site<'_>) -> Vec<String> {
    site.only_inputs(&[]);
    if site.node.children.is_empty() {
        let message = format!("the race {} holds no branch", site.node.quoted());
        let finding = site.finding(code::EMPTY_SCOPE, message);
        site.report(finding.help("put a node into it and name its branch: `region`"));
    }
    keep(site)
}

fn keep(site: &Site<'_>) -> Vec<String> {
    let Some(value) = site.setting("keep") else { return Vec::new() };
    let help = "list the branches whose effects stay where they lose";
    let Value::Array(names) = value else {
        let problem = format!("is {}, expected a list of branches", shown(value));
        site.bad_setting("keep", &problem, help);
        return Vec::new();
    };
    let branches = regions(site);
    let mut keep = Vec::new();
    for name in names {
        let own = |name: &&str| branches.iter().any(|branch| branch == name);
        if let Some(name) = name.as_str().filter(own) {
            keep.push(name.to_owned());
            continue;
        }
        let name = name.as_str().map_or_else(|| shown(name), quoted);
        let expected = listed(branches.iter().map(String::as_str));
        let problem = format!("names {name}, expected one of {expected}");
        let near = nearest(name.trim_matches('"'), branches.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean `{near}`?"));
        site.bad_setting("keep", &problem, near.as_deref().unwrap_or(help));
    }
    keep
}

/// Checks the branches' results, once the branches are checked. The race's output is a record of
/// the winner's name and, under it, the winner's result.
pub(in crate::check) fn close(
    stage: &Stage<'_>,
    index: NodeIndex,
    keep: &[String],
    findings: &mut Findings,
) -> Found {
    let names = regions(&Site::at(stage, index));
    let mut results = Vec::new();
    for name in &names {
        let site = Site::end_of(stage, index, name);
        results.push(result::of(&site, None));
        findings.add(site.into_findings());
    }
    let Some(results) = results.into_iter().collect::<Option<Vec<Expr>>>() else {
        return Found::giving(None, None);
    };
    let output = output(&names, &results);
    let branches = names.iter().zip(results).map(|(name, result)| Branch {
        name: name.clone(),
        keep: keep.contains(name),
        body: assemble::scope(stage, Some(index), name, Some(won(name, result, &output))),
    });
    let branches = branches.collect();
    Found::giving(Some(Body::Race { branches }), Some(output))
}

/// S28: which branch has won, and its result; of the others nothing.
fn output(names: &[String], results: &[Expr]) -> Type {
    let field = |ty| Field { ty, doc: None };
    let winner = Type::Enum(EnumType { name: None, values: names.to_vec() }.into());
    let results = names.iter().zip(results).filter(|(_, result)| result.ty != Type::Null);
    let fields = results.map(|(name, result)| (name.clone(), field(result.ty.clone().optional())));
    let fields = fields.chain([(WINNER.to_owned(), field(winner))]).collect();
    Type::Record(RecordType { name: None, fields, closed: false }.into())
}

/// The race's output where this branch has won.
fn won(name: &str, result: Expr, output: &Type) -> Expr {
    let Type::Record(record) = output else { return result };
    let span = result.span;
    let winner = record.fields.get(WINNER).map_or(Type::String, |field| field.ty.clone());
    let winner = Expr { kind: ExprKind::Literal(name.into()), ty: winner, span: Span::default() };
    let mut fields = vec![(WINNER.to_owned(), winner)];
    if let Some(field) = record.fields.get(name) {
        fields.push((name.to_owned(), widened(result, &field.ty)));
    }
    Expr { kind: ExprKind::Record(fields), ty: output.clone(), span }
}

/// The value as the type, to which it widens.
pub(super) fn widened(value: Expr, ty: &Type) -> Expr {
    if value.ty == *ty || !widens_to(&value.ty, ty) {
        return value;
    }
    let span = value.span;
    Expr { kind: ExprKind::Widen(Box::new(value)), ty: ty.clone(), span }
}
