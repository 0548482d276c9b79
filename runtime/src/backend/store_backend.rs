//! The back end over a store: replays what is recorded, performs what is new, drafts the writes.
//!
//! Sans-IO like the engine above it. It is told what has happened (a body ended, time passed,
//! mail came, a write is durable) and says what to do: a [`RunWrite`] to commit and [`Effect`]s
//! to perform. An effect is *held* until the write that carries everything before it is durable.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::beats::Beats;
use super::draft::Draft;
use super::effects::{Effect, Held};
use super::journal::{Journal, Known};
use super::live::{Activity, Arrived, Live};
use super::mail::Mail;
use super::outcomes::completion;
use super::pause::Pause;
use super::published::Published;
use super::respond::Response;
use super::transact::Doing;
use super::undo::UndoLog;
use super::{
    Backend, Command, Completion, Issued, Iteration, Mismatch, OpId, Outcome, Patience, Site,
    Stopped, Target,
};
use crate::failure::Failure;
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{EntryStatus, Undoable};
use crate::values::Timestamp;

/// Outcomes that are surfaced before a write takes them: what never ends, such as a loop without
/// a step, neither keeps the thread from other runs nor grows without being written.
pub(super) const SURFACED: u32 = 1024;

/// How long a body may go on when its scope is cancelled, unless the engine says otherwise.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// One run's back end.
pub(crate) struct StoreBackend {
    pub(super) run: RunId,
    pub(super) epoch: u64,
    pub(super) seed: [u8; 16],
    pub(super) now: Timestamp,
    /// The most bytes that a value may have.
    pub(super) max_payload: usize,
    pub(super) journal: Journal,
    /// Whether the function was seen to have reached everything that is recorded.
    pub(super) caught_up: bool,
    /// Issued operations with an outcome that is recorded, and not surfaced yet; or that were given
    /// up, after their scope was cancelled, before they had come to an end.
    pub(super) ending: BTreeSet<OpId>,
    /// How long a body may go on when its scope is cancelled.
    pub(super) grace: Duration,
    /// Issued operations without an outcome.
    pub(super) live: BTreeMap<OpId, Live>,
    /// Those of them whose body runs, or is about to.
    pub(super) busy: BTreeSet<OpId>,
    /// Those of them whose body runs, by path.
    pub(super) running: BTreeMap<Arc<str>, OpId>,
    /// Those of them that are work to be done in the store's database, in their turn.
    pub(super) transactions: VecDeque<OpId>,
    /// The one of these that is being done.
    pub(super) transacting: Option<Doing>,
    /// Attempts that run already, by path, from before the run was loaded again, with what they
    /// said last.
    pub(super) adopted: BTreeMap<Arc<str>, (u32, Option<Payload>)>,
    /// Steps whose policy is spent, where that pauses the run.
    pub(super) parked: BTreeMap<OpId, Failure>,
    /// Outcomes that have come and are not surfaced yet.
    pub(super) arrived: VecDeque<Arrived>,
    pub(super) next_seq: u64,
    /// How many outcomes the function has seen: those with a smaller `seq`.
    pub(super) position: u64,
    pub(super) pause: Pause,
    /// Whether the function is only tried against its journal.
    pub(super) only_replay: bool,
    /// The input of a fork's first step, where it is another than the function's own.
    pub(super) edit: Option<(Arc<str>, Payload)>,
    /// Whether a write held news for other runs.
    pub(super) wakes_others: bool,
    /// Children that a write has given up: those that nobody has driven end with it.
    pub(super) given_up: Vec<RunId>,
    /// Outcomes in the draft that were surfaced.
    pub(super) surfaced: u32,
    /// The latest instant that the run has seen: a clock that was set back makes no timer early.
    pub(super) seen: Timestamp,
    /// Bytes of what the function has seen, or will, and of its input.
    pub(super) weight: usize,
    pub(super) mail: Mail,
    pub(super) undos: UndoLog,
    /// How the function has ended, if all that is left is to undo what it did.
    pub(super) unwinding: Option<Payload>,
    pub(super) draft: Draft,
    pub(super) beats: Beats,
    pub(super) published: Published,
    pub(super) response: Response,
    pub(super) held: Vec<Held>,
    /// Released when the write in flight is durable.
    pub(super) in_flight: Option<Vec<Held>>,
    /// Released.
    pub(super) effects: Vec<Effect>,
    /// Instants at which live operations have something to do; only of what is durable.
    pub(super) due: BTreeSet<(Timestamp, OpId)>,
}

impl StoreBackend {
    /// Whether the function is on its way to where it was before.
    pub(super) fn is_replaying(&self) -> bool {
        self.journal.is_replaying()
    }

    /// Tells how long a body may go on when its scope is cancelled.
    pub(crate) fn set_grace(&mut self, grace: Duration) {
        self.grace = grace;
    }

    /// About how many bytes the run's values take, those that the function has seen included.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Stops where the journal ends: nothing new is surfaced, so that nothing but what is
    /// recorded is asked of the function.
    pub(crate) fn only_replay(&mut self) {
        self.only_replay = true;
        self.journal.on_trial();
    }

