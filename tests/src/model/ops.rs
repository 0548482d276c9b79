//! Nodes: what is done at once, and what takes its time.

use flowcrate_scripted::{Call, End as Said, Price, Said as Answer};
use serde_json::{Value, json};

use super::expr::{self, Stop};
use super::graph::Node;
use super::names::Place;
use super::plant::{Plant, planted};
use super::policy::{Policy, Verdict};
use super::state::{
    Due, End, Failure, Follows, Op, OpId, RegionId, Sim, State, Step, Work, record,
};

/// How a node begins: it is over at once, or under way.
pub(super) enum Begun {
    Left(String, Value),
    Failed(Failure),
    Under(Value, Work),
    /// It is over, which is an outcome of its own.
    Over(Value, Value),
}

type Beginning = Result<Begun, Stop>;

impl Sim<'_> {
    /// Runs a node (S2).
    pub(super) fn start_node(&mut self, region: RegionId, node: &Node) {
        let id = node.id.as_str();
        if node.disabled && planted(Plant::DisabledIsSkipped) {
            return self.set(region, id, State::Skipped);
        }
        if node.disabled {
            // S14.
            let left = (node.default_handle().to_owned(), Value::Null);
            return self.leave(region, id, Ok(left));
        }
        match self.begin(region, node) {
            Ok(Begun::Left(handle, output)) => self.leave(region, id, Ok((handle, output))),
            Ok(Begun::Failed(failure)) => self.leave(region, id, Err(failure)),
            Ok(Begun::Under(input, work)) => {
                let op = self.under_way(region, id, input, work);
                self.go(op);
            }
            Ok(Begun::Over(input, output)) => {
                let op = self.under_way(region, id, input, Work::Timer);
                let end = Follows::Finish(op, End::Done(output));
                // Nobody waits for a run that was started, so that its turn is behind all else.
                if node.kind == "respond@1" {
                    self.follows.push_front(end);
                } else {
                    self.follows.push_back(end);
                }
            }
            Err(Stop::Fails) => {
                let failure = Failure::expression(self.path(region, id));
                self.leave(region, id, Err(failure));
            }
            Err(Stop::Unknown(what)) => self.unknown.push(format!("{id}: {what}")),
        }
    }

    fn under_way(&mut self, region: RegionId, id: &str, input: Value, work: Work) -> OpId {
        let path = self.path(region, id);
        let (began, round, node) = (self.now, self.round, id.to_owned());
        let (stopping, over) = (false, false);
        self.ops.push(Op { region, node, path, began, round, input, work, stopping, over });
        let op = self.ops.len() - 1;
        self.set(region, id, State::Running(op));
        op
    }

    fn begin(&mut self, region: RegionId, node: &Node) -> Beginning {
        let place = Place { sim: self, region, element: None, state: None, own: None };
        let input = |name: &str| match node.input(name) {
            Some(field) => expr::value(field, &place),
            None => Ok(Value::Null),
        };
        let out = |value| Ok(Begun::Left("out".to_owned(), value));
        match node.kind.as_str() {
            "transform@1" => out(input("value")?),
            "condition@1" => {
                let holds = expr::holds(node.input("condition").unwrap_or(&Value::Null), &place)?;
                Ok(Begun::Left(holds.to_string(), Value::Null))
            }
            "switch@1" => switch(node, &place),
            "filter@1" | "sort@1" | "aggregate@1" => out(self.over_list(region, node)?),
            "fail@1" => {
                let code = input("code")?;
                let code = code.as_str().unwrap_or("failed");
                let message = input("message")?;
                let message = message.as_str().unwrap_or_default().to_owned();
                Ok(Begun::Failed(Failure::new(code, &message, self.path(region, &node.id))))
            }
            "return@1" => {
                // S31: within a try it is what the try returns, if it does not fail.
                let value = input("value")?;
                self.regions[region].returned = Some(value);
                out(Value::Null)
            }
            "respond@1" => {
                let value = input("value")?;
                let path = self.path(region, &node.id);
                // S32.
                self.answered = Some(self.now);
                if self.response.is_none() {
                    self.response = Some(value.clone());
                }
                if self.order.by_program {
                    return Ok(Begun::Over(value, Value::Null));
                }
                self.note(path, &node.kind, self.now, value, &End::Done(Value::Null));
                out(Value::Null)
            }
            "wait@1" if node.input("until").is_some() => {
                let field = node.input("until").unwrap_or(&Value::Null);
                let until = expr::instant(field, &place)?;
                let length = until.saturating_sub(self.now);
                Ok(Begun::Under(json!({ "duration": length }), Work::Timer))
            }
            "wait@1" => {
                let field = node.input("duration").unwrap_or(&Value::Null);
                let length = expr::duration(field, &place)?;
                Ok(Begun::Under(json!({ "duration": length }), Work::Timer))
            }
            "wait_event@1" => {
                let timeout = node.input("timeout");
                let timeout = timeout.map(|field| expr::duration(field, &place)).transpose()?;
                let key = input("key")?.as_str().map(str::to_owned);
                let event = node.config.get("event").and_then(Value::as_str).unwrap_or_default();
                let input = json!({ "event": event, "key": key, "timeout": timeout });
                let wait = Work::Wait { event: event.to_owned(), key, asked: Vec::new() };
                Ok(Begun::Under(input, wait))
            }
            // S34: an event whose payload is the answer; it is called after the node.
            "approval@1" => {
                let timeout = node.input("timeout");
                let timeout = timeout.map(|field| expr::duration(field, &place)).transpose()?;
                let key = input("key")?.as_str().map(str::to_owned);
                let event = node.config.get("event").and_then(Value::as_str).unwrap_or(&node.id);
                let asked = match input("assignees")? {
                    Value::Array(asked) => asked,
                    _ => Vec::new(),
                };
                let input = json!({ "event": event, "key": key, "timeout": timeout });
                Ok(Begun::Under(input, Work::Wait { event: event.to_owned(), key, asked }))
            }
            "call_workflow@1" => {
                let payload = input("input")?;
                Ok(self.call(region, node, payload))
            }
            // Nobody waits for it, and nobody knows its id.
            "start_workflow@1" => {
                input("input")?;
                let (path, id) = (self.path(region, &node.id), Value::from(super::compare::ANY));
                if self.order.by_program {
                    return Ok(Begun::Over(Value::Null, id));
                }
                self.note(path, &node.kind, self.now, Value::Null, &End::Done(id.clone()));
                out(id)
            }
            "scripted.call@1" | "custom@1" => self.begin_step(region, node),
            _ => self.begin_scope(region, node),
        }
    }

    fn begin_step(&self, region: RegionId, node: &Node) -> Beginning {
        let place = Place { sim: self, region, element: None, state: None, own: None };
        let fields = node.inputs.iter();
        let fields = fields.map(|(name, field)| Ok((name.clone(), expr::value(field, &place)?)));
        let input = record(fields.collect::<Result<Vec<_>, Stop>>()?);
        // S12: what has no type is read as what the input is, strictly.
        let text = |value: &Value| value.is_null() || value.is_string();
        if !input["count"].is_i64() || !text(&input["text"]) {
            return Err(Stop::Fails);
        }
        let Some(policy) = Policy::read(&node.policy) else {
            return Err(Stop::Unknown(format!("the policy {}", node.policy)));
        };
        let kind = node.kind.clone();
        let step = Step { kind, attempt: 1, runs: true, since: self.now, policy };
        Ok(Begun::Under(input, Work::Step(step)))
    }

    /// Lets an operation that has just begun do what it does.
    fn go(&mut self, op: OpId) {
        match self.ops[op].work.clone() {
            Work::Step(_) => self.attempt(op),
            Work::Timer => {
                let length = self.ops[op].input["duration"].as_u64().unwrap_or(0);
                self.due(length, Due::Timer(op));
            }
            Work::Wait { .. } => {
                if let Some(timeout) = self.ops[op].input["timeout"].as_u64() {
                    self.due(timeout, Due::Timer(op));
                }
                if self.order.by_program {
                    // S41: that is another outcome.
                    self.looks += 1;
                } else {
                    self.deliver();
                }
            }
            Work::Call(end) => {
                let length = self.ops[op].input["duration"].as_u64().filter(|_| end.is_some());
                if let Some(length) = length {
                    self.due(length, Due::Timer(op));
                }
            }
            Work::Each(_) | Work::While { .. } | Work::Race(_) | Work::Try(_) => self.go_scope(op),
        }
    }

    /// An attempt of a step begins.
    pub(super) fn attempt(&mut self, op: OpId) {
        let Work::Step(step) = &mut self.ops[op].work else { return };
        step.runs = true;
        let (number, timeout) = (step.attempt, step.policy.timeout);
        // S20: the time of all attempts cuts the last one short.
        let total = step.policy.total.map(|total| (step.since + total).saturating_sub(self.now));
        let heartbeat = step.policy.heartbeat;
        let does = self.world.attempt(&self.ops[op].path, number);
        self.due(does.takes, Due::Attempt(op, number));
        if let Some(timeout) = timeout.into_iter().chain(total).min() {
            self.due(timeout, Due::Timeout(op, number));
        }
        if let Some(longest) = heartbeat {
            let mut last = 0;
            for beat in does.beats.iter().take_while(|beat| **beat < does.takes) {
                if *beat == last + longest {
                    self.doubt("a sign of life that comes just in time");
                }
                if *beat >= last + longest {
                    break;
                }
                last = *beat;
            }
            self.due(last + longest, Due::Silence(op, number));
        }
    }

    /// Whether something that becomes due still matters.
    pub(super) fn counts(&self, due: &Due) -> bool {
        let attempt = |op: &OpId, number: &u32| match &self.ops[*op].work {
            Work::Step(step) => step.runs && step.attempt == *number,
            _ => false,
        };
        match due {
            Due::Attempt(op, number) => !self.ops[*op].over && attempt(op, number),
            // A body that was told has its grace time and no other.
            Due::Timeout(op, number) | Due::Silence(op, number) => {
                !self.ops[*op].over && !self.ops[*op].stopping && attempt(op, number)
            }
            Due::Retry(op) | Due::Timer(op) | Due::Grace(op) => !self.ops[*op].over,
            Due::Event(_) => true,
        }
    }

    pub(super) fn happen(&mut self, due: Due) {
        match due {
            Due::Attempt(op, number) => {
                let said = self.world.attempt(&self.ops[op].path, number).end;
                self.attempt_ended(op, number, Some(&said), said_failure(&said));
            }
            Due::Timeout(op, number) => {
                self.attempt_ended(op, number, None, ("timeout", super::compare::ANY));
            }
            Due::Silence(op, number) => {
                self.attempt_ended(op, number, None, ("heartbeat_timeout", super::compare::ANY));
            }
            Due::Retry(op) => {
                if let Work::Step(step) = &mut self.ops[op].work {
                    step.attempt += 1;
                }
                self.attempt(op);
            }
            Due::Timer(op) => match self.ops[op].work.clone() {
                Work::Wait { .. } => self.timed_out(op),
                Work::Call(Some(end)) => self.finish(op, *end),
                _ => self.finish(op, End::Done(Value::Null)),
            },
            Due::Grace(op) => self.finish(op, End::Cancelled),
            Due::Event(number) => {
                self.inbox.push(number);
                self.deliver();
            }
        }
    }

    /// S20: the outcome, or another attempt.
    fn attempt_ended(&mut self, op: OpId, number: u32, said: Option<&Said>, failed: (&str, &str)) {
        if let Some(Said::Answer(answer)) = said {
            let call = serde_json::from_value::<Call>(self.ops[op].input.clone());
            let Ok(call) = call else {
                return self.unknown.push(format!("the input {}", self.ops[op].input));
            };
            let is_custom =
                matches!(&self.ops[op].work, Work::Step(step) if step.kind == "custom@1");
            let output = if is_custom {
                // S36: as a person wrote it.
                serde_json::to_value(Price::of(*answer, call))
            } else {
                serde_json::to_value(Answer::of(*answer, call))
            };
            return self.finish(op, End::Done(output.unwrap_or_default()));
        }
        let (path, stopping, now) = (self.ops[op].path.clone(), self.ops[op].stopping, self.now);
        let failure = Failure { attempts: number, ..Failure::new(failed.0, failed.1, path) };
        let Work::Step(step) = &mut self.ops[op].work else { return };
        match step.policy.judge(said, number, step.since, now) {
            // Nobody repeats what nobody waits for.
            Verdict::Retry(delay) if !stopping => {
                step.runs = false;
                self.due(delay, Due::Retry(op));
            }
            Verdict::Pause if !stopping => {
                step.runs = false;
                self.parked.push((op, failure));
            }
            Verdict::Retry(_) | Verdict::Fail | Verdict::Pause => {
                self.finish(op, End::Failed(failure));
            }
        }
    }

    /// S33: events of one name and key go to the waits in the order in which they were registered.
    pub(super) fn deliver(&mut self) {
        for place in 0..self.inbox.len() {
            let Some(event) = self.inbox.get(place).and_then(|number| self.events.get(*number))
            else {
                continue;
            };
            let waits = |op: &&OpId| match &self.ops[**op].work {
                Work::Wait { event: name, key, asked } => {
                    let open = !self.ops[**op].over && !self.ops[**op].stopping;
                    let by = || asked.contains(&event.payload["by"]);
                    open && *name == event.name
                        && *key == event.key
                        && (asked.is_empty() || planted(Plant::AnybodyAnswers) || by())
                }
                _ => false,
            };
            let all: Vec<OpId> = (0..self.ops.len()).collect();
            let mut waiting: Vec<OpId> = all.iter().filter(waits).copied().collect();
            if planted(Plant::LastWaiter) {
                waiting.reverse();
            }
            let Some(first) = waiting.first().copied() else { continue };
            let began = self.ops[first].began;
            if waiting.get(1).is_some_and(|next| self.ops[*next].began == began) {
                self.tie("two waits for one event began at once");
            }
            if began == self.now {
                self.tie("an event that was there is taken at once");
            }
            let payload = event.payload.clone();
            self.moves += 1;
            self.inbox.remove(place);
            return self.finish(first, End::Done(payload));
        }
    }

    fn timed_out(&mut self, op: OpId) {
        let (region, id) = (self.ops[op].region, self.ops[op].node.clone());
        self.ops[op].over = true;
        self.record(op, &End::Done(Value::Null));
        self.leave(region, &id, Ok(("timeout".to_owned(), Value::Null)));
    }

    /// S37: filter, sort and aggregate over `item`.
    fn over_list(&self, region: RegionId, node: &Node) -> Result<Value, Stop> {
        let place = |element| Place { sim: self, region, element, state: None, own: None };
        let items = expr::value(node.input("items").unwrap_or(&Value::Null), &place(None))?;
        let Value::Array(items) = items else {
            return Err(Stop::Unknown(format!("the list {items}")));
        };
        let each = |name: &str| -> Result<Vec<Value>, Stop> {
            let of = |item: &Value| match node.input(name) {
                Some(field) => expr::value(field, &place(Some(item.clone()))),
                None => Ok(item.clone()),
            };
            items.iter().map(of).collect()
        };
        // Random graphs sort by ints or by texts, never by both.
        let key = |value: &Value| match value {
            Value::String(text) => Ok((0, text.clone())),
            value => {
                let number = value.as_i64().ok_or(Stop::Unknown(format!("by {value}")))?;
                Ok((number, String::new()))
            }
        };
        match node.kind.as_str() {
            "filter@1" => {
                let kept = each("condition")?;
                let kept = items.iter().zip(kept).filter(|(_, kept)| *kept == true);
                Ok(kept.map(|(item, _)| item.clone()).collect())
            }
            "sort@1" => {
                let keys = each("by")?.iter().map(key).collect::<Result<Vec<_>, Stop>>()?;
                let mut sorted: Vec<((i64, String), Value)> =
                    keys.into_iter().zip(items.clone()).collect();
                if node.config.get("order").is_some_and(|order| order == "descending") {
                    // Stable in both directions.
                    sorted.sort_by_key(|(key, _)| std::cmp::Reverse(key.clone()));
                } else {
                    sorted.sort_by_key(|(key, _)| key.clone());
                }
                Ok(sorted.into_iter().map(|(_, item)| item).collect())
            }
            _ => aggregate(node, &each("value")?),
        }
    }
}

