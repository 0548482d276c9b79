//! The checked graph: what `check` gives, `lower` reads. Every expression is typed.
//!
//! [`check_source`] goes from bytes to [`Checked`]; the stage itself walks the nodes once, in
//! topological order, deciding guards and types as it goes (`stage`).

mod assemble;
mod callees;
mod dropped;
mod flow;
pub(crate) mod guards;
pub mod kinds;
mod limit;
mod names;
mod per_node;
mod policy;
mod returns;
mod settings;
mod site;
mod source;
mod stage;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flowcrate::Policy;
use flowcrate::types::{Field, RecordType, Type};
use serde_json::Value;

use crate::expr::Expr;

pub use crate::graph::NodeId;
pub(crate) use assemble::expressions;
pub use limit::{Limit, Rate};
pub(crate) use source::guards_of_source;
pub use source::{NodeTypes, Report, check_source, check_source_types};

/// A graph that passed every check.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The workflow's name, a slug: `order-intake`.
    pub name: String,
    /// The document's description.
    pub description: String,
    /// All nodes of every scope but notes and unreachable ones, by id.
    pub nodes: BTreeMap<NodeId, Node>,
    /// The top-level scope.
    pub root: Scope,
    /// What starts a run (S30): the one trigger's payload; where there are several, a record with
    /// an optional field for each trigger's payload, of which a run has exactly one.
    pub input: Type,
    /// Type of the run's output (S31); null where nothing returns.
    pub output: Type,
    /// How many of its runs may be at work at a time, and begin in one (R24).
    pub limit: Option<Limit>,
    /// Hash of the canonical meaning (S39), lower-case hex.
    pub revision: String,
    /// The workflows that its nodes call (S35), by name.
    pub callees: BTreeMap<String, Arc<Checked>>,
    /// An input for generated tests: the pinned `config.sample` of the trigger, or
    /// `{"<id>": sample}` where there are several triggers (the first with a sample).
    pub sample_input: Option<Sample>,
    /// What the payloads of triggers must be beyond their types: the parts of their schemas that
    /// [`meets`](flowcrate::types::meets) asks, before a run starts.
    pub constraints: BTreeMap<NodeId, Value>,
    /// What is asked of the payloads of events beyond their types, by their names, answers to
    /// approvals among them; nothing of those whose types say all.
    pub events: BTreeMap<String, AskedEvent>,
    /// Transforms that change nothing, since nothing reads their value and they cannot fail
    /// (S37: they are not recorded either). A back end may leave them out; what they read is not
    /// read on their account.
    pub dropped: BTreeSet<NodeId>,
}

/// The nodes and edges of one scope instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// Ids in topological order; ties break on id.
    pub nodes: Vec<NodeId>,
    /// The edges, sorted by source, handle, target; each pair of ends once.
    pub edges: Vec<Edge>,
    /// What the scope gives to the outside (S25); `None` at top level.
    pub result: Option<Expr>,
}

/// An edge within one scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Where it starts.
    pub source: NodeId,
    /// The output handle that it leaves by; the default handle is `out`.
    pub handle: String,
    /// Where it ends.
    pub target: NodeId,
}

/// A checked node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// What the canvas shows; any text.
    pub label: String,
    /// Its note for the doc comment; any text.
    pub description: String,
    /// `http.request@1`.
    pub kind: String,
    /// The scope that holds it; `None` at top level.
    pub parent: Option<NodeId>,
    /// In which of that scope's regions; empty in one without regions, and at top level.
    pub region: String,
    /// Whether all incoming edges must be live, or any.
    pub join: JoinRule,
    /// S14: does not run, leaves by its default handle.
    pub disabled: bool,
    /// Output handles with an edge (`out`, `true`, `error`, a case's name, …).
    pub wired: Vec<String>,
    /// `on_error: continue`.
    pub continue_on_error: bool,
    /// Nodes whose outputs or errors it reads, sorted. For a loop also those outer nodes that its
    /// items and inner nodes read, since the loop's body captures them.
    pub reads: Vec<NodeId>,
    /// Whether guard analysis proves that it always runs once its scope instance starts.
    pub always_runs: bool,
    /// Type of `steps.<id>` where it left by a non-error handle; `None` where it has no value.
    pub output: Option<Type>,
    /// What it does.
    pub body: Body,
}

/// S2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JoinRule {
    /// Runs if any incoming edge is live.
    #[default]
    Any,
    /// Runs only if all incoming edges are live.
    All,
}

