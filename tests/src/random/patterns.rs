//! Several nodes that belong together, where chance alone would hardly ever bring them together.

use serde_json::json;

use super::graph::{Made, Maker, Placed, Within};
use super::types::Ty;

impl Maker<'_> {
    /// Two waits for one event, the second of which begins later (S33).
    pub(super) fn two_waits(&mut self, placed: &mut Vec<Placed>, within: &Within) {
        let Some(last) = placed.len().checked_sub(1) else { return };
        let Some(handle) = placed.get(last).and_then(|node| node.handles.first().cloned()) else {
            return;
        };
        self.budget = self.budget.saturating_sub(3);
        let event = format!("event{}", 8 + self.rng.below(2));
        self.events.insert(event.clone(), false);
        let schema = json!({
            "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } },
        });
        let wait = |timeout: u64| {
            json!({
                "kind": "wait_event@1",
                "config": { "event": event, "schema": schema },
                "inputs": { "timeout": format!("{timeout}ms") },
            })
        };
        let rest = self.rng.between(1, 400);
        let nap = json!({ "kind": "wait@1", "inputs": { "duration": format!("{rest}ms") } });
        let (first, second) =
            (wait(self.rng.between(9_000, 40_000)), wait(self.rng.between(9_000, 40_000)));
        let handles = ["out", "timeout"].map(str::to_owned).to_vec();
        self.put(placed, within, (first, handles.clone()), vec![(last, handle.clone())]);
        self.put(placed, within, (nap, vec!["out".to_owned()]), vec![(last, handle)]);
        let nap = placed.len() - 1;
        self.put(placed, within, (second, handles), vec![(nap, "out".to_owned())]);
    }

    /// A node that gives nothing, behind these.
    fn put(
        &mut self,
        placed: &mut Vec<Placed>,
        within: &Within,
        (data, handles): (serde_json::Value, Vec<String>),
        preds: Vec<(usize, String)>,
    ) {
        let id = self.id();
        self.place(&id, data, within);
        self.connect(placed, &id, &preds);
        placed.push(Placed { id, handles, preds, ..Placed::default() });
    }

    /// A drawing that no joins make (S5), one of whose nodes fails beside two that tidy up or are
    /// undone: what is left of them ends in the program's order, whoever waits for whom (S22).
    pub(super) fn crossing(&mut self, placed: &mut Vec<Placed>, within: &Within) {
        let Some(last) = placed.len().checked_sub(1) else { return };
        let Some(handle) = placed.get(last).and_then(|node| node.handles.first().cloned()) else {
            return;
        };
        self.budget = self.budget.saturating_sub(6);
        let event = format!("event{}", 8 + self.rng.below(2));
        self.events.insert(event.clone(), false);
        let (out, from) = (|at: usize| (at, "out".to_owned()), vec![(last, handle)]);
        self.tidy(placed, within, &event, from.clone());
        let first = placed.len() - 1;
        self.nap(placed, within, from);
        let nap = placed.len() - 1;
        self.tidy(placed, within, &event, vec![out(nap)]);
        self.nap(placed, within, vec![out(nap)]);
        let pause = vec![out(placed.len() - 1)];
        if self.rng.percent(70) {
            let names = self.names(placed, &pause, false, within);
            let made = self.failure(&names);
            self.put(placed, within, (made.data, made.rest.handles), pause);
        }
        self.nap(placed, within, vec![out(first), out(nap)]);
    }

    /// A wait that ends soon.
    fn nap(&mut self, placed: &mut Vec<Placed>, within: &Within, preds: Vec<(usize, String)>) {
        let rest = self.rng.between(1, 900);
        let nap = json!({ "kind": "wait@1", "inputs": { "duration": format!("{rest}ms") } });
        self.put(placed, within, (nap, vec!["out".to_owned()]), preds);
    }

    /// What is not done when it is given up: a try that waits for an event in the end, or a step that
    /// is undone.
    fn tidy(
        &mut self,
        placed: &mut Vec<Placed>,
        within: &Within,
        event: &str,
        preds: Vec<(usize, String)>,
    ) {
        let names = self.names(placed, &preds, false, within);
        if self.rng.percent(35) {
            let id = self.id();
            let inputs = json!({ "count": self.value_of(&Ty::Int, &names) });
            let mut data = json!({
                "kind": "scripted.call@1", "inputs": inputs, "policy": self.policy(),
            });
            self.undoable(&id, &mut data, &names, &Ty::said());
            self.place(&id, data, within);
            self.connect(placed, &id, &preds);
            let (handles, gives) = (vec!["out".to_owned()], Some(Ty::said()));
            placed.push(Placed { id, handles, gives, preds, ..Placed::default() });
            return;
        }
        let guarded = json!({ "kind": "try@1", "result": { "body": "{{ 1 }}" } });
        self.put(placed, within, (guarded, vec!["out".to_owned()]), preds);
        let Some(scope) = placed.last().map(|node| node.id.clone()) else { return };
        let schema = json!({
            "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } },
        });
        let (hold, most) = (self.rng.between(500, 20_000), self.rng.between(9_000, 40_000));
        let hold = json!({ "kind": "wait@1", "inputs": { "duration": format!("{hold}ms") } });
        let sweep = json!({
            "kind": "wait_event@1",
            "config": { "event": event, "schema": schema },
            "inputs": { "timeout": format!("{most}ms") },
        });
        for (region, data) in [("body", hold), ("finally", sweep)] {
            let scope = Some((scope.clone(), region.to_owned()));
            let id = self.id();
            self.place(&id, data, &Within { scope, ..within.clone() });
        }
    }

    /// So many branches that a join of them nests in emitted code, some of which fail and some of
    /// which are left to unwind.
    pub(super) fn wide(&mut self, placed: &mut Vec<Placed>, within: &Within) {
        let Some(last) = placed.len().checked_sub(1) else { return };
        let Some(handle) = placed.get(last).and_then(|node| node.handles.first().cloned()) else {
            return;
        };
        self.budget = self.budget.saturating_sub(8);
        for _ in 0..self.rng.between(13, 15) {
            let preds = vec![(last, handle.clone())];
            let names = self.names(placed, &preds, false, within);
            let id = self.id();
            let made = match self.rng.below(10) {
                0..6 => self.wait(&names, within),
                6 => self.action(&id, &names),
                7 => self.failure(&names),
                _ => self.try_scope(&id, &names, within),
            };
            self.place(&id, made.data, within);
            self.connect(placed, &id, &preds);
            let Made { handles, gives, fails_over, continues } = made.rest;
            placed.push(Placed { id, handles, gives, fails_over, continues, preds, all: false });
        }
    }

    /// What is no part of the workflow: a note, and what no path leads to (S4).
    pub(super) fn asides(&mut self, placed: &[Placed]) {
        if self.rng.percent(30) {
            let id = self.id();
            let data = json!({ "kind": "note@1", "description": "{{ not an expression" });
            self.place(&id, data, &Within::default());
        }
        if self.rng.percent(20) {
            let (one, other) = (self.id(), self.id());
            let aside = json!({ "kind": "wait@1", "inputs": { "duration": "1s" } });
            self.place(&one, aside.clone(), &Within::default());
            self.place(&other, aside, &Within::default());
            let edge = |source: &str, target: &str, number: usize| json!({ "id": format!("e{number}"), "source": source, "target": target });
            self.edges.push(edge(&one, &other, self.edges.len()));
            // Its edges are no part of it, either.
            let target = placed.iter().rev().find(|node| !node.preds.is_empty() && !node.all);
            if let Some(target) = target.filter(|_| self.rng.percent(60)) {
                self.edges.push(edge(&other, &target.id, self.edges.len()));
            }
        }
    }
}
