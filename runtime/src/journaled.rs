//! What a value needs to pass through the journal, as traits that say so when it is missing.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::payload::Payload;
use crate::types::{ProjectError, decode};

/// What the journal can keep and give back: what steps and scopes come to.
///
/// Everything that is `Serialize` and `Deserialize` without borrowing is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in the journal",
    label = "is not both `Serialize` and `Deserialize`",
    note = "what a step or a scope comes to is written to the journal and read again on replay: put `#[derive(serde::Serialize, serde::Deserialize)]` on the \
            type, or return the part of it that is data"
)]
pub trait Journaled: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Journaled for T {}

/// What a workflow can take and return.
///
/// What is [`Journaled`] is one. Serde's traits are no supertraits of this one: rustc checks those
/// of an associated type one by one, and would complain of each of them in serde's words.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input or output of a workflow",
    label = "is not both `Serialize` and `Deserialize`",
    note = "what a workflow takes and returns is written to the journal, and read by whoever takes \
            the run up or asks for its result: put \
            `#[derive(serde::Serialize, serde::Deserialize)]` on the type, or take and return the \
            part of it that is data"
)]
pub trait RunValue: Sized + 'static {
    /// The value as the journal keeps it.
    #[doc(hidden)]
    fn to_payload(&self) -> Result<Payload, serde_json::Error>;

    /// The value that the journal kept.
    #[doc(hidden)]
    fn from_payload(payload: &Payload) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> RunValue for T {
    fn to_payload(&self) -> Result<Payload, serde_json::Error> {
        Payload::encode(self)
    }

    fn from_payload(payload: &Payload) -> Result<Self, serde_json::Error> {
        payload.decode()
    }
}

/// How a value is read back. Whoever holds it needs no bound on `T`, and so says nothing of one
/// that is missing: that is said where the type is declared.
pub(crate) type Read<T> = fn(&Payload) -> Result<T, serde_json::Error>;

/// What an event can carry.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be what an event carries",
    label = "is not `Deserialize`",
    note = "what is sent to a run is JSON, and read as this type by the wait that takes it: put \
            `#[derive(serde::Deserialize)]` on the type, and let it own its data"
)]
pub trait EventPayload: Sized {
    /// What was sent.
    #[doc(hidden)]
    fn from_value(payload: &Value) -> Result<Self, ProjectError>;

    /// What was sent, as the journal kept it.
    #[doc(hidden)]
    fn from_payload(payload: &Payload) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> EventPayload for T {
    fn from_value(payload: &Value) -> Result<Self, ProjectError> {
        decode(payload)
    }

    fn from_payload(payload: &Payload) -> Result<Self, serde_json::Error> {
        payload.decode()
    }
}

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
