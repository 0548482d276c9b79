//! Several nodes that belong together, where chance alone would hardly ever bring them together.

use serde_json::json;

use super::graph::{Made, Maker, Placed, Within};

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
