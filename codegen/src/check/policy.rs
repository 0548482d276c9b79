//! A step's policy (S20): each key by itself, so that each mistake has its place.

use std::time::Duration;

use flowcrate::Policy;
use serde_json::{Map, Value};

use super::settings::shown;
use super::site::Site;
use crate::diagnostic::{code, nearest, pointer_token, quoted};

/// The keys, and what each expects.
const KEYS: [(&str, &str); 10] = [
    ("max_attempts", "a whole number from 1 to 1000"),
    ("initial", "a duration such as `500ms`"),
    ("factor", "a number from 1 to 1000"),
    ("cap", "a duration such as `1m`"),
    ("jitter", "true or false"),
    ("timeout", "a duration such as `30s`, or null for none"),
    ("total", "a duration such as `10m`, or null for none"),
    ("heartbeat", "a duration such as `10s`, or null for none"),
    ("retry_on", "a list of `retryable`, `rate_limited`, `timeout` and `panic`, each once at most"),
    ("on_exhausted", "`fail` or `pause`"),
];

/// More attempts than this never end.
const MOST: u32 = 1_000;

/// Whether a policy has a key of this name.
pub(super) fn has_key(key: &str) -> bool {
    KEYS.iter().any(|(known, _)| *known == key)
}

/// The policy, defaults filled in. What is wrong with it is reported.
pub(super) fn check(site: &Site<'_>) -> Option<Policy> {
    let Some(policy) = site.node.raw.policy.as_ref() else { return Some(Policy::default()) };
    let Value::Object(keys) = policy else {
        let message = format!(
            "the policy of {} is {}, expected an object",
            site.node.quoted(),
            shown(policy)
        );
        let finding = site.finding(code::BAD_POLICY, message).field("/policy");
        site.report(finding.help("write an object, such as `{\"max_attempts\": 5}`"));
        return None;
    };
    for (key, value) in keys {
        check_key(site, key, value);
    }
    // Null is absent (S10), except where it says "for ever".
    let keeps = |key: &str, value: &Value| {
        !value.is_null() || matches!(key, "timeout" | "total" | "heartbeat")
    };
    let keys: Map<String, Value> = keys
        .iter()
        .filter(|(key, value)| keeps(key, value))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    serde_json::from_value(Value::Object(keys)).ok()
}

fn check_key(site: &Site<'_>, key: &str, value: &Value) {
    let label = site.node.quoted();
    let (message, help) = match KEYS.iter().find(|(known, _)| *known == key) {
        Some((_, expected)) if !fits(key, value) => {
            let found = shown(value);
            let message =
                format!("`{key}` of the policy of {label} is {found}, expected {expected}");
            (message, format!("write {expected}"))
        }
        Some(_) => return,
        None => {
            let near = nearest(key, KEYS.iter().map(|(known, _)| *known));
            let known = KEYS.map(|(known, _)| format!("`{known}`")).join(", ");
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let help = help.unwrap_or_else(|| format!("a policy has {known}"));
            (format!("the policy of {label} has the unknown key {}", quoted(key)), help)
        }
    };
    let field = format!("/policy/{}", pointer_token(key));
    site.report(site.finding(code::BAD_POLICY, message).field(field).help(help));
}

fn fits(key: &str, value: &Value) -> bool {
    if value.is_null() {
        return true;
    }
    let alone = Map::from_iter([(key.to_owned(), value.clone())]);
    let Ok(policy) = serde_json::from_value::<Policy>(Value::Object(alone)) else { return false };
    let positive = |duration: Option<Duration>| duration.is_none_or(|duration| !duration.is_zero());
    let each_once = |list: &Vec<Value>| {
        list.iter().enumerate().all(|(at, class)| !list.iter().take(at).any(|one| one == class))
    };
    (1..=MOST).contains(&policy.max_attempts)
        && (1.0..=1_000.0).contains(&policy.factor)
        && positive(policy.timeout)
        && positive(policy.total)
        && positive(policy.heartbeat)
        && value.as_array().is_none_or(each_once)
}
