//! The run's inbox: events and who waits for them (R16).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::approval::takes;
use super::calls::call_outcome;
use super::effects::Held;
use super::live::{Activity, Live};
use super::store_backend::StoreBackend;
use super::{OpId, Outcome, Site};
use crate::clock::later;
use crate::store::{EntryStatus, EventKey, Inbox, InboxEvent, StopKind, Waiting};
use crate::values::Timestamp;

/// Events that nobody has consumed, and waits that nothing has answered.
pub(super) struct Mail {
    events: BTreeMap<u64, InboxEvent>,
    /// Positions of the events of a name and key, oldest first.
    by_key: BTreeMap<EventKey, BTreeSet<u64>>,
    /// Waits for a name and key, in the order of their registration.
    waits: BTreeMap<EventKey, BTreeSet<(u64, OpId)>>,
    /// Names and keys for which something came, or someone waits, since they were last matched.
    stirred: BTreeSet<EventKey>,
    /// Events that a surfaced or arrived outcome has taken.
    taken: BTreeMap<u64, InboxEvent>,
    seen: u64,
    /// What was sent up to this instant is here.
    read_at: Timestamp,
    reading: Reading,
    last_order: u64,
    cancel_noted: bool,
}

/// Whether the inbox is being read because a timer has to know what came before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reading {
    No,
    /// Somebody has to ask the store.
    Wanted,
    UnderWay,
}

impl Mail {
    pub(super) fn new(inbox: Vec<InboxEvent>, seen: u64, last_order: u64) -> Self {
        let mut mail = Self {
            events: BTreeMap::new(),
            by_key: BTreeMap::new(),
            waits: BTreeMap::new(),
            stirred: BTreeSet::new(),
            taken: BTreeMap::new(),
            seen,
            read_at: Timestamp(i64::MIN),
            reading: Reading::No,
            last_order,
            cancel_noted: false,
        };
        for event in inbox {
            mail.put(event);
        }
        mail
    }

    /// The newest mail that the run knows of.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn note_cancel(&mut self) {
        self.cancel_noted = true;
    }

    /// Whether the run knows that it is to be cancelled.
    pub(super) fn is_cancel_noted(&self) -> bool {
        self.cancel_noted
    }

    fn put(&mut self, event: InboxEvent) {
        self.stirred.insert(event.event.clone());
        self.by_key.entry(event.event.clone()).or_default().insert(event.seq);
        self.events.insert(event.seq, event);
    }

    /// A wait that had taken an event was given up: the event is for the next one.
    pub(super) fn put_back(&mut self, seq: u64) {
        if let Some(event) = self.taken.remove(&seq) {
            self.put(event);
        }
    }

    /// A wait is over.
    pub(super) fn leave(&mut self, key: &EventKey, wait: (u64, OpId)) {
        if let Some(waits) = self.waits.get_mut(key) {
            waits.remove(&wait);
            if waits.is_empty() {
                self.waits.remove(key);
            }
        }
    }

    /// Whether nobody waits for mail.
    pub(super) fn is_unasked(&self) -> bool {
        self.waits.is_empty()
    }

    /// Whether mail may have been sent before an instant that nobody has read yet.
    pub(super) fn is_behind(&self, at: Timestamp) -> bool {
        self.read_at < at
    }

    /// Whether the inbox is being read, or about to be.
    pub(super) fn is_being_read(&self) -> bool {
        self.reading != Reading::No
    }

    /// Asks for the inbox to be read.
    pub(super) fn want(&mut self) {
        self.reading = Reading::Wanted;
    }

    /// The outcome that took an event is surfaced: the event is gone for good.
    pub(super) fn consume(&mut self, seq: u64) {
        self.taken.remove(&seq);
    }

    /// The oldest wait of a name and key that takes an event of these, and the oldest one that it
    /// takes.
    fn pair(&mut self, takes: impl Fn(OpId, &InboxEvent) -> bool) -> Option<(OpId, InboxEvent)> {
        while let Some(key) = self.stirred.first().cloned() {
            if let Some((wait, seq)) = self.match_up(&key, &takes)
                && let Some(event) = self.events.remove(&seq)
            {
                self.leave(&key, wait);
                if let Some(events) = self.by_key.get_mut(&key) {
                    events.remove(&seq);
                }
                self.taken.insert(seq, event.clone());
                return Some((wait.1, event));
            }
            self.stirred.remove(&key);
        }
        None
    }

    fn match_up(
        &self,
        key: &EventKey,
        takes: impl Fn(OpId, &InboxEvent) -> bool,
    ) -> Option<((u64, OpId), u64)> {
        let events = self.by_key.get(key).filter(|events| !events.is_empty())?;
        self.waits.get(key)?.iter().find_map(|wait| {
            let takes = |seq: &&u64| self.events.get(seq).is_some_and(|event| takes(wait.1, event));
            let seq = if sabotage!("events in reverse") {
                events.iter().rev().find(takes)
            } else {
                events.iter().find(takes)
            };
            seq.map(|seq| (*wait, *seq))
        })
    }
}

