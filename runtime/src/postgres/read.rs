//! Answers queries on a connection that only reads: what has queued up from one snapshot, all of
//! it asked at once.

mod list;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{self, LocalBoxFuture};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::Shared;
use super::codec::{self, firing, get, int, natural, uuid};
use super::failing::Trouble;
use super::pipeline::in_order;
use super::queue::Served;
use super::statements::Reads;
use super::values::Codec;
use crate::store::{
    Entry, Inbox, InboxEvent, Loaded, Progressed, Query, Reply, RunRow, StoreError, Stretch,
    StretchOf, Undoable,
};
use crate::{RunId, Timestamp};

/// The most queries that are answered from one snapshot.
const BATCH: usize = 64;
/// How long to wait after a connection could not be made.
const BACK_OFF: Duration = Duration::from_millis(100);

/// A connection that reads.
pub(super) struct Session {
    client: Client,
    sql: Reads,
}

impl Session {
    /// Makes a connection ready to read.
    pub(super) async fn new(client: Client) -> Result<Self, tokio_postgres::Error> {
        let sql = Reads::prepare(&client).await?;
        Ok(Self { client, sql })
    }
}

/// Reads until every sender is gone.
pub(super) async fn serve(shared: Arc<Shared>, mut session: Session, mut queue: Served<Query>) {
    loop {
        let mut batch = queue.next(BATCH).await;
        if batch.is_empty() {
            return;
        }
        let mut since = None;
        loop {
            batch = answer(&shared.codec, &session, batch).await;
            if batch.is_empty() {
                break;
            }
            // The connection is lost. Reading again does no harm.
            let since = *since.get_or_insert_with(Instant::now);
            match again(&shared).await {
                Some(fresh) => session = fresh,
                None if queue.is_closed() || since.elapsed() > shared.lease => {
                    for query in std::mem::take(&mut batch) {
                        refuse(query, &StoreError::Busy);
                    }
                    break;
                }
                None => tokio::time::sleep(BACK_OFF).await,
            }
        }
    }
}

async fn again(shared: &Shared) -> Option<Session> {
    let client = shared.connect(|| {}).await.ok()?;
    Session::new(client).await.ok()
}

/// What a query found, or the query if it is to be asked again.
type Asked<'a> = LocalBoxFuture<'a, Result<Send, Trouble>>;

/// An answer on its way.
type Send = Box<dyn FnOnce(Query)>;

/// Answers queries from one snapshot, which is taken now: what was acknowledged to an asker before
/// is in it. Those that the connection did not outlive come back.
async fn answer(codec: &Codec, session: &Session, batch: Vec<Query>) -> Vec<Query> {
    let reader = Reader { client: &session.client, sql: &session.sql, codec };
    let snapshot = session.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    let all = in_order(batch.iter().map(|query| reader.ask(query)).collect());
    let commit = session.client.batch_execute("COMMIT");
    let (begun, found, _) = future::join3(snapshot, all, commit).await;
    let mut left = Vec::new();
    let mut failed = begun.err().map(Trouble::from);
    let alone = batch.len() == 1;
    for (query, found) in batch.into_iter().zip(found) {
        match found {
            Ok(send) if failed.is_none() => send(query),
            Err(Trouble::Unsent(error)) => refuse(query, &error),
            // What fails by itself is the query's affair; what comes after it failed with it.
            Err(trouble) if alone && !matches!(trouble, Trouble::Lost(_)) => {
                refuse(query, &trouble.into_error());
            }
            Err(trouble) => {
                failed.get_or_insert(trouble);
                left.push(query);
            }
            Ok(_) => left.push(query),
        }
    }
    if alone || left.is_empty() || matches!(failed, Some(Trouble::Lost(_))) {
        return left;
    }
    let mut lost = Vec::new();
    for query in left {
        lost.extend(Box::pin(answer(codec, session, vec![query])).await);
    }
    lost
}

struct Reader<'s> {
    client: &'s Client,
    sql: &'s Reads,
    codec: &'s Codec,
}

type Result<T, E = Trouble> = std::result::Result<T, E>;

/// What was read makes no sense, or cannot be read. The connection is well.
fn read<T>(result: Result<T, StoreError>) -> Result<T> {
    result.map_err(Trouble::Unsent)
}

