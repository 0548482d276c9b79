//! Applies transactions of the store: mostly one call of a function in the database each, which
//! checks before it writes. So many can be sent at once, and a refused one leaves no trace.

mod claim;
mod fork;
mod limits;
pub(super) mod start;
mod write;

pub(super) use write::reaches_far;

use tokio_postgres::{Client, Row};

use super::codec::{firing, get, int, uuid, worker_uuid};
use super::failing::Trouble;
use super::statements::Writes;
use super::values::Codec;
use crate::Failure;
use crate::store::answer::Answer;
use crate::store::{
    Append, Appended, Ask, ChildEnd, Delivered, Fire, Fired, NewEvent, Request, Requested,
    StoreError, Transaction,
};
use crate::{Timestamp, WorkerId};

/// A connection with what is said on it.
pub(super) struct Applier<'s> {
    pub(super) client: &'s Client,
    pub(super) sql: &'s Writes,
    pub(super) codec: &'s Codec,
    /// Milliseconds.
    pub(super) lease: i64,
}

/// What became of a transaction, and whom that concerns.
pub(super) struct Applied {
    pub(super) answer: Answer,
    pub(super) tells: Tells,
}

/// Who wants to know of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tells {
    /// Nobody but who asked for it.
    Nobody,
    /// Who watches runs.
    Watchers,
    /// Other workers: there may be something to do.
    Workers,
}

pub(super) type Result<T> = std::result::Result<T, Trouble>;

/// What a store would answer is no trouble with the connection: nothing was sent.
fn unsent<T>(result: std::result::Result<T, StoreError>) -> Result<T> {
    result.map_err(Trouble::Unsent)
}

/// What was read makes no sense.
fn read<T>(result: std::result::Result<T, StoreError>) -> Result<T> {
    result.map_err(Trouble::Failed)
}

fn applied(answer: Answer, tells: Tells) -> Applied {
    Applied { answer, tells }
}

/// What became of an event.
pub(super) fn delivered(result: i16) -> Delivered {
    match result {
        0 => Delivered::Accepted,
        1 => Delivered::Duplicate,
        2 => Delivered::UnknownRun,
        3 => Delivered::Finished,
        _ => Delivered::Undeclared,
    }
}

