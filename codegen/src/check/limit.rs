//! A workflow's limit (R24): so many runs at a time, so many starts in a period, each by a key.
//!
//! It stands beside the nodes, and a run is counted before it begins: its key sees the payload
//! that starts it, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use flowcrate::types::Type;
use serde_json::{Map, Value, json};

use super::settings::shown;
use super::site::{Site, fix_of};
use super::stage::Stage;
use crate::diagnostic::{
    Diagnostic, Span, any_error, code, listed, nearest, pointer_token, quoted,
};
use crate::expr::{
    Access, Binding, Expr, ExprIssue, ExprKind, FieldIssue, Name, Names, Reference, Root,
    Understood, Unresolved, check_json, names_read,
};

/// How many runs of a workflow may be at work at a time, and how many may begin in one.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What workflows that share it call it; without one it is the workflow's own.
    pub name: Option<String>,
    /// Slots for each key; at least 1.
    pub concurrency: Option<u32>,
    /// Starts in a period, for each key.
    pub rate: Option<Rate>,
    /// Whether a run that only waits gives its slot back.
    pub while_active: bool,
    /// By what a run counts, of type string; it reads nothing but payloads of triggers. One that
    /// fails counts as none: so do all runs without a key together.
    pub key: Option<Expr>,
}

/// So many starts in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least 1.
    pub starts: u32,
    /// Longer than nothing.
    pub period: Duration,
}

/// Where it stands in the document.
const PLACE: &str = "/limit";

/// The keys, and what each expects.
const KEYS: [(&str, &str); 5] = [
    ("name", "a text of 1 to 1024 bytes"),
    ("concurrency", "a whole number from 1"),
    ("rate", "an object such as `{\"starts\": 10, \"period\": \"1m\"}`"),
    ("hold", "`until_end` or `while_active`"),
    ("key", "an expression over the trigger's payload, such as `{{ trigger.customer }}`"),
];

/// Those of its rate.
const RATE: [(&str, &str); 2] =
    [("starts", "a whole number from 1"), ("period", "a duration such as `1m`")];

/// Longer names fit no index of a store.
const LONGEST: usize = 1_024;

/// Checks the limit of the document, if it has one.
pub(super) fn check(stage: &mut Stage<'_>) {
    let Some(written) = stage.graph.limit.as_ref() else { return };
    let mut reader = Reader { out: Vec::new() };
    let limit = reader.limit(written);
    let key = given(written, "key");
    let key = key.and_then(|key| reader.key(stage, key));
    if !any_error(&reader.out) {
        stage.limit = limit.map(|limit| Limit { key, ..limit });
    }
    stage.out.extend(reader.out);
}

/// A key that is not absent.
fn given<'v>(object: &'v Value, key: &str) -> Option<&'v Value> {
    object.get(key).filter(|value| !value.is_null())
}

fn at_least_one(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0)
}

struct Reader {
    out: Vec<Diagnostic>,
}

impl Reader {
    fn report<T>(&mut self, at: &str, message: impl Into<String>, help: &str) -> Option<T> {
        let found = Diagnostic::new(code::BAD_LIMIT, message).field(format!("{PLACE}{at}"));
        self.out.push(found.help(help));
        None
    }

    /// All but the key.
    fn limit(&mut self, written: &Value) -> Option<Limit> {
        let Value::Object(fields) = written else {
            let message = format!("the limit is {}, expected an object", shown(written));
            return self.report("", message, "write an object, such as `{\"concurrency\": 2}`");
        };
        self.only(fields, "", &KEYS);
        let concurrency = self.value(written, "", KEYS[1], at_least_one);
        let name = |value: &Value| {
            let name = value.as_str().filter(|name| (1..=LONGEST).contains(&name.len()))?;
            (!name.contains('\0')).then(|| name.to_owned())
        };
        let hold = |value: &Value| match value.as_str()? {
            "until_end" => Some(false),
            "while_active" => Some(true),
            _ => None,
        };
        let limit = Limit {
            name: self.value(written, "", KEYS[0], name),
            concurrency,
            rate: self.rate(written),
            while_active: self.value(written, "", KEYS[3], hold).unwrap_or(false),
            key: None,
        };
        if given(written, "concurrency").or_else(|| given(written, "rate")).is_none() {
            let message = "the limit limits nothing: it has neither `concurrency` nor `rate`";
            let help = "say how many runs may be at work at a time, or how many may begin in one";
            return self.report("", message, help);
        }
        Some(limit)
    }

