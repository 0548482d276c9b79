//! Limits, as workers declare them.

use super::{Applied, Applier, Result, Tells, applied};
use crate::store::answer::Answer;
use crate::store::{Declare, Hold, Limit};

impl Applier<'_> {
    pub(super) async fn declare(&self, declare: &Declare) -> Result<Applied> {
        let workflows: Vec<&str> = declare.workflows.iter().map(|(name, _)| &**name).collect();
        let limits: Vec<Option<&Limit>> =
            declare.workflows.iter().map(|(_, limit)| limit.as_ref()).collect();
        let names: Vec<Option<&str>> =
            limits.iter().map(|limit| limit.map(|limit| &*limit.name)).collect();
        let of = |number: fn(&Limit) -> Option<i64>| -> Vec<Option<i64>> {
            limits.iter().map(|limit| limit.and_then(number)).collect()
        };
        let concurrency = of(|limit| limit.concurrency.map(i64::from));
        let starts = of(|limit| limit.rate.map(|rate| i64::from(rate.starts)));
        let period = of(|limit| {
            limit.rate.map(|rate| i64::try_from(rate.period.as_millis()).unwrap_or(i64::MAX))
        });
        let active: Vec<bool> = limits
            .iter()
            .map(|limit| limit.is_some_and(|limit| limit.hold == Hold::WhileActive))
            .collect();
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&workflows, &names, &concurrency, &starts, &period, &active];
        self.client.query(&self.sql.declare, &values).await?;
        Ok(applied(Answer::Done, Tells::Workers))
    }
}
