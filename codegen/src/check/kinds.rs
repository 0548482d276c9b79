//! The kinds: one file each, with its handles and what it checks.

mod action;
mod aggregate;
pub(super) mod approval;
mod call_workflow;
mod callee;
pub(super) mod compensate;
mod condition;
mod custom;
mod elements;
mod fail;
mod filter;
pub(super) mod for_each;
mod manual;
mod note;
pub(super) mod race;
mod respond;
mod result;
pub(super) mod r#return;
mod schedule;
mod sort;
mod start_workflow;
mod switch;
mod transform;
pub(super) mod try_scope;
mod wait;
mod wait_event;
mod webhook;
pub(super) mod while_loop;

use std::collections::BTreeSet;

use flowcrate::catalogue::{ActionManifest, Catalogue};
use flowcrate::types::Type;

use super::Body;
use super::site::Site;
use super::stage::Output;
use crate::expr::Access;
use crate::graph::{HandleId, RawNode};

/// The handle by which a node leaves where nothing else is said.
pub const OUT: &str = "out";

/// The handle by which a failed node leaves where it is wired.
pub const ERROR: &str = "error";

/// The field of a race's result that tells its winner; no branch has this name.
pub const WINNER: &str = "winner";

/// The regions of a try, the first of which is the default.
pub const TRY_REGIONS: [&str; 3] = ["body", "catch", "finally"];

/// What a node does, looked up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind<'c> {
    /// `manual@1`.
    Manual,
    /// `webhook@1`.
    Webhook,
    /// `schedule@1`.
    Schedule,
    /// `condition@1`.
    Condition,
    /// `switch@1`.
    Switch,
    /// `for_each@1`.
    ForEach,
    /// `while@1`.
    While,
    /// `race@1`.
    Race,
    /// `try@1`.
    Try,
    /// `transform@1`.
    Transform,
    /// `filter@1`.
    Filter,
    /// `sort@1`.
    Sort,
    /// `aggregate@1`.
    Aggregate,
    /// `custom@1`.
    Custom,
    /// `wait@1`.
    Wait,
    /// `wait_event@1`.
    WaitEvent,
    /// `approval@1`.
    Approval,
    /// `call_workflow@1`.
    CallWorkflow,
    /// `start_workflow@1`.
    StartWorkflow,
    /// `return@1`.
    Return,
    /// `respond@1`.
    Respond,
    /// `fail@1`.
    Fail,
    /// `note@1`.
    Note,
    /// A plugin's action.
    Action(&'c ActionManifest),
}