    fn rate(&mut self, written: &Value) -> Option<Rate> {
        let fields = |value: &Value| value.as_object().map(|_| value.clone());
        let rate = self.value(written, "", KEYS[2], fields)?;
        self.only(rate.as_object()?, "/rate", &RATE);
        let period = |value: &Value| {
            let text = value.as_str()?.parse::<flowcrate::Duration>().ok()?;
            Some(text.0).filter(|period| !period.is_zero())
        };
        let starts = self.required(&rate, RATE[0], at_least_one);
        let period = self.required(&rate, RATE[1], period);
        Some(Rate { starts: starts?, period: period? })
    }

    /// A key of an object, where it is there and what is expected.
    fn value<T>(
        &mut self,
        object: &Value,
        within: &str,
        (key, expected): (&str, &str),
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = given(object, key)?;
        let found = read(value);
        if found.is_none() {
            let message = format!("`{key}` of the limit is {}, expected {expected}", shown(value));
            return self.report(&format!("{within}/{key}"), message, &format!("write {expected}"));
        }
        found
    }

    /// A key of the rate.
    fn required<T>(
        &mut self,
        rate: &Value,
        (key, expected): (&str, &str),
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        if given(rate, key).is_none() {
            let message = format!("the rate of the limit has no `{key}`, expected {expected}");
            let help = "a rate is a number of starts in a period";
            return self.report("/rate", message, help);
        }
        self.value(rate, "/rate", (key, expected), read)
    }

    /// Reports keys that mean nothing.
    fn only(&mut self, fields: &Map<String, Value>, within: &str, known: &[(&str, &str)]) {
        let names = || known.iter().map(|(name, _)| *name);
        for (key, _) in fields.iter().filter(|(key, _)| names().all(|known| known != *key)) {
            let message = format!("the limit has the unknown key {}", quoted(key));
            let near = nearest(key, names().filter(|name| !fields.contains_key(*name)));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("remove it; there are {}", listed(names())),
            };
            let at = format!("{PLACE}{within}/{}", pointer_token(key));
            let found = Diagnostic::new(code::BAD_LIMIT, message).field(&*at).help(help);
            self.out.push(match near {
                Some(near) => {
                    let to = format!("{PLACE}{within}/{near}");
                    let patch = vec![json!({ "op": "move", "from": at, "path": to })];
                    found.fix(format!("rename it to `{near}`"), patch)
                }
                None => found,
            });
        }
    }

    /// By what runs count: text, or a number as its text.
    fn key(&mut self, stage: &Stage<'_>, written: &Value) -> Option<Expr> {
        const AT: &str = "/key";
        let (_, expected) = KEYS[4];
        if !written.is_string() {
            let message = format!("`key` of the limit is {}, expected {expected}", shown(written));
            return self.report(AT, message, &format!("write {expected}"));
        }
        // Without a trigger, which is reported, there is no payload.
        let names = Payloads(Site::of_any_run(stage, *stage.triggers.first()?));
        let (checked, issues) = match check_json(written, &names, None) {
            Ok(Understood { expr, warnings }) => (Some(expr), warnings),
            Err(issues) => (None, issues),
        };
        self.out.extend(issues.into_iter().map(|issue| located(written, issue)));
        let key = checked?;
        if names_read(&key).is_empty() {
            let message = "`key` of the limit is the same for all runs";
            return self.report(AT, message, "leave it out: all runs count together then");
        }
        let ty = key.ty.clone();
        let span = key.span;
        match ty {
            Type::String => Some(key),
            Type::Enum(_) => {
                Some(Expr { kind: ExprKind::Widen(Box::new(key)), ty: Type::String, span })
            }
            Type::Int => Some(text_of("int_text", key)),
            Type::Number => Some(text_of("number_text", key)),
            other => {
                let unknown = other == Type::Any;
                let code = if unknown { code::UNKNOWN_TYPE } else { code::WRONG_TYPE };
                let help = if unknown {
                    "say what it is, with `| string`, or in the schema of the trigger"
                } else {
                    "read one of its parts, or make text of it"
                };
                let message = format!("a key is a text or a number, found {other}");
                let found = Diagnostic::new(code, message).field(format!("{PLACE}{AT}"));
                self.out.push(found.span(span).help(help));
                None
            }
        }
    }
}