/// What a node does.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `manual@1`; the payload is the node's output.
    Manual,
    /// `webhook@1`.
    Webhook {
        /// The last part of `/hooks/{path}`.
        path: String,
    },
    /// `schedule@1`.
    Schedule {
        /// Five fields.
        cron: String,
        /// IANA name; `UTC` by default.
        timezone: String,
    },
    /// `condition@1`: leaves by `true` or `false`.
    Condition {
        /// Of type bool.
        condition: Expr,
    },
    /// `switch@1`: leaves by the first case that holds, else by `default`.
    Switch {
        /// In order.
        cases: Vec<Case>,
        /// Whether each value of an enum has its case: none is left for `default`.
        exhausted: bool,
    },
    /// `for_each@1`.
    ForEach {
        /// Of type list.
        items: Expr,
        /// Items in flight at once; at least 1.
        concurrency: u32,
        /// S26.
        on_item_error: OnItemError,
        /// What runs for each item.
        body: Scope,
    },
    /// `while@1`.
    While {
        /// The first state.
        init: Expr,
        /// Of type bool: whether another iteration follows on a state.
        condition: Expr,
        /// With more iterations the loop fails; 0 only of a loop that never runs.
        max_iterations: Option<u64>,
        /// What runs in each iteration; its result is the next state.
        body: Scope,
    },
    /// `race@1`: its output is a record of the winner's name and, under it, the winner's result.
    Race {
        /// Sorted by name; at least one.
        branches: Vec<Branch>,
    },
    /// `try@1`.
    Try {
        /// Whether a failure of the body is compensated before it is caught (S24).
        compensate: bool,
        /// What may fail; its result has the type of the output.
        body: Scope,
        /// What is done where the body fails; its result has the type of the output.
        catch: Option<Scope>,
        /// What is done in any case.
        finally: Option<Scope>,
        /// Whether a run may return from within the body or the catch (S31).
        returns: bool,
    },
    /// `transform@1`: pure, recomputed.
    Transform {
        /// The node's output.
        value: Expr,
    },
    /// A plugin's action.
    Action {
        /// A record of the action's input type.
        input: Expr,
        /// When to try again.
        policy: Policy,
        /// The type that `config.response` declares for the generic output field.
        generic: Option<Type>,
        /// What undoes it.
        undo: Option<Compensation>,
        /// S36: a person writes what the step does.
        overridden: bool,
    },
    /// `custom@1`: a function that a person writes.
    Custom {
        /// A record.
        input: Expr,
        /// When to try again.
        policy: Policy,
        /// What undoes it.
        undo: Option<Compensation>,
    },
    /// `wait@1`.
    Wait {
        /// How long, or until when.
        until: WaitUntil,
    },
    /// `wait_event@1`: leaves by `out`, or by `timeout` where one is set.
    WaitEvent {
        /// The event's name.
        event: String,
        /// Of type string; matches the sender's key.
        key: Option<Expr>,
        /// Of type duration.
        timeout: Option<Expr>,
        /// The payload's type.
        payload: Type,
    },
    /// `approval@1`: leaves by `approved` or `rejected`, or by `timeout` where one is set.
    Approval(Approval),
    /// `call_workflow@1`: runs another workflow and waits for its output.
    CallWorkflow(Call),
    /// `start_workflow@1`: starts another workflow; its output is the run's id.
    StartWorkflow(Call),
    /// `return@1`.
    Return {
        /// The run's output, widened to [`Checked::output`].
        value: Expr,
    },
    /// `respond@1`.
    Respond {
        /// What the caller is answered.
        value: Expr,
    },
    /// `fail@1`.
    Fail {
        /// Of type string.
        code: Expr,
        /// Of type string.
        message: Expr,
    },
}

impl Body {
    /// What a scope holds, by region; a loop has one region, without a name. Empty of a node that
    /// is no scope.
    pub fn scopes(&self) -> Vec<(&str, &Scope)> {
        match self {
            Self::ForEach { body, .. } | Self::While { body, .. } => vec![("", body)],
            Self::Race { branches } => {
                branches.iter().map(|branch| (branch.name.as_str(), &branch.body)).collect()
            }
            Self::Try { body, catch, finally, .. } => {
                let catch = catch.as_ref().map(|catch| ("catch", catch));
                let finally = finally.as_ref().map(|finally| ("finally", finally));
                [("body", body)].into_iter().chain(catch).chain(finally).collect()
            }
            Self::Manual
            | Self::Webhook { .. }
            | Self::Schedule { .. }
            | Self::Condition { .. }
            | Self::Switch { .. }
            | Self::Transform { .. }
            | Self::Action { .. }
            | Self::Custom { .. }
            | Self::Wait { .. }
            | Self::WaitEvent { .. }
            | Self::Approval(_)
            | Self::CallWorkflow(_)
            | Self::StartWorkflow(_)
            | Self::Return { .. }
            | Self::Respond { .. }
            | Self::Fail { .. } => Vec::new(),
        }
    }

    /// What a step is given.
    pub fn step_input(&self) -> Option<&Expr> {
        match self {
            Self::Action { input, .. } | Self::Custom { input, .. } => Some(input),
            _ => None,
        }
    }

    /// What undoes it.
    pub fn undo(&self) -> Option<&Compensation> {
        match self {
            Self::Action { undo, .. } | Self::Custom { undo, .. } => undo.as_ref(),
            _ => None,
        }
    }

