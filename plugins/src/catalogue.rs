//! Actions by kind: what a compiler reads and an interpreter calls.

mod schema;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use flowcrate::catalogue::{ActionManifest, Catalogue, RustItems};
use flowcrate::types::Typed;
use flowcrate::{StepContext, StepError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use schema::json_schema;

/// An action that is running.
pub type Running = Pin<Box<dyn Future<Output = Result<Value, StepError>> + Send>>;

/// An action as a catalogue sees it; [`macro@crate::action`] implements it.
pub trait Action: Send + Sync + 'static {
    /// What it is called, takes and gives.
    fn manifest(&self) -> ActionManifest;

    /// Calls it with JSON. An input that does not fit is a fatal error with code `input`.
    fn run(&self, step: StepContext, input: Value) -> Running;
}

/// The actions that a server can call, by kind.
#[derive(Clone, Default)]
pub struct Actions {
    by_kind: BTreeMap<String, Arc<dyn Action>>,
}

impl Actions {
    /// The same, with one more; of two with one kind the last one counts.
    ///
    /// ```
    /// # #[cfg(feature = "http")] {
    /// use flowcrate_plugins::{Actions, http::RequestAction};
    ///
    /// let actions = Actions::default().with(RequestAction);
    /// assert!(actions.get("http.request@1").is_some());
    /// # }
    /// ```
    #[must_use]
    pub fn with(mut self, action: impl Action) -> Self {
        self.by_kind.insert(action.manifest().kind, Arc::new(action));
        self
    }

    /// The action of this kind.
    pub fn get(&self, kind: &str) -> Option<&Arc<dyn Action>> {
        self.by_kind.get(kind)
    }

    /// All actions, sorted by kind.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<dyn Action>)> {
        self.by_kind.iter().map(|(kind, action)| (kind.as_str(), action))
    }

    /// Calls the action of this kind; an unknown one is a fatal error with code `unknown_kind`.
    pub fn run(&self, kind: &str, step: StepContext, input: Value) -> Running {
        if let Some(action) = self.get(kind) {
            return action.run(step, input);
        }
        let message = format!("there is no action of kind {kind}");
        Box::pin(std::future::ready(Err(StepError::fatal("unknown_kind", message))))
    }

    /// The manifests of all of them.
    pub fn catalogue(&self) -> Catalogue {
        let manifests = self.by_kind.values().map(|action| action.manifest());
        Catalogue { actions: manifests.map(|found| (found.kind.clone(), found)).collect() }
    }
}

impl std::fmt::Debug for Actions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.by_kind.keys()).finish()
    }
}

/// The actions of this crate's features.
pub fn actions() -> Actions {
    let actions = Actions::default();
    #[cfg(feature = "http")]
    let actions = actions.with(crate::http::RequestAction);
    actions
}

/// The manifests of this crate's features.
///
/// ```
/// # #[cfg(feature = "http")] {
/// let catalogue = flowcrate_plugins::catalogue();
/// assert_eq!(catalogue.actions["http.request@1"].rust.function, "request");
/// # }
/// ```
pub fn catalogue() -> Catalogue {
    actions().catalogue()
}

/// What [`macro@crate::action`] read from its arguments and the function.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Described {
    pub kind: &'static str,
    pub label: &'static str,
    pub description: &'static str,
    pub category: &'static str,
    pub generic_output: Option<&'static str>,
    pub effects: bool,
    pub heartbeats: bool,
    pub package: &'static str,
    pub feature: &'static str,
    pub module: &'static str,
    pub function: &'static str,
    pub input: &'static str,
    pub output: &'static str,
}

/// The manifest of an action from `Input` to `Output`; what the macro calls.
#[doc(hidden)]
pub fn manifest<Input: Typed, Output: Typed>(described: Described) -> ActionManifest {
    ActionManifest {
        kind: described.kind.to_owned(),
        label: described.label.to_owned(),
        description: described.description.to_owned(),
        category: described.category.to_owned(),
        input: Input::ty(),
        output: Output::ty(),
        generic_output: described.generic_output.map(str::to_owned),
        effects: described.effects,
        heartbeats: described.heartbeats,
        rust: RustItems {
            package: described.package.to_owned(),
            feature: described.feature.to_owned(),
            module: described.module.to_owned(),
            function: described.function.to_owned(),
            input: described.input.to_owned(),
            output: described.output.to_owned(),
        },
    }
}

/// Calls a typed action with JSON; what the macro calls.
#[doc(hidden)]
pub fn run<Input, Output, Called>(
    step: StepContext,
    input: Value,
    action: impl FnOnce(StepContext, Input) -> Called + Send + 'static,
) -> Running
where
    Input: DeserializeOwned + Send,
    Output: Serialize,
    Called: Future<Output = Result<Output, StepError>> + Send,
{
    Box::pin(async move {
        let input = serde_json::from_value(input).map_err(|error| {
            StepError::fatal("input", format!("the input does not fit: {error}"))
        })?;
        let output = action(step, input).await?;
        serde_json::to_value(output)
            .map_err(|error| StepError::fatal("output", format!("the output has no JSON: {error}")))
    })
}

#[cfg(test)]
mod tests;
