//! Large values: written in parts, each in a commit of its own, between the commits of the rest.
//!
//! A transaction with a large value waits until its parts are durable; what comes for the same
//! run meanwhile waits behind it. Everything else goes on. A value is sealed and hashed on a
//! thread of its own.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use super::{Trouble, Writer};
use crate::RunId;
use crate::sqlite::failing::failed;
use crate::sqlite::values::{Kept, Sealer, part};
use crate::store::answer::refuse;
use crate::store::{StoreError, Transaction};

/// How long to wait for a value that is being sealed.
const NAP: Duration = Duration::from_millis(2);

/// Transactions that wait for their large values.
#[derive(Default)]
pub(super) struct Large {
    held: VecDeque<Held>,
}

struct Held {
    transaction: Transaction,
    values: Values,
}

enum Values {
    /// Nobody has begun: another one comes first.
    Waiting,
    /// On their way through a thread.
    Sealing(Receiver<rusqlite::Result<Vec<Kept>>>),
    /// Being written: which one, and which part of it, comes next.
    Writing { values: Vec<Kept>, next: (usize, u64) },
}

/// What is to be done for the transaction that comes first.
enum Step {
    Wait,
    Part,
    Commit,
    GiveUp(StoreError),
}

impl Large {
    /// Takes out of a batch what has to wait.
    pub(super) fn hold_back(&mut self, batch: Vec<Transaction>) -> Vec<Transaction> {
        if self.held.is_empty() && !batch.iter().any(is_large) {
            return batch;
        }
        let mut others = Vec::with_capacity(batch.len());
        for transaction in batch {
            if is_large(&transaction) || self.is_behind(&transaction) {
                self.held.push_back(Held { transaction, values: Values::Waiting });
            } else {
                others.push(transaction);
            }
        }
        others
    }

    /// Whether a transaction would overtake one of the same run.
    fn is_behind(&self, transaction: &Transaction) -> bool {
        let mut behind = false;
        transaction.each_run(|run| {
            behind |= self.held.iter().any(|held| is_about(&held.transaction, run));
        });
        behind && !sabotage!("large values overtake")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// How long to wait for other work, at most.
    pub(super) fn nap(&self) -> Option<Duration> {
        match self.held.front()?.values {
            Values::Sealing(_) => Some(NAP),
            Values::Waiting | Values::Writing { .. } => Some(Duration::ZERO),
        }
    }
}

impl Held {
    /// What comes next, and gets it ready.
    fn step(&mut self, sealer: &Sealer) -> Step {
        match &mut self.values {
            Values::Waiting => match seal(sealer, &self.transaction) {
                Ok(receiver) => {
                    self.values = Values::Sealing(receiver);
                    Step::Wait
                }
                Err(error) => Step::GiveUp(StoreError::Failed(error.to_string())),
            },
            Values::Sealing(receiver) => match receiver.try_recv() {
                Ok(Ok(values)) => {
                    self.values = Values::Writing { values, next: (0, 0) };
                    Step::Wait
                }
                Ok(Err(error)) => Step::GiveUp(failed(&error)),
                Err(TryRecvError::Empty) => Step::Wait,
                Err(TryRecvError::Disconnected) => {
                    Step::GiveUp(StoreError::Failed("a payload codec panicked".to_owned()))
                }
            },
            Values::Writing { values, next } => match values.get(next.0) {
                Some(_) if sabotage!("blob after its pointer") => Step::Commit,
                Some(value) if next.1 < value.pointer.parts() => Step::Part,
                Some(_) => {
                    *next = (next.0 + 1, 0);
                    Step::Wait
                }
                None => Step::Commit,
            },
        }
    }
}

impl Writer<'_> {
    /// Does one thing for the transaction that waits longest.
    pub(super) fn go_on_with_large(&mut self) {
        let Some(mut held) = self.large.held.pop_front() else { return };
        if let Some(closed) = self.shared.closed() {
            return held.transaction.refuse(&closed);
        }
        let sealer = self.tables.values().sealer();
        match held.step(&sealer) {
            Step::Wait => self.large.held.push_front(held),
            Step::Part => match self.write_part(&mut held) {
                Ok(()) => self.large.held.push_front(held),
                Err(trouble) => self.give_up(held.transaction, trouble),
            },
            Step::Commit => {
                if let Values::Writing { values, .. } = held.values {
                    self.tables.values().are_ready(values);
                }
                self.commit(vec![held.transaction]);
                self.tables.values().are_done();
            }
            Step::GiveUp(error) => held.transaction.refuse(&error),
        }
    }

    fn write_part(&mut self, held: &mut Held) -> Result<(), Trouble> {
        let Values::Writing { values, next } = &mut held.values else { return Ok(()) };
        let Some(value) = values.get(next.0) else { return Ok(()) };
        self.begin.execute([]).map_err(Trouble::Begin)?;
        self.tables.values().now = self.shared.clock.now();
        self.tables.values().add_part(value, next.1)?;
        self.commit.execute([]).map_err(Trouble::Commit)?;
        next.1 += 1;
        Ok(())
    }

    fn give_up(&mut self, transaction: Transaction, trouble: Trouble) {
        self.roll_back();
        match trouble {
            Trouble::Commit(error) => self.commit_failed(vec![transaction], &error),
            Trouble::Begin(error) => self.begin_failed(vec![transaction], &error),
            Trouble::Apply(error) => refuse([transaction], &error),
            // Parts are never refused.
            Trouble::Undo(_) => drop(transaction),
        }
    }
}

/// Seals a transaction's large values on a thread of its own.
fn seal(
    sealer: &Sealer,
    transaction: &Transaction,
) -> std::io::Result<Receiver<rusqlite::Result<Vec<Kept>>>> {
    let (sender, receiver) = channel();
    let sealer = sealer.clone();
    let mut payloads = Vec::new();
    transaction.each_payload(|payload| {
        if payload.as_str().len() > part() {
            payloads.push(payload.clone());
        }
    });
    let seal = move || {
        let kept = payloads.iter().map(|payload| sealer.prepare(payload)).collect();
        // The writer may have ended meanwhile.
        drop(sender.send(kept));
    };
    std::thread::Builder::new().name("flowcrate-seal".to_owned()).spawn(seal)?;
    Ok(receiver)
}

fn is_large(transaction: &Transaction) -> bool {
    let mut large = false;
    transaction.each_payload(|payload| large |= payload.as_str().len() > part());
    large
}

fn is_about(transaction: &Transaction, run: RunId) -> bool {
    let mut about = false;
    transaction.each_run(|other| about |= other == run);
    about
}