/// Our own kinds, by name.
const CORE: [(&str, Kind<'static>); 23] = [
    ("aggregate@1", Kind::Aggregate),
    ("approval@1", Kind::Approval),
    ("call_workflow@1", Kind::CallWorkflow),
    ("condition@1", Kind::Condition),
    ("custom@1", Kind::Custom),
    ("fail@1", Kind::Fail),
    ("filter@1", Kind::Filter),
    ("for_each@1", Kind::ForEach),
    ("manual@1", Kind::Manual),
    ("note@1", Kind::Note),
    ("race@1", Kind::Race),
    ("respond@1", Kind::Respond),
    ("return@1", Kind::Return),
    ("schedule@1", Kind::Schedule),
    ("sort@1", Kind::Sort),
    ("start_workflow@1", Kind::StartWorkflow),
    ("switch@1", Kind::Switch),
    ("transform@1", Kind::Transform),
    ("try@1", Kind::Try),
    ("wait@1", Kind::Wait),
    ("wait_event@1", Kind::WaitEvent),
    ("webhook@1", Kind::Webhook),
    ("while@1", Kind::While),
];

impl<'c> Kind<'c> {
    /// The kind of this name.
    pub fn find(name: &str, catalogue: &'c Catalogue) -> Option<Self> {
        let core = CORE.binary_search_by_key(&name, |(core, _)| core).ok();
        let core = core.and_then(|index| CORE.get(index)).map(|(_, kind)| *kind);
        core.or_else(|| catalogue.actions.get(name).map(Kind::Action))
    }

    /// The names of all kinds, our own first.
    pub fn names(catalogue: &Catalogue) -> impl Iterator<Item = &str> {
        CORE.iter().map(|(name, _)| *name).chain(catalogue.actions.keys().map(String::as_str))
    }

    /// Whether it starts runs.
    pub fn is_trigger(self) -> bool {
        match self {
            Self::Manual | Self::Webhook | Self::Schedule => true,
            Self::Condition
            | Self::Switch
            | Self::ForEach
            | Self::While
            | Self::Race
            | Self::Try
            | Self::Transform
            | Self::Filter
            | Self::Sort
            | Self::Aggregate
            | Self::Custom
            | Self::Wait
            | Self::WaitEvent
            | Self::Approval
            | Self::CallWorkflow
            | Self::StartWorkflow
            | Self::Return
            | Self::Respond
            | Self::Fail
            | Self::Note
            | Self::Action(_) => false,
        }
    }

    /// Whether what it declares comes from outside: what starts a run, an event, an answer.
    pub fn takes_payload(self) -> bool {
        self.is_trigger() || matches!(self, Self::WaitEvent | Self::Approval)
    }

    /// Whether it holds other nodes.
    pub fn is_scope(self) -> bool {
        matches!(self, Self::ForEach | Self::While | Self::Race | Self::Try)
    }

    /// Whether it goes round, so that what it holds has an `index`.
    pub fn is_loop(self) -> bool {
        matches!(self, Self::ForEach | Self::While)
    }

    /// The keys of `config` that mean something, sorted.
    pub fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Manual => &["sample", "samples", "schema"],
            Self::Webhook => &["path", "sample", "samples", "schema"],
            Self::Schedule => &["cron", "timezone"],
            Self::Switch => &["cases"],
            Self::ForEach => &["concurrency", "on_item_error"],
            Self::While => &["max_iterations", "state"],
            Self::Race => &["keep"],
            Self::Try => &["compensate"],
            Self::WaitEvent => &["event", "sample", "samples", "schema"],
            Self::Approval => &["event", "form", "sample", "samples", "schema"],
            Self::CallWorkflow | Self::StartWorkflow => &["trigger", "workflow"],
            Self::Custom => &["output"],
            Self::Sort => &["order"],
            Self::Aggregate => &["operation"],
            Self::Action(manifest) if manifest.generic_output.is_some() => &["response"],
            Self::Filter
            | Self::Condition
            | Self::Transform
            | Self::Wait
            | Self::Return
            | Self::Respond
            | Self::Fail
            | Self::Note
            | Self::Action(_) => &[],
        }
    }

    /// The output handles of a node of this kind.
    pub fn handles(self, node: &RawNode) -> Handles {
        match self {
            Self::Manual | Self::Webhook | Self::Schedule => Handles::new([OUT], Some(OUT)),
            Self::Condition => condition::handles(),
            Self::Switch => switch::handles(node),
            Self::WaitEvent => wait_event::handles(node),
            Self::Approval => approval::handles(node),
            Self::Fail => fail::handles(),
            Self::Note => note::handles(),
            Self::ForEach
            | Self::While
            | Self::Race
            | Self::Try
            | Self::Transform
            | Self::Filter
            | Self::Sort
            | Self::Aggregate
            | Self::Custom
            | Self::Wait
            | Self::CallWorkflow
            | Self::StartWorkflow
            | Self::Return
            | Self::Respond
            | Self::Action(_) => Handles::new([OUT, ERROR], Some(OUT)),
        }
    }
}

/// A node's output handles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handles {
    /// In the order in which a canvas shows them.
    pub names: Vec<HandleId>,
    /// The one by which a node leaves that is disabled or goes on after its failure, and that an
    /// edge without a handle means.
    pub default: Option<HandleId>,
}

impl Handles {
    /// Handles of these names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, default: Option<&str>) -> Self {
        let names = names.into_iter().map(HandleId::from).collect();
        Self { names, default: default.map(HandleId::from) }
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|handle| handle == name)
    }
}

/// What checking a node gave.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it does; `None` where it has errors.
    pub(super) body: Option<Body>,
    /// What `steps.<id>` is, as far as errors leave it known.
    pub(super) output: Output,
    /// What is present wherever the node was left by a handle (S8).
    pub(super) narrowing: Vec<(HandleId, BTreeSet<Access>)>,
    /// Whether a switch has a case for every value.
    pub(super) exhausted: bool,
}

