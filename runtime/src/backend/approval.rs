//! Whose answer an approval takes (S34).

use serde::Deserialize;

use super::Site;
use crate::payload::Payload;
use crate::store::Entry;

/// Kind of an entry that waits for somebody's decision.
pub(crate) const APPROVAL: &str = "approval@1";

/// What an approval's entry tells of whom it asks.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    pub(crate) assignees: Vec<String>,
    #[serde(default)]
    pub(crate) form: Option<String>,
}

/// Who gives an answer, if it says so.
#[derive(Default, Deserialize)]
struct Given {
    #[serde(default)]
    by: Option<String>,
}

impl Asked {
    fn read(input: Option<&Payload>) -> Self {
        input.and_then(|input| input.decode().ok()).unwrap_or_default()
    }

    /// Whom an entry asks; nobody, if it is no approval.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        (&*entry.kind == APPROVAL).then(|| Self::read(entry.input.as_ref()))
    }

    /// Whom the command at a place asks; nobody, if it is no approval.
    pub(crate) fn at(site: &Site) -> Option<Self> {
        (&*site.kind == APPROVAL).then(|| Self::read(site.input.as_ref()))
    }

    /// Whether an answer is for it: anyone's where it names nobody, else that of one whom it names.
    pub(crate) fn takes(&self, answer: &Payload) -> bool {
        if self.assignees.is_empty() || sabotage!("anybody decides") {
            return true;
        }
        let Given { by } = answer.decode().unwrap_or_default();
        by.is_some_and(|by| self.assignees.contains(&by))
    }
}

/// Whether what waits at a place takes an event; another one stays in the inbox.
pub(super) fn takes(site: &Site, event: &Payload) -> bool {
    Asked::at(site).is_none_or(|asked| asked.takes(event))
}
