//! Documents broken at random.

use serde_json::{Value, json};

use crate::random::Rng;

/// Values that are seldom meant.
fn odd(rng: &mut Rng) -> Value {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(9_223_372_036_854_775_807_i64),
        json!(""),
        json!("{{"),
        json!("{{ }}"),
        json!("{{ steps.start }}"),
        json!("{{ item }}"),
        json!("{{ trigger.a.b[0] | default(1) }}"),
        json!("{{ [1, 2][5] // 0 }}"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({"schema": {"type": "object"}}),
        json!("a"),
        json!("error"),
        json!("out"),
        json!("for_each@1"),
        json!("switch@1"),
        json!("manual@1"),
        json!("race@1"),
        json!("try@1"),
        json!("continue"),
        json!("all"),
        json!(super::text(rng)),
    ];
    odd[rng.below(odd.len())].clone()
}

/// Changes one place of a document.
pub fn mutate(value: &mut Value, rng: &mut Rng) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let key = fields.keys().nth(rng.below(fields.len())).cloned().unwrap_or_default();
            match rng.below(7) {
                0 => drop(fields.remove(&key)),
                1 => drop(fields.insert(key, odd(rng))),
                2 => {
                    let moved = fields.remove(&key).unwrap_or_default();
                    let name = if rng.percent(50) {
                        format!("{key}x")
                    } else {
                        super::text(rng).to_owned()
                    };
                    fields.insert(name, moved);
                }
                _ => {
                    if let Some(field) = fields.get_mut(&key) {
                        mutate(field, rng);
                    }
                }
            }
        }
        Value::Array(values) if !values.is_empty() => {
            let place = rng.below(values.len());
            match rng.below(8) {
                0 => drop(values.remove(place)),
                1 => values[place] = odd(rng),
                2 => values.push(values[place].clone()),
                3 => {
                    let other = rng.below(values.len());
                    values.swap(place, other);
                }
                _ => mutate(&mut values[place], rng),
            }
        }
        Value::String(text) if rng.percent(50) => {
            let end = text.char_indices().nth(rng.below(text.chars().count() + 1));
            let end = end.map_or(text.len(), |(at, _)| at);
            match rng.below(4) {
                0 => text.truncate(end),
                1 => text.insert_str(end, "}} {{ x"),
                2 => text.insert_str(end, super::text(rng)),
                _ => text.insert(end, '.'),
            }
        }
        _ => *value = odd(rng),
    }
}
