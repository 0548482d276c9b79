//! Work in the application's own tables: handed to the store, which writes its outcome with it.

use super::{Message, Shard};
use crate::driver::resident::Resident;
use crate::failure::{ErrorClass, StepError};
use crate::ids::RunId;
use crate::profile::Promise;
use crate::store::{
    Entry, Reply, RunState, StoreError, Transact, Transacted, Transaction, Written,
};

impl Shard {
    /// Lets the store do the work that is due, if any is.
    pub(super) fn transact(&self, resident: &Resident) {
        let Some(transact) = resident.backend.borrow_mut().transact() else { return };
        let (run, epoch) = (transact.run, transact.epoch);
        #[cfg(feature = "testkit")]
        if let Some(output) =
            self.settings.answers.answer(&resident.workflow, run, &transact.entry.path)
        {
            resident.backend.borrow_mut().spared(output);
            return drop(self.settings.sender.send(Message::Woken(run)));
        }
        let sender = self.settings.sender.clone();
        let tell = move |answer| drop(sender.send(Message::Transacted { run, epoch, answer }));
        let reply = Reply::new(tell);
        match self.lacking() {
            None => self.submit_work(transact, reply),
            Some(error) => reply.send(Ok(Transacted::Failed(error))),
        }
    }

    fn submit_work(&self, transact: Transact, reply: Reply<Transacted>) {
        self.settings.store.submit(Transaction::Transact(Box::new(transact), reply));
    }

    /// What work fails with over a store that cannot do any.
    fn lacking(&self) -> Option<StepError> {
        let promise = Promise::Transactions;
        let lacks = !self.settings.store.profile().has(promise);
        let message = || format!("the store does not offer {promise}");
        lacks.then(|| StepError::of_engine(ErrorClass::Fatal, "unsupported", message()))
    }

    /// What became of the work.
    pub(super) fn transacted(
        &mut self,
        run: RunId,
        epoch: u64,
        answer: Result<Transacted, StoreError>,
    ) {
        let written = match answer {
            Ok(Transacted::Done(entry)) => Ok(self.work_ended(run, epoch, Ok(*entry))),
            Ok(Transacted::Failed(error)) => Ok(self.work_ended(run, epoch, Err(error))),
            Ok(Transacted::Fenced) => Ok(Written::Fenced),
            Ok(Transacted::Conflict(path)) => Ok(Written::Conflict(path)),
            Err(error) => Err(error),
        };
        self.written(run, epoch, written);
    }

    fn work_ended(&self, run: RunId, epoch: u64, result: Result<Entry, StepError>) -> Written {
        let resident = self.runs.get(&run).filter(|resident| resident.epoch == epoch);
        if let Some(resident) = resident {
            let mut backend = resident.backend.borrow_mut();
            backend.at(self.now);
            backend.transacted(result);
        }
        Written::Done(RunState::Running)
    }
}
