//! The IR: structured control flow over typed nodes, read by the emitter and the interpreter.
//!
//! The IR says *when* nodes run; what a node does stays in [`Checked`](crate::check::Checked).
//! A back end walks a [`Block`] and keeps, per scope instance, the outcome of each node that was
//! decided: the handle by which it left (none: it was skipped), its output, its failure.
//!
//! Rules for a back end, so that S1 to S5 hold by construction:
//! - Statements of a block run one after the other. A node that no statement reached is skipped:
//!   all its edges are dead.
//! - The triggers are decided before the first statement: the one that started the run left by
//!   `out` with the payload as its output, the others were skipped.
//! - [`Stmt::Run`] runs the node and decides it. A failure leaves by `error` where that handle is
//!   wired, else by the default handle with neither output under `on_error: continue`, else it
//!   leaves the block (S21). A disabled node does nothing and leaves by its default handle (S14).
//! - Whatever runs concurrently ([`Stmt::Join`], [`Stmt::Tasks`]) stops at its first failure; the
//!   failure leaves the statement and the rest is dropped.
//! - `return@1` decides the run's output and ends nothing (S31). Within a try it decides what the try
//!   returns: with the try's own output that is what the try leaves behind, and where its region
//!   fails it is forgotten.

pub(crate) mod bits;
mod text;
mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate::types::Type;

use crate::check::{Body, NodeId};

pub use verify::verify;

/// A workflow with its control flow made explicit.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// A slug: `order-intake`.
    pub name: String,
    /// What it is for; any text.
    pub description: String,
    /// Hash of its meaning (S39).
    pub revision: String,
    /// The triggers, sorted; at least one. No block runs them.
    pub triggers: Vec<NodeId>,
    /// What starts a run (S30): the payload, or `{"<trigger id>": payload}` for several triggers.
    pub input: Type,
    /// What a run gives (S31).
    pub output: Type,
    /// The events that runs wait for, sorted by name, each once (S33).
    pub events: Vec<Event>,
    /// All workflows that it calls, directly or through others, by name; empty of each of these.
    pub callees: BTreeMap<String, Arc<Workflow>>,
    /// The top-level scope.
    pub body: Block,
    /// The body of each scope at any depth, region by region. Its result is in `Checked`.
    pub scopes: BTreeMap<Region, Block>,
}

/// A region of a scope: a race's branch, a part of a try, or a loop's body, which has no name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// The scope.
    pub scope: NodeId,
    /// The region's name; empty for a loop's body.
    pub name: String,
}

impl Region {
    /// A region of a scope.
    pub fn new(scope: &NodeId, name: &str) -> Self {
        Self { scope: scope.clone(), name: name.to_owned() }
    }
}

/// An event that a workflow declares.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The payload's type.
    pub payload: Type,
}

/// Statements, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block(pub Vec<Stmt>);

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stmt {
    /// Runs a node, whatever its kind, and decides it.
    Run(NodeId),
    /// Goes by the handle that an earlier node left by.
    Branch(Branch),
    /// Runs its block where a condition over earlier nodes holds: a merge that is reached from
    /// some arms, but not from all.
    When(When),
    /// Runs blocks concurrently, until all are done.
    Join(Join),
    /// Runs a graph that is not series-parallel: each task as soon as those that it follows are
    /// done.
    Tasks(Tasks),
}

/// Goes by the handle that a node left by; a handle without an arm does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Whose handle decides.
    pub on: Subject,
    /// At most one arm per handle, in the order of the node's handles.
    pub arms: Vec<Arm>,
    /// What later statements use from within.
    pub exports: Vec<Export>,
}

/// What a branch goes by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The handle that this node left by. The node ran: a branch stands only where it did.
    Node(NodeId),
    /// The trigger that started the run; an arm's handle is the trigger's id.
    Trigger,
}

/// An arm of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// The handle (the trigger's id for [`Subject::Trigger`]).
    pub handle: String,
    /// What runs.
    pub block: Block,
}

/// Runs a block where a condition over earlier nodes holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The condition.
    pub live: Live,
    /// What runs.
    pub block: Block,
    /// What later statements use from within.
    pub exports: Vec<Export>,
}

/// Runs blocks concurrently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// At least two; none uses another's nodes.
    pub blocks: Vec<Block>,
    /// What later statements use from within.
    pub exports: Vec<Export>,
}

/// A graph of tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// In topological order.
    pub tasks: Vec<Task>,
    /// What later statements use from within.
    pub exports: Vec<Export>,
}

/// One task of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Indices of the earlier tasks that must be done (or found not live) first, sorted.
    pub after: Vec<usize>,
    /// Whether it runs at all, decided when those are done.
    pub live: Live,
    /// What it runs.
    pub block: Block,
    /// What other tasks or later statements use from within; `optional` counts for the block
    /// itself. A reader takes all of it as optional where the task may not be live.
    pub exports: Vec<Export>,
}

/// A condition over nodes that are decided (S1, S2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Live {
    /// Always.
    Always,
    /// The node ran and left by this handle. A trigger that started the run left by `out`.
    Left {
        /// The node.
        node: NodeId,
        /// Its handle.
        handle: String,
    },
    /// Any of these.
    Any(Vec<Live>),
    /// All of these.
    All(Vec<Live>),
}

/// Something decided within a statement that later statements use. The interpreter, which keeps
/// all outcomes, needs none of this; the emitter binds variables by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Export {
    /// The node.
    pub node: NodeId,
    /// What of it.
    pub part: Part,
    /// Whether it may be absent once the statement is done.
    pub optional: bool,
}

/// A part of a node's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `steps.<id>`; the run's output for a `return@1`.
    Output,
    /// `errors.<id>`.
    Error,
    /// The handle that it left by.
    Handle,
    /// The run's output, where a try returned from within.
    Returned,
}

/// The handle by which a disabled node, or one that failed under `on_error: continue`, leaves.
pub fn default_handle(body: &Body) -> &'static str {
    match body {
        Body::Condition { .. } => "true",
        Body::Approval(_) => "approved",
        Body::Switch { .. } => "default",
        Body::Manual
        | Body::Webhook { .. }
        | Body::Schedule { .. }
        | Body::ForEach { .. }
        | Body::While { .. }
        | Body::Race { .. }
        | Body::Try { .. }
        | Body::Transform { .. }
        | Body::Action { .. }
        | Body::Custom { .. }
        | Body::Wait { .. }
        | Body::Respond { .. }
        | Body::WaitEvent { .. }
        | Body::CallWorkflow(_)
        | Body::StartWorkflow(_)
        | Body::Return { .. }
        | Body::Fail { .. } => "out",
    }
}
