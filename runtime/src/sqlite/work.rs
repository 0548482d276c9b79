//! Work in an application's own tables, which live in the journal's file (R32).

use std::fmt;
use std::ops::Deref;

use rusqlite::{Connection, ErrorCode};

use super::gate::Gate;
use crate::Payload;
use crate::failure::{ErrorClass, StepError};
use crate::journaled::Journaled;
use crate::store::Work;

/// How this store calls itself in messages.
pub(super) const STORE: &str = "SQLite";

/// Work of which the output is JSON already.
pub(super) type Body = Box<dyn Fn(&Tx<'_>) -> Result<Payload, StepError> + Send + Sync>;

/// Work for [`Context::transaction`](crate::Context::transaction) in the application's own tables,
/// which live in the journal's file.
///
/// It runs on the thread that writes the journal: while it does, nothing else is written, so it is
/// to be short, and to do nothing but SQL. After the `timeout` of its policy, 30 seconds if that
/// says nothing, what SQLite is doing is interrupted.
///
/// ```
/// use flowcrate::sqlite;
/// # use flowcrate::store::Work;
///
/// # fn work(item: String) -> Work<i64> {
/// sqlite::work(move |tx| {
///     tx.execute("INSERT INTO orders (item) VALUES (?)", [&item])?;
///     Ok(tx.last_insert_rowid())
/// })
/// # }
/// ```
pub fn work<T, F>(work: F) -> Work<T>
where
    T: Journaled,
    F: Fn(&Tx<'_>) -> Result<T, StepError> + Send + Sync + 'static,
{
    let body: Body = Box::new(move |tx| crate::context::encode_output(&work(tx)?));
    Work::new(STORE, body)
}

/// The transaction in which work is done: a connection to the journal's file that neither begins
/// nor ends it, and leaves the journal's own tables, the pragmas and what is temporary alone. What
/// asks for those fails with `not authorized`.
pub struct Tx<'c> {
    connection: &'c Connection,
    gate: &'c Gate,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection, gate: &'c Gate) -> Self {
        Self { connection, gate }
    }

    pub(super) fn gate(&self) -> &'c Gate {
        self.gate
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tx")
    }
}

/// What SQLite says to a step. That another one holds the file, or that the disk is full, may be
/// over by the next attempt; that a statement makes no sense, or breaks a rule of its table, is not.
impl From<rusqlite::Error> for StepError {
    fn from(error: rusqlite::Error) -> Self {
        let class = match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => ErrorClass::Timeout,
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory,
            ) => ErrorClass::Retryable,
            _ => ErrorClass::Fatal,
        };
        Self::of_engine(class, "sqlite", error.to_string())
    }
}