fn text_of(op: &'static str, number: Expr) -> Expr {
    let span = number.span;
    Expr { kind: ExprKind::Call { op, args: vec![number] }, ty: Type::String, span }
}

/// An issue of the key as a finding about the document.
fn located(written: &Value, found: FieldIssue) -> Diagnostic {
    let FieldIssue { mut issue, .. } = found;
    let place = format!("{PLACE}/key");
    let edit = issue.edit.take();
    let mut found = issue.at("", &place);
    found.node = None;
    if let (Some(edit), Some(text), None) = (edit, written.as_str(), &found.fix) {
        found.fix = fix_of(&place, text, &edit);
    }
    found
}

/// The names that a key may read: what is known before a run begins.
struct Payloads<'a>(Site<'a>);

impl Names for Payloads<'_> {
    fn resolve(&self, reference: &Reference) -> Result<Binding, Unresolved> {
        match reference {
            Reference::Trigger | Reference::TriggerOf(_) => self.0.resolve(reference),
            other => {
                let message = format!("`{other}` means nothing here: no run has begun yet");
                let help = "a key reads what starts the run: `trigger`";
                let code = code::OUT_OF_PLACE.id;
                let issue = ExprIssue::new(code, Span::default(), message).help(help);
                Err(Unresolved::Unusable(Box::new(issue)))
            }
        }
    }

    fn candidates(&self, root: Root) -> Vec<String> {
        match root {
            Root::Triggers => self.0.candidates(root),
            Root::Steps | Root::Errors | Root::Loops | Root::Vars => Vec::new(),
        }
    }

    fn is_present(&self, access: &Access, known: &BTreeSet<Access>) -> bool {
        self.0.is_present(access, known)
    }

    fn one_is_present(&self, names: &[Name]) -> bool {
        self.0.one_is_present(names)
    }
}

#[cfg(test)]
mod tests {
    use flowcrate::catalogue::Catalogue;
    use serde_json::{Value, json};

    use super::{Limit, Rate};
    use crate::check::check_source;

    /// The limit of a workflow whose trigger has a text, a number, an enum and whatever; else codes
    /// with their places.
    fn checked(limit: &Value) -> Result<Option<Limit>, Vec<(&'static str, String)>> {
        let schema = json!({ "type": "object", "required": ["text", "count", "share", "any", "list"],
            "properties": { "text": { "type": "string" }, "count": { "type": "integer" },
                "share": { "type": "number" }, "any": {}, "colour": { "enum": ["red", "blue"] },
                "list": { "type": "array", "items": { "type": "string" } } } });
        let graph = json!({ "name": "limited", "limit": limit, "edges": [], "nodes": [
            { "id": "start", "data": { "kind": "manual@1", "config": { "schema": schema } } } ] });
        let (checked, found) = check_source(graph.to_string().as_bytes(), &Catalogue::default());
        let place = |found: &crate::Diagnostic| found.field.clone().unwrap_or_default();
        match checked {
            Some(checked) => Ok(checked.limit),
            None => Err(found.iter().map(|found| (found.code, place(found))).collect()),
        }
    }