impl Reader<'_> {
    /// Asks; everything is sent with the first poll.
    fn ask<'a>(&'a self, query: &'a Query) -> Asked<'a> {
        macro_rules! found {
            ($variant:ident($($ignored:pat),*), $found:expr) => {
                Box::pin(async move {
                    let found = $found.await?;
                    let send: Send = Box::new(move |query| {
                        if let Query::$variant($($ignored,)* reply) = query {
                            reply.send(Ok(found));
                        }
                    });
                    Ok(send)
                })
            };
        }
        match query {
            Query::Load(run, _) => found!(Load(_), self.load(*run)),
            Query::Inbox(run, after, _) => found!(Inbox(_, _), self.inbox(*run, *after)),
            Query::Run(run, _) => found!(Run(_), self.run(*run)),
            Query::Runs(filter, _) => found!(Runs(_), self.runs(filter)),
            Query::Journal(run, _) => found!(Journal(_), self.journal(*run)),
            Query::Progress(of, _) => found!(Progress(_), self.stretch(of)),
            Query::NextFire(name, _) => found!(NextFire(_), self.next_fire(name)),
        }
    }

    /// What it takes to drive a run.
    async fn load(&self, id: RunId) -> Result<Option<Loaded>> {
        let run = uuid(id);
        let (row, entries, inbox, undos) = future::join4(
            self.row(id),
            self.entries(&self.sql.unsealed, id),
            self.mail(id, 0),
            async { self.client.query(&self.sql.undos, &[&run]).await.map_err(Trouble::from) },
        )
        .await;
        let Some(row) = row? else { return Ok(None) };
        let undos: Vec<Option<Undoable>> = read(
            undos?.iter().map(|row| codec::undoable(row, self.codec)).collect::<Result<_, _>>(),
        )?;
        let undos = undos.into_iter().flatten().collect();
        Ok(Some(Loaded { row, entries: entries?, inbox: inbox?, undos }))
    }

    /// The mail that came after a position.
    async fn inbox(&self, id: RunId, after: u64) -> Result<Option<Inbox>> {
        let (row, events) = future::join(self.row(id), self.mail(id, after)).await;
        let Some(RunRow { inbox_seq, epoch, stop, wanted_revision, .. }) = row? else {
            return Ok(None);
        };
        Ok(Some(Inbox { inbox_seq, epoch, stop, wanted_revision, events: events? }))
    }

    /// A run's row with its open entries.
    async fn run(&self, id: RunId) -> Result<Option<(RunRow, Vec<Entry>)>> {
        let (row, open) = future::join(self.row(id), self.entries(&self.sql.open, id)).await;
        let Some(row) = row? else { return Ok(None) };
        Ok(Some((row, open?)))
    }

    /// A run's whole journal.
    async fn journal(&self, id: RunId) -> Result<Option<Vec<Entry>>> {
        let (row, all) = future::join(self.row(id), self.entries(&self.sql.whole, id)).await;
        if row?.is_none() {
            return Ok(None);
        }
        all.map(Some)
    }

    /// A part of a progress stream.
    async fn stretch(&self, of: &StretchOf) -> Result<Option<Stretch>> {
        let limit = (of.limit != 0).then(|| i64::try_from(of.limit).unwrap_or(i64::MAX));
        let (run, from) = (uuid(of.run), int(of.from));
        let values: [&(dyn ToSql + Sync); 4] = [&run, &of.stream, &from, &limit];
        let items = self.client.query(&self.sql.progress, &values);
        let (row, items) = future::join(self.row(of.run), items).await;
        let items = items?;
        let Some(row) = row? else { return Ok(None) };
        let item = |row: &Row| {
            Ok(Progressed {
                index: natural(row, 0)?,
                path: get::<&str>(row, 1)?.into(),
                item_id: get(row, 2)?,
                value: self.codec.read(get(row, 3)?)?,
                at: Timestamp(get(row, 4)?),
            })
        };
        let items = read(items.iter().map(item).collect())?;
        Ok(Some(Stretch { items, state: row.state }))
    }

    /// When a schedule fires next; `None` if it was never told.
    async fn next_fire(&self, name: &str) -> Result<Option<crate::store::Firing>> {
        let row = self.client.query_opt(&self.sql.next_fire, &[&name]).await?;
        read(row.as_ref().map(firing).transpose())
    }

    async fn row(&self, id: RunId) -> Result<Option<RunRow>> {
        let row = self.client.query_opt(&self.sql.row, &[&uuid(id)]).await?;
        read(row.map(|row| codec::run(&row, self.codec)).transpose())
    }

    async fn entries(&self, which: &tokio_postgres::Statement, id: RunId) -> Result<Vec<Entry>> {
        let rows = self.client.query(which, &[&uuid(id)]).await?;
        read(rows.iter().map(|row| codec::entry(row, self.codec)).collect())
    }

    async fn mail(&self, id: RunId, after: u64) -> Result<Vec<InboxEvent>> {
        let rows = self.client.query(&self.sql.mail, &[&uuid(id), &int(after)]).await?;
        read(rows.iter().map(|row| codec::event(row, self.codec)).collect())
    }
}

/// Answers a query with an error.
fn refuse(query: Query, error: &StoreError) {
    fn send<T>(reply: Reply<T>, error: &StoreError) {
        reply.send(Err(error.clone()));
    }
    match query {
        Query::Load(_, reply) => send(reply, error),
        Query::Inbox(_, _, reply) => send(reply, error),
        Query::Run(_, reply) => send(reply, error),
        Query::Runs(_, reply) => send(reply, error),
        Query::Journal(_, reply) => send(reply, error),
        Query::Progress(_, reply) => send(reply, error),
        Query::NextFire(_, reply) => send(reply, error),
    }
}
