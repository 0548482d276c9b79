//! `while@1`: runs what it holds from state to state, while a condition holds (S27).

use flowcrate::types::{Type, widens_to};
use serde_json::Value;

use super::{Found, result};
use crate::check::settings::shown;
use crate::check::site::Site;
use crate::check::{Body, assemble};
use crate::diagnostic::code;
use crate::expr::{Expr, ExprKind};

/// What is known of a loop before its condition and its body are checked.
#[derive(Clone, Debug)]
pub(in crate::check) struct Opened {
    init: Option<Expr>,
    /// The type of the state: what `config.state` declares, else that of `init`.
    pub(in crate::check) state: Type,
    max_iterations: Option<u64>,
}

/// Checks what stands outside the body.
pub(in crate::check) fn open(site: &Site<'_>) -> Opened {
    site.only_inputs(&["init", "condition"]);
    let declared = declared(site);
    let init = site.required_input("init", declared.as_ref());
    let state = declared.or_else(|| init.as_ref().map(|init| init.ty.clone()));
    let max_iterations = max_iterations(site);
    Opened { init, state: state.unwrap_or(Type::Any), max_iterations }
}

/// The type of the state, where the settings say it: for a state that begins as null, say.
fn declared(site: &Site<'_>) -> Option<Type> {
    match site.setting("state")? {
        Value::Object(source) => site.declared_type("/config/state", Some(source)),
        other => {
            let problem = format!("is {}, expected `{{schema}}` or `{{sample}}`", shown(other));
            site.bad_setting("state", &problem, "describe the state by a schema or a sample");
            None
        }
    }
}

fn max_iterations(site: &Site<'_>) -> Option<u64> {
    let Some(value) = site.setting("max_iterations") else {
        let message = format!("{} may go round without end", site.node.quoted());
        let finding = site.finding(code::UNBOUNDED_LOOP, message).field("/config/max_iterations");
        site.report(finding.help("set `max_iterations`; the loop fails where it takes more"));
        return None;
    };
    let number = value.as_u64().filter(|number| *number > 0);
    if number.is_none() {
        let problem = format!("is {}, expected a whole number from 1", shown(value));
        let help = "say how many iterations there may be at most";
        site.bad_setting("max_iterations", &problem, help);
    }
    number
}

/// Checks the condition, which sees the state and what the loop sees, but nothing in its body.
pub(in crate::check) fn condition(site: &Site<'_>) -> Option<Expr> {
    site.required_input("condition", Some(&Type::Bool))
}

/// Checks the result, the next state, once the body is checked. `site` is the end of the body.
pub(in crate::check) fn close(site: &Site<'_>, opened: Opened, condition: Option<Expr>) -> Found {
    let Opened { init, state, max_iterations } = opened;
    let next = next_state(site, &state);
    let parts = init.zip(condition).zip(next);
    let body = parts.map(|((init, condition), next)| Body::While {
        init,
        condition,
        max_iterations,
        body: assemble::scope(site.stage, Some(site.index), "", Some(next)),
    });
    Found::giving(body, Some(state))
}

/// The result as a state.
fn next_state(site: &Site<'_>, state: &Type) -> Option<Expr> {
    let next = result::of(site, Some(state))?;
    if next.ty == *state {
        return Some(next);
    }
    if widens_to(&next.ty, state) {
        let span = next.span;
        return Some(Expr { kind: ExprKind::Widen(Box::new(next)), ty: state.clone(), span });
    }
    let message = format!(
        "an iteration of {} gives {}, expected the next state, {state}",
        site.node.quoted(),
        next.ty
    );
    let finding = site.finding(code::WRONG_TYPE, message).field("/result");
    site.report(finding.help("set `result` to the state that the next iteration starts from"));
    None
}
