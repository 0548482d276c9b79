//! What survives a crash: commands by position, completions by their order.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use crate::backend::{Asked, Mismatch, Outcome, Site};
use crate::payload::{InputHash, Payload};
use crate::store::EventKey;
use crate::values::Timestamp;

/// The whole journal of a run.
#[derive(Debug)]
pub(super) struct Log {
    commands: Vec<Command>,
    completions: Vec<Completed>,
    /// What the function itself came to, by the position of its command.
    memos: Vec<(usize, Outcome)>,
    /// Whether the run has answered.
    answered: bool,
    /// Events that nobody has taken.
    pub(super) events: VecDeque<(EventKey, Payload)>,
    pub(super) seed: [u8; 16],
}

/// A command, as far as a replay compares it.
#[derive(Debug)]
struct Command {
    kind: String,
    hash: Option<InputHash>,
    /// When its timer is due, fixed when it was issued first.
    due: Option<Timestamp>,
}

/// A completion of the command at a position.
#[derive(Clone, Debug)]
pub(super) struct Completed {
    pub(super) position: usize,
    pub(super) outcome: Outcome,
    pub(super) at: Timestamp,
}

impl Log {
    pub(super) fn new(events: Vec<(String, Option<String>, Value)>) -> Self {
        let event = |(name, key, payload)| (EventKey { name, key }, Payload::from(&payload));
        Self {
            commands: Vec::new(),
            completions: Vec::new(),
            memos: Vec::new(),
            answered: false,
            events: events.into_iter().map(event).collect(),
            seed: *uuid::Uuid::new_v4().as_bytes(),
        }
    }

    /// Compares the command at a position with what is recorded there, or records it.
    pub(super) fn command(
        &mut self,
        position: usize,
        site: &Site,
        due: Option<Timestamp>,
    ) -> Result<(), Mismatch> {
        let Some(recorded) = self.commands.get(position) else {
            let kind = site.kind.to_string();
            self.commands.push(Command { kind, hash: site.hash, due });
            return Ok(());
        };
        let differs = |code, expected: String| Mismatch {
            code,
            path: site.path.to_string(),
            expected: format!("{expected} as command {position}"),
            found: format!("kind {} with the input {:?}", site.kind, site.input),
        };
        if *recorded.kind != *site.kind {
            return Err(differs("kind_changed", format!("kind {}", recorded.kind)));
        }
        if recorded.hash != site.hash {
            return Err(differs("input_changed", "another input".to_owned()));
        }
        Ok(())
    }

    pub(super) fn due(&self, position: usize) -> Option<Timestamp> {
        self.commands.get(position)?.due
    }

    /// How many commands were ever issued.
    pub(super) fn commands(&self) -> usize {
        self.commands.len()
    }

    pub(super) fn complete(&mut self, position: usize, outcome: Outcome, at: Timestamp) {
        self.completions.push(Completed { position, outcome, at });
    }

    /// The completion with this number.
    pub(super) fn completion(&self, number: usize) -> Option<&Completed> {
        self.completions.get(number)
    }

    pub(super) fn completions(&self) -> usize {
        self.completions.len()
    }

    /// Whether the command at a position has its completion.
    pub(super) fn is_complete(&self, position: usize) -> bool {
        self.completions.iter().any(|completed| completed.position == position)
    }

    /// The positions that have their completions.
    pub(super) fn completed_steps(&self) -> BTreeSet<usize> {
        self.completions.iter().map(|completed| completed.position).collect()
    }

    pub(super) fn memo(&self, position: usize) -> Option<Outcome> {
        self.memos.iter().find(|(at, _)| *at == position).map(|(_, outcome)| outcome.clone())
    }

    pub(super) fn remember(&mut self, position: usize, outcome: Outcome) {
        self.memos.push((position, outcome));
    }

    /// The run answers; whether it had not.
    pub(super) fn answer(&mut self) -> bool {
        !std::mem::replace(&mut self.answered, true)
    }

    /// The oldest event of a name and key, from one who is asked.
    pub(super) fn take_event(&mut self, key: &EventKey, asked: Option<&Asked>) -> Option<Payload> {
        let at = self.events.iter().position(|(event, payload)| {
            event == key && asked.is_none_or(|asked| asked.takes(payload))
        })?;
        self.events.remove(at).map(|(_, payload)| payload)
    }
}
