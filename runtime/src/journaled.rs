//! What a value needs to pass through the journal, as traits that say so when it is missing.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What the journal can keep and give back: outcomes, and the input and output of a run.
///
/// Everything that is `Serialize` and `Deserialize` without borrowing is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in the journal",
    label = "is not both `Serialize` and `Deserialize`",
    note = "what a workflow or a step returns, and what a workflow takes, is written to the journal \
            and read again on replay: put `#[derive(serde::Serialize, serde::Deserialize)]` on the \
            type, or return the part of it that is data"
)]
pub trait Journaled: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Journaled for T {}

/// What a step can be given.
///
/// It is written to the journal, to notice when a replay asks for something else, and cloned for
/// each attempt, which runs on another thread than the workflow.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a step",
    label = "is not all of `Serialize`, `Clone`, `Send`, `Sync` and `'static`",
    note = "the input is written to the journal and cloned for each attempt on another thread: put \
            `#[derive(Clone, serde::Serialize)]` on the type, and pass owned data; a connection or \
            a client belongs in a `static`, or in a closure that is given to `ctx.step`"
)]
pub trait StepInput: Serialize + Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + Clone + Send + Sync + 'static> StepInput for T {}
