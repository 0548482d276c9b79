//! Adoption: a run goes on in another revision, if its journal fits that one (R19).

use std::sync::Arc;

use super::Shard;
use super::advance::bare_write;
use crate::driver::trial::trial;
use crate::engine::Progress;
use crate::failure::Failure;
use crate::ids::RunId;
use crate::store::{Adoption, Loaded, Next, Refusal, RunState};
use crate::workflow::ErasedWorkflow;

impl Shard {
    /// Whether a run that was claimed is to be tried under another revision than its own: one that
    /// someone wants, or one that adopts it where its own is not here.
    pub(super) fn adopter(&self, loaded: &Loaded) -> Option<Arc<dyn ErasedWorkflow>> {
        let row = &loaded.row;
        let registry = &self.settings.registry;
        let wanted = row.wanted_revision.as_ref();
        let wanted = wanted.and_then(|wanted| registry.get(&row.workflow, wanted).ok());
        if wanted.is_some() || registry.get(&row.workflow, &row.revision).is_ok() {
            return wanted;
        }
        registry.adopter(&row.workflow, &row.revision)
    }

    /// Tries a run under another revision, and writes what came of it: from then on it is of that
    /// revision, or says why it is not.
    pub(super) fn try_adoption(
        &mut self,
        loaded: Loaded,
        epoch: u64,
        workflow: &dyn ErasedWorkflow,
    ) {
        let run = loaded.row.id;
        let definition = workflow.definition();
        let next = match self.trial(loaded, epoch, workflow) {
            Ok(()) => {
                self.adopting.insert(run);
                let events = definition.events.into_iter().map(|event| event.name).collect();
                let fingerprint = workflow.fingerprint().map(Arc::from);
                let to = definition.revision.into();
                Next::Adopt(Adoption { to, fingerprint, events, at: self.now })
            }
            Err(failure) => {
                tracing::warn!(%run, %failure, "the run does not fit the new revision");
                Next::Refuse(Refusal { revision: definition.revision, failure })
            }
        };
        self.submit(bare_write(run, epoch, next));
    }

    /// Nobody here has the revision that someone wants for a paused run.
    pub(super) fn refuse_unknown(&mut self, loaded: &Loaded, epoch: u64, revision: &str) {
        let name = &loaded.row.workflow;
        let message = format!("no worker has revision {revision} of `{name}`");
        let failure = Failure::new("not_registered", message);
        let refusal = Refusal { revision: revision.to_owned(), failure };
        self.submit(bare_write(loaded.row.id, epoch, Next::Refuse(refusal)));
    }

    /// Whether the function fits the journal.
    fn trial(
        &self,
        loaded: Loaded,
        epoch: u64,
        workflow: &dyn ErasedWorkflow,
    ) -> Result<(), Failure> {
        if sabotage!("a trial always succeeds") {
            return Ok(());
        }
        let waker = self.waker(loaded.row.id);
        let limits = (self.now, self.settings.store.max_payload());
        match trial(workflow, loaded, epoch, limits, waker)? {
            (_, Progress::Stuck(failure)) => Err(failure),
            _ => Ok(()),
        }
    }

    /// The adoption is durable: the run is driven on from what the store holds.
    pub(super) fn adopted(&mut self, run: RunId, epoch: u64, state: RunState) {
        self.settings.hub.changed(run);
        if state == RunState::Paused {
            return self.settings.hub.stopped(run);
        }
        self.loading.insert(run, false);
        self.load(run, epoch);
    }
}