impl Applier<'_> {
    /// Whether a transaction takes more than one turn, and so has to be alone.
    pub(super) fn is_alone(transaction: &Transaction) -> bool {
        use Transaction::{Fire, Fork, Open};
        matches!(transaction, Open(..) | Fork(..) | Fire(..))
    }

    /// Applies a transaction. All that it says is sent with the first poll, unless it is alone.
    pub(super) async fn apply(&self, transaction: &Transaction) -> Result<Applied> {
        match transaction {
            Transaction::Open(worker, _) => self.open(*worker).await,
            Transaction::Renew(worker, _) => self.renew(*worker).await,
            Transaction::Leave(worker, _) => self.leave(*worker).await,
            Transaction::Declare(limits, _) => self.declare(limits).await,
            Transaction::Start(run, _) => self.start(run).await,
            Transaction::Claim(claim, _) => self.claim(claim).await,
            Transaction::Write(write, _) => self.write(write).await,
            Transaction::Transact(..) => {
                unsent(Err(StoreError::Failed("work has a connection of its own".to_owned())))
            }
            Transaction::Append(append, _) => self.append(append).await,
            Transaction::Event(event, _) => self.event(event).await,
            Transaction::Request(request, _) => self.request(request).await,
            Transaction::Fire(fire, _) => self.fire(fire).await,
            Transaction::Fork(fork, _) => self.fork(fork).await,
            // Those have a connection of their own.
            Transaction::Purge(..) => {
                let elsewhere = StoreError::Failed("a purge among other transactions".to_owned());
                Err(Trouble::Unsent(elsewhere))
            }
        }
    }

    async fn open(&self, worker: WorkerId) -> Result<Applied> {
        self.client.query(&self.sql.forget_workers, &[]).await?;
        self.client.query(&self.sql.forget_taken, &[]).await?;
        self.renew(worker).await
    }

    async fn renew(&self, worker: WorkerId) -> Result<Applied> {
        self.client.query(&self.sql.renew, &[&worker_uuid(worker), &self.lease]).await?;
        Ok(applied(Answer::Done, Tells::Nobody))
    }

    async fn leave(&self, worker: WorkerId) -> Result<Applied> {
        self.client.query(&self.sql.leave, &[&worker_uuid(worker)]).await?;
        Ok(applied(Answer::Done, Tells::Workers))
    }

    async fn append(&self, append: &Append) -> Result<Applied> {
        let value = unsent(self.codec.payload(&append.value))?;
        let row = self
            .client
            .query_one(
                &self.sql.append,
                &[
                    &uuid(append.run),
                    &int(append.epoch),
                    &append.stream,
                    &&*append.path,
                    &append.item_id,
                    &value,
                    &append.at.0,
                ],
            )
            .await?;
        let index = read(get::<i64>(&row, 1))?.cast_unsigned();
        let answer = match read(get::<i16>(&row, 0))? {
            0 => Appended::Done(index),
            1 => Appended::Duplicate(index),
            _ => Appended::Fenced,
        };
        let tells =
            if matches!(answer, Appended::Done(_)) { Tells::Watchers } else { Tells::Nobody };
        Ok(applied(Answer::Appended(answer), tells))
    }

    async fn event(&self, event: &NewEvent) -> Result<Applied> {
        let payload = unsent(self.codec.payload(&event.payload))?;
        let row = self
            .client
            .query_one(
                &self.sql.event,
                &[
                    &uuid(event.run),
                    &event.event.name,
                    &event.event.key,
                    &event.event_id,
                    &event.event.is_reserved(),
                    &payload,
                    &event.at.0,
                ],
            )
            .await?;
        let answer = delivered(read(get::<i16>(&row, 0))?);
        let tells = if answer == Delivered::Accepted { Tells::Workers } else { Tells::Nobody };
        Ok(applied(Answer::Delivered(answer), tells))
    }

    async fn request(&self, asked: &Request) -> Result<Applied> {
        let row = match &asked.ask {
            Ask::Cancel => {
                let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                    [&uuid(asked.run), &asked.reason, &asked.at.0];
                self.client.query_one(&self.sql.cancel, &values).await?
            }
            other => self.ask(asked, other).await?,
        };
        let answer = match read(get::<i16>(&row, 0))? {
            0 => Requested::Accepted,
            1 => Requested::Unchanged,
            2 => Requested::UnknownRun,
            _ => Requested::Finished,
        };
        let tells = if answer == Requested::Accepted { Tells::Workers } else { Tells::Nobody };
        Ok(applied(Answer::Requested(answer), tells))
    }

    async fn ask(&self, asked: &Request, ask: &Ask) -> Result<Row> {
        let reason = || asked.reason.clone();
        let (number, failure, revision) = match ask {
            Ask::Terminate => (1_i16, Some(Failure::terminated(reason())), None),
            Ask::Pause => (2, Some(Failure::paused(reason())), None),
            Ask::Resume | Ask::Cancel => (3, None, None),
            Ask::Adopt(revision) => (4, None, Some(&**revision)),
        };
        let end = failure.clone().filter(|_| number == 1).map(ChildEnd::Terminated);
        let mail = unsent(end.map(|end| self.codec.mail(&end)).transpose())?;
        let failure = unsent(self.codec.failure(failure.as_ref()))?;
        let (run, at) = (uuid(asked.run), asked.at.0);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&run, &number, &asked.reason, &revision, &failure, &mail, &at];
        Ok(self.client.query_one(&self.sql.request, &values).await?)
    }

    async fn fire(&self, fire: &Fire) -> Result<Applied> {
        let (expected, next) = (fire.expected.as_ref(), &fire.next);
        let row = self
            .client
            .query_one(
                &self.sql.fire,
                &[
                    &fire.schedule,
                    &expected.is_some(),
                    &expected.map(|firing| &firing.rule),
                    &expected.and_then(|firing| firing.at).map(|at| at.0),
                    &next.rule,
                    &next.at.map(|at: Timestamp| at.0),
                ],
            )
            .await?;
        if !read(get::<bool>(&row, 0))? {
            let found = self.client.query_opt(&self.sql.next_fire, &[&fire.schedule]).await?;
            let found = read(found.as_ref().map(firing).transpose())?;
            return Ok(applied(Answer::Fired(Fired::Moved(found)), Tells::Nobody));
        }
        let Some(run) = &fire.start else {
            return Ok(applied(Answer::Fired(Fired::Done(None)), Tells::Nobody));
        };
        let Applied { answer, tells } = self.start(run).await?;
        let Answer::Started(started) = answer else { return Ok(applied(answer, tells)) };
        Ok(applied(Answer::Fired(Fired::Done(Some(started))), tells))
    }
}
