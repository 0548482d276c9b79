//! Idempotency keys that do not tell one request from another.
//!
//! A step runs at least once, and its key tells the service which requests are one. Actions send
//! a key of their own for each step of each run and iteration, so that trying again is safe; one
//! that is written by hand takes its place, and takes that safety away where it says too little.

use serde_json::Value;

use crate::check::kinds::Kind;
use crate::check::site::Site;
use crate::diagnostic::{Code, code, pointer_token};
use crate::expr::{Reference, parse, references};

/// The header by which a service knows a repeated request.
const KEY: &str = "idempotency-key";

/// Warns of a key that is the same in all runs, or in all iterations of a loop.
pub(super) fn check(site: &Site<'_>) {
    let Some(Kind::Action(_)) = site.node.kind else { return };
    let Some(Value::Object(headers)) = site.raw_input("headers") else { return };
    for (name, value) in headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(KEY)) {
        let Some(text) = value.as_str() else { continue };
        let (code, what, all) = if !text.contains("{{") {
            (code::CONSTANT_KEY, "in every run", "all")
        } else if looped(site) && !varies(site, text) {
            (code::SHARED_KEY, "in every iteration", "all of a run")
        } else {
            continue;
        };
        warn(site, name, code, (what, all));
    }
}

fn warn(site: &Site<'_>, name: &str, code: Code, (what, all): (&str, &str)) {
    let message = format!(
        "{} sends the same idempotency key {what}, so a service may take {all} but the first for \
         repetitions",
        site.node.quoted()
    );
    let field = format!("/inputs/headers/{}", pointer_token(name));
    let help = "leave the header out, since the step sends a key of its own, or build it from \
                what makes the request one of a kind";
    site.report(site.finding(code, message).field(field).help(help));
}

/// Whether the node runs more than once in a run.
fn looped(site: &Site<'_>) -> bool {
    let graph = site.stage.graph;
    graph.around(site.index).any(|scope| graph.node(scope).kind.is_some_and(Kind::is_loop))
}

/// Whether a text reads anything that belongs to one iteration. What cannot be read is reported
/// elsewhere.
fn varies(site: &Site<'_>, text: &str) -> bool {
    let Ok(template) = parse(text) else { return true };
    references(&template).into_iter().any(|at| match at.reference {
        Reference::Item
        | Reference::Index
        | Reference::LoopItem(_)
        | Reference::LoopIndex(_)
        | Reference::LoopState(_) => true,
        Reference::Step(id) | Reference::Error(id) => {
            let graph = site.stage.graph;
            graph.ids.get(&id).is_none_or(|index| graph.node(*index).parent.is_some())
        }
        Reference::Trigger
        | Reference::TriggerOf(_)
        | Reference::RunId
        | Reference::RunStartedAt
        | Reference::Var(_) => false,
    })
}
