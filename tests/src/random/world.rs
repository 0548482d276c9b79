//! Random worlds: what steps do, and what comes from outside.

use std::collections::BTreeMap;

use flowcrate_scripted::{Attempt, End, World};
use serde_json::{Value, json};

use super::rng::Rng;
use crate::model::{Event, Script};

/// A world for a graph.
pub(super) fn script(rng: &mut Rng, graph: &Value, events: &BTreeMap<String, bool>) -> Script {
    let mut steps = BTreeMap::new();
    let mut triggers = Vec::new();
    for node in graph["nodes"].as_array().into_iter().flatten() {
        let id = node["id"].as_str().unwrap_or_default().to_owned();
        match node["data"]["kind"].as_str() {
            Some("scripted.call@1") => {
                steps.insert(id, (0..=rng.below(3)).map(|_| life(rng)).collect());
            }
            Some("manual@1" | "webhook@1") => triggers.push(id),
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
    let trigger = rng.pick(&triggers).cloned().unwrap_or_default();
    let events = sent(rng, events);
    Script { trigger, payload, world: World { steps }, events }
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
            life.push(Attempt { takes: takes(rng), end });
        }
    }
    let end = if rng.percent(90) {
        End::Answer(i64::try_from(rng.below(9)).unwrap_or(0))
    } else {
        End::Retryable
    };
    life.push(Attempt { takes: takes(rng), end });
    life
}

fn takes(rng: &mut Rng) -> u64 {
    if rng.percent(80) { rng.between(1, 3_000) } else { rng.between(1, 9_000) }
}

fn sent(rng: &mut Rng, events: &BTreeMap<String, bool>) -> Vec<Event> {
    let mut sent = Vec::new();
    for (name, keyed) in events {
        for _ in 0..rng.below(4) {
            let key = keyed.then(|| format!("k{}", rng.below(3)));
            let payload = json!({ "n": rng.below(9) });
            sent.push(Event { at: rng.between(1, 9_000), name: name.clone(), key, payload });
        }
    }
    sent.sort_by_key(|event| event.at);
    sent
}
