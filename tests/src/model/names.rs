//! Names (S16), looked up from a place in the run.

use serde_json::Value;

use super::expr::Env;
use super::state::{RegionId, Sim, State};

/// A place in the run.
pub(super) struct Place<'a, 'g> {
    pub(super) sim: &'a Sim<'g>,
    pub(super) region: RegionId,
    /// `item`, while an input over the elements of a list is evaluated.
    pub(super) element: Option<Value>,
    /// A loop whose state is looked at before an iteration.
    pub(super) state: Option<(&'a str, Value)>,
    /// A step whose output is seen before it has left (S24).
    pub(super) own: Option<(&'a str, Value)>,
}

impl Env for Place<'_, '_> {
    fn name(&self, path: &[String]) -> Option<(Value, usize)> {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["trigger", ..] => Some((self.sim.payload.clone(), 1)),
            ["triggers", id, ..] if *id == self.sim.started_by => {
                Some((self.sim.payload.clone(), 2))
            }
            ["triggers", _, ..] => Some((Value::Null, 2)),
            ["steps", id, ..] => Some((self.output(id), 2)),
            ["errors", id, ..] => Some((self.error(id), 2)),
            ["item", ..] => {
                let item = self.element.clone().or_else(|| Some(self.nearest(false)?.0));
                item.map(|item| (item, 1))
            }
            ["run", "started_at", ..] => Some(("1970-01-01T00:00:00.000Z".into(), 2)),
            ["index", ..] => self.nearest(true).map(|(_, index)| (index.into(), 1)),
            ["loops", id, "index", ..] => Some((self.of_loop(id)?.1.into(), 3)),
            ["loops", id, "item" | "state", ..] => match &self.state {
                Some((own, state)) if own == id => Some((state.clone(), 3)),
                _ => Some((self.of_loop(id)?.0, 3)),
            },
            _ => None,
        }
    }
}

impl Place<'_, '_> {
    /// The scope instances around, the nearest first.
    fn around(&self) -> impl Iterator<Item = RegionId> {
        let outer = |region: &RegionId| self.sim.regions[*region].outer;
        std::iter::successors(Some(self.region), outer)
    }

    fn state(&self, id: &str) -> Option<&State> {
        self.around().find_map(|region| self.sim.regions[region].nodes.get(id))
    }

    /// S7: where it left by a handle that is not `error`.
    fn output(&self, id: &str) -> Value {
        if let Some((own, output)) = &self.own
            && *own == id
        {
            return output.clone();
        }
        match self.state(id) {
            Some(State::Left(left)) if left.error.is_none() => left.output.clone(),
            _ => Value::Null,
        }
    }

    /// S7, and S23: in a catch, what the body failed with.
    fn error(&self, id: &str) -> Value {
        let caught = self.around().find_map(|region| {
            let region = &self.sim.regions[region];
            region.caught.as_ref().filter(|_| region.scope.as_deref() == Some(id))
        });
        let failure = caught.or_else(|| match self.state(id) {
            Some(State::Left(left)) => left.error.as_ref(),
            _ => None,
        });
        failure.map(super::state::Failure::value).unwrap_or_default()
    }

    /// `item` is that of the nearest `for_each`, `index` that of the nearest loop.
    fn nearest(&self, any_loop: bool) -> Option<(Value, i64)> {
        self.around().find_map(|region| {
            let region = &self.sim.regions[region];
            let kind = self.sim.graph.nodes.get(region.scope.as_deref()?)?.kind.as_str();
            let counts = any_loop || kind == "for_each@1";
            region.bound.clone().filter(|_| counts)
        })
    }

    fn of_loop(&self, id: &str) -> Option<(Value, i64)> {
        self.around().find_map(|region| {
            let region = &self.sim.regions[region];
            region.bound.clone().filter(|_| region.scope.as_deref() == Some(id))
        })
    }
}
