//! The one task that writes: many transactions, one commit.
//!
//! While a commit is on its way, transactions queue up; the next commit takes them all. All that a
//! commit says is sent at once. One that meets trouble is undone by the database, and its
//! transactions are applied again, each in a commit of its own, so that none suffers for another.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future;
use tokio_postgres::Client;
use uuid::Uuid;

use super::Shared;
use super::apply::{Applied, Applier, Tells, reaches_far};
use super::codec::uuid;
use super::failing::{Trouble, describe};
use super::pipeline::in_order;
use super::queue::Served;
use super::statements::Writes;
use crate::store::answer::{Answer, refuse, reply};
use crate::store::{Ask, StoreError, Transaction};

/// The most transactions in one commit.
const BATCH: usize = 512;
/// A transaction with more bytes than this has a commit of its own.
const LARGE: usize = 1024 * 1024;
/// How often a transaction that met another one is tried.
const TRIES: u32 = 5;
/// How long to wait after a connection could not be made: at first, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A connection that writes.
pub(super) struct Session {
    client: Client,
    sql: Writes,
}

/// The connection is of no use any more.
struct Lost;

impl Session {
    /// Makes a connection ready to write.
    pub(super) async fn new(client: Client) -> Result<Self, tokio_postgres::Error> {
        let sql = Writes::prepare(&client).await?;
        Ok(Self { client, sql })
    }
}

/// Writes until every sender is gone.
pub(super) async fn serve(
    shared: Arc<Shared>,
    mut session: Session,
    mut queue: Served<Transaction>,
) {
    loop {
        let batch = queue.next(BATCH).await;
        if batch.is_empty() {
            return;
        }
        let mut rest = segments(batch).into_iter();
        while let Some(segment) = rest.next() {
            if commit(&shared, &session, segment).await.is_err() {
                match reconnect(&shared, &mut queue, rest.by_ref().flatten()).await {
                    Some((fresh, kept)) => {
                        session = fresh;
                        rest = segments(kept).into_iter();
                    }
                    None => return,
                }
            }
        }
    }
}

/// What goes into one commit each, in the order of its coming.
fn segments(batch: Vec<Transaction>) -> Vec<Vec<Transaction>> {
    let mut segments: Vec<Vec<Transaction>> = Vec::new();
    let mut is_open = false;
    for transaction in batch {
        let alone = Applier::is_alone(&transaction) || transaction.weight() > LARGE;
        match segments.last_mut().filter(|_| is_open && !alone) {
            Some(last) => last.push(transaction),
            None => segments.push(vec![transaction]),
        }
        is_open = !alone;
    }
    segments
}

async fn commit(shared: &Shared, session: &Session, segment: Vec<Transaction>) -> Result<(), Lost> {
    let results = match try_commit(shared, session, &segment).await {
        Ok(results) => results,
        Err(Trouble::Lost(reason)) => {
            tracing::warn!(%reason, "the connection to the database is lost");
            refuse(segment, &StoreError::Unknown(reason));
            return Err(Lost);
        }
        Err(trouble) if segment.len() == 1 => {
            return commit_one(shared, session, segment, trouble).await;
        }
        Err(_) => {
            let mut rest = segment.into_iter();
            while let Some(transaction) = rest.next() {
                let again = Trouble::Again("its neighbour met trouble".to_owned());
                if commit_one(shared, session, vec![transaction], again).await.is_err() {
                    // Nothing of these was sent again, and nothing of them is written.
                    let unwritten = "the connection was lost before it was written";
                    refuse(rest, &StoreError::Failed(unwritten.to_owned()));
                    return Err(Lost);
                }
            }
            return Ok(());
        }
    };
    acknowledge(shared, segment, results);
    Ok(())
}

/// Commits one transaction that met trouble before.
async fn commit_one(
    shared: &Shared,
    session: &Session,
    one: Vec<Transaction>,
    mut trouble: Trouble,
) -> Result<(), Lost> {
    for _ in 0..TRIES {
        match trouble {
            Trouble::Again(_) => {}
            Trouble::Refused(written) => {
                let answer = Applied { answer: Answer::Written(written), tells: Tells::Nobody };
                acknowledge(shared, one, vec![Ok(answer)]);
                return Ok(());
            }
            Trouble::Lost(reason) => {
                refuse(one, &StoreError::Unknown(reason));
                return Err(Lost);
            }
            Trouble::Failed(error) | Trouble::Unsent(error) => {
                refuse(one, &error);
                return Ok(());
            }
        }
        match try_commit(shared, session, &one).await {
            Ok(results) => {
                acknowledge(shared, one, results);
                return Ok(());
            }
            Err(again) => trouble = again,
        }
    }
    refuse(one, &trouble.into_error());
    Ok(())
}

