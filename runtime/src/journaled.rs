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
/// It is written to the journal, to notice when a replay asks for something else, cloned for each
/// attempt, which runs on another thread than the workflow, and read where a fork gives the step
/// another one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a step",
    label = "is not all of `Serialize`, `Deserialize`, `Clone`, `Send`, `Sync` and `'static`",
    note = "the input is written to the journal and cloned for each attempt on another thread: put \
            `#[derive(Clone, serde::Serialize, serde::Deserialize)]` on the type, and pass owned \
            data; a connection or a client belongs in a `static`, or in a closure that is given to \
            `ctx.step`"
)]
pub trait StepInput: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> StepInput for T {}

/// What a step can be given that undoes another.
///
/// It is written beside the outcome that it undoes, and read when that is to be undone, by
/// whichever process does it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a step that undoes another",
    label = "is not `Deserialize`",
    note = "the input is read back from the journal, without the function that asked for it: put \
            `#[derive(Clone, serde::Serialize, serde::Deserialize)]` on the type"
)]
pub trait UndoInput: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> UndoInput for T {}
