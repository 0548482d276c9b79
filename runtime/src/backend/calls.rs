//! Runs that a run starts: awaited calls and detached starts (R18).

use uuid::Uuid;

use super::live::{Activity, Live};
use super::store_backend::StoreBackend;
use super::{Callee, OpId, Outcome, Site};
use crate::Failure;
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{
    CALL, ChildEnd, Entry, EntryStatus, NewRun, Parent, Waiting, child_end_key, child_id,
};

/// Whether an entry says that its awaited child is not waited for any more.
pub(super) fn is_given_up(entry: &Entry) -> bool {
    &*entry.kind == CALL && entry.status == EntryStatus::Cancelled
}

impl StoreBackend {
    /// The run that the call at this path is.
    pub(super) fn child(&self, path: &str) -> RunId {
        child_id(self.run, path)
    }

    /// Starts another run with the write that holds this, unless the journal says it is there.
    pub(super) fn begin_call(
        &mut self,
        op: OpId,
        site: Site,
        callee: Callee,
        open: Option<&Entry>,
    ) {
        let issued = open.map_or(self.position(), |entry| entry.issued);
        // The revision that it was started with is told, not the one that is known now.
        let recorded = open.and_then(|entry| entry.input.clone());
        let site = Site { input: recorded.or(site.input), ..site };
        let began = open.map_or(self.now, |entry| entry.started_at);
        let live = |activity| Live { site: site.clone(), began, issued, activity };
        if !callee.awaited {
            let start = Box::new(self.new_child(&site, callee));
            let id = Payload::from_json(format!("\"{}\"", start.id));
            self.live.insert(op, live(Activity::Start(start)));
            return self.settle(op, Outcome::Completed(Some(id)), self.now);
        }
        let key = child_end_key(&site.path);
        let order = open.and_then(|entry| entry.waiting.as_ref()).map(|waiting| waiting.order);
        let order = order.unwrap_or_else(|| self.next_order());
        if open.is_none() {
            let start = self.new_child(&site, callee);
            self.draft.start(start);
            let waiting = Waiting { due: None, event: Some(key.clone()), order };
            let entry = self.open_entry(&site, EntryStatus::Waiting, Some(waiting));
            self.draft.put(entry);
        }
        self.register_wait(op, &key, order);
        self.live.insert(op, live(Activity::Call { key, order }));
    }

    fn new_child(&self, site: &Site, callee: Callee) -> NewRun {
        let Callee { workflow, revision, fingerprint, events, input, awaited, .. } = callee;
        let hash = input.canonical().unwrap_or_else(|_| input.clone()).hash();
        let seed = Uuid::new_v5(&Uuid::from_bytes(self.seed), site.path.as_bytes());
        NewRun {
            id: self.child(&site.path),
            seed: seed.into_bytes(),
            fingerprint: fingerprint.filter(|_| !sabotage!("children have no fingerprint")),
            events,
            parent: Some(Parent { run: self.run, path: site.path.to_string(), awaited }),
            limit_key: callee.limit_key,
            priority: callee.priority,
            ..NewRun::new(workflow, revision, input, hash, self.now)
        }
    }
}

/// What a child's end is to the call at `path`.
pub(super) fn call_outcome(path: &str, end: &Payload) -> Outcome {
    let failed = |failure: Failure| Outcome::Failed(failure.at(path));
    match ChildEnd::decode(end) {
        ChildEnd::Completed(output) => Outcome::Completed(Some(output)),
        ChildEnd::Failed(failure) => Outcome::Failed(failure.of_call(path)),
        ChildEnd::Terminated(failure) => {
            let message = format!("the called run was terminated: {}", failure.message);
            failed(Failure::new("child_terminated", message))
        }
        ChildEnd::Cancelled(reason) => {
            let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            failed(Failure::new("child_cancelled", format!("the called run was cancelled{reason}")))
        }
    }
}
