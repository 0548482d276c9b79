//! The same text in `minijinja` itself: where both have an operation, both give the same value.
//!
//! Where the language means something else it is for a reason, and [`DIFFERENT`] says which.

use std::fmt::Write as _;

use minijinja::Environment;
use serde_json::{Map, Value, json};

use super::super::super::check::tests::{ARITHMETIC, COMPARISONS, FILTERS, scope};
use super::super::super::{check, eval, parse};
use super::{cases, source};

/// What differs, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("9223372036854775807 + trigger.total", "an int overflows, S17"),
    ("9223372036854775807 + 1", "an int overflows, S17"),
    ("-9223372036854775808 - 1", "an int overflows, S17"),
    ("9223372036854775807 * 2", "an int overflows, S17"),
    ("-(-9223372036854775808)", "an int overflows, S17"),
    ("[9223372036854775807, 1] | sum", "an int overflows, S17"),
    ("1e300 | int", "an int overflows, S17"),
    ("1.7e308 + 1.7e308", "a number is finite, S17"),
    ("'nan' | float", "a number is finite, S17"),
    ("2 ** -1", "the power of two ints is an int, S17"),
    ("trigger.at + trigger.wait", "instants and durations are no texts, S12"),
    ("{'a': 1} == {'a': 1, 'b': none}", "absent and null are one, S10"),
    ("trigger.tags[9]", "what is not there is a failure, S17"),
    ("trigger.stock['z']", "what is not there is a failure, S17"),
    ("trigger.stock | items", "there are no tuples"),
    ("trigger.rate | round", "half away from zero, S17"),
    ("2.5 | round", "half away from zero, S17"),
    ("{'b': 1, 'a': none} | tojson", "compact, and without what is absent, S10"),
    ("{'b': [1, 2.0, none], 'a': none} | tojson", "compact, and without what is absent, S10"),
    ("range(1, 6, step=2)", "every argument after the first has a name"),
    ("'abab' | replace('a', to='x')", "every argument after the first has a name"),
    ("1 ~ 'a' ~ 2.0 ~ true ~ trigger.at ~ trigger.status", "bools are `true` and `false`, S17"),
    ("true | string", "bools are `true` and `false`, S17"),
    ("1e21 | string", "the shortest text that reads back, S17"),
    ("' 12' | int", "text converts where it is what it says, S17"),
    ("'1.5' | int", "text converts where it is what it says, S17"),
    ("'yes' | bool", "text converts where it is what it says, S17"),
    ("'a b/ü' | urlencode", "`/` has a meaning within a query"),
    ("'a' | indent(2000)", "a bound"),
    (
        "[{'age': 7, 'name': 'b'}, {'age': 3, 'name': 'a'}] | groupby('name')",
        "a map of the groups, since there are no tuples",
    ),
];

/// A value with its numbers as floats: Jinja has no types that would tell 2 from 2.0.
fn by_value(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(by_value).collect(),
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(_, value)| !value.is_null());
            entries.map(|(key, value)| (key.clone(), by_value(value))).collect()
        }
        other => other.clone(),
    }
}

/// What `minijinja` gives; `None` where it has no such operation.
fn theirs(text: &str, names: &Value) -> Option<Result<Value, String>> {
    let text = text.trim_start_matches("{{").trim_end_matches("}}").trim();
    let environment = Environment::new();
    let known = |error: minijinja::Error| match error.kind() {
        minijinja::ErrorKind::UnknownFilter
        | minijinja::ErrorKind::UnknownFunction
        | minijinja::ErrorKind::UnknownTest => None,
        _ => Some(Err(error.to_string())),
    };
    let compiled = match environment.compile_expression(text) {
        Ok(compiled) => compiled,
        Err(error) => return known(error),
    };
    match compiled.eval(minijinja::Value::from(minijinja::value::Serde(names))) {
        Ok(value) => Some(Ok(serde_json::to_value(&value).unwrap_or_default())),
        Err(error) => known(error),
    }
}

#[test]
fn s18_jinja_gives_the_same_where_it_has_the_same() {
    let trigger = scope().value("trigger");
    let examples = [ARITHMETIC, COMPARISONS, FILTERS].into_iter().flatten();
    let examples = examples.map(|(text, _)| format!("{{{{ {text} }}}}")).filter(|text| {
        !["steps.", "item.", "index", "run."].iter().any(|name| text.contains(name))
    });
    let mut compared: Vec<(String, Value, Result<Value, String>)> = Vec::new();
    for text in examples {
        let expr = check(&parse(&text).expect("it parses"), &scope(), None).expect("a type");
        let ours = eval(&expr, &scope()).map_err(|error| error.message);
        compared.push((text, json!({"trigger": trigger}), ours));
    }
    for (_, text, ours) in cases() {
        let names = json!({"trigger": {"a": 1}});
        compared.push((source(text), names, ours.map_err(|error| error.message)));
    }
    let (mut same, mut alone) = (0, 0);
    let mut wrong = String::new();
    let mut seen: Map<String, Value> = Map::new();
    // `minijinja` 3.0.5 panics there.
    let panics = |text: &str| text.contains("divisibleby 0");
    for (text, names, ours) in compared.into_iter().filter(|(text, ..)| !panics(text)) {
        let agree = match (theirs(&text, &names), &ours) {
            (None, _) => {
                alone += 1;
                continue;
            }
            (Some(Ok(theirs)), Ok(ours)) if by_value(&theirs) == by_value(ours) => true,
            (Some(Err(_)), Err(_)) => true,
            (Some(theirs), _) => {
                let known = DIFFERENT.iter().any(|(known, _)| format!("{{{{ {known} }}}}") == text);
                seen.insert(text.clone(), Value::Null);
                if !known {
                    let _ = writeln!(wrong, "{text}: ours {ours:?}, theirs {theirs:?}");
                }
                false
            }
        };
        same += usize::from(agree);
    }
    for (known, _) in DIFFERENT {
        if !seen.contains_key(&format!("{{{{ {known} }}}}")) {
            let _ = writeln!(wrong, "{known} is said to differ, and does not");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(same > 150, "{same} agree, {alone} are ours alone");
}
