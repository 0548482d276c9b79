//! Scopes (S23, S25 to S28).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::expr::{self, Stop};
use super::graph::Node;
use super::names::Place;
use super::ops::Begun;
use super::plant::{Plant, planted};
use super::state::{Each, End, Failure, OpId, Phase, Race, RegionId, Sim, Try, Work, record};
use super::undo::Waiting;

impl Sim<'_> {
    pub(super) fn begin_scope(&self, region: RegionId, node: &Node) -> Result<Begun, Stop> {
        let place = Place { sim: self, region, element: None, state: None, own: None };
        let field = |name: &str| node.input(name).unwrap_or(&Value::Null);
        match node.kind.as_str() {
            "for_each@1" => {
                let Value::Array(items) = expr::value(field("items"), &place)? else {
                    return Err(Stop::Unknown("items that are no list".to_owned()));
                };
                let word = node.config.get("on_item_error").and_then(Value::as_str);
                let concurrency = node.config.get("concurrency").and_then(Value::as_u64);
                let input = json!({ "items": items.len() });
                let each = Each {
                    items,
                    next: 0,
                    concurrency: usize::try_from(concurrency.unwrap_or(1)).unwrap_or(1),
                    on_item_error: word.unwrap_or("fail").to_owned(),
                    results: BTreeMap::new(),
                    running: BTreeMap::new(),
                    failed: None,
                };
                Ok(Begun::Under(input, Work::Each(each)))
            }
            "while@1" => {
                let init = expr::value(field("init"), &place)?;
                Ok(Begun::Under(init, Work::While { iteration: 0 }))
            }
            "race@1" => {
                let branches = self.graph.regions(&node.id);
                let (running, finished) = (BTreeSet::new(), BTreeMap::new());
                let race = Race { running, finished, winner: None, failed: Vec::new() };
                Ok(Begun::Under(json!({ "branches": branches }), Work::Race(race)))
            }
            "try@1" => Ok(Begun::Under(
                Value::Null,
                Work::Try(Try { region: 0, outcome: None, returned: None }),
            )),
            other => Err(Stop::Unknown(format!("the kind {other}"))),
        }
    }

    pub(super) fn go_scope(&mut self, op: OpId) {
        let around = self.ops[op].clone();
        match around.work {
            Work::Each(_) => self.next_items(op),
            Work::While { .. } => self.next_iteration(op, around.input),
            Work::Race(_) => {
                for name in self.graph.regions(&around.node) {
                    let region = self.open(&around, op, &name, around.path.clone());
                    if let Work::Race(race) = &mut self.ops[op].work {
                        race.running.insert(region);
                    }
                }
            }
            Work::Try(_) => self.enter(op, "body", None),
            Work::Step(_) | Work::Timer | Work::Wait { .. } | Work::Call(_) => {}
        }
    }

    /// A region of a scope has ended.
    pub(super) fn region_ended(&mut self, op: OpId, region: RegionId, end: End) {
        match self.ops[op].work.clone() {
            Work::Each(_) => self.item_ended(op, region, &end),
            Work::While { iteration } => match end {
                End::Done(state) if !self.ops[op].stopping => {
                    self.ops[op].work = Work::While { iteration: iteration + 1 };
                    self.next_iteration(op, state);
                }
                End::Done(_) => self.finish_scope(op, End::Cancelled),
                end => self.finish_scope(op, end),
            },
            Work::Race(_) => self.branch_ended(op, region, end),
            Work::Try(tried) => self.part_ended(op, region, tried, end),
            Work::Step(_) | Work::Timer | Work::Wait { .. } | Work::Call(_) => {}
        }
    }

    /// Whether a cancelled scope has come to its end.
    pub(super) fn rest(&mut self, op: OpId) {
        let over = match &self.ops[op].work {
            Work::Each(each) => each.running.is_empty(),
            Work::Race(race) => race.running.is_empty(),
            Work::While { .. } => self
                .regions
                .iter()
                .all(|region| region.op != Some(op) || region.phase == Phase::Ended),
            _ => false,
        };
        if over && self.ops[op].stopping && !self.ops[op].over {
            self.finish_scope(op, End::Cancelled);
        }
    }

    /// S26: items begin in their order, so many at once.
    fn next_items(&mut self, op: OpId) {
        loop {
            let around = self.ops[op].clone();
            let Work::Each(each) = &around.work else { return };
            let most = if planted(Plant::OneByOne) { 1 } else { each.concurrency };
            let full = each.running.len() >= most;
            let Some(item) = each.items.get(each.next).filter(|_| !full) else { break };
            let index = i64::try_from(each.next).unwrap_or(i64::MAX);
            let region = self.open(&around, op, "", format!("{}[{index}]", around.path));
            self.regions[region].bound = Some((item.clone(), index));
            let now = self.now;
            if let Work::Each(each) = &mut self.ops[op].work {
                each.running.insert(region, (each.next, now));
                each.next += 1;
            }
        }
        self.end_each(op);
    }

    fn item_ended(&mut self, op: OpId, region: RegionId, end: &End) {
        let now = self.now;
        let Work::Each(each) = &mut self.ops[op].work else { return };
        let Some((index, began)) = each.running.remove(&region) else { return };
        let fails = each.on_item_error == "fail";
        let item = each.items.get(index).cloned().unwrap_or_default();
        let ended = each.failed.is_some();
        let place = if planted(Plant::OrderOfEnds) { each.results.len() } else { index };
        match end {
            End::Done(value) => drop(each.results.insert(place, Ok(value.clone()))),
            End::Failed(failure) if fails && !ended => each.failed = Some(failure.clone()),
            End::Failed(failure) => drop(each.results.insert(index, Err(failure.clone()))),
            End::Cancelled => {}
        }
        let others: Vec<RegionId> = each.running.keys().copied().collect();
        let path = self.regions[region].path.clone();
        self.note(path, "item", began, item, end);
        let fails_now = fails && !ended && matches!(end, End::Failed(_));
        if fails_now && !self.ops[op].stopping {
            // S22.
            self.cuts.insert(now);
            self.cancel_items(others);
        }
        if self.ops[op].stopping {
            return self.rest(op);
        }
        let failing = matches!(&self.ops[op].work, Work::Each(each) if each.failed.is_some());
        if failing { self.end_each(op) } else { self.next_items(op) }
    }

    fn end_each(&mut self, op: OpId) {
        let Work::Each(each) = &self.ops[op].work else { return };
        if self.ops[op].over || !each.running.is_empty() {
            return;
        }
        if let Some(failure) = each.failed.clone() {
            return self.finish_scope(op, End::Failed(failure));
        }
        if each.next < each.items.len() {
            return;
        }
        let collects = each.on_item_error == "collect";
        let mut list = Vec::new();
        for (index, result) in &each.results {
            match (result, collects) {
                (Ok(value), false) => list.push(value.clone()),
                (Err(_), false) if planted(Plant::SkipKeepsPlaces) => list.push(Value::Null),
                (Err(_), false) => {}
                (Ok(value), true) => {
                    list.push(record([
                        ("index".to_owned(), (*index).into()),
                        ("value".to_owned(), value.clone()),
                    ]));
                }
                (Err(failure), true) => {
                    list.push(json!({ "index": index, "error": failure.value() }));
                }
            }
        }
        self.finish_scope(op, End::Done(Value::Array(list)));
    }

    /// S27: the condition is looked at before each iteration.
    fn next_iteration(&mut self, op: OpId, state: Value) {
        let around = self.ops[op].clone();
        let Work::While { iteration } = around.work else { return };
        let Some(node) = self.graph.nodes.get(&around.node) else { return };
        let place = Place {
            sim: self,
            region: around.region,
            element: None,
            state: Some((&around.node, state.clone())),
            own: None,
        };
        let condition = node.input("condition").unwrap_or(&Value::Null);
        match expr::holds(condition, &place) {
            Ok(false) => return self.finish_scope(op, End::Done(state)),
            Ok(true) => {}
            Err(Stop::Fails) => {
                return self.finish_scope(op, End::Failed(Failure::expression(around.path)));
            }
            Err(Stop::Unknown(what)) => return self.unknown.push(what),
        }
        let most = node.config.get("max_iterations").and_then(Value::as_u64);
        let more = u64::from(planted(Plant::IterationTooMany));
        if most.is_some_and(|most| iteration >= most + more) {
            let failure = Failure::new("max_iterations", super::compare::ANY, around.path);
            return self.finish_scope(op, End::Failed(failure));
        }
        let path = format!("{}[{iteration}]", around.path);
        let region = self.open(&around, op, "", path);
        let index = i64::try_from(iteration).unwrap_or(i64::MAX);
        self.regions[region].bound = Some((state, index));
    }

    /// S28.
    fn branch_ended(&mut self, op: OpId, region: RegionId, end: End) {
        let name = self.regions[region].name.clone();
        let (now, path, stopping) = (self.now, self.ops[op].path.clone(), self.ops[op].stopping);
        let Work::Race(race) = &mut self.ops[op].work else { return };
        race.running.remove(&region);
        match end {
            End::Done(value) if race.winner.is_none() => drop(race.finished.insert(name, value)),
            End::Failed(failure) => race.failed.push((now, failure)),
            End::Done(_) | End::Cancelled => {}
        }
        let lost = planted(Plant::FirstFailureLoses) && !race.failed.is_empty();
        if (!race.running.is_empty() && !lost) || !race.finished.is_empty() {
            return;
        }
        let (failed, won) = (race.failed.clone(), race.winner.is_some());
        if stopping {
            return self.finish_scope(op, End::Cancelled);
        }
        if won {
            return self.undo_losers(op);
        }
        let Some((first, failure)) = failed.first().cloned() else {
            let failure = Failure::new("no_branches", super::compare::ANY, path);
            return self.finish_scope(op, End::Failed(failure));
        };
        if failed.iter().filter(|(at, _)| *at == first).count() > 1 {
            self.tie("two branches failed first");
        }
        if !self.undos.is_empty() {
            self.doubt("what a race did of which nobody won");
        }
        self.finish_scope(op, End::Failed(failure));
    }

    /// The losers have come to their ends.
    pub(super) fn leave_race(&mut self, op: OpId) {
        let Work::Race(race) = &self.ops[op].work else { return };
        let Some((name, value)) = race.winner.clone() else { return };
        let output = record([("winner".to_owned(), name.as_str().into()), (name, value)]);
        self.finish_scope(op, End::Done(output));
    }

    /// The race that was won at this instant and stands deepest.
    pub(super) fn deepest_win(&self) -> Option<(OpId, usize)> {
        let won = self.ops.iter().enumerate().filter(|(_, op)| match &op.work {
            Work::Race(race) => !op.over && race.winner.is_none() && !race.finished.is_empty(),
            _ => false,
        });
        won.map(|(id, op)| (id, self.regions[op.region].depth + 1)).max_by_key(|(_, depth)| *depth)
    }

    /// The first to succeed wins, ties go to the lower name; the losers are cancelled.
    pub(super) fn decide_race(&mut self, op: OpId) {
        let (path, began) = (self.ops[op].path.clone(), self.ops[op].began);
        let Work::Race(race) = &mut self.ops[op].work else { return };
        let finished = std::mem::take(&mut race.finished);
        let several = finished.len() > 1;
        let Some((name, value)) = finished.into_iter().next() else { return };
        race.winner = Some((name.clone(), value));
        let losers = race.running.clone();
        if several && began == self.now {
            self.doubt_of_turns("branches that take no time all succeed");
        }
        let won = End::Done(Value::from(name));
        self.note(format!("{path}/!won"), "winner", self.now, Value::Null, &won);
        self.cuts.insert(self.now);
        self.cancel_losers(op, losers);
    }

    /// S23: body, then catch, then finally.
    fn part_ended(&mut self, op: OpId, region: RegionId, tried: Try, end: End) {
        let name = self.regions[region].name.clone();
        let stopping = self.ops[op].stopping;
        // S31: what a body returned before it failed does not count.
        let counts = matches!(end, End::Done(_)) || planted(Plant::FailedBodyReturns);
        let part = matches!(name.as_str(), "body" | "catch");
        if let (true, Work::Try(tried)) = (counts && part, &mut self.ops[op].work)
            && self.regions[region].returned.is_some()
        {
            tried.returned = self.regions[region].returned.take();
        }
        match (name.as_str(), end) {
            ("finally", End::Failed(failure)) => self.finish_scope(op, End::Failed(failure)),
            ("finally", _) => self.finish_scope(op, tried.outcome.unwrap_or(End::Cancelled)),
            ("body", End::Failed(failure)) if self.has_catch(op) && !stopping => {
                // S24: only where the try says so.
                let undoes = self.is_undone(op);
                let own = |sim: &Self, at| sim.is_within(at, region);
                let waiting = Waiting::Catch(op, failure.clone());
                if !(undoes && self.undo_within(&own, waiting)) {
                    self.caught(op, failure);
                }
            }
            (_, end) => {
                // It was cancelled before its outcome was known.
                let end = if stopping { End::Cancelled } else { end };
                let failed = !matches!(end, End::Done(_));
                if self.has_finally(op) && !(failed && planted(Plant::FinallyAfterSuccess)) {
                    if let Work::Try(tried) = &mut self.ops[op].work {
                        tried.outcome = Some(end);
                    }
                    self.enter(op, "finally", None);
                } else {
                    self.finish_scope(op, end);
                }
            }
        }
    }

    /// What the body did is undone, if it is.
    pub(super) fn caught(&mut self, op: OpId, failure: Failure) {
        self.enter(op, "catch", Some(failure));
    }

    /// S24, S28: what the losers did is undone before the race is left, but for those that are kept.
    pub(super) fn undo_losers(&mut self, op: OpId) {
        let Work::Race(race) = &self.ops[op].work else { return };
        let winner = race.winner.as_ref().map(|(name, _)| name.clone()).unwrap_or_default();
        let node = self.graph.nodes.get(&self.ops[op].node);
        let keep = node.and_then(|node| node.config.get("keep")).and_then(Value::as_array);
        let keep = keep.cloned().unwrap_or_default();
        let lost = |sim: &Self, at: RegionId| {
            let outer = |region: &RegionId| sim.regions[*region].outer;
            std::iter::successors(Some(at), outer).any(|region| {
                let region = &sim.regions[region];
                region.op == Some(op)
                    && region.name != winner
                    && !keep.iter().any(|kept| *kept == region.name)
            })
        };
        if !self.undo_within(&lost, Waiting::Race(op)) {
            self.leave_race(op);
        }
    }

    fn enter(&mut self, op: OpId, part: &str, caught: Option<Failure>) {
        let around = self.ops[op].clone();
        let region = self.open(&around, op, part, around.path.clone());
        self.regions[region].caught = caught;
        if let Work::Try(tried) = &mut self.ops[op].work {
            tried.region = region;
        }
    }

    pub(super) fn has_finally(&self, op: OpId) -> bool {
        self.graph.regions(&self.ops[op].node).iter().any(|region| region == "finally")
    }

    /// A catch may be nothing but its result.
    fn has_catch(&self, op: OpId) -> bool {
        let id = &self.ops[op].node;
        let result = self.graph.nodes.get(id).and_then(|node| node.result.get("catch"));
        result.is_some_and(|result| !result.is_null())
            || self.graph.regions(id).iter().any(|region| region == "catch")
    }
}
