//! Schedules: when each fires next.

use sqlx::{Row, SqliteConnection};

use super::{ScheduleDraft, Store};
use crate::error::Error;

/// A schedule whose instant has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueSchedule {
    /// The workflow that it starts.
    pub workflow_id: String,
    /// The trigger.
    pub node: String,
    /// Five fields.
    pub cron: String,
    /// IANA name.
    pub timezone: String,
    /// The nominal instant, milliseconds since the epoch.
    pub next_fire: i64,
}

impl Store {
    /// Schedules that are due, earliest first.
    pub async fn due_schedules(&self, now: i64, limit: u32) -> Result<Vec<DueSchedule>, Error> {
        let select = "select workflow_id, node, cron, timezone, next_fire from schedules
             where next_fire <= ?1 order by next_fire, workflow_id, node limit ?2";
        let rows = sqlx::query(select).bind(now).bind(limit).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| {
                Ok(DueSchedule {
                    workflow_id: row.try_get(0)?,
                    node: row.try_get(1)?,
                    cron: row.try_get(2)?,
                    timezone: row.try_get(3)?,
                    next_fire: row.try_get(4)?,
                })
            })
            .collect()
    }

    /// When the next schedule is due.
    pub async fn next_due(&self) -> Result<Option<i64>, Error> {
        Ok(sqlx::query_scalar("select min(next_fire) from schedules").fetch_one(&self.pool).await?)
    }

    /// Moves a schedule on, unless someone else did or it was edited (R23): compare-and-set.
    pub async fn advance_schedule(
        &self,
        fired: &DueSchedule,
        next: Option<i64>,
    ) -> Result<bool, Error> {
        let update = "update schedules set next_fire = ?1
             where workflow_id = ?2 and node = ?3 and next_fire = ?4 and cron = ?5 and timezone = ?6";
        let done = sqlx::query(update)
            .bind(next)
            .bind(&fired.workflow_id)
            .bind(&fired.node)
            .bind(fired.next_fire)
            .bind(&fired.cron)
            .bind(&fired.timezone)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

/// Replaces a workflow's schedules; an unchanged one keeps its next instant.
pub(super) async fn put(
    tx: &mut SqliteConnection,
    workflow_id: &str,
    drafts: &[ScheduleDraft],
) -> Result<(), Error> {
    let rows = sqlx::query("select node, cron, timezone from schedules where workflow_id = ?1")
        .bind(workflow_id)
        .fetch_all(&mut *tx)
        .await?;
    for row in rows {
        let (node, cron, timezone): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let same = |draft: &&ScheduleDraft| {
            draft.node == node && draft.cron == cron && draft.timezone == timezone
        };
        if drafts.iter().find(same).is_none() {
            sqlx::query("delete from schedules where workflow_id = ?1 and node = ?2")
                .bind(workflow_id)
                .bind(&node)
                .execute(&mut *tx)
                .await?;
        }
    }
    for draft in drafts {
        let insert = "insert into schedules (workflow_id, node, cron, timezone, next_fire)
             values (?1, ?2, ?3, ?4, ?5) on conflict do nothing";
        sqlx::query(insert)
            .bind(workflow_id)
            .bind(&draft.node)
            .bind(&draft.cron)
            .bind(&draft.timezone)
            .bind(draft.next_fire)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