fn aggregate(node: &Node, values: &[Value]) -> Result<Value, Stop> {
    let ints = || {
        let int = |value: &Value| value.as_i64().ok_or(Stop::Unknown(format!("{value}")));
        values.iter().map(int).collect::<Result<Vec<i64>, Stop>>()
    };
    let operation = node.config.get("operation").and_then(Value::as_str).unwrap_or_default();
    Ok(match operation {
        "count" => values.len().into(),
        "list" => values.to_vec().into(),
        "sum" => {
            let sum = ints()?.into_iter().try_fold(0_i64, i64::checked_add);
            sum.ok_or(Stop::Fails)?.into()
        }
        "average" if values.is_empty() => Value::Null,
        "average" => {
            let numbers = ints()?;
            #[expect(clippy::cast_precision_loss, reason = "random numbers are small")]
            let mean = numbers.iter().sum::<i64>() as f64 / numbers.len() as f64;
            mean.into()
        }
        "min" => ints()?.into_iter().min().map_or(Value::Null, Value::from),
        "max" => ints()?.into_iter().max().map_or(Value::Null, Value::from),
        "unique" => {
            let mut unique: Vec<Value> = Vec::new();
            for value in values {
                if !unique.contains(value) {
                    unique.push(value.clone());
                }
            }
            unique.into()
        }
        other => return Err(Stop::Unknown(format!("aggregate {other}"))),
    })
}

/// The first case that holds, else `default`.
fn switch(node: &Node, place: &Place<'_, '_>) -> Beginning {
    let value = node.input("value").map(|field| expr::value(field, place)).transpose()?;
    let cases = node.config.get("cases").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut cases = cases;
    if planted(Plant::LastCase) {
        cases.reverse();
    }
    for case in cases {
        let holds = match case.get("when").filter(|when| !when.is_null()) {
            Some(when) => expr::holds(when, place)?,
            None => case.get("equals") == value.as_ref(),
        };
        if holds {
            let name = case["name"].as_str().unwrap_or_default();
            return Ok(Begun::Left(name.to_owned(), Value::Null));
        }
    }
    Ok(Begun::Left("default".to_owned(), Value::Null))
}

/// Code and message of an attempt that ends badly.
fn said_failure(said: &Said) -> (&'static str, &'static str) {
    match said {
        Said::Answer(_) => ("", ""),
        Said::Retryable => ("flaky", "not this time"),
        Said::Busy(_) => ("busy", "come back"),
        Said::Fatal => ("broken", "never"),
        Said::Panic => ("panic", super::compare::ANY),
    }
}
