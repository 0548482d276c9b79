//! Taking up a run as a store holds it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::beats::Beats;
use super::draft::Draft;
use super::journal::{CANCEL_PATH, Journal};
use super::live::Activity;
use super::mail::Mail;
use super::outcomes::weight_of;
use super::pause::Pause;
use super::published::Published;
use super::respond::Response;
use super::store_backend::{GRACE, StoreBackend};
use super::undo::{UNWIND_PATH, UndoLog, unwinding, without_function};
use crate::store::{Entry, Loaded, MAX_PAYLOAD, RunRow};
use crate::values::Timestamp;

impl StoreBackend {
    /// The back end of a run as a store holds it.
    pub(crate) fn new(loaded: Loaded, epoch: u64, now: Timestamp) -> Self {
        let weight =
            loaded.row.input.as_str().len() + loaded.entries.iter().map(weight_of).sum::<usize>();
        let seen = loaded.entries.iter().filter_map(|entry| entry.ended_at).max();
        let seen = seen.unwrap_or(loaded.row.started_at).max(loaded.row.started_at);
        let cancel_requested = loaded.row.is_cancel_requested();
        let stop = loaded.row.stop.clone();
        let is_fork = loaded.row.forked_from.is_some() && !sabotage!("a fork has its run's keys");
        let shared = loaded.row.forked_from.as_ref().map(|fork| (loaded.row.id, fork.seen));
        let edit = loaded.row.forked_from.and_then(|fork| Some((fork.path, fork.input?)));
        let edit = edit.filter(|_| !sabotage!("a fork forgets its input"));
        let RunRow { id, seed, inbox_seq, published, response, .. } = loaded.row;
        // What a fork does is not what the run did that has the same seed.
        let own = if is_fork { *id.as_bytes() } else { seed };
        let next_seq = next_seq(&loaded.entries);
        let cancelled = loaded.entries.iter().any(|entry| *entry.path == *CANCEL_PATH);
        let waits = loaded.entries.iter().filter_map(|entry| entry.waiting.as_ref());
        let last_order = waits.map(|waiting| waiting.order).max().unwrap_or(0);
        let mut undos = UndoLog::new(loaded.undos, &loaded.entries);
        let unwinding = unwinding(&loaded.entries);
        let mut entries = loaded.entries;
        let mut position = 0;
        if unwinding.is_some() {
            // The function has seen all that it ever will.
            position = next_seq;
            undos.catch_up_with_all(&entries);
            entries = without_function(entries);
        }
        let mut backend = Self {
            run: id,
            epoch,
            seed: own,
            now,
            max_payload: MAX_PAYLOAD,
            journal: Journal::new(entries, shared),
            caught_up: false,
            ending: BTreeSet::new(),
            grace: GRACE,
            live: BTreeMap::new(),
            busy: BTreeSet::new(),
            running: BTreeMap::new(),
            adopted: BTreeMap::new(),
            parked: BTreeMap::new(),
            transactions: VecDeque::new(),
            transacting: None,
            arrived: VecDeque::new(),
            next_seq: if sabotage!("seq begins anew") { 0 } else { next_seq },
            position,
            pause: Pause::default(),
            only_replay: false,
            edit,
            wakes_others: false,
            given_up: Vec::new(),
            surfaced: 0,
            seen,
            weight,
            mail: Mail::new(loaded.inbox, inbox_seq, last_order),
            undos,
            unwinding,
            draft: Draft::default(),
            beats: Beats::default(),
            published: Published::new(published),
            response: Response::new(response.is_some()),
            held: Vec::new(),
            in_flight: None,
            effects: Vec::new(),
            due: BTreeSet::new(),
        };
        backend.reconsider_pause(stop.as_ref());
        // What was observed once is not observed again, whoever asks for the inbox.
        if backend.unwinding.is_some() || cancelled {
            backend.mail.note_cancel();
        } else if cancel_requested && !sabotage!("cancel is not delivered") {
            backend.request_cancel();
        }
        backend
    }

    /// Tells which attempts of bodies run already, begun by the one `before`.
    pub(crate) fn adopt(&mut self, before: &Self, running: impl Iterator<Item = (Arc<str>, u32)>) {
        let said = |path: &Arc<str>| match &before.live.get(before.running.get(path)?)?.activity {
            Activity::Step(step) => step.details.clone(),
            _ => None,
        };
        self.adopted = running
            .map(|(path, attempt)| {
                let said = said(&path);
                (path, (attempt, said))
            })
            .collect();
    }
}

/// The place of the next outcome. All that a paused run had come to may be sealed with a scope
/// that has no place itself: then what it undoes tells how much that was.
fn next_seq(entries: &[Entry]) -> u64 {
    let behind = entries.iter().filter_map(|entry| entry.seq).max().map_or(0, |last| last + 1);
    let unwind = entries.iter().find(|entry| *entry.path == *UNWIND_PATH);
    behind.max(unwind.map_or(0, |unwind| unwind.issued))
}
