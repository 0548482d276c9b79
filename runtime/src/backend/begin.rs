//! Beginning operations: what is new, and what an open entry tells of.

use super::effects::Held;
use super::live::{Activity, Live, blank};
use super::steps::StepRun;
use super::stop::is_stopping;
use super::store_backend::StoreBackend;
use super::undo::UNWIND_PATH;
use super::{Command, Due, Labour, OpId, Site};
use crate::clock::later;
use crate::payload::Payload;
use crate::store::{Entry, EntryStatus, Waiting};

impl StoreBackend {
    /// Begins an operation of which the journal knows nothing, or an open entry.
    pub(super) fn begin(&mut self, op: OpId, site: Site, command: Command, open: Option<&Entry>) {
        let began = open.map_or(self.now, |entry| entry.started_at);
        let issued = open.map_or(self.position, |entry| entry.issued);
        let waiting = open.and_then(|entry| entry.waiting.clone());
        let activity = match command {
            Command::Step(policy, labour) => {
                if policy.total.is_some() && open.is_none() {
                    // The total time runs from here on, whoever crashes.
                    self.draft.put(self.open_entry(&site, EntryStatus::Running, None));
                }
                let is_body = matches!(labour, Labour::Body(_));
                let mut step = StepRun::new(policy, labour, open);
                // A body that a replay was made around goes on: its attempt is not due again.
                let adopted = self.adopted.remove(&site.path);
                let adopted = adopted.filter(|(attempt, _)| *attempt == step.attempts + 1);
                let runs = adopted.is_some();
                step.details = adopted.and_then(|(_, said)| said).or(step.details);
                if is_stopping(open) {
                    let deadline = waiting.and_then(|waiting| waiting.due);
                    let live = Live { site, began, issued, activity: step.into() };
                    return self.begin_stopping(op, live, runs, deadline);
                }
                step.may_run = is_body && self.may_run_already(open);
                if runs {
                    step.goes_on();
                    self.running.insert(site.path.clone(), op);
                }
                if let Some(due) = waiting.and_then(|waiting| waiting.due).filter(|_| !runs) {
                    self.held.push(Held::Arm(op, due));
                } else {
                    self.busy.insert(op);
                    self.held.push(Held::Start(op));
                }
                Activity::Step(Box::new(step))
            }
            Command::Timer(due) => {
                let due = waiting.and_then(|waiting| waiting.due).unwrap_or(match due {
                    Due::After(length) => later(self.now.max(self.seen), length),
                    Due::At(at) => at,
                });
                self.held.push(Held::Arm(op, due));
                if open.is_none() {
                    let waiting = Waiting { due: Some(due), ..Waiting::default() };
                    self.draft.put(self.open_entry(&site, EntryStatus::Waiting, Some(waiting)));
                }
                Activity::Timer { due }
            }
            Command::Event(key, timeout) => {
                self.begin_wait(op, &site, key, timeout, waiting.as_ref())
            }
            Command::Memo => Activity::Memo,
            Command::Call(callee) => return self.begin_call(op, site, *callee, open),
            Command::Unwind => {
                if open.is_none() {
                    self.draft.put(self.open_entry(&site, EntryStatus::Running, None));
                }
                Activity::Scope { seals: format!("{UNWIND_PATH}/") }
            }
            Command::Scope(seals) | Command::Loop(seals) => {
                if open.is_none() {
                    self.draft.put_lazily(self.open_entry(&site, EntryStatus::Running, None));
                }
                Activity::Scope { seals }
            }
        };
        self.live.insert(op, Live { site, began, issued, activity });
    }

    pub(super) fn open_entry(
        &self,
        site: &Site,
        status: EntryStatus,
        waiting: Option<Waiting>,
    ) -> Entry {
        Entry { status, waiting, issued: self.position, ..blank(site, self.now) }
    }

    /// Where a fork gives a step another input.
    pub(super) fn edited(&self, site: Site) -> Site {
        match &self.edit {
            Some((path, input)) if *path == site.path => {
                let input = input.canonical().unwrap_or_else(|_| input.clone());
                Site { hash: Some(input.hash()), input: Some(input), ..site }
            }
            _ => site,
        }
    }

    /// The input that the step at a path has instead of the function's own.
    pub(crate) fn edited_input(&self, path: &str) -> Option<Payload> {
        let (edited, input) = self.edit.as_ref()?;
        (**edited == *path).then(|| input.clone())
    }
}
