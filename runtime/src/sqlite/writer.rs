//! The one thread that writes: many transactions, one commit.
//!
//! While a commit waits for the disk, transactions queue up; the next commit takes them all.
//! Each is answered when the commit that holds it is durable. A commit that meets trouble is
//! rolled back and its transactions are applied again, each in a commit of its own, so that none
//! suffers for another.

mod large;
#[cfg(all(test, feature = "testkit"))]
pub(super) mod simulated;
#[cfg(all(test, feature = "testkit"))]
mod tests;
mod transact;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, Statement};

use super::apply::{Purger, Tables, WriteResult};
use super::failing::{failed, is_final};
use super::queue::{Next, Served};
use super::values::Sweeper;
use super::{Role, Shared};
use crate::store::answer::{Answer, refuse, reply};
use crate::store::{StoreError, Transaction};
use large::Large;

/// How often the writer looks whether another process has written.
const POLL: Duration = Duration::from_millis(250);
/// How long after all blobs were looked at they are looked at again.
const SWEEP: Duration = Duration::from_mins(10);
/// The most transactions in one commit.
const BATCH: usize = 4096;

/// Writes until every sender is gone.
pub(super) struct Writer<'c> {
    connection: &'c Connection,
    begin: Statement<'c>,
    commit: Statement<'c>,
    version: Statement<'c>,
    /// The version of the data that `tables` remembers.
    remembered: i64,
    tables: Tables<'c>,
    shared: &'c Shared,
    /// The version of the data after the latest foreign commit that was noticed.
    seen: i64,
    polled: Instant,
    large: Large,
    sweeper: Sweeper<'c>,
    purger: Purger<'c>,
    /// When to look for blobs to sweep.
    sweep_at: Instant,
    /// Whether the round that is under way is to be followed by another one at once.
    sweep_again: bool,
}

/// Why a commit did not come about.
enum Trouble {
    /// The database could not begin it, or not go on at all.
    Begin(rusqlite::Error),
    /// A transaction is refused with half of it written.
    Undo(Answer),
    /// A transaction failed.
    Apply(StoreError),
    /// The commit itself failed.
    Commit(rusqlite::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        // What no later transaction gets past is no affair of this one alone.
        match is_final(&error) {
            Some(_) => Self::Begin(error),
            None => Self::Apply(failed(&error)),
        }
    }
}

