//! An explanation as text.

use std::fmt;

use super::{Explanation, Moment, Wait};
use crate::store::RunState;
use crate::values::Timestamp;

/// Details of a heartbeat are cut after so many characters.
const WIDTH: usize = 80;

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "run {} of {}, revision {}", self.run, self.workflow, self.revision)?;
        if let Some(key) = &self.key {
            write!(out, ", key `{key}`")?;
        }
        writeln!(out, ": {}", self.state.as_str())?;
        if let Some(failure) = self.failure.as_ref().filter(|_| self.state == RunState::Failed) {
            writeln!(out, "failed: {failure}")?;
        }
        if let Some(changed) = &self.changed {
            writeln!(out, "careful: {changed}")?;
        }
        if !self.waits.is_empty() {
            writeln!(out, "waits for")?;
        }
        for wait in &self.waits {
            writeln!(out, "  {wait}")?;
        }
        writeln!(out, "timeline")?;
        let path = |moment: &Moment| moment.path.chars().count().max(3);
        let width = self.timeline.iter().map(path).max().unwrap_or_default();
        self.timeline.iter().try_for_each(|moment| line(moment, width, out))
    }
}

fn line(moment: &Moment, width: usize, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let path = if moment.path.is_empty() { "run" } else { moment.path.as_str() };
    write!(out, "  {}  {path:width$}  {} ({})", moment.at, moment.what, moment.kind)?;
    if let Some(took) = &moment.took {
        write!(out, " after {took}")?;
    }
    if moment.attempts > 1 {
        write!(out, ", {} attempts", moment.attempts)?;
    }
    if let Some(error) = &moment.error {
        write!(out, ": {} [{}]", error.message, error.code)?;
        if let Some(location) = error.cause.as_ref().and_then(|cause| cause.location.as_ref()) {
            write!(out, " at {location}")?;
        }
    }
    writeln!(out)
}

impl fmt::Display for Wait {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revision { revision, refusal } => {
                write!(out, "a worker with revision {revision}: no worker has it")?;
                refusal.iter().try_for_each(|refusal| write!(out, "; {refusal}"))
            }
            Self::Worker => write!(out, "a worker: nobody drives it at the moment"),
            Self::Slot { limit, key } => {
                write!(out, "its turn and a slot of the limit `{limit}`")?;
                if key.is_empty() { Ok(()) } else { write!(out, ", key `{key}`") }
            }
            Self::Work => write!(out, "its worker, which is at it"),
            Self::Body { path, kind, attempt, details } => {
                write!(out, "attempt {attempt} of the step `{path}` ({kind}), which runs")?;
                let details = details.iter().map(|details| shortened(&details.to_string()));
                details.into_iter().try_for_each(|text| write!(out, "; it said {text}"))
            }
            Self::Retry { path, kind, attempt, due, error } => {
                write!(out, "attempt {attempt} of the step `{path}` ({kind})")?;
                due.iter().try_for_each(|due| write!(out, ", at {due}"))?;
                error.iter().try_for_each(|error| {
                    write!(out, "; the last one failed: {} [{}]", error.message, error.code)
                })
            }
            Self::Timer { path, due } => {
                write!(out, "the timer `{path}`")?;
                until(*due, out)
            }
            Self::Event { path, kind, event, key, due } => {
                let what = if kind.starts_with("approval") { "an approval, " } else { "" };
                write!(out, "{what}the event `{event}`")?;
                key.iter().try_for_each(|key| write!(out, " with key `{key}`"))?;
                write!(out, " at `{path}`")?;
                until(*due, out)
            }
            Self::Child { path, run, held } => {
                write!(out, "the end of the run that `{path}` called")?;
                run.iter().try_for_each(|run| write!(out, ", {run}"))?;
                held.iter().try_for_each(|held| write!(out, ": {held}"))
            }
            Self::Somebody { failure, advice } => {
                match failure {
                    Some(failure) if failure.path.is_empty() => {
                        write!(out, "somebody: {} [{}]", failure.message, failure.code)?;
                    }
                    Some(failure) => write!(out, "somebody: {failure}")?,
                    None => write!(out, "somebody: it is paused")?,
                }
                write!(out, "\n  to do: {advice}")
            }
            Self::Asked { what, reason } => {
                write!(out, "its function to see that it is to {what}")?;
                reason.iter().try_for_each(|reason| write!(out, ": {reason}"))
            }
        }
    }
}

fn until(due: Option<Timestamp>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    due.iter().try_for_each(|due| write!(out, ", until {due}"))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
