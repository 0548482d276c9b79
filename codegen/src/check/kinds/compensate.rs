//! `compensate`: what undoes a step (S24).

use flowcrate::types::Type;
use petgraph::graph::NodeIndex;

use super::{Found, Kind, action, custom};
use crate::check::site::{Findings, Site, Undone};
use crate::check::stage::{Output, Stage};
use crate::check::{Body, Compensation, JoinRule, Node, UNDO_SUFFIX, warnings};
use crate::diagnostic::code;

/// Reports what only a step has, of a node that is none.
pub(in crate::check) fn belongs(site: &Site<'_>) {
    let step = matches!(site.node.kind, Some(Kind::Action(_) | Kind::Custom) | None);
    let (label, raw) = (site.node.quoted(), &site.node.raw);
    if site.node.compensate.is_some() && !step {
        let message = format!("{label} cannot be undone: a `{}` has no effect", raw.kind);
        let finding = site.finding(code::BAD_COMPENSATION, message).field("/compensate");
        site.report(finding.help("move `compensate` to the action whose effect it undoes"));
    }
    if raw.undone_in_doubt && site.node.compensate.is_none() {
        let message = format!("{label} is in doubt to be undone, but nothing undoes it");
        let finding = site.finding(code::BAD_COMPENSATION, message).field("/in_doubt");
        site.report(finding.help("say what undoes it in `compensate`, or remove `in_doubt`"));
    }
}

/// Checks what undoes a step whose own inputs and output are known, and gives it to its body.
pub(in crate::check) fn check(
    stage: &Stage<'_>,
    index: NodeIndex,
    found: &mut Found,
    findings: &mut Findings,
) {
    let in_doubt = stage.graph.node(index).raw.undone_in_doubt;
    let undone = Undone { output: found.output.clone(), in_doubt };
    let Some(site) = Site::undoing(stage, index, undone) else { return };
    let (body, output) = body(&site);
    warnings::check(&site);
    let undo =
        body.map(|body| Compensation { node: Box::new(node(&site, body, output)), in_doubt });
    findings.add(site.into_findings());
    if let (Some(Body::Action { undo: slot, .. } | Body::Custom { undo: slot, .. }), Some(undo)) =
        (&mut found.body, undo)
    {
        *slot = Some(undo);
    }
}

/// What it does, and the type of what comes of it, which nobody reads.
fn body(site: &Site<'_>) -> (Option<Body>, Option<Type>) {
    let found = match site.node.kind {
        Some(Kind::Action(manifest)) => action::check(site, manifest),
        Some(Kind::Custom) => {
            let found = custom::check(site);
            let declared = site.setting("output").is_some();
            if declared { found } else { Found { output: Output::Is(Type::Null), ..found } }
        }
        Some(_) => {
            let message = format!(
                "{} is a `{}`, expected an action or `custom@1`: only a step undoes another",
                site.node.quoted(),
                site.node.raw.kind
            );
            let finding = site.finding(code::BAD_COMPENSATION, message).field("/kind");
            site.report(finding.help("name the action that undoes it, such as a refund"));
            return (None, None);
        }
        // That was reported.
        None => return (None, None),
    };
    let output = match found.output {
        Output::Is(ty) => Some(ty),
        Output::None | Output::Unknown => None,
    };
    (found.body, output)
}

/// It stands beside the graph: no edge leads to it or from it.
fn node(site: &Site<'_>, body: Body, output: Option<Type>) -> Node {
    let (raw, of) = (&site.node.raw, site.stage.graph.node(site.index));
    Node {
        id: format!("{}{UNDO_SUFFIX}", raw.id).into(),
        label: raw.label.clone(),
        description: raw.description.clone(),
        kind: raw.kind.clone(),
        parent: of.parent.map(|parent| site.stage.graph.id(parent).clone()),
        region: of.region.clone(),
        join: JoinRule::Any,
        disabled: of.raw.disabled,
        wired: Vec::new(),
        continue_on_error: false,
        reads: Vec::new(),
        always_runs: false,
        output,
        body,
    }
}