    /// What is found of a key where two triggers start runs, each with a text.
    fn found_of_two(key: &str, edges: &Value) -> Vec<&'static str> {
        let trigger = |id: &str| {
            let schema = json!({ "type": "object", "required": ["who"],
                "properties": { "who": { "type": "string" } } });
            json!({ "id": id, "data": { "kind": "manual@1", "config": { "schema": schema } } })
        };
        let graph = json!({ "name": "limited", "limit": { "concurrency": 1, "key": key },
            "nodes": [trigger("desk"), trigger("shop")], "edges": edges });
        let (_, found) = check_source(graph.to_string().as_bytes(), &Catalogue::default());
        found.iter().filter(|found| found.is_error()).map(|found| found.code).collect()
    }

    #[test]
    fn s9_one_of_all_triggers_has_started_a_run() {
        let none: [&str; 0] = [];
        let both = "{{ first_of(triggers.desk.who, triggers.shop.who) }}";
        assert_eq!(found_of_two(both, &json!([])), none);
        assert_eq!(found_of_two("{{ first_of(triggers.desk.who) }}", &json!([])), ["E407"]);
        // Of a drawing that does not hold together nothing is said that depends on it.
        let dangling = json!([{ "source": "desk", "target": "nobody" }]);
        for key in ["{{ triggers.desk.who }}", "{{ first_of(triggers.desk.who) }}"] {
            assert_eq!(found_of_two(key, &dangling), ["E203"]);
        }
    }

    #[test]
    fn what_a_limit_says() {
        let limit = json!({ "name": "payments", "concurrency": 2, "hold": "while_active",
            "rate": { "starts": 10, "period": "1m 30s" }, "key": null });
        let period = std::time::Duration::from_secs(90);
        let expected = Limit {
            name: Some("payments".to_owned()),
            concurrency: Some(2),
            rate: Some(Rate { starts: 10, period }),
            while_active: true,
            key: None,
        };
        assert_eq!(checked(&limit), Ok(Some(expected)));
        assert_eq!(checked(&Value::Null), Ok(None));
        let one = json!({ "concurrency": 1, "hold": "until_end" });
        assert!(matches!(checked(&one), Ok(Some(Limit { while_active: false, rate: None, .. }))));
    }

    #[test]
    fn a_key_is_text_or_a_number() {
        let keyed = |key: Value| checked(&json!({ "concurrency": 1, "key": key }));
        for sound in [
            "{{ trigger.text }}",
            "{{ trigger.count }}",
            "{{ trigger.share }}",
            "{{ trigger.colour | default('red') }}",
            "{{ trigger.any | string }}",
            "{{ triggers.start.text }}/{{ trigger.count }}",
            "{{ trigger.list[0] }}",
        ] {
            let limit = keyed(json!(sound)).unwrap().unwrap();
            assert_eq!(limit.key.unwrap().ty, flowcrate::types::Type::String, "{sound}");
        }
        for (wrong, code) in [
            (json!("{{ trigger.any }}"), "E309"),
            (json!("{{ trigger.list }}"), "E301"),
            (json!("{{ trigger.count > 3 }}"), "E301"),
            (json!("{{ trigger.colour }}"), "E407"),
            (json!("{{ steps.start.text }}"), "E425"),
            (json!("{{ run.id }}"), "E425"),
            (json!("{{ item }}"), "E425"),
            (json!("{{ 'ann' }}"), "E337"),
            (json!("ann"), "E337"),
            (json!(7), "E337"),
            (json!("{{ trigger.text"), "E402"),
        ] {
            assert_eq!(keyed(wrong.clone()), Err(vec![(code, "/limit/key".to_owned())]), "{wrong}");
        }
    }

    #[test]
    fn each_setting_is_found_at_its_place() {
        for (wrong, place) in [
            (json!(3), ""),
            (json!({}), ""),
            (json!({ "hold": "while_active" }), ""),
            (json!({ "concurrency": 0 }), "/concurrency"),
            (json!({ "concurrency": 1.5 }), "/concurrency"),
            (json!({ "concurrency": 4_294_967_296_u64 }), "/concurrency"),
            (json!({ "concurrency": "2" }), "/concurrency"),
            (json!({ "concurrency": 1, "name": "" }), "/name"),
            (json!({ "concurrency": 1, "name": "n".repeat(1_025) }), "/name"),
            (json!({ "concurrency": 1, "name": "a\0" }), "/name"),
            (json!({ "concurrency": 1, "hold": true }), "/hold"),
            (json!({ "concurrency": 1, "slots": 2 }), "/slots"),
            (json!({ "rate": 10 }), "/rate"),
            (json!({ "rate": { "starts": 10 } }), "/rate"),
            (json!({ "rate": { "starts": 0, "period": "1m" } }), "/rate/starts"),
            (json!({ "rate": { "starts": 1, "period": "0s" } }), "/rate/period"),
            (json!({ "rate": { "starts": 1, "period": 60 } }), "/rate/period"),
            (json!({ "rate": { "starts": 1, "period": "1m", "per": 1 } }), "/rate/per"),
        ] {
            let found = Err(vec![("E337", format!("/limit{place}"))]);
            assert_eq!(checked(&wrong), found, "{wrong}");
        }
    }
}
