//! Purges, on a connection of their own: no other transaction waits for one. It is made when there
//! is something to do, and closed when there has been nothing for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::Shared;
use super::codec::{get, state_number, uuid};
use super::failing::Trouble;
use super::queue::Served;
use crate::store::{Purge, PurgePlace, Purged, Reply, StoreError};
use crate::{RunId, Timestamp};

/// A purge, and who asked for it.
pub(super) type Purging = (Box<Purge>, Reply<Purged>);

/// How long a connection is kept for which there is nothing to do.
const IDLE: Duration = Duration::from_secs(10);
/// Rows of runs that are gone to delete in one transaction, at most.
const ROWS: i64 = 2000;

const TEXT: &str = "SELECT busy, runs, next_range, next_at, next_id
                    FROM purge_v2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

struct Session {
    client: Client,
    purge: Statement,
}

/// Purges until every sender is gone.
pub(super) async fn serve(shared: Arc<Shared>, mut queue: Served<Purging>) {
    let mut session = None;
    loop {
        let idle = if session.is_some() { IDLE } else { Duration::MAX };
        let Ok(next) = tokio::time::timeout(idle, queue.next(1)).await else {
            session = None;
            continue;
        };
        if next.is_empty() {
            return;
        }
        for (asked, reply) in next {
            let purged = purge(&shared, &mut session, &asked).await;
            if matches!(purged, Err(Trouble::Lost(_))) {
                session = None;
            }
            reply.send(purged.map_err(Trouble::into_error));
        }
    }
}

async fn purge(
    shared: &Shared,
    session: &mut Option<Session>,
    asked: &Purge,
) -> Result<Purged, Trouble> {
    let session = match session {
        Some(session) => session,
        // Nothing was sent.
        None => {
            session.insert(connect(shared).await.map_err(|_| Trouble::Failed(StoreError::Busy))?)
        }
    };
    let states: Vec<i16> = asked.final_states().into_iter().map(state_number).collect();
    let after = asked.after.unwrap_or_default();
    let (at, id, limit) = (after.at.0, uuid(after.id), limit(asked.limit));
    let values: [&(dyn ToSql + Sync); 10] = [
        &asked.workflow,
        &asked.except,
        &states,
        &asked.ended_before.0,
        &asked.keys_before.0,
        &after.range,
        &at,
        &id,
        &limit,
        &ROWS,
    ];
    let row = session.client.query_one(&session.purge, &values).await?;
    read(&row).map_err(Trouble::Failed)
}

async fn connect(shared: &Shared) -> Result<Session, Trouble> {
    let client = shared.connect(|| {}).await?;
    let purge = client.prepare(TEXT).await?;
    Ok(Session { client, purge })
}

fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).max(1)
}

fn read(row: &Row) -> Result<Purged, StoreError> {
    if get(row, 0)? {
        return Err(StoreError::Busy);
    }
    let runs = get::<i64>(row, 1)?.cast_unsigned();
    let Some(range) = get(row, 2)? else { return Ok(Purged { runs, next: None }) };
    let id: uuid::Uuid = get(row, 4)?;
    let id = RunId::from_bytes(id.into_bytes());
    let next = Some(PurgePlace { range, at: Timestamp(get(row, 3)?), id });
    Ok(Purged { runs, next })
}