impl<'c> Writer<'c> {
    pub(super) fn new(connection: &'c Connection, shared: &'c Shared) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            version: connection.prepare("PRAGMA data_version")?,
            remembered: data_version(connection)?,
            tables: Tables::new(connection, shared.codec.clone())?,
            shared,
            seen: data_version(connection)?,
            polled: Instant::now(),
            large: Large::default(),
            sweeper: Sweeper::new(connection)?,
            purger: Purger::new(connection)?,
            sweep_at: Instant::now(),
            sweep_again: false,
        })
    }

    /// Writes until every sender is gone.
    pub(super) fn serve(mut self, transactions: &Served<Transaction>) {
        loop {
            let poll = POLL.saturating_sub(self.polled.elapsed());
            match transactions.next(BATCH, self.large.nap().unwrap_or(poll)) {
                Next::Batch(batch) => {
                    let batch = self.large.hold_back(batch);
                    for segment in transact::segments(batch) {
                        self.commit(segment);
                    }
                }
                Next::Nothing => {}
                Next::Closed if self.large.is_empty() => return,
                Next::Closed => std::thread::sleep(self.large.nap().unwrap_or_default()),
            }
            self.go_on_with_large();
            self.poll();
        }
    }

    /// Tells those who want to know when another process has written.
    fn poll(&mut self) {
        if self.polled.elapsed() < POLL {
            return;
        }
        self.polled = Instant::now();
        // A version that cannot be read is no reason to give up: the next commit will say.
        let version = data_version(self.connection).unwrap_or(self.seen);
        if version != self.seen {
            self.seen = version;
            self.shared.hint();
        }
        if self.shared.role == Role::Driver && self.sweep_at <= Instant::now() {
            self.sweep();
        }
    }

    /// Takes away a few of the blobs that nothing points to.
    fn sweep(&mut self) {
        match self.sweeper.step(self.shared.clock.now()) {
            Ok(true) => {}
            // What became free behind the place that had been reached is looked at now.
            Ok(false) if std::mem::take(&mut self.sweep_again) => {}
            Ok(false) => self.sweep_at += SWEEP,
            Err(error) => {
                tracing::warn!(%error, "blobs that nothing points to cannot be taken away");
                self.sweep_at += SWEEP;
            }
        }
    }

    fn commit(&mut self, batch: Vec<Transaction>) {
        if let Some(closed) = self.shared.closed() {
            return refuse(batch, &closed);
        }
        let trouble = match self.try_commit(&batch) {
            Ok(answers) => return self.acknowledge(batch, answers),
            Err(trouble) => trouble,
        };
        self.roll_back();
        match trouble {
            Trouble::Begin(error) => self.begin_failed(batch, &error),
            Trouble::Commit(error) => self.commit_failed(batch, &error),
            Trouble::Undo(answer) if batch.len() == 1 => self.acknowledge(batch, vec![answer]),
            Trouble::Apply(error) if batch.len() == 1 => refuse(batch, &error),
            Trouble::Undo(_) | Trouble::Apply(_) => {
                for transaction in batch {
                    self.commit(vec![transaction]);
                }
            }
        }
    }

    fn try_commit(&mut self, batch: &[Transaction]) -> Result<Vec<Answer>, Trouble> {
        self.begin.execute([]).map_err(Trouble::Begin)?;
        // Another process may have terminated a run that this one drives.
        let version = self.version.query_row([], |row| row.get(0))?;
        if version != self.remembered {
            self.tables.forget();
            self.remembered = version;
        }
        self.tables.values().now = self.shared.clock.now();
        let mut answers = Vec::with_capacity(batch.len());
        for transaction in batch {
            answers.push(self.apply(transaction)?);
        }
        self.commit.execute([]).map_err(|error| Self::commit_trouble(batch, error))?;
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        Ok(answers)
    }

    fn apply(&mut self, transaction: &Transaction) -> Result<Answer, Trouble> {
        let tables = &mut self.tables;
        let driving = matches!(
            transaction,
            Transaction::Open(..)
                | Transaction::Claim(..)
                | Transaction::Write(..)
                | Transaction::Transact(..)
                | Transaction::Append(..)
        );
        if driving && self.shared.role == Role::Client {
            let reason = "only the process that drives this journal may do that".to_owned();
            return Err(Trouble::Apply(StoreError::Failed(reason)));
        }
        Ok(match transaction {
            Transaction::Open(worker, _) => {
                tables.open(*worker)?;
                Answer::Done
            }
            // One worker at a time, and the file's lock says which.
            Transaction::Renew(..) | Transaction::Leave(..) => Answer::Done,
            Transaction::Declare(limits, _) => {
                tables.declare(limits)?;
                Answer::Done
            }
            Transaction::Start(run, _) => Answer::Started(tables.start(run)?),
            Transaction::Claim(claim, _) => Answer::Claimed(tables.claim(claim)?),
            Transaction::Write(write, _) => match tables.write(write)? {
                WriteResult::Clean(written) => Answer::Written(written),
                WriteResult::Undo(written) => {
                    return Err(Trouble::Undo(Answer::Written(written)));
                }
            },
            Transaction::Transact(asked, _) => return self.transact(asked),
            Transaction::Append(append, _) => Answer::Appended(tables.append(append)?),
            Transaction::Event(event, _) => Answer::Delivered(tables.event(event)?),
            Transaction::Request(request, _) => Answer::Requested(tables.request(request)?),
            Transaction::Fire(fire, _) => Answer::Fired(tables.fire(fire)?),
            Transaction::Fork(fork, _) => Answer::Forked(tables.fork(fork)?),
            Transaction::Purge(purge, _) => {
                // Blobs may be free by it.
                self.sweep_at = self.sweep_at.min(Instant::now());
                self.sweep_again = true;
                Answer::Purged(self.purger.purge(purge)?)
            }
        })
    }

    fn roll_back(&mut self) {
        self.tables.forget();
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            self.shared.close(format!("a failed commit could not be rolled back: {error}"));
        }
    }

    /// Nothing was written. Where that will not change, the journal is closed, so that nobody
    /// tries for ever.
    fn begin_failed(&self, batch: Vec<Transaction>, error: &rusqlite::Error) {
        if let Some(reason) = is_final(error) {
            tracing::error!(%reason, "the journal is closed");
            self.shared.close(reason);
        }
        let answer = self.shared.closed().unwrap_or_else(|| failed(error));
        refuse(batch, &answer);
    }

    /// After a failed sync nobody knows what the disk holds, and a second try would not tell:
    /// the journal is closed, and the next opening reads what is there.
    fn commit_failed(&mut self, batch: Vec<Transaction>, error: &rusqlite::Error) {
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            return refuse(batch, &failed(error));
        }
        self.shared.close(format!("a commit failed: {error}"));
        // Nor is the log to be taken over into the file when the connection closes.
        let no_checkpoint = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        if let Err(error) = self.connection.set_db_config(no_checkpoint, true) {
            tracing::error!(%error, "the log may be synced once more");
        }
        refuse(batch, &StoreError::Unknown(error.to_string()));
    }

    fn acknowledge(&self, batch: Vec<Transaction>, answers: Vec<Answer>) {
        let mut wakes = false;
        for (transaction, answer) in batch.into_iter().zip(answers) {
            wakes |= answer.starts_unowned(&transaction);
            reply(transaction, answer);
        }
        if wakes {
            self.shared.hint();
        }
        #[cfg(unix)]
        if self.shared.role == Role::Client {
            super::poke::poke(&self.shared.path);
        }
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}
