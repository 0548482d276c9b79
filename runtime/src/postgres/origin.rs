//! Where a journal comes from: whether its past is all of its past.
//!
//! The journal remembers in which cluster it lies, in which database of that, and as which table.
//! A dump that is read back, a copy of the database (`CREATE DATABASE ... TEMPLATE`), a schema that
//! was moved elsewhere has another of these: it is taken for a backup, and its runs start paused.
//!
//! Nothing here tells a cluster that was put back as a whole (a snapshot of its disk, a recovery to
//! a point in time) from one that went on, or a standby that was promoted: those keep all three, and
//! a fail-over is not to stop everything. Whoever goes back to such a backup says so with
//! [`Origin::Restored`]. A cluster that `pg_upgrade` made, or logical replication, is a new one:
//! [`Origin::Moved`] lets the runs go on.

use tokio_postgres::Client;
use uuid::Uuid;

use super::OpenError;
use super::open::{meta, set_meta};
use super::values::Codec;
use crate::store::{Origin, restored};

/// Lets the runs of a restored journal stand still; the journal's id. Called by one at a time.
pub(super) async fn settle(
    client: &Client,
    origin: Origin,
    codec: &Codec,
) -> Result<String, OpenError> {
    let (here, known) = (place(client).await?, meta(client, "place").await?);
    let is_restored = match origin {
        Origin::Restored => true,
        Origin::Moved => false,
        // One of a format that did not remember it is where it was.
        Origin::Unknown => known.as_ref().is_some_and(|known| !is_same(known, &here)),
    };
    if is_restored {
        tracing::warn!("the journal was restored: its runs are paused");
        pause_all(client, codec).await?;
    }
    let is_new_place = known.as_deref() != Some(&here);
    if is_new_place {
        set_meta(client, "place", &here).await?;
    }
    match meta(client, "journal").await? {
        Some(journal) if !is_new_place => Ok(journal),
        _ => {
            let journal = Uuid::new_v4().to_string();
            set_meta(client, "journal", &journal).await?;
            Ok(journal)
        }
    }
}

/// Cluster, database and table. The cluster is not told to everybody.
async fn place(client: &Client) -> Result<String, OpenError> {
    let may_ask = "SELECT has_function_privilege('pg_control_system()', 'execute')";
    let cluster = if client.query_one(may_ask, &[]).await?.try_get(0)? {
        let asked = "SELECT system_identifier::text FROM pg_control_system()";
        client.query_one(asked, &[]).await?.try_get(0)?
    } else {
        UNTOLD.to_owned()
    };
    let asked = "SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text,
                        'run'::regclass::oid::text";
    let row = client.query_one(asked, &[]).await?;
    let (database, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    Ok(format!("{cluster} {database} {table}"))
}

/// In place of a cluster's identifier that is not told.
const UNTOLD: &str = "?";

/// Whether two places are one, as far as both are told.
fn is_same(known: &str, here: &str) -> bool {
    let (mut known, mut here) = (known.split(' '), here.split(' '));
    let clusters = (known.next(), here.next());
    let is_untold = clusters.0 == Some(UNTOLD) || clusters.1 == Some(UNTOLD);
    (is_untold || clusters.0 == clusters.1) && known.eq(here)
}

/// Everything that has not ended stands still, nobody holds anything, and what schedules missed is
/// not made up for.
async fn pause_all(client: &Client, codec: &Codec) -> Result<(), OpenError> {
    let failure = codec.failure(Some(&restored()));
    let failure = failure.map_err(|error| OpenError::CannotOpen(error.to_string()))?;
    let pause = "UPDATE run SET state = 3, owner = NULL, ready = (stop = 1), wake_at = NULL,
                                failure = $1, from_outside = true
                 WHERE state < 3";
    client.execute(pause, &[&failure]).await?;
    client
        .batch_execute(
            "UPDATE schedule SET rule = '';
             DELETE FROM taken_away;
             UPDATE worker SET expires_at = '-infinity'",
        )
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn a_place_is_known_by_all_that_is_told() {
        for (known, here, same) in [
            ("1 2 3", "1 2 3", true),
            ("1 2 3", "9 2 3", false),
            ("1 2 3", "1 9 3", false),
            ("1 2 3", "1 2 9", false),
            ("? 2 3", "1 2 3", true),
            ("1 2 3", "? 2 3", true),
            ("? 2 3", "1 2 9", false),
        ] {
            assert_eq!(is_same(known, here), same, "{known} and {here}");
        }
    }
}
