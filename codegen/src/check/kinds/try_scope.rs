//! `try@1`: a body, what catches its failure, and what is done in any case (S23).

use flowcrate::types::{Type, unify};
use petgraph::graph::NodeIndex;
use serde_json::Value;

use super::race::widened;
use super::{Found, TRY_REGIONS, regions, result};
use crate::check::settings::shown;
use crate::check::site::{Findings, Site};
use crate::check::stage::Stage;
use crate::check::{Body, assemble, returns};
use crate::diagnostic::code;
use crate::expr::Expr;

/// The setting that lets a catch come after what undoes the body's steps (S24).
const COMPENSATE: &str = "compensate";

/// Checks what stands outside the regions.
pub(in crate::check) fn open(site: &Site<'_>) {
    site.only_inputs(&[]);
    let regions = regions(site);
    let has = |region: &str| regions.iter().any(|name| name == region);
    let label = site.node.quoted();
    match site.setting(COMPENSATE) {
        None | Some(Value::Bool(_)) => {}
        Some(other) => {
            let problem = format!("is {}, expected true or false", shown(other));
            site.bad_setting(COMPENSATE, &problem, "write `true`, or remove it");
        }
    }
    if site.setting(COMPENSATE).is_some() && !has("catch") {
        let problem = "says what precedes a catch, and there is none";
        site.bad_setting(COMPENSATE, problem, "put nodes into the region `catch`, or remove it");
    }
    if !has("body") {
        let finding = site.finding(code::EMPTY_SCOPE, format!("the try {label} has no body"));
        site.report(finding.help("put the nodes that may fail into its region `body`"));
    } else if regions.len() == 1 {
        let message = format!("the try {label} has neither a `catch` nor a `finally`");
        let finding = site.finding(code::EMPTY_SCOPE, message);
        site.report(finding.help("put what deals with a failure into its region `catch`"));
    }
}

/// Checks the results, once the regions are checked. The output is what body and catch agree in.
pub(in crate::check) fn close(
    stage: &Stage<'_>,
    index: NodeIndex,
    findings: &mut Findings,
) -> Found {
    let own = regions(&Site::at(stage, index));
    let [body, catch] = ["body", "catch"].map(|region| {
        if !own.iter().any(|name| name == region) {
            return Some(None);
        }
        let site = Site::end_of(stage, index, region);
        let result = result::of(&site, None);
        findings.add(site.into_findings());
        result.map(Some)
    });
    let (Some(Some(body)), Some(catch)) = (body, catch) else { return Found::giving(None, None) };
    let unified = match &catch {
        None => Some(body.ty.clone()),
        Some(catch) => unify(&body.ty, &catch.ty).ok(),
    };
    let Some(ty) = unified else {
        let site = Site::end_of(stage, index, "catch");
        differ(&site, &body, catch.as_ref());
        findings.add(site.into_findings());
        return Found::giving(None, None);
    };
    // Typed as what both agree in from the start, a literal needs no conversion.
    let agreed = |region: &str, result: Expr| {
        let site = Site::end_of(stage, index, region);
        let again = (result.ty != ty).then(|| result::of(&site, Some(&ty))).flatten();
        widened(again.unwrap_or(result), &ty)
    };
    let scope =
        |region: &str, result: Option<Expr>| assemble::scope(stage, Some(index), region, result);
    let finally = own.iter().any(|name| name == TRY_REGIONS[2]);
    let compensate = stage.graph.node(index).raw.config.get(COMPENSATE);
    let found = Body::Try {
        compensate: compensate == Some(&Value::Bool(true)),
        body: scope("body", Some(agreed("body", body))),
        catch: catch.map(|catch| scope("catch", Some(agreed("catch", catch)))),
        finally: finally.then(|| scope("finally", None)),
        returns: returns::returns_within(stage, index),
    };
    Found::giving(Some(found), Some(ty))
}

fn differ(site: &Site<'_>, body: &Expr, catch: Option<&Expr>) {
    let message = format!(
        "the catch of {} gives {}, and its body {}: they have no common type",
        site.node.quoted(),
        catch.map_or(&Type::Null, |catch| &catch.ty),
        body.ty
    );
    let finding = site.finding(code::WRONG_TYPE, message).field("/result/catch");
    site.report(finding.help("let `result.body` and `result.catch` give values of one type"));
}
