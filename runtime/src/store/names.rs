//! Which names a store takes (poison): every store the same, so that nothing that one of them keeps
//! is what another one can never write.
//!
//! A name stands in an index, whose rows are bounded, and in a text, which holds no NUL. What has
//! neither bound is a value: it is JSON, and has its own limit.

use std::sync::Arc;

use super::{Ask, Entry, EventKey, NewRun, Next, RunWrite, StoreError, Transaction};

/// The most bytes that a name may have: of a workflow, a revision, an event, a key, a tag, an id
/// that a sender gives, a progress stream, a schedule.
pub const MAX_NAME: usize = 1024;

/// The most bytes that a path may have.
pub const MAX_PATH: usize = 2048;

/// What the runtime itself may add to a path (`!undo`).
const ADDED: usize = 48;

/// Why a path is none that can be written.
pub(crate) fn bad_path(path: &str) -> Option<String> {
    flaw(path, MAX_PATH - ADDED)
}

/// Why a text is no name.
fn flaw(text: &str, most: usize) -> Option<String> {
    if text.len() > most {
        return Some(format!("it has {} bytes, and {most} are the most", text.len()));
    }
    text.contains('\0').then(|| "it holds a NUL".to_owned())
}

/// Looks at names, one after the other.
struct Names<'t> {
    /// The entry to which they belong.
    path: Option<&'t str>,
    /// What is wrong with the first one that is none.
    flaw: Option<StoreError>,
}

impl Names<'_> {
    fn look(&mut self, what: &str, text: &str, most: usize) {
        if self.flaw.is_none()
            && let Some(flaw) = flaw(text, most)
        {
            let shown: String = text.chars().take(40).collect::<String>().replace('\0', "\u{fffd}");
            let reason = format!("{what} `{shown}` is no name: {flaw} [bad_name]");
            self.flaw = Some(StoreError::BadName { path: self.path.map(Arc::from), reason });
        }
    }

    fn name(&mut self, what: &str, text: &str) {
        self.look(what, text, MAX_NAME);
    }

    fn maybe(&mut self, what: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.name(what, text);
        }
    }

    /// Words for people may be long.
    fn reason(&mut self, text: Option<&String>) {
        if let Some(text) = text {
            self.look("the reason", text, usize::MAX);
        }
    }

    fn run(&mut self, run: &NewRun) {
        self.name("the workflow", &run.workflow);
        self.name("the revision", &run.revision);
        self.maybe("the start key", run.key.as_ref());
        self.maybe("the limit's key", run.limit_key.as_ref());
        run.events.iter().for_each(|event| self.name("the event", event));
        for (name, value) in &run.tags {
            self.name("the tag", name);
            self.name("the tag's value", value);
        }
    }

    fn event(&mut self, event: &EventKey) {
        self.name("the event", &event.name);
        self.maybe("the event's key", event.key.as_ref());
    }
}

impl<'t> Names<'t> {
    fn entry(&mut self, entry: &'t Entry) {
        self.path = Some(&entry.path);
        self.look("the path", &entry.path, MAX_PATH);
        self.name("the kind", &entry.kind);
        if let Some(event) = entry.waiting.as_ref().and_then(|waiting| waiting.event.as_ref()) {
            // What the runtime itself waits for is named by a path.
            self.name("the event", &event.name);
            let most = if event.is_reserved() { MAX_PATH } else { MAX_NAME };
            if let Some(key) = &event.key {
                self.look("the event's key", key, most);
            }
        }
        if let Some(undo) = &entry.undo {
            self.name("the step that undoes", &undo.step);
        }
        self.path = None;
    }

    fn write(&mut self, write: &'t RunWrite) {
        write.entries.iter().for_each(|entry| self.entry(entry));
        for child in &write.children {
            self.path = child.parent.as_ref().map(|parent| parent.path.as_str());
            self.run(child);
            self.path = None;
        }
        match &write.next {
            Next::Adopt(adoption) => self.name("the revision", &adoption.to),
            Next::Refuse(refusal) => self.name("the revision", &refusal.revision),
            _ => {}
        }
    }
}

impl Transaction {
    /// Why this can be written nowhere, if it cannot.
    pub(crate) fn bad_name(&self) -> Option<StoreError> {
        let mut names = Names { path: None, flaw: None };
        match self {
            Self::Start(run, _) => names.run(run),
            Self::Fire(fire, _) => {
                names.name("the schedule", &fire.schedule);
                fire.start.iter().for_each(|run| names.run(run));
            }
            Self::Event(event, _) => {
                names.event(&event.event);
                names.maybe("the event's id", event.event_id.as_ref());
            }
            Self::Append(append, _) => {
                names.name("the progress stream", &append.stream);
                names.maybe("the item's id", append.item_id.as_ref());
            }
            Self::Transact(transact, _) => names.entry(&transact.entry),
            Self::Write(write, _) => names.write(write),
            Self::Request(asked, _) => {
                names.reason(asked.reason.as_ref());
                if let Ask::Adopt(revision) = &asked.ask {
                    names.name("the revision", revision);
                }
            }
            _ => {}
        }
        names.flaw
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl super::Outgoing {
    /// The same, of what goes out with a transaction of the application's own.
    pub(crate) fn bad_name(&self) -> Option<StoreError> {
        let mut names = Names { path: None, flaw: None };
        match self {
            Self::Start(run) => names.run(run),
            Self::Event(event, _) => {
                names.event(&event.event);
                names.maybe("the event's id", event.event_id.as_ref());
            }
        }
        names.flaw
    }
}
