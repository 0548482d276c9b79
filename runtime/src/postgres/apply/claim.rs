//! Claims.

use super::{Applied, Applier, Result, Tells, applied, read};
use crate::Timestamp;
use crate::postgres::codec::{get, natural, run_id, worker_uuid};
use crate::store::answer::Answer;
use crate::store::{Claim, Claimed};

impl Applier<'_> {
    pub(super) async fn claim(&self, claim: &Claim) -> Result<Applied> {
        let own = claim.definitions.iter().map(|(name, revision)| (&**name, &**revision, ""));
        let adopts = claim.adopts.iter().map(|old| (&*old.workflow, &*old.from, &*old.to));
        let all: Vec<(&str, &str, &str)> = own.chain(adopts).collect();
        let workflows: Vec<&str> = all.iter().map(|(workflow, ..)| *workflow).collect();
        let revisions: Vec<&str> = all.iter().map(|(_, revision, _)| *revision).collect();
        let adopters: Vec<&str> = all.iter().map(|(.., adopter)| *adopter).collect();
        let limit = i64::try_from(claim.limit).unwrap_or(i64::MAX - 1);
        let rows = self
            .client
            .query(
                &self.sql.claim,
                &[
                    &worker_uuid(claim.worker),
                    &workflows,
                    &revisions,
                    &adopters,
                    &limit,
                    &claim.now.0,
                    &self.lease,
                ],
            )
            .await?;
        let mut claimed = Claimed::default();
        for row in &rows {
            match read(get::<i16>(row, 0))? {
                0 => claimed.runs.push((read(run_id(row, 1))?, read(natural(row, 2))?)),
                1 => claimed.nudged.push(read(run_id(row, 1))?),
                2 => claimed.next_wake = Some(Timestamp(read(get(row, 2))?)),
                _ => claimed.more = true,
            }
        }
        Ok(applied(Answer::Claimed(claimed), Tells::Nobody))
    }
}
