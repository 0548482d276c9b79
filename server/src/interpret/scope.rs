//! A scope instance: the outcomes of its nodes, and the way outwards.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use flowcrate::{Context, Failure};
use flowcrate_codegen::check::NodeId;
use serde_json::Value;

use super::plan::{Plan, Triggered};

/// What became of a node that ran. A node without an outcome was skipped, or is not decided yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// The handle that it left by.
    pub(super) handle: String,
    /// `steps.<id>`.
    pub(super) output: Option<Value>,
    /// `errors.<id>`.
    pub(super) error: Option<Failure>,
}

impl Outcome {
    /// Left by `handle`, with or without a value.
    pub(super) fn left(handle: impl Into<String>, output: Option<Value>) -> Self {
        Self { handle: handle.into(), output, error: None }
    }

    /// Left by the default handle `out` with a value.
    pub(super) fn out(output: Value) -> Self {
        Self::left("out", Some(output))
    }
}

/// One instance of a scope: the top level, or an item of a loop. Cheap to clone.
#[derive(Clone)]
pub(super) struct Scope(Rc<Inner>);

struct Inner {
    plan: Arc<Plan>,
    ctx: Context,
    place: Place,
    outcomes: RefCell<BTreeMap<NodeId, Outcome>>,
}

enum Place {
    Root {
        triggered: Triggered,
        output: RefCell<Option<Value>>,
    },
    /// An item of a `for_each`, or an iteration of a `while` with its state.
    Item {
        parent: Scope,
        id: NodeId,
        item: Value,
        index: i64,
    },
    /// A branch of a race, or a part of a try; with what a try's body failed with, in its catch.
    Region {
        parent: Scope,
        id: NodeId,
        caught: Option<Failure>,
        /// What a return in it gave; the try hands it on where the part succeeded.
        returned: RefCell<Option<Value>>,
    },
}

impl Scope {
    /// The top level of a run.
    pub(super) fn root(plan: Arc<Plan>, ctx: Context, triggered: Triggered) -> Self {
        let outcomes = triggered.trigger.clone().map(|id| {
            let outcome = Outcome::out(triggered.payload.clone());
            (id, outcome)
        });
        let outcomes = RefCell::new(outcomes.into_iter().collect());
        let place = Place::Root { triggered, output: RefCell::new(None) };
        Self(Rc::new(Inner { plan, ctx, place, outcomes }))
    }

    /// One iteration of the loop `id`, with its item or state.
    pub(super) fn iteration(&self, ctx: Context, id: NodeId, item: Value, index: i64) -> Self {
        let place = Place::Item { parent: self.clone(), id, item, index };
        let plan = Arc::clone(&self.0.plan);
        Self(Rc::new(Inner { plan, ctx, place, outcomes: RefCell::default() }))
    }

    /// One region of the scope `id`.
    pub(super) fn region(&self, ctx: Context, id: NodeId, caught: Option<Failure>) -> Self {
        let place =
            Place::Region { parent: self.clone(), id, caught, returned: RefCell::default() };
        let plan = Arc::clone(&self.0.plan);
        Self(Rc::new(Inner { plan, ctx, place, outcomes: RefCell::default() }))
    }

    /// What the body of the try `id` failed with, in its catch.
    pub(super) fn caught(&self, id: &str) -> Option<&Failure> {
        match &self.0.place {
            Place::Root { .. } => None,
            Place::Region { id: own, caught, .. } if own.as_str() == id => caught.as_ref(),
            Place::Item { parent, .. } | Place::Region { parent, .. } => parent.caught(id),
        }
    }

    /// The compiled graph.
    pub(super) fn plan(&self) -> &Arc<Plan> {
        &self.0.plan
    }

    /// The engine's handle on this scope instance.
    pub(super) fn ctx(&self) -> &Context {
        &self.0.ctx
    }

    /// Decides a node that ran.
    pub(super) fn decide(&self, id: &NodeId, outcome: Outcome) {
        self.0.outcomes.borrow_mut().insert(id.clone(), outcome);
    }

    /// Reads the outcome of a node of this scope or of one around it.
    pub(super) fn outcome<T>(&self, id: &str, read: impl FnOnce(&Outcome) -> T) -> Option<T> {
        let mut scope = self;
        loop {
            if let Some(outcome) = scope.0.outcomes.borrow().get(id) {
                return Some(read(outcome));
            }
            match &scope.0.place {
                Place::Root { .. } => return None,
                Place::Item { parent, .. } | Place::Region { parent, .. } => scope = parent,
            }
        }
    }

    /// Which trigger started the run.
    pub(super) fn triggered(&self) -> &Triggered {
        match &self.0.place {
            Place::Root { triggered, .. } => triggered,
            Place::Item { parent, .. } | Place::Region { parent, .. } => parent.triggered(),
        }
    }

    /// Item or state, and index, of the loop `id` around this scope.
    pub(super) fn loop_state(&self, id: &str) -> Option<(&Value, i64)> {
        match &self.0.place {
            Place::Root { .. } => None,
            Place::Item { id: own, item, index, .. } if own.as_str() == id => Some((item, *index)),
            Place::Item { parent, .. } | Place::Region { parent, .. } => parent.loop_state(id),
        }
    }

    /// Sets the run's output, or what the part of a try returns (S31).
    pub(super) fn set_output(&self, value: Value) {
        match &self.0.place {
            Place::Root { output, .. } | Place::Region { returned: output, .. } => {
                drop(output.replace(Some(value)));
            }
            // No return stands in a loop.
            Place::Item { parent, .. } => parent.set_output(value),
        }
    }

    /// What the part of a try returned.
    pub(super) fn returned(&self) -> Option<Value> {
        match &self.0.place {
            Place::Region { returned, .. } => returned.borrow().clone(),
            Place::Root { .. } | Place::Item { .. } => None,
        }
    }

    /// The run's output; null where no return was reached.
    pub(super) fn output(&self) -> Value {
        match &self.0.place {
            Place::Root { output, .. } => output.borrow().clone().unwrap_or_default(),
            Place::Item { parent, .. } | Place::Region { parent, .. } => parent.output(),
        }
    }
}