impl Found {
    fn new(body: Option<Body>, output: Output) -> Self {
        Self { body, output, narrowing: Vec::new(), exhausted: false }
    }

    /// A node without output.
    fn silent(body: Option<Body>) -> Self {
        Self::new(body, Output::None)
    }

    /// A node whose output has this type, if it is known.
    fn giving(body: Option<Body>, output: Option<Type>) -> Self {
        Self::new(body, output.map_or(Output::Unknown, Output::Is))
    }
}

/// The workflows that nodes call.
pub(crate) fn called(nodes: &[RawNode]) -> BTreeSet<String> {
    let is_call = |node: &&RawNode| {
        let place = CORE.binary_search_by_key(&node.kind.as_str(), |(name, _)| name);
        let kind = place.ok().and_then(|place| CORE.get(place)).map(|(_, kind)| kind);
        matches!(kind, Some(Kind::CallWorkflow | Kind::StartWorkflow))
    };
    let calls = nodes.iter().filter(is_call);
    calls.filter_map(|node| node.config.get(WORKFLOW)?.as_str()).map(str::to_owned).collect()
}

/// The setting that names the workflow which a node calls.
const WORKFLOW: &str = "workflow";

/// The regions of a scope in which nodes stand, sorted.
fn regions(site: &Site<'_>) -> Vec<String> {
    let graph = site.stage.graph;
    let regions: BTreeSet<&str> =
        site.node.children.iter().map(|child| graph.node(*child).region.as_str()).collect();
    // A catch may be nothing but its result.
    let catch = match (&site.node.kind, &site.node.raw.result) {
        (Some(Kind::Try), Some(serde_json::Value::Object(results))) => {
            results.get("catch").filter(|result| !result.is_null()).map(|_| TRY_REGIONS[1])
        }
        _ => None,
    };
    let regions: BTreeSet<&str> = regions.into_iter().chain(catch).collect();
    // A node whose region is wrong stands in none; that was reported.
    regions.into_iter().filter(|region| !region.is_empty()).map(str::to_owned).collect()
}

/// Checks a node of any kind but a scope, which is checked around what it holds.
pub(super) fn check(site: &Site<'_>) -> Found {
    let Some(kind) = site.node.kind else { return Found::new(None, Output::Unknown) };
    match kind {
        Kind::Manual => manual::check(site),
        Kind::Webhook => webhook::check(site),
        Kind::Schedule => schedule::check(site),
        Kind::Condition => condition::check(site),
        Kind::Switch => switch::check(site),
        Kind::ForEach | Kind::While | Kind::Race | Kind::Try => Found::new(None, Output::Unknown),
        Kind::Transform => transform::check(site),
        Kind::Filter => filter::check(site),
        Kind::Sort => sort::check(site),
        Kind::Aggregate => aggregate::check(site),
        Kind::Custom => custom::check(site),
        Kind::Wait => wait::check(site),
        Kind::WaitEvent => wait_event::check(site),
        Kind::Approval => approval::check(site),
        Kind::CallWorkflow => call_workflow::check(site),
        Kind::StartWorkflow => start_workflow::check(site),
        Kind::Return => r#return::check(site),
        Kind::Respond => respond::check(site),
        Kind::Fail => fail::check(site),
        Kind::Note => note::check(),
        Kind::Action(manifest) => action::check(site, manifest),
    }
}

#[cfg(test)]
mod tests {
    use flowcrate::catalogue::{ActionManifest, Catalogue};

    use super::Kind;

    #[test]
    fn only_what_has_a_part_of_any_type_lets_a_graph_say_which() {
        let text = include_str!("../../tests/catalogue.json");
        let catalogue: Catalogue = serde_json::from_str(text).unwrap();
        let request = &catalogue.actions["http.request@1"];
        assert_eq!(Kind::Action(request).settings(), ["response"]);
        let plain = ActionManifest { generic_output: None, ..request.clone() };
        assert!(Kind::Action(&plain).settings().is_empty());
    }
}
