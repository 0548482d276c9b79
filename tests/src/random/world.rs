//! Random worlds: what steps do, and what comes from outside.

use std::collections::BTreeMap;

use flowcrate_scripted::{Attempt, End, World};
use serde_json::{Value, json};

use super::callees::STEP;
use super::rng::Rng;
use super::{lists, shapes};
use crate::model::{Event, Script};

/// A world for a graph.
pub(super) fn script(rng: &mut Rng, graph: &Value, events: &BTreeMap<String, bool>) -> Script {
    let mut steps = BTreeMap::new();
    let mut triggers = Vec::new();
    for node in graph["nodes"].as_array().into_iter().flatten() {
        let id = node["id"].as_str().unwrap_or_default().to_owned();
        match node["data"]["kind"].as_str() {
            Some("scripted.call@1" | "custom@1") => {
                if node["data"].get("compensate").is_some() {
                    let undo = (0..=rng.below(2)).map(|_| undoing(rng)).collect();
                    steps.insert(format!("{id}!undo"), undo);
                }
                steps.insert(id, (0..=rng.below(3)).map(|_| life(rng)).collect());
            }
            Some("call_workflow@1") => {
                let lives = || (0..=rng.below(3)).map(|_| life(rng)).collect();
                steps.entry(STEP.to_owned()).or_insert_with(lives);
            }
            Some("manual@1" | "webhook@1") => triggers.push((id, false)),
            Some("schedule@1") => triggers.push((id, true)),
            _ => {}
        }
    }
    let xs: Vec<u64> = (0..rng.below(4)).map(|_| rng.between(0, 9)).collect();
    let mut payload = json!({
        "n": rng.below(9), "flag": rng.percent(50), "s": format!("s{}", rng.below(9)), "xs": xs,
    });
    if rng.percent(50) {
        payload["o"] = rng.below(9).into();
    }
    payload["f"] = rng.pick(&[0.5, 1.25, 3.75, -2.5]).copied().into();
    let raw = [json!(3), json!("12"), json!("x"), json!(true), json!({ "k": 2 }), json!([1, 2])];
    if rng.percent(80) {
        payload["raw"] = rng.pick(&raw).cloned().unwrap_or_default();
    }
    if has_field(graph, "tree") {
        shapes::widen_payload(rng, &mut payload);
    }
    if has_field(graph, "rows") {
        lists::widen_payload(rng, &mut payload);
    }
    let (trigger, scheduled) = rng.pick(&triggers).cloned().unwrap_or_default();
    if scheduled {
        let at = format!("1970-01-01T00:00:0{}.{:03}Z", rng.below(9), rng.below(1_000));
        payload = json!({ "scheduled_at": at });
    }
    let events = sent(rng, events);
    Script { trigger, payload, world: World { steps }, events }
}

/// Whether the triggers' payloads have this field.
fn has_field(graph: &Value, name: &str) -> bool {
    let mut nodes = graph["nodes"].as_array().into_iter().flatten();
    nodes.any(|node| node["data"]["config"]["schema"]["properties"].get(name).is_some())
}

/// What the attempts of a step do.
fn life(rng: &mut Rng) -> Vec<Attempt> {
    let mut life = Vec::new();
    for _ in 0..rng.below(4) {
        let end = match rng.below(20) {
            0..13 => End::Retryable,
            13..16 => End::Busy(rng.between(1, 4_000)),
            16..19 => End::Fatal,
            _ => End::Panic,
        };
        if rng.percent(45) {
            life.push(attempt(rng, end));
        }
    }
    let end = if rng.percent(90) {
        End::Answer(i64::try_from(rng.below(9)).unwrap_or(0))
    } else {
        End::Retryable
    };
    life.push(attempt(rng, end));
    life
}

/// What the attempts of a compensation do: mostly what they should.
fn undoing(rng: &mut Rng) -> Vec<Attempt> {
    let mut life = Vec::new();
    if rng.percent(20) {
        let end = if rng.percent(80) { End::Retryable } else { End::Fatal };
        life.push(attempt(rng, end));
    }
    life.push(attempt(rng, End::Answer(1)));
    life
}

fn attempt(rng: &mut Rng, end: End) -> Attempt {
    let (takes, mut beats) = (takes(rng), Vec::new());
    if rng.percent(40) {
        let mut at = 0;
        for _ in 0..rng.below(6) {
            at += rng.between(1, 1_500);
            beats.push(at);
        }
    }
    Attempt { takes, beats, end }
}

fn takes(rng: &mut Rng) -> u64 {
    if rng.percent(80) { rng.between(1, 3_000) } else { rng.between(1, 9_000) }
}

fn sent(rng: &mut Rng, events: &BTreeMap<String, bool>) -> Vec<Event> {
    let mut sent = Vec::new();
    for (name, keyed) in events {
        for _ in 0..rng.below(6) {
            let key = keyed.then(|| format!("k{}", rng.below(3)));
            let mut payload = json!({ "n": rng.below(9) });
            if name.starts_with("ask") {
                payload = json!({ "approved": rng.percent(60), "form": payload });
                if let Some(by) = rng.pick(&[Some("ann"), Some("bob"), None]).copied().flatten() {
                    payload["by"] = by.into();
                }
            }
            sent.push(Event { at: rng.between(1, 15_000), name: name.clone(), key, payload });
        }
    }
    sent.sort_by_key(|event| event.at);
    sent
}