    /// Name and payload of the event that it waits for, of whatever kind it is.
    pub fn event(&self) -> Option<(&str, &Type)> {
        match self {
            Self::WaitEvent { event, payload, .. } => Some((event, payload)),
            Self::Approval(Approval { event, verdict, .. }) => Some((event, verdict)),
            _ => None,
        }
    }

    /// Whether it waits for an event, and leaves by `timeout` where none came in time.
    pub fn times_out(&self) -> bool {
        match self {
            Self::WaitEvent { timeout, .. } => timeout.is_some(),
            Self::Approval(approval) => approval.timeout.is_some(),
            _ => false,
        }
    }
}

/// What undoes a step (S24): a step itself, whose expressions see what that one saw, and its
/// output.
#[derive(Clone, Debug, PartialEq)]
pub struct Compensation {
    /// An action or a `custom@1` that stands in no scope; its id is that of the step with
    /// [`UNDO_SUFFIX`], which no node of a graph can have.
    pub node: Box<Node>,
    /// `in_doubt: compensate`: also where nobody knows whether the step took effect. Then there
    /// is no output.
    pub in_doubt: bool,
}

/// What the id of a compensation adds to that of the step, as its path does.
pub const UNDO_SUFFIX: &str = "!undo";

/// What an `approval@1` asks of whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// The name of the event by which the answer comes.
    pub event: String,
    /// Of type string; matches the sender's key.
    pub key: Option<Expr>,
    /// Of type `list<string>`: who may answer.
    pub assignees: Option<Expr>,
    /// The form that is shown to them, by name.
    pub form: Option<String>,
    /// Of type duration.
    pub timeout: Option<Expr>,
    /// The payload's type: [`verdict_type`] of what the form holds.
    pub verdict: Type,
}

impl Node {
    /// Whether a person writes what the step does (S36).
    pub fn is_written(&self) -> bool {
        matches!(self.body, Body::Custom { .. }) || self.is_overridden()
    }

    /// Whether a person writes what the action does in the exported crate.
    pub fn is_overridden(&self) -> bool {
        matches!(self.body, Body::Action { overridden: true, .. })
    }
}

/// A run of another workflow (S35).
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its name.
    pub workflow: String,
    /// The trigger that starts the run, where the workflow has several.
    pub trigger: Option<NodeId>,
    /// The trigger's payload.
    pub input: Expr,
}

/// One branch of a race.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Its region.
    pub name: String,
    /// Whether its effects stay where it loses: its compensations do not run.
    pub keep: bool,
    /// What it runs; its result is the race's output where it wins.
    pub body: Scope,
}

/// One case of a switch.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The handle's name.
    pub handle: String,
    /// Of type bool.
    pub when: Expr,
}

/// S26.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnItemError {
    /// The first failed item fails the loop.
    #[default]
    Fail,
    /// Failed items are left out.
    Skip,
    /// Each item gives `{index, value?, error?}`.
    Collect,
}

/// How long a `wait@1` waits.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitUntil {
    /// Of type duration.
    Duration(Expr),
    /// Of type timestamp.
    Instant(Expr),
}

impl Checked {
    /// All workflows that it calls, directly or through others, by name.
    pub fn all_callees(&self) -> BTreeMap<&str, &Checked> {
        let mut all = BTreeMap::new();
        let mut open: Vec<&Checked> = vec![self];
        while let Some(caller) = open.pop() {
            for (name, callee) in &caller.callees {
                if all.insert(name.as_str(), callee.as_ref()).is_none() {
                    open.push(callee);
                }
            }
        }
        all
    }
}

/// What is asked of an event's payload beyond its type.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedEvent {
    /// A JSON Schema for [`meets`](flowcrate::types::meets), before the event is taken.
    pub schema: Value,
    /// A payload for generated tests, where one is pinned.
    pub sample: Option<Sample>,
}

/// A pinned sample, for generated tests.
pub type Sample = Value;

/// The type of the answer to an approval, of what its form holds (S34).
pub fn verdict_type(form: Type) -> Type {
    let field = |name: &str, ty| (name.to_owned(), Field { ty, doc: None });
    let fields = BTreeMap::from([
        field("approved", Type::Bool),
        field("form", form),
        field("by", Type::String.optional()),
    ]);
    Type::Record(RecordType { name: Some("Verdict".to_owned()), fields, closed: false }.into())
}

/// The type of `errors.<id>` (S7).
pub fn failure_type() -> Type {
    let field = |name: &str, ty| (name.to_owned(), Field { ty, doc: None });
    let fields = BTreeMap::from([
        field("code", Type::String),
        field("message", Type::String),
        field("attempts", Type::Int),
        field("path", Type::String),
    ]);
    Type::Record(RecordType { name: Some("Failure".to_owned()), fields, closed: false }.into())
}
