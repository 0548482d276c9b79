//! One commit of many transactions: all that it says is sent at once.

use std::sync::atomic::Ordering;

use futures_util::future;
use tokio_postgres::Client;
use uuid::Uuid;

use super::Shared;
use super::apply::{Applied, Applier, reaches_far};
use super::codec::uuid;
use super::failing::Trouble;
use super::pipeline::in_order;
use super::statements::Writes;
use crate::store::{Ask, Transaction};

/// A connection that writes.
pub(super) struct Session {
    client: Client,
    sql: Writes,
}

/// How long a commit waits for what somebody else's transaction holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Longer than a commit of another worker takes.
    Usual,
    /// Hardly at all.
    Brief,
}

/// What became of each transaction of a commit.
pub(super) type Results = Vec<Result<Applied, Trouble>>;

impl Session {
    /// Makes a connection ready to write. An application may hold a run's row, or a start key, for
    /// as long as its own transaction lasts: no commit of many runs waits for that.
    pub(super) async fn new(client: Client) -> Result<Self, tokio_postgres::Error> {
        let sql = Writes::prepare(&client).await?;
        client.batch_execute("SET lock_timeout = '100ms'").await?;
        Ok(Self { client, sql })
    }

    /// Commits transactions, all or none, but for those of which nothing was sent.
    pub(super) async fn commit(
        &self,
        shared: &Shared,
        all: &[Transaction],
        patience: Patience,
    ) -> Result<Results, Trouble> {
        let Self { client, sql } = self;
        let lease = i64::try_from(shared.lease.as_millis()).unwrap_or(i64::MAX);
        let applier = Applier { client, sql, codec: &shared.codec, lease };
        shared.tally.transactions.fetch_add(all.len() as u64, Ordering::Relaxed);
        let results = match all {
            [one] if Applier::is_alone(one) => alone(&applier, one, patience).await?,
            [one] if patience == Patience::Usual && !reaches_others(one) => {
                vec![applier.apply(one).await]
            }
            many => together(&applier, many, patience).await?,
        };
        shared.tally.commits.fetch_add(1, Ordering::Relaxed);
        // A transaction of which nothing was sent is refused by itself; any other trouble undid
        // all.
        let undone = |result: &Result<Applied, Trouble>| matches!(result, Err(trouble) if !matches!(trouble, Trouble::Unsent(_)));
        match results.iter().position(undone) {
            None => Ok(results),
            Some(at) => match results.into_iter().nth(at) {
                Some(Err(trouble)) => Err(trouble),
                _ => Err(Trouble::Lost("an answer is lost".to_owned())),
            },
        }
    }
}

impl Patience {
    fn begin(self) -> &'static str {
        match self {
            Self::Usual => "BEGIN",
            Self::Brief => "BEGIN; SET LOCAL lock_timeout = '2ms'",
        }
    }
}

/// Applies transactions in one commit, all of it sent at once.
async fn together(
    applier: &Applier<'_>,
    many: &[Transaction],
    patience: Patience,
) -> Result<Results, Trouble> {
    let (runs, ending) = concerned(many);
    let client = applier.client;
    let begin = client.batch_execute(patience.begin());
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&runs, &ending];
    let lock = client.query(&applier.sql.lock, &values);
    let all = in_order(many.iter().map(|one| applier.apply(one)).collect());
    // Where something went wrong before it, this undoes.
    let commit = client.batch_execute("COMMIT");
    let (first, locked, results, last) = future::join4(begin, lock, all, commit).await;
    // The earliest trouble is the one that matters: what comes after it only says that there was
    // one. The transactions' own are looked at by who asked.
    first?;
    locked?;
    if results.iter().all(|result| matches!(result, Ok(_) | Err(Trouble::Unsent(_)))) {
        last?;
    }
    Ok(results)
}

/// Applies a transaction that takes more than one turn.
async fn alone(
    applier: &Applier<'_>,
    one: &Transaction,
    patience: Patience,
) -> Result<Results, Trouble> {
    applier.client.batch_execute(patience.begin()).await?;
    let result = applier.apply(one).await;
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    applier.client.batch_execute(end).await?;
    Ok(vec![result])
}

/// The runs that transactions name, and those among them that take others along.
fn concerned(many: &[Transaction]) -> (Vec<Uuid>, Vec<Uuid>) {
    let (mut runs, mut ending) = (Vec::new(), Vec::new());
    for transaction in many {
        transaction.each_run(|run| runs.push(uuid(run)));
        match transaction {
            Transaction::Write(write, _) if reaches_far(write) => ending.push(uuid(write.run)),
            Transaction::Request(asked, _) if ends(&asked.ask) => {
                ending.push(uuid(asked.run));
            }
            _ => {}
        }
    }
    (runs, ending)
}

/// Whether what is asked for may be the run's end.
fn ends(ask: &Ask) -> bool {
    matches!(ask, Ask::Cancel | Ask::Terminate)
}

/// Whether a transaction touches more than one run, or is said in more than one statement.
fn reaches_others(transaction: &Transaction) -> bool {
    match transaction {
        Transaction::Write(write, _) => !write.children.is_empty() || reaches_far(write),
        Transaction::Request(asked, _) => ends(&asked.ask),
        _ => false,
    }
}
