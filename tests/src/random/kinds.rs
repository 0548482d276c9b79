//! Random nodes that hold no others.

use serde_json::{Map, Value, json};

use super::exprs::Exprs;
use super::graph::{Made, MadeNode, Maker, Within};
use super::rng::Rng;
use super::types::{Name, Ty};

impl Maker<'_> {
    /// A node of a random kind.
    pub(super) fn make(&mut self, id: &str, names: &[Name], within: &Within) -> MadeNode {
        let deep = within.depth < 4 && self.budget > 1;
        if self.drawn(8) {
            let made = self.beyond(id, names);
            return self.with_errors(made);
        }
        let made = match self.rng.below(100) {
            20..34 => self.transform(names),
            34..45 => self.condition(names),
            45..50 => self.switch(names),
            50..57 => self.wait(names, within),
            57..63 => self.wait_event(within),
            63..66 => self.approval(within),
            66..70 => self.list_node(names),
            70..74 => self.failure(names),
            74..76 if within.answers && !self.responds => self.respond(names),
            76..82 if deep => self.for_each(id, names, within),
            82..87 if deep => self.while_loop(id, names, within),
            87..92 if deep => self.race(id, names, within),
            92..100 if deep => self.try_scope(id, names, within),
            // And a fifth of all.
            _ => self.action(id, names),
        };
        self.with_errors(made)
    }

    /// What becomes of a failure: an `error` edge, going on, or the scope's affair (S21).
    fn with_errors(&mut self, mut made: MadeNode) -> MadeNode {
        let default = made.rest.handles.first().map(String::as_str);
        let has_default = matches!(default, Some("out" | "default"));
        let only_error = made.rest.handles.is_empty();
        match self.rng.below(100) {
            0..25 => {
                made.rest.handles.push("error".to_owned());
                made.rest.fails_over = true;
            }
            25..35 if has_default => {
                made.data["on_error"] = "continue".into();
                made.rest.continues = true;
            }
            // S14.
            35..39 if has_default => {
                made.data["disabled"] = true.into();
                made.rest.gives = None;
                made.rest.handles.truncate(1);
            }
            _ if only_error && self.rng.percent(60) => {
                made.rest.handles.push("error".to_owned());
                made.rest.fails_over = true;
            }
            _ => {}
        }
        made
    }

    pub(super) fn exprs<'a>(&'a mut self, names: &'a [Name]) -> Exprs<'a> {
        Exprs { rng: self.rng, names, rich: self.rich, broad: self.broad }
    }

    /// A type that a transform may give.
    pub(super) fn some_type(&mut self) -> Ty {
        match self.rng.below(10) {
            0..3 => Ty::Int,
            3 => Ty::Number,
            4 => Ty::Bool,
            5 => Ty::Text,
            6 => Ty::ints(),
            _ => Ty::record([("k", Ty::Int), ("t", Ty::Text)]),
        }
    }

    /// An input of a type; a record field by field.
    pub(super) fn value_of(&mut self, ty: &Ty, names: &[Name]) -> Value {
        let Ty::Record(fields) = ty else { return self.exprs(names).field(ty) };
        let mut record = Map::new();
        for (name, ty) in fields {
            record.insert(name.clone(), self.value_of(ty, names));
        }
        Value::Object(record)
    }

    fn transform(&mut self, names: &[Name]) -> MadeNode {
        let untyped = self.exprs(names).untyped().filter(|_| self.rng.percent(10));
        if let Some(path) = untyped {
            let value = format!("{{{{ {path} }}}}");
            let data = json!({ "kind": "transform@1", "inputs": { "value": value } });
            return made(data, Some(Ty::Any));
        }
        if self.drawn(20)
            && let Some((path, ty)) = self.exprs(names).whole_shape()
        {
            let value = format!("{{{{ {path} }}}}");
            return made(json!({ "kind": "transform@1", "inputs": { "value": value } }), Some(ty));
        }
        let ty = self.some_type();
        let value = self.value_of(&ty, names);
        made(json!({ "kind": "transform@1", "inputs": { "value": value } }), Some(ty))
    }

    pub(super) fn action(&mut self, id: &str, names: &[Name]) -> MadeNode {
        let mut inputs = json!({ "count": self.value_of(&Ty::Int, names) });
        if self.rng.percent(30) {
            inputs["text"] = self.value_of(&Ty::Text, names);
        }
        // S12: read as an int, strictly.
        if self.rng.percent(5)
            && let Some(path) = self.exprs(names).untyped()
        {
            inputs["count"] = format!("{{{{ {path} }}}}").into();
        }
        if self.drawn(6)
            && let Some(path) = self.exprs(names).formed()
        {
            inputs["count"] = format!("{{{{ {path} }}}}").into();
        }
        let policy = self.policy();
        let mut data = json!({ "kind": "scripted.call@1", "inputs": inputs, "policy": policy });
        if self.rng.percent(18) {
            self.undoable(id, &mut data, names, &Ty::said());
        }
        // S36: nobody has written it, so it does what the action does.
        if self.drawn(5) {
            data["override"] = true.into();
        }
        made(data, Some(Ty::said()))
    }

    /// S24.
    pub(super) fn undoable(&mut self, id: &str, data: &mut Value, names: &[Name], gives: &Ty) {
        let in_doubt = self.rng.percent(30);
        let mut seen = names.to_vec();
        seen.push(Name { path: format!("steps.{id}"), ty: gives.clone(), sure: !in_doubt });
        let inputs = json!({ "count": self.value_of(&Ty::Int, &seen) });
        let attempts = self.rng.between(1, 3);
        let policy = json!({ "max_attempts": attempts, "initial": "700ms", "jitter": false });
        data["compensate"] =
            json!({ "kind": "scripted.call@1", "inputs": inputs, "policy": policy });
        if self.drawn(25) {
            data["compensate"]["kind"] = "custom@1".into();
            data["compensate"]["config"] = super::callees::price_config();
        }
        if in_doubt {
            data["in_doubt"] = "compensate".into();
        }
    }

    /// S20.
    pub(super) fn policy(&mut self) -> Value {
        let attempts = self.rng.between(1, 4);
        let mut policy = json!({ "max_attempts": attempts, "jitter": false });
        let mut length = |rng: &mut Rng, times: usize, name: &str, (least, most): (u64, u64)| {
            if rng.percent(times) {
                policy[name] = format!("{}ms", rng.between(least, most)).into();
            }
        };
        length(self.rng, 60, "initial", (1, 3_000));
        length(self.rng, 30, "timeout", (300, 4_000));
        length(self.rng, 12, "total", (500, 12_000));
        length(self.rng, 12, "heartbeat", (200, 3_000));
        if self.rng.percent(30) {
            policy["factor"] = self.rng.between(1, 3).into();
            policy["cap"] = format!("{}ms", self.rng.between(500, 9_000)).into();
        }
        if self.rng.percent(12) {
            let classes = ["retryable", "rate_limited", "timeout", "panic"];
            let kept: Vec<&str> = classes.into_iter().filter(|_| self.rng.percent(55)).collect();
            policy["retry_on"] = kept.into();
        }
        if self.rng.percent(4) {
            policy["on_exhausted"] = "pause".into();
        }
        policy
    }

    fn condition(&mut self, names: &[Name]) -> MadeNode {
        let condition = self.exprs(names).of(&Ty::Bool, 2);
        let inputs = json!({ "condition": format!("{{{{ {condition} }}}}") });
        let data = json!({ "kind": "condition@1", "inputs": inputs });
        let handles = ["true", "false"].map(str::to_owned).to_vec();
        MadeNode { data, rest: Made { handles, gives: None, fails_over: false, continues: false } }
    }

    fn switch(&mut self, names: &[Name]) -> MadeNode {
        let by_value = self.exprs(names).enumeration().filter(|_| self.rng.percent(50));
        let mut handles = vec!["default".to_owned()];
        let mut data = json!({ "kind": "switch@1" });
        let mut cases = Vec::new();
        if let Some((path, texts)) = by_value {
            data["inputs"] = json!({ "value": format!("{{{{ {path} }}}}") });
            let all = self.rng.percent(50);
            let mut known = texts.iter();
            for text in known.by_ref().take(if all { texts.len() } else { 1 }) {
                handles.push(format!("is {text}"));
                cases.push(json!({ "name": format!("is {text}"), "equals": text }));
            }
            // S6: an exhausted switch never leaves by `default`.
            if all {
                handles.remove(0);
            }
        } else {
            for number in 0..=self.rng.below(2) {
                let when = self.exprs(names).of(&Ty::Bool, 1);
                let name = format!("case {number}");
                cases.push(json!({ "name": name, "when": format!("{{{{ {when} }}}}") }));
                handles.push(name);
            }
        }
        data["config"] = json!({ "cases": cases });
        MadeNode { data, rest: Made { handles, gives: None, fails_over: false, continues: false } }
    }

    pub(super) fn wait(&mut self, names: &[Name], within: &Within) -> MadeNode {
        let length = self.rng.between(1, 6_000);
        if self.rng.percent(25) {
            let from = self.exprs(names).of(&Ty::Instant, 0);
            let until = format!("{{{{ {from} + duration('{length}ms') }}}}");
            return made(json!({ "kind": "wait@1", "inputs": { "until": until } }), None);
        }
        let span = if self.broad { self.exprs(names).span() } else { None };
        if let Some(span) = span.filter(|_| self.rng.percent(40)) {
            let duration = format!("{{{{ {span} }}}}");
            return made(json!({ "kind": "wait@1", "inputs": { "duration": duration } }), None);
        }
        // In a loop each iteration takes another time.
        let duration = if within.looped {
            format!("{{{{ duration('{length}ms') * (index + 1) }}}}")
        } else {
            format!("{length}ms")
        };
        made(json!({ "kind": "wait@1", "inputs": { "duration": duration } }), None)
    }

    fn wait_event(&mut self, within: &Within) -> MadeNode {
        let event = format!("event{}", self.rng.below(2));
        let keyed = self.rng.percent(30);
        let keyed = *self.events.entry(event.clone()).or_insert(keyed);
        let mut inputs = json!({});
        if keyed {
            inputs["key"] = if within.looped { "{{ 'k' ~ index }}" } else { "k0" }.into();
        }
        let mut handles = vec!["out".to_owned()];
        // One without end ends no run, so that most have one; long ones, so that several wait.
        if self.rng.percent(85) {
            let most = if self.rng.percent(50) { 9_000 } else { 40_000 };
            inputs["timeout"] = format!("{}ms", self.rng.between(1, most)).into();
            handles.push("timeout".to_owned());
        }
        let schema = json!({
            "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } },
        });
        let config = json!({ "event": event, "schema": schema });
        let data = json!({ "kind": "wait_event@1", "config": config, "inputs": inputs });
        let gives = Some(Ty::record([("n", Ty::Int)]));
        MadeNode { data, rest: Made { handles, gives, fails_over: false, continues: false } }
    }

    /// S34.
    fn approval(&mut self, within: &Within) -> MadeNode {
        let event = format!("ask{}", self.rng.below(2));
        let keyed = self.rng.percent(30);
        let keyed = *self.events.entry(event.clone()).or_insert(keyed);
        let mut inputs = json!({});
        if keyed {
            inputs["key"] = if within.looped { "{{ 'k' ~ index }}" } else { "k0" }.into();
        }
        match self.rng.below(3) {
            0 => inputs["assignees"] = json!(["ann"]),
            1 => inputs["assignees"] = json!("{{ ['ann', 'bob'] }}"),
            _ => {}
        }
        let mut handles = vec!["approved".to_owned(), "rejected".to_owned()];
        if self.rng.percent(85) {
            inputs["timeout"] = format!("{}ms", self.rng.between(1, 9_000)).into();
            handles.push("timeout".to_owned());
        }
        let schema = json!({
            "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } },
        });
        let config = json!({ "event": event, "schema": schema });
        let data = json!({ "kind": "approval@1", "config": config, "inputs": inputs });
        let form = Ty::record([("n", Ty::Int)]);
        let answer = [("approved", Ty::Bool), ("form", form), ("by", Ty::Text.optional())];
        let gives = Some(Ty::record(answer));
        MadeNode { data, rest: Made { handles, gives, fails_over: false, continues: false } }
    }

    fn list_node(&mut self, names: &[Name]) -> MadeNode {
        if self.broad
            && self.rng.percent(40)
            && let Some(rows) = self.exprs(names).rows()
        {
            return self.row_node(&rows);
        }
        let items = self.value_of(&Ty::ints(), names);
        let items = if items.is_string() { items } else { json!("{{ [3, 1, 2] }}") };
        let limit = self.rng.below(6);
        match self.rng.below(3) {
            0 => {
                let condition = format!("{{{{ item > {limit} }}}}");
                let inputs = json!({ "items": items, "condition": condition });
                made(json!({ "kind": "filter@1", "inputs": inputs }), Some(Ty::ints()))
            }
            1 => {
                let mut data = json!({ "kind": "sort@1", "inputs": { "items": items } });
                if self.rng.percent(60) {
                    data["inputs"]["by"] = format!("{{{{ item % {} }}}}", limit + 2).into();
                }
                if self.rng.percent(50) {
                    data["config"] = json!({ "order": "descending" });
                }
                made(data, Some(Ty::ints()))
            }
            _ => {
                let operations = ["count", "sum", "min", "max", "list", "unique"];
                let operation = self.rng.pick(&operations).copied().unwrap_or("sum");
                let mut inputs = json!({ "items": items });
                if operation != "count" && self.rng.percent(50) {
                    inputs["value"] = format!("{{{{ item * {limit} }}}}").into();
                }
                let ty = match operation {
                    "count" | "sum" => Ty::Int,
                    "min" | "max" => Ty::Int.optional(),
                    _ => Ty::ints(),
                };
                let config = json!({ "operation": operation });
                let data = json!({ "kind": "aggregate@1", "config": config, "inputs": inputs });
                made(data, Some(ty))
            }
        }
    }

    pub(super) fn failure(&mut self, names: &[Name]) -> MadeNode {
        let code = format!("code{}", self.rng.below(4));
        let message = self.value_of(&Ty::Text, names);
        let inputs = json!({ "code": code, "message": message });
        let data = json!({ "kind": "fail@1", "inputs": inputs });
        let rest = Made { handles: Vec::new(), gives: None, fails_over: false, continues: false };
        MadeNode { data, rest }
    }

    fn respond(&mut self, names: &[Name]) -> MadeNode {
        self.responds = true;
        let value = self.value_of(&Ty::record([("k", Ty::Int), ("t", Ty::Text)]), names);
        made(json!({ "kind": "respond@1", "inputs": { "value": value } }), None)
    }
}

/// A node that leaves by `out`.
pub(super) fn made(data: Value, gives: Option<Ty>) -> MadeNode {
    let handles = vec!["out".to_owned()];
    MadeNode { data, rest: Made { handles, gives, fails_over: false, continues: false } }
}
