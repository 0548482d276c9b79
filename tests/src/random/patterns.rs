//! Several nodes that belong together, where chance alone would hardly ever bring them together.

use serde_json::json;

use super::graph::{Maker, Placed, Within};

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
}
