//! Starts and events in a transaction of the application's own, on its connection to the database.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::apply::{delivered, start};
use super::codec::{get, hash, uuid};
use super::failing::Trouble;
use super::session::quoted;
use super::{PostgresStore, Shared};
use crate::RunId;
use crate::client::Outbox;
use crate::error::{Error, Result};
use crate::store::{NewEvent, NewRun, Outgoing, Sent, Started, Store};

impl<'t> Outbox for &'t Transaction<'_> {
    type Answer<T: Send + 'static> = BoxFuture<'t, Result<T>>;

    fn put<T: Send + 'static>(
        self,
        store: &Arc<dyn Store>,
        outgoing: Result<Outgoing>,
        read: impl FnOnce(Sent) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'t, Result<T>> {
        let store = store.concrete().and_then(|store| store.downcast_ref::<PostgresStore>());
        let shared = store.map(|store| Arc::clone(&store.inner.shared));
        Box::pin(async move {
            let shared = shared.ok_or_else(|| {
                Error::WrongTransaction("the client's journal is not in PostgreSQL".to_owned())
            })?;
            let outgoing = outgoing?;
            outgoing.fitting(shared.max_payload)?;
            is_of(self, &shared).await?;
            read(match outgoing {
                Outgoing::Start(run) => begin(self, &shared, &run).await?,
                Outgoing::Event(event, may_be_sent) => {
                    if let Some((workflow, revision)) = definition(self, &shared, &event).await? {
                        may_be_sent(&workflow, &revision)?;
                    }
                    deliver(self, &shared, &event).await?
                }
            })
        })
    }
}

/// Makes sure that the transaction sees the client's journal, and not another one that has its name.
async fn is_of(tx: &Transaction<'_>, shared: &Shared) -> Result<()> {
    let reason = || {
        let schema = &shared.schema;
        Error::WrongTransaction(format!("it does not see the client's journal, `{schema}`"))
    };
    let journal = format!("{}.meta", quoted(&shared.schema));
    // Asked first: a table that is not there would end the transaction.
    let found = tx.query_one("SELECT to_regclass($1) IS NOT NULL", &[&journal]).await;
    if !found.and_then(|row| row.try_get(0)).map_err(refused)? {
        return Err(reason());
    }
    let asked = format!("SELECT value FROM {journal} WHERE name = 'journal'");
    let row = tx.query_opt(&asked, &[]).await.map_err(refused)?;
    let theirs = row.map(|row| row.try_get::<_, String>(0)).transpose().map_err(refused)?;
    if theirs.as_ref() == shared.journal.get() { Ok(()) } else { Err(reason()) }
}

/// Makes a definition known that is in the journal for the first time, in a transaction of its own:
/// the application's would hold up all other starts of that workflow until its commit. One that
/// would not see the other's has to do it by itself.
async fn define(tx: &Transaction<'_>, shared: &Shared, ready: &start::Ready<'_>) -> Result<()> {
    let definition = ready.definition();
    let find = format!(
        "SELECT current_setting('transaction_isolation') <> 'read committed' OR EXISTS (
           SELECT 1 FROM {}.definition
           WHERE workflow = $1 AND revision = $2 AND fingerprint = $3 AND md5(events) = md5($4))",
        quoted(&shared.schema)
    );
    let row = tx.query_one(&find, &definition).await.map_err(refused)?;
    if row.try_get(0).map_err(refused)? {
        return Ok(());
    }
    let client = shared.connect(|| {}).await.map_err(refused)?;
    let define = "SELECT definition_v1($1, $2, $3, $4)";
    client.query_one(define, &definition).await.map_err(refused)?;
    Ok(())
}

async fn begin(tx: &Transaction<'_>, shared: &Shared, run: &NewRun) -> Result<Sent> {
    let ready = start::Ready::new(run, &shared.codec)?;
    define(tx, shared, &ready).await?;
    let marks: Vec<String> = (1..=20).map(|number| format!("${number}")).collect();
    let call = format!(
        "SELECT existing, existing_hash FROM {}.start_in_v2({})",
        quoted(&shared.schema),
        marks.join(", ")
    );
    let statement = tx.prepare(&call).await.map_err(refused)?;
    let row = ready.call(tx.client(), &statement, false).await.map_err(refused)?;
    let existing: Option<Uuid> = get(&row, 0)?;
    Ok(Sent::Started(match existing {
        None => Started::New,
        Some(id) => {
            Started::Existing { id: RunId::from_bytes(id.into_bytes()), input_hash: hash(&row, 1)? }
        }
    }))
}

async fn deliver(tx: &Transaction<'_>, shared: &Shared, event: &NewEvent) -> Result<Sent> {
    let payload = shared.codec.payload(&event.payload)?;
    let call = format!("SELECT {}.event_in_v2($1, $2, $3, $4, $5, $6, $7)", quoted(&shared.schema));
    let values: [&(dyn ToSql + Sync); 7] = [
        &uuid(event.run),
        &event.event.name,
        &event.event.key,
        &event.event_id,
        &event.event.is_reserved(),
        &payload,
        &event.at.0,
    ];
    let row = tx.query_one(&call, &values).await.map_err(refused)?;
    Ok(Sent::Delivered(delivered(get(&row, 0)?)))
}

/// Workflow and revision of the run that an event is for.
async fn definition(
    tx: &Transaction<'_>,
    shared: &Shared,
    event: &NewEvent,
) -> Result<Option<(String, String)>> {
    let schema = quoted(&shared.schema);
    let find = format!(
        "SELECT workflow, revision FROM {schema}.run JOIN {schema}.definition
           ON definition.n = run.definition WHERE run.id = $1"
    );
    let row = tx.query_opt(&find, &[&uuid(event.run)]).await.map_err(refused)?;
    let read = |row: tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
    row.map(read).transpose().map_err(refused)
}

fn refused(error: tokio_postgres::Error) -> Error {
    Error::Store(Trouble::from(error).into_error())
}
