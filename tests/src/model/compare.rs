//! A run of the model against a real one (S41).

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::{EntryView, RunState, RunView};
use serde_json::{Map, Value};

use super::play::{Played, Stands};
use super::state::Entry;

/// In the model: a text that the page does not say.
pub(super) const ANY: &str = "\u{1}any";

/// In what a real run differs from the model's; empty if in nothing.
pub fn differences(model: &Played, run: &RunView, journal: &[EntryView]) -> Vec<String> {
    let mut found = Vec::new();
    let stands = stands(run);
    if !same_end(&model.stands, &stands) {
        found.push(format!("the model ends {:?}, the run {stands:?}", model.stands));
    }
    let failed = matches!(model.stands, Stands::Failed(_));
    let answers = (model.response.as_ref(), run.response.as_ref());
    let alike = match answers {
        (Some(model), Some(run)) => same(model, run),
        (None, None) => true,
        _ => failed,
    };
    if !alike {
        found.push(format!("the model answers {:?}, the run {:?}", answers.0, answers.1));
    }
    let real: BTreeMap<&str, &EntryView> =
        journal.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    let paths: BTreeSet<&str> =
        real.keys().copied().chain(model.journal.keys().map(String::as_str)).collect();
    for path in paths {
        let (expected, seen) = (model.journal.get(path), real.get(path).copied());
        if !agree(expected, seen, model) {
            let seen = seen.map(shown);
            found.push(format!("{path}: the model has {expected:?}, the run {seen:?}"));
        }
    }
    found
}

fn stands(run: &RunView) -> Stands {
    let failure = || {
        let failure = run.failure.as_ref();
        failure.and_then(|failure| serde_json::to_value(failure).ok()).unwrap_or_default()
    };
    match run.state {
        RunState::Completed => Stands::Completed(run.output.clone().unwrap_or_default()),
        RunState::Failed => Stands::Failed(failure()),
        RunState::Paused => Stands::Paused(failure()),
        _ => Stands::Waiting,
    }
}

fn same_end(model: &Stands, run: &Stands) -> bool {
    match (model, run) {
        (Stands::Completed(model), Stands::Completed(run))
        | (Stands::Failed(model), Stands::Failed(run)) => same(model, run),
        (Stands::Paused(model), Stands::Paused(run)) => {
            same(&model["path"], &run["path"]) && same(&model["code"], &run["code"])
        }
        (Stands::Waiting, Stands::Waiting) => true,
        _ => false,
    }
}

fn agree(expected: Option<&Entry>, seen: Option<&EntryView>, model: &Played) -> bool {
    // What began and ended at the instant of a cancellation may not have begun at all.
    let instant = |began: u64, ended: u64| began == ended && model.cuts.contains(&began);
    let brief = expected.is_none_or(|entry| instant(entry.began, entry.ended));
    let brief = brief
        && seen.is_none_or(|entry| {
            let ended = entry.ended_at.unwrap_or(entry.started_at);
            instant(millis(entry.started_at), millis(ended))
        });
    let (Some(expected), Some(seen)) = (expected, seen) else {
        // What a run has open that is paused, or waits for ever, the model does not write down.
        let open = seen.is_some_and(|entry| !entry.status.is_settled());
        return brief
            || (open && !matches!(model.stands, Stands::Completed(_) | Stands::Failed(_)));
    };
    brief || agree_on(expected, seen)
}

fn agree_on(expected: &Entry, seen: &EntryView) -> bool {
    let seen_error = seen.error.as_ref().and_then(|error| serde_json::to_value(error).ok());
    let input = |kind: &str| {
        !matches!(
            kind,
            "wait@1"
                | "wait_event@1"
                | "approval@1"
                | "winner"
                | "unwind"
                | "call_workflow@1"
                | "start_workflow@1"
        )
    };
    let ended = seen.ended_at.map(millis);
    expected.kind == seen.kind
        && expected.status == seen.status.as_str()
        && expected.attempts == seen.attempts
        && (!input(&seen.kind) || same(&expected.input, &seen.input.clone().unwrap_or_default()))
        && same(&expected.output, &seen.output.clone().unwrap_or_default())
        && same_error(expected, &seen_error.unwrap_or_default())
        && expected.began == millis(seen.started_at)
        && ended == Some(expected.ended)
}

/// A step that was given up between its attempts still tells why the latest failed.
fn same_error(expected: &Entry, seen: &Value) -> bool {
    same(&expected.error, seen) || (expected.status == "cancelled" && expected.error.is_null())
}

fn millis(at: flowcrate::Timestamp) -> u64 {
    u64::try_from(at.0).unwrap_or(0)
}

fn shown(entry: &EntryView) -> String {
    let EntryView { kind, status, attempts, input, output, error, started_at, ended_at, .. } =
        entry;
    let ended = ended_at.map(|at| at.0);
    format!(
        "{kind} {} attempts {attempts} input {input:?} output {output:?} error {error:?} {}..{ended:?}",
        status.as_str(),
        started_at.0
    )
}

/// Whether two values are the same, where absent is null (S10) and the model may not say a text.
fn same(model: &Value, run: &Value) -> bool {
    match (model, run) {
        (Value::String(text), Value::String(_)) if text == ANY => true,
        (Value::Array(model), Value::Array(run)) => {
            model.len() == run.len() && model.iter().zip(run).all(|(model, run)| same(model, run))
        }
        (Value::Object(model), Value::Object(run)) => {
            let get =
                |of: &Map<String, Value>, key: &String| of.get(key).cloned().unwrap_or_default();
            let mut keys = model.keys().chain(run.keys());
            keys.all(|key| same(&get(model, key), &get(run, key)))
        }
        (Value::Number(model), Value::Number(run)) if model.is_f64() || run.is_f64() => {
            let both = model.as_f64().zip(run.as_f64());
            both.is_some_and(|(model, run)| model.total_cmp(&run).is_eq())
        }
        (model, run) => model == run,
    }
}
