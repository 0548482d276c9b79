//! What runs that start runs agree on: ids, kinds, and how the end of a child comes as mail.

use uuid::Uuid;

use super::{EventKey, RunState};
use crate::Failure;
use crate::failure::Recorded;
use crate::ids::RunId;
use crate::payload::Payload;

/// The kind of an entry that is an awaited child.
pub const CALL: &str = "call_workflow@1";
/// The kind of an entry that started a run and does not wait for it.
pub const START: &str = "start_workflow@1";
/// The kind of an entry that goes from state to state.
pub(crate) const LOOP: &str = "while@1";
/// Why a child is cancelled whose call was given up.
pub(crate) const GIVEN_UP: &str = "its caller gave it up";
/// Why a child is cancelled whose caller has ended.
pub(crate) const ORPHANED: &str = "its caller has ended";
/// The name of the mail that is a child's end; its key is the path of the call.
const CHILD_END: &str = "!child";

/// The run that the call at `path` of a run is: always the same one.
pub fn child_id(parent: RunId, path: &str) -> RunId {
    let space = Uuid::from_bytes(*parent.as_bytes());
    RunId::from_bytes(*Uuid::new_v5(&space, path.as_bytes()).as_bytes())
}

/// What the mail is matched by that tells the call at `path` how its child ended.
pub fn child_end_key(path: &str) -> EventKey {
    EventKey { name: CHILD_END.to_owned(), key: Some(path.to_owned()) }
}

/// How a child ended, as its parent is told.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChildEnd {
    /// With an output.
    Completed(Payload),
    /// With a failure.
    Failed(Failure),
    /// It was cancelled, for this reason.
    Cancelled(Option<String>),
    /// Someone ended it at once.
    Terminated(Failure),
}

impl ChildEnd {
    /// The end that a run's row tells of.
    pub fn new(
        state: RunState,
        output: Option<&Payload>,
        failure: Option<&Failure>,
        reason: Option<&str>,
    ) -> Self {
        match (state, failure) {
            (RunState::Completed, _) => {
                Self::Completed(output.cloned().unwrap_or_else(Payload::null))
            }
            (RunState::Cancelled, Some(failure)) => Self::Terminated(failure.clone()),
            (RunState::Cancelled, None) => Self::Cancelled(reason.map(str::to_owned)),
            (_, failure) => Self::Failed(failure.cloned().unwrap_or_else(unsaid)),
        }
    }

    /// What the mail carries. An output stays as it is, to the byte.
    pub fn encode(&self) -> Payload {
        let json = |failure| serde_json::to_string(&Recorded(failure));
        let text = match self {
            Self::Completed(output) => {
                return Payload::from_json(format!("[\"completed\",{output}]"));
            }
            Self::Failed(failure) => json(failure).map(|json| format!("[\"failed\",{json}]")),
            Self::Terminated(failure) => {
                json(failure).map(|json| format!("[\"terminated\",{json}]"))
            }
            Self::Cancelled(reason) => serde_json::to_string(&("cancelled", reason)),
        };
        // Texts and numbers always have a JSON.
        Payload::from_json(text.unwrap_or_else(|_| "[\"failed\",null]".to_owned()))
    }

    /// What such mail says.
    pub fn decode(mail: &Payload) -> Self {
        let text = mail.as_str();
        let output = text.strip_prefix("[\"completed\",").and_then(|rest| rest.strip_suffix(']'));
        if let Some(output) = output {
            return Self::Completed(Payload::from_json(output));
        }
        if let Ok((_, reason)) = mail.decode::<(Cancelled, Option<String>)>() {
            return Self::Cancelled(reason);
        }
        match mail.decode::<(String, Recorded<Failure>)>() {
            Ok((how, Recorded(failure))) if how == "terminated" => Self::Terminated(failure),
            Ok((_, Recorded(failure))) => Self::Failed(failure),
            Err(_) => Self::Failed(unsaid()),
        }
    }
}

/// The word for a cancelled end.
#[derive(serde::Deserialize)]
enum Cancelled {
    #[serde(rename = "cancelled")]
    Word,
}

fn unsaid() -> Failure {
    Failure::new("unknown", "the called run failed without saying why")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_survives_the_mail() {
        let failure = Failure::new("declined", "no").at("charge");
        for end in [
            ChildEnd::Completed(Payload::from_json(r#"{ "a" : 1.50 }"#)),
            ChildEnd::Failed(failure.clone()),
            ChildEnd::Terminated(failure),
            ChildEnd::Cancelled(None),
            ChildEnd::Cancelled(Some("a \"mistake\"".to_owned())),
        ] {
            assert_eq!(ChildEnd::decode(&end.encode()), end);
        }
        assert!(matches!(ChildEnd::decode(&Payload::from_json("nonsense")), ChildEnd::Failed(_)));
    }

    #[test]
    fn a_childs_id_follows_from_its_place() {
        let parent = RunId::from_bytes([7; 16]);
        assert_eq!(child_id(parent, "ship"), child_id(parent, "ship"));
        assert_ne!(child_id(parent, "ship"), child_id(parent, "ship#2"));
        assert_ne!(child_id(parent, "ship"), child_id(RunId::from_bytes([8; 16]), "ship"));
    }
}
