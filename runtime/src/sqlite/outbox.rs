//! Starts and events in a transaction of the application's own, on its connection to the file.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction};

use super::apply::Tables;
use super::failing::failed;
use super::gate::Gate;
use super::work::Tx;
use super::{SqliteStore, open};
use crate::client::Outbox;
use crate::error::{Error, Result};
use crate::store::{NewEvent, Outgoing, Sent, Store};

impl Outbox for &Transaction<'_> {
    type Answer<T: Send + 'static> = Result<T>;

    fn put<T: Send + 'static>(
        self,
        store: &Arc<dyn Store>,
        outgoing: Result<Outgoing>,
        read: impl FnOnce(Sent) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        read(put(self, store.as_ref(), outgoing?)?)
    }
}

/// In the transaction of a step, what it starts and sends is part of the step.
impl Outbox for &Tx<'_> {
    type Answer<T: Send + 'static> = Result<T>;

    fn put<T: Send + 'static>(
        self,
        store: &Arc<dyn Store>,
        outgoing: Result<Outgoing>,
        read: impl FnOnce(Sent) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let gate: &Gate = self.gate();
        read(gate.open(|| put(self, store.as_ref(), outgoing?))?)
    }
}

fn put(connection: &Connection, store: &dyn Store, outgoing: Outgoing) -> Result<Sent> {
    let other = || Error::WrongTransaction("the client's journal is no SQLite file".to_owned());
    let store = store.concrete().and_then(|store| store.downcast_ref::<SqliteStore>());
    let shared = &store.ok_or_else(other)?.inner.shared;
    let theirs = connection.path().map(std::fs::canonicalize).and_then(std::result::Result::ok);
    if theirs != std::fs::canonicalize(&shared.path).ok() {
        let reason = "it is on another file than the client's journal".to_owned();
        return Err(Error::WrongTransaction(reason));
    }
    if connection.is_autocommit() {
        return Err(Error::WrongTransaction("it is over already".to_owned()));
    }
    become_writer(connection).map_err(|error| refused(&error))?;
    if !open::is_current(connection).map_err(|error| refused(&error))? {
        let reason = "the journal has another format than this program writes".to_owned();
        return Err(Error::WrongTransaction(reason));
    }
    outgoing.fitting(shared.max_payload)?;
    let written = (|| {
        let mut tables = Tables::new(connection, shared.codec.clone())?;
        tables.values().now = shared.clock.now();
        match outgoing {
            Outgoing::Start(run) => tables.start(&run).map(|started| Ok(Sent::Started(started))),
            Outgoing::Event(event, may_be_sent) => {
                if let Some((workflow, revision)) = definition(connection, &event)?
                    && let Err(error) = may_be_sent(&workflow, &revision)
                {
                    return Ok(Err(error));
                }
                tables.event(&event).map(|delivered| Ok(Sent::Delivered(delivered)))
            }
        }
    })();
    written.map_err(|error: rusqlite::Error| refused(&error))?
}

/// Lets a transaction that has done nothing yet begin with a write. SQLite begins one that is
/// deferred, as rusqlite's are, with its first statement: were that a read, a write of the
/// engine's between it and ours would refuse ours at once, however long the application is ready
/// to wait. A statement that changes no row waits for its turn, and sees what is newest.
fn become_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM run WHERE FALSE", []).map(drop)
}

/// Workflow and revision of the run that an event is for.
fn definition(
    connection: &Connection,
    event: &NewEvent,
) -> rusqlite::Result<Option<(String, String)>> {
    let find = "SELECT workflow, revision FROM run JOIN definition ON definition.n = run.definition
                WHERE run.id = ?";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    connection.query_row(find, [event.run.as_bytes()], read).optional()
}

/// Another one wrote for longer than the connection waits, or has written since this transaction
/// read.
fn refused(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        _ => Error::Store(failed(error)),
    }
}