impl StoreBackend {
    /// Whether the inbox has to be read, which is asked once.
    pub(crate) fn take_wants_mail(&mut self) -> bool {
        let is_wanted = self.mail.reading == Reading::Wanted;
        if is_wanted {
            self.mail.reading = Reading::UnderWay;
        }
        is_wanted
    }

    /// New mail, for which the store was asked at an instant.
    pub(crate) fn deliver(&mut self, inbox: Inbox, asked_at: Timestamp) {
        self.mail.read_at = self.mail.read_at.max(asked_at);
        self.mail.reading = Reading::No;
        for event in inbox.events {
            if event.seq > self.mail.seen {
                self.mail.put(event);
            }
        }
        self.mail.seen = self.mail.seen.max(inbox.inbox_seq);
        self.reconsider_pause(inbox.stop.as_ref());
        if inbox.stop.is_some_and(|stop| stop.kind == StopKind::Cancel)
            && !self.mail.cancel_noted
            && !sabotage!("cancel is not delivered")
        {
            self.request_cancel();
        }
    }

    /// The newest mail that the run knows of.
    pub(crate) fn seen_mail(&self) -> u64 {
        self.mail.seen
    }

    /// The next place among those who wait for mail.
    pub(super) fn next_order(&mut self) -> u64 {
        self.mail.last_order += 1;
        self.mail.last_order
    }

    /// Registers a wait.
    pub(super) fn begin_wait(
        &mut self,
        op: OpId,
        site: &Site,
        key: EventKey,
        timeout: Option<Duration>,
        open: Option<&Waiting>,
    ) -> Activity {
        let waiting = open.cloned().unwrap_or_else(|| Waiting {
            due: timeout.map(|timeout| later(self.now.max(self.seen), timeout)),
            event: Some(key.clone()),
            order: self.next_order(),
        });
        let (order, due) = (waiting.order, waiting.due);
        if open.is_none() {
            self.draft.put(self.open_entry(site, EntryStatus::Waiting, Some(waiting)));
        }
        self.register_wait(op, &key, order);
        self.held.extend(due.map(|due| Held::Arm(op, due)));
        Activity::Event { key, order, due }
    }

    /// Lets an operation take the next event of a name and key.
    pub(super) fn register_wait(&mut self, op: OpId, key: &EventKey, order: u64) {
        self.mail.waits.entry(key.clone()).or_default().insert((order, op));
        self.mail.stirred.insert(key.clone());
    }

    /// Whether what an operation does in time comes after the mail: it is a wait's end or a timer,
    /// and somebody waits for mail. What was sent before that time is then taken first, or else a
    /// busy worker would let time run out on an answer that was acknowledged before.
    pub(super) fn is_after_mail(&self, op: OpId) -> bool {
        let tells_time = self.live.get(&op).is_some_and(|live| {
            matches!(live.activity, Activity::Timer { .. } | Activity::Event { .. })
        });
        tells_time && !self.mail.is_unasked() && !sabotage!("time overtakes mail")
    }

    /// Gives events to those who wait for them, oldest to oldest, once the function has caught up
    /// with its journal, so that every wait is there.
    pub(super) fn take_mail(&mut self) {
        if !self.caught_up || self.is_pausing() {
            return;
        }
        while let Some((op, event)) = self.mail.pair(|op, event| {
            self.live.get(&op).is_none_or(|live| takes(&live.site, &event.payload))
        }) {
            let at: Timestamp = event.at.max(self.now);
            let outcome = match self.live.get(&op) {
                Some(Live { activity: Activity::Call { .. }, site, .. }) => {
                    call_outcome(&site.path, &event.payload)
                }
                _ => Outcome::Completed(Some(event.payload)),
            };
            self.settle_with(op, outcome, at, Some(event.seq));
        }
    }
}
