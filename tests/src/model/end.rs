//! Firing (S1 to S6), and how scope instances end (S21, S25).

use serde_json::Value;

use super::expr::{self, Stop};
use super::graph::Node;
use super::names::Place;
use super::plant::{Plant, planted};
use super::state::{End, Failure, Follows, Left, OpId, Phase, RegionId, Sim, State, Work};

impl Sim<'_> {
    /// Lets every live scope instance go on; whether anything happened.
    pub(super) fn advance_all(&mut self) -> bool {
        let mut happened = false;
        let mut regions: Vec<RegionId> = (0..self.regions.len()).collect();
        if !self.order.broad {
            regions.sort_by_cached_key(|region| self.turn(*region));
        }
        for region in regions {
            let stands = self.paused.is_some() || !self.unknown.is_empty();
            if self.regions[region].phase == Phase::Live && !stands {
                happened |= self.advance(region);
            }
            // What has just begun within has its turn.
            if happened && !self.order.broad {
                break;
            }
        }
        happened
    }

    /// Where a scope instance has its turn: what stands in it has its own before it goes on, and of
    /// two in one instance that which began first.
    fn turn(&self, region: RegionId) -> Vec<(usize, RegionId)> {
        let outer = |region: &RegionId| self.regions[*region].outer;
        let reversed = self.order.reversed && !self.order.by_program;
        let place = |region: RegionId| {
            let op = self.regions[region].op;
            let turn = op.map_or(0, |op| self.turn_of(&self.ops[op].node));
            (turn, if reversed { RegionId::MAX - region } else { region })
        };
        let mut around = vec![(usize::MAX, RegionId::MAX)];
        around.extend(std::iter::successors(Some(region), outer).map(place));
        around.reverse();
        around
    }

    /// Decides the nodes that can be decided (S2); ends the instance once all are.
    fn advance(&mut self, region: RegionId) -> bool {
        let open = |(id, state): (&String, &State)| (*state == State::Open).then(|| id.clone());
        let mut ids: Vec<String> = self.regions[region].nodes.iter().filter_map(open).collect();
        if self.order.by_program {
            ids.sort_by_key(|id| self.turn_of(id));
        } else if self.order.reversed {
            ids.reverse();
        }
        let mut happened = false;
        for id in ids {
            let Some(node) = self.graph.nodes.get(&id) else { continue };
            let Some(runs) = self.decision(region, node) else { continue };
            happened = true;
            if runs {
                self.start_node(region, node);
            } else {
                self.set(region, &id, State::Skipped);
            }
            if self.paused.is_some() || !self.unknown.is_empty() {
                return false;
            }
            if runs && !self.order.broad {
                return true;
            }
        }
        let decided = |state: &State| matches!(state, State::Left(_) | State::Skipped);
        let failing = !self.regions[region].failures.is_empty();
        if !failing && self.regions[region].nodes.values().all(decided) {
            self.conclude(region);
            return self.unknown.is_empty();
        }
        happened
    }

    /// S2: nothing while an incoming edge is not decided (S1), then whether the node runs.
    fn decision(&self, region: RegionId, node: &Node) -> Option<bool> {
        let mut live = 0;
        for (source, handle) in &node.incoming {
            match self.regions[region].nodes.get(source)? {
                // S3.
                State::Left(left) => live += usize::from(left.handle == *handle),
                State::Skipped => {}
                State::Open | State::Running(_) | State::Gone if planted(Plant::MergeEarly) => {}
                State::Open | State::Running(_) | State::Gone => return None,
            }
        }
        if planted(Plant::MergeEarly) && live == 0 && !node.incoming.is_empty() {
            let open = |(source, _): &(String, String)| {
                matches!(
                    self.regions[region].nodes.get(source),
                    Some(State::Left(_) | State::Skipped)
                )
            };
            return node.incoming.iter().all(open).then_some(false);
        }
        let needs_all = node.needs_all && !planted(Plant::AllIsAny);
        Some(if node.incoming.is_empty() || needs_all {
            live == node.incoming.len()
        } else {
            live > 0
        })
    }

    pub(super) fn set(&mut self, region: RegionId, id: &str, state: State) {
        self.regions[region].nodes.insert(id.to_owned(), state);
    }

    /// The node has come to its end: it leaves (S3), or its failure climbs (S21).
    pub(super) fn leave(
        &mut self,
        region: RegionId,
        id: &str,
        end: Result<(String, Value), Failure>,
    ) {
        let Some(node) = self.graph.nodes.get(id) else { return };
        let state = match end {
            Ok((handle, output)) => State::Left(Left { handle, output, error: None }),
            Err(failure)
                if node.wired.contains("error")
                    || (node.continues && !planted(Plant::ContinueFails)) =>
            {
                let wired = node.wired.contains("error");
                let handle = if wired { "error" } else { node.default_handle() };
                let (handle, output) = (handle.to_owned(), Value::Null);
                State::Left(Left { handle, output, error: Some(failure) })
            }
            Err(failure) => {
                self.regions[region].failures.push(failure);
                State::Gone
            }
        };
        self.set(region, id, state);
    }

    /// What follows at once from what happened last: whether anything did. What scopes come to is
    /// surfaced the last first.
    pub(super) fn follow(&mut self) -> bool {
        let stands = self.paused.is_some() || self.ended.is_some() || !self.unknown.is_empty();
        let Some(next) = self.follows.pop_front().filter(|_| !stands) else { return false };
        self.moves += u64::from(!self.is_head(&next));
        match next {
            Follows::Region(op, region, end) => self.region_ended(op, region, end),
            Follows::Finish(op, end) => self.finish(op, end),
        }
        true
    }

    /// Whether it is but another iteration.
    fn is_head(&self, next: &Follows) -> bool {
        match next {
            Follows::Region(op, ..) => matches!(self.ops[*op].work, Work::While { .. }),
            Follows::Finish(..) => false,
        }
    }

    /// A scope has come to its end: that is an outcome of its own.
    pub(super) fn finish_scope(&mut self, op: OpId, end: End) {
        if self.order.by_program && !self.ops[op].stopping {
            self.follows.push_front(Follows::Finish(op, end));
        } else {
            self.finish(op, end);
        }
    }

    /// An operation has come to its end.
    pub(super) fn finish(&mut self, op: OpId, end: End) {
        if std::mem::replace(&mut self.ops[op].over, true) {
            return;
        }
        let end = if self.ops[op].stopping { self.end_of_stopped(op, end) } else { end };
        let end = self.with_returned(op, end);
        if let Some(at) = self.undoes(op) {
            if matches!(end, End::Done(_)) {
                self.record(op, &end);
            }
            return self.undo_ended(at, end);
        }
        let end = self.with_undo(op, end);
        self.record(op, &end);
        if let (End::Cancelled, Work::Step(step)) = (&end, &self.ops[op].work)
            && step.runs
        {
            self.in_doubt(op);
            self.register_in_doubt(op);
        }
        let (region, id) = (self.ops[op].region, self.ops[op].node.clone());
        if self.ops[op].stopping || self.regions[region].phase != Phase::Live {
            self.set(region, &id, State::Gone);
            return self.come_to_rest(region);
        }
        match end {
            End::Done(output) => {
                let output = self.returning(op, output);
                let handle =
                    self.graph.nodes.get(&id).map_or("out", |node| node.left_with(&output));
                self.leave(region, &id, Ok((handle.to_owned(), output)));
            }
            End::Failed(failure) => self.leave(region, &id, Err(failure)),
            End::Cancelled => self.set(region, &id, State::Gone),
        }
    }

    /// S24: a step whose compensation has no input has failed, whatever it did.
    fn with_undo(&mut self, op: OpId, end: End) -> End {
        let (End::Done(output), Work::Step(step)) = (&end, &self.ops[op].work) else { return end };
        let (output, attempts) = (output.clone(), step.attempt);
        match self.register(op, &output) {
            Ok(()) => end,
            Err(Stop::Fails) => {
                let failure = Failure::expression(self.ops[op].path.clone());
                End::Failed(Failure { attempts, ..failure })
            }
            Err(Stop::Unknown(what)) => {
                self.unknown.push(what);
                end
            }
        }
    }

    /// A try that may return is recorded with what it returned.
    fn with_returned(&self, op: OpId, end: End) -> End {
        match (&self.ops[op].work, end) {
            (Work::Try(tried), End::Done(output)) if self.graph.returns(&self.ops[op].node) => {
                let returned = tried.returned.clone().unwrap_or_default();
                End::Done(Value::from(vec![output, returned]))
            }
            (_, end) => end,
        }
    }

    /// Hands what a try returned outwards (S31); its own output is what is left.
    fn returning(&mut self, op: OpId, output: Value) -> Value {
        let (region, id) = (self.ops[op].region, self.ops[op].node.clone());
        if !matches!(self.ops[op].work, Work::Try(_)) || !self.graph.returns(&id) {
            return output;
        }
        if let Work::Try(tried) = &mut self.ops[op].work
            && let Some(returned) = tried.returned.take()
        {
            self.regions[region].returned = Some(returned);
        }
        output.get(0).cloned().unwrap_or_default()
    }

    /// S22: an outcome within the grace time counts; all else is cancelled.
    fn end_of_stopped(&mut self, op: OpId, end: End) -> End {
        match (&self.ops[op].work, end) {
            // What a try had come to before it was cancelled stands; `finally` runs in any case, and
            // its failure takes the place of that (S23).
            (Work::Step(_) | Work::Try(_), end) => end,
            // A scope whose own failure comes while it is cancelled: either may be told.
            (_, End::Failed(failure)) => {
                self.doubt("a scope failed while it was cancelled");
                End::Failed(failure)
            }
            (_, _) => End::Cancelled,
        }
    }

    /// All nodes are decided: the result is evaluated (S25).
    fn conclude(&mut self, region: RegionId) {
        let Some(scope) = self.regions[region].scope.clone() else {
            return self.end(region, End::Done(Value::Null));
        };
        match self.result(region, &scope) {
            Ok(value) => self.end(region, End::Done(value)),
            Err(Stop::Fails) => {
                let failure = Failure::expression(self.path(region, &scope));
                self.regions[region].failures.push(failure);
            }
            Err(Stop::Unknown(what)) => self.unknown.push(what),
        }
    }

    fn result(&self, region: RegionId, scope: &str) -> Result<Value, Stop> {
        let name = &self.regions[region].name;
        let Some(node) = self.graph.nodes.get(scope) else { return Ok(Value::Null) };
        if name == "finally" {
            return Ok(Value::Null);
        }
        let given = if name.is_empty() { Some(&node.result) } else { node.result.get(name) };
        let place = Place { sim: self, region, element: None, state: None, own: None };
        if let Some(given) = given.filter(|given| !given.is_null()) {
            return expr::value(given, &place);
        }
        let members = self.graph.members(Some(scope), name);
        let sinks: Vec<&&Node> = members.iter().filter(|node| node.wired.is_empty()).collect();
        Ok(match sinks.as_slice() {
            [sink] => match self.regions[region].nodes.get(&sink.id) {
                Some(State::Left(left)) if left.error.is_none() => left.output.clone(),
                _ => Value::Null,
            },
            _ => Value::Null,
        })
    }

    /// A scope instance has come to its end.
    pub(super) fn end(&mut self, region: RegionId, end: End) {
        self.regions[region].phase = Phase::Ended;
        match self.regions[region].op {
            None => self.end_of_run(end),
            Some(op) if self.is_followed(op, &end) => {
                let next = Follows::Region(op, region, end);
                // One in which nothing happened lets all else have its turn first.
                if self.is_head(&next) && self.regions[region].moves == self.moves {
                    self.follows.push_back(next);
                } else {
                    self.follows.push_front(next);
                }
            }
            Some(op) => self.region_ended(op, region, end),
        }
    }

    /// Whether the end of a region of this scope is an outcome of its own: of an item, and of an
    /// iteration that another one may follow.
    fn is_followed(&self, op: OpId, end: &End) -> bool {
        let own = match &self.ops[op].work {
            Work::Each(_) => true,
            Work::While { .. } => matches!(end, End::Done(_)),
            _ => false,
        };
        own && self.order.by_program && !self.ops[op].stopping
    }

    /// What has failed or won at this instant takes effect; whether anything did.
    pub(super) fn resolve(&mut self) -> bool {
        let failed = |region: &RegionId| {
            let region = &self.regions[*region];
            region.phase == Phase::Live && !region.failures.is_empty()
        };
        let mut failing: Vec<RegionId> = (0..self.regions.len()).filter(failed).collect();
        if self.order.reversed && !self.order.by_program {
            failing.reverse();
        }
        let deepest = failing.into_iter().max_by_key(|region| self.regions[*region].depth);
        let won = self.deepest_win();
        match (deepest, won) {
            (Some(region), Some((op, depth))) if depth > self.regions[region].depth => {
                self.decide_race(op);
            }
            (Some(region), _) => self.fail(region),
            (None, Some((op, _))) => self.decide_race(op),
            (None, None) => return false,
        }
        true
    }

    /// S22: the failure of a scope cancels whatever is in flight in it.
    fn fail(&mut self, region: RegionId) {
        let failures = std::mem::take(&mut self.regions[region].failures);
        let Some(failure) = failures.first().cloned() else { return };
        if failures.len() > 1 {
            self.tie("several failures at once");
        }
        // What answers at the instant at which its scope fails may not have come to that.
        if self.answered == Some(self.now) {
            self.doubt_of_turns("an answer and a failure at once");
        }
        self.regions[region].phase = Phase::Failing(failure);
        self.cancel_all(region);
        self.come_to_rest(region);
    }

    /// The operations of a scope instance that are under way.
    pub(super) fn in_flight(&self, region: RegionId) -> Vec<OpId> {
        let nodes = self.regions[region].nodes.values();
        let running = nodes.filter_map(|state| match state {
            State::Running(op) => Some(*op),
            _ => None,
        });
        let mut running: Vec<OpId> = running.filter(|op| !self.ops[*op].over).collect();
        running.sort_by_key(|op| self.turn_of(&self.ops[*op].node));
        running
    }

    /// A failed or cancelled instance ends with the last of what is in flight.
    pub(super) fn come_to_rest(&mut self, region: RegionId) {
        if !self.in_flight(region).is_empty() {
            return;
        }
        match self.regions[region].phase.clone() {
            Phase::Failing(failure) => self.end(region, End::Failed(failure)),
            Phase::Cancelled => self.end(region, End::Cancelled),
            Phase::Live | Phase::Ended => {}
        }
    }

    /// Whether something begins with what happens now, so that nothing of it has been done yet.
    pub(super) fn begins(&self, op: OpId) -> bool {
        self.ops[op].round == self.round
    }
}