    /// What the function waits for beyond its journal, in the order in which it came to it.
    #[cfg(feature = "testkit")]
    pub(crate) fn ahead(&self) -> Vec<String> {
        let waits = |live: &Live| !matches!(live.activity, Activity::Scope { .. });
        let live = self.live.iter().filter(|(_, live)| waits(live));
        let mut ahead: BTreeMap<OpId, &Arc<str>> =
            live.map(|(op, live)| (*op, &live.site.path)).collect();
        // What needs nobody else has come to its outcome already.
        ahead.extend(self.arrived.iter().filter_map(|arrived| match arrived.target {
            Target::Op(op) | Target::Head(op) => Some((op, &arrived.entry.path)),
            Target::Cancel => None,
        }));
        ahead.into_values().map(ToString::to_string).collect()
    }

    /// What the keys of the run's steps derive from, their delays, and the seeds of its children.
    pub(crate) fn seed(&self) -> &[u8; 16] {
        &self.seed
    }

    /// Tells the time.
    pub(crate) fn at(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// Lets everything happen that is due.
    pub(crate) fn fire(&mut self) {
        self.beats_due();
        let now = if sabotage!("early timers") { Timestamp(self.now.0 + 500) } else { self.now };
        while let Some((at, op)) = self.first_due()
            && at <= now
        {
            if self.is_after_mail(op) {
                if self.mail.is_behind(at) {
                    self.mail.want();
                    continue;
                }
                self.take_mail();
            }
            self.due.remove(&(at, op));
            let Some(live) = self.live.get(&op) else { continue };
            match &live.activity {
                Activity::Timer { .. } | Activity::Event { .. } => {
                    self.settle(op, Outcome::Completed(None), self.now);
                }
                Activity::Step(_) => self.step_due(op),
                Activity::Scope { .. }
                | Activity::Memo
                | Activity::Call { .. }
                | Activity::Start(_) => {}
            }
        }
    }

    /// When the run is due next by itself.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.first_due().map(|(at, _)| at).into_iter().chain(self.beats.due()).min()
    }

    /// How many outcomes the function has seen.
    pub(super) fn position(&self) -> u64 {
        self.position
    }
}

impl Backend for StoreBackend {
    fn issue(&mut self, op: OpId, site: Site, command: Command) -> Result<Issued, Mismatch> {
        let is_scope = matches!(command, Command::Scope(_) | Command::Loop(_));
        let (site, refused) = self.fitting_site(site);
        let site = self.edited(site);
        match self.journal.claim(op, &site)? {
            Known::New => match refused {
                None => self.begin(op, site, command, None),
                // As work that is done already: nothing of the command begins.
                Some(failure) => {
                    self.begin(op, site, Command::Memo, None);
                    self.settle(op, Outcome::Failed(failure), self.now);
                }
            },
            Known::Open(entry) => {
                self.begin(op, site, command, Some(&entry));
                if entry.seq.is_some() {
                    return Ok(Issued::Resumed);
                }
            }
            Known::Settled(ends) => {
                if ends || is_scope {
                    self.ending.insert(op);
                }
                return Ok(Issued::Recorded);
            }
        }
        Ok(Issued::Live)
    }

    fn stop(&mut self, op: OpId, patience: Patience) -> Stopped {
        self.stop_operation(op, patience)
    }

    fn cancel(&mut self, op: OpId) {
        self.give_up_operation(op);
    }

    fn seal(&mut self, scope: OpId, outcome: Outcome) {
        self.settle(scope, outcome, self.now);
    }

    fn checkpoint(&mut self, scope: OpId, head: Payload, iteration: Iteration) {
        let Some(live) = self.live.get(&scope) else { return };
        let mut entry = live.blank();
        entry.status = EntryStatus::Running;
        entry.output = Some(head);
        entry.ended_at = Some(self.now);
        let (target, seals) = (Target::Head(scope), iteration.seals);
        let arrived = Arrived { seals, ..Arrived::new(target, entry) };
        if iteration.idle {
            self.arrived.push_back(arrived);
        } else {
            self.arrived.push_front(arrived);
        }
    }

    fn max_payload(&self) -> usize {
        self.max_payload
    }

    fn publish(&mut self, value: Payload) {
        self.say(value);
    }

    fn next(&mut self) -> Result<Option<Completion>, Mismatch> {
        if let Some((op, entry)) = self.journal.next()? {
            self.position = entry.seq.map_or(self.position, |seq| seq + 1);
            self.undos.surfaced(&entry);
            let target = op.map_or(Target::Cancel, |op| match entry.status {
                EntryStatus::Running => Target::Head(op),
                _ => Target::Op(op),
            });
            if let Target::Op(op) = target {
                self.ending.remove(&op);
            }
            return Ok(Some(completion(target, &entry)));
        }
        if !self.caught_up {
            self.journal.check_empty()?;
            self.caught_up = true;
        }
        // What is being done has its place in the order: nothing comes before it.
        if self.only_replay || self.transacting.is_some() {
            return Ok(None);
        }
        self.take_mail();
        if self.surfaced >= SURFACED {
            return Ok(None);
        }
        Ok(self.surface_arrived())
    }

    fn respond(&mut self, op: OpId) {
        self.answer(op);
    }

    fn undos(&self) -> Vec<Undoable> {
        self.list_undos()
    }

    fn unwind(&mut self, outcome: Payload) {
        self.mail.note_cancel();
        self.unwinding = Some(outcome);
    }

    fn finish(&mut self) -> Result<(), Mismatch> {
        self.journal.check_empty()
    }
}