type Results = Vec<Result<Applied, Trouble>>;

async fn try_commit(
    shared: &Shared,
    session: &Session,
    segment: &[Transaction],
) -> Result<Results, Trouble> {
    let Session { client, sql } = session;
    let lease = i64::try_from(shared.lease.as_millis()).unwrap_or(i64::MAX);
    let applier = Applier { client, sql, codec: &shared.codec, lease };
    shared.tally.transactions.fetch_add(segment.len() as u64, Ordering::Relaxed);
    let results = match segment {
        [one] if Applier::is_alone(one) => alone(&applier, one).await?,
        [one] if !reaches_others(one) => vec![applier.apply(one).await],
        many => together(&applier, many).await?,
    };
    shared.tally.commits.fetch_add(1, Ordering::Relaxed);
    // A transaction of which nothing was sent is refused by itself; any other trouble undid all.
    let undone = |result: &Result<Applied, Trouble>| matches!(result, Err(trouble) if !matches!(trouble, Trouble::Unsent(_)));
    match results.iter().position(undone) {
        None => Ok(results),
        Some(at) => match results.into_iter().nth(at) {
            Some(Err(trouble)) => Err(trouble),
            _ => Err(Trouble::Lost("an answer is lost".to_owned())),
        },
    }
}

/// Applies transactions in one commit, all of it sent at once.
async fn together(applier: &Applier<'_>, many: &[Transaction]) -> Result<Results, Trouble> {
    let (runs, ending) = concerned(many);
    let client = applier.client;
    let begin = client.batch_execute("BEGIN");
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
async fn alone(applier: &Applier<'_>, one: &Transaction) -> Result<Results, Trouble> {
    applier.client.batch_execute("BEGIN").await?;
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

fn acknowledge(shared: &Shared, segment: Vec<Transaction>, results: Results) {
    let (mut tells, mut wakes) = (Tells::Nobody, false);
    for (transaction, result) in segment.into_iter().zip(results) {
        match result {
            Ok(Applied { answer, tells: those }) => {
                tells = tells.max(those);
                wakes |= answer.starts_unowned(&transaction);
                reply(transaction, answer);
            }
            Err(trouble) => transaction.refuse(&trouble.into_error()),
        }
    }
    shared.bell.ring(tells);
    if wakes {
        // A worker of this process need not wait for the bell.
        shared.hint();
    }
}

/// Connects again, however long that takes; what was waiting, and what has come meanwhile, is
/// kept, unless it takes longer than a lease. None once nothing will come any more.
async fn reconnect(
    shared: &Shared,
    queue: &mut Served<Transaction>,
    waiting: impl Iterator<Item = Transaction>,
) -> Option<(Session, Vec<Transaction>)> {
    shared.is_connected.store(false, Ordering::Relaxed);
    let mut kept: Vec<Transaction> = waiting.collect();
    let (since, mut nap) = (Instant::now(), BACK_OFF.0);
    loop {
        kept.extend(queue.drain());
        match shared.connect(|| {}).await {
            Ok(client) => match Session::new(client).await {
                Ok(session) => {
                    shared.is_connected.store(true, Ordering::Relaxed);
                    // Whatever was announced meanwhile was not heard.
                    shared.hint();
                    return Some((session, kept));
                }
                Err(error) => tracing::debug!(reason = describe(&error), "no connection yet"),
            },
            Err(error) => tracing::debug!(reason = describe(&error), "no connection yet"),
        }
        if queue.is_closed() {
            kept.extend(queue.drain());
            refuse(kept, &StoreError::Busy);
            return None;
        }
        if since.elapsed() > shared.lease {
            refuse(std::mem::take(&mut kept), &StoreError::Busy);
        }
        tokio::time::sleep(nap).await;
        nap = (nap * 2).min(BACK_OFF.1);
    }
}
