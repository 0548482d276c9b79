//! Work of the application, each in a transaction with its outcome, on connections of their own.
//!
//! They are served by a thread of their own: what an application does there holds up no other run.
//! A connection is made when there is work, and closed when there has been none for a while.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio_postgres::{Client, SimpleQueryMessage, Transaction};
use uuid::Uuid;

use super::Shared;
use super::apply::Applier;
use super::failing::{Trouble, describe};
use super::queue::{Queue, Served, queue};
use super::session::of_statements;
use super::statements::Writes;
use super::work::{Body, STORE};
use crate::failure::{ErrorClass, StepError};
use crate::store::answer::Answer;
use crate::store::{Entry, Reply, StoreError, Transact, Transacted, Written};
use crate::{Payload, Timestamp};

/// Work, and who asked for it.
pub(super) type Working = (Box<Transact>, Reply<Transacted>);

/// How much is done at a time.
const AT_ONCE: usize = 8;
/// How long connections are kept for which there is nothing to do.
const IDLE: Duration = Duration::from_secs(10);

/// The thread that does work, once there is any.
#[derive(Default)]
pub(super) struct Hands(std::sync::Mutex<Option<(Queue<Working>, JoinHandle<()>)>>);

impl Hands {
    /// Queues work.
    pub(super) fn push(&self, shared: &Arc<Shared>, working: Working) {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hands.is_none() {
            *hands = begin(shared);
        }
        match &*hands {
            Some((queue, _)) => queue.push(working),
            None => working.1.send(Err(StoreError::Failed("no thread can be started".to_owned()))),
        }
    }

    /// Waits until what is queued is done.
    pub(super) fn close(&self) {
        let hands = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((queue, thread)) = hands else { return };
        drop(queue);
        // The last owner of a store may be a reply, which runs on its thread.
        if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
            tracing::error!("the thread that does the application's work panicked");
        }
    }
}

fn begin(shared: &Arc<Shared>) -> Option<(Queue<Working>, JoinHandle<()>)> {
    let (sender, served) = queue();
    let shared = Arc::clone(shared);
    let (ready, begun) = mpsc::channel();
    let serve = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Nobody listens only if the opening was given up.
        ready.send(runtime.is_ok()).unwrap_or_default();
        if let Ok(runtime) = runtime {
            runtime.block_on(serve(shared, served));
        }
    };
    let thread = std::thread::Builder::new().name("flowcrate-work".to_owned()).spawn(serve).ok()?;
    begun.recv().ok().filter(|ready| *ready).map(|_| (sender, thread))
}

/// A connection that does work.
struct Session {
    client: Client,
    sql: Writes,
}

type Sessions = RefCell<Vec<Session>>;

/// Does work until every sender is gone.
async fn serve(shared: Arc<Shared>, queue: Served<Working>) {
    let (queue, sessions) = (Mutex::new(queue), Sessions::default());
    join_all((0..AT_ONCE).map(|_| hand(&shared, &queue, &sessions))).await;
}

async fn hand(shared: &Shared, queue: &Mutex<Served<Working>>, sessions: &Sessions) {
    loop {
        let next = {
            let mut queue = queue.lock().await;
            tokio::time::timeout(IDLE, queue.next(1)).await
        };
        let Ok(next) = next else {
            sessions.borrow_mut().clear();
            continue;
        };
        if next.is_empty() {
            return;
        }
        for (asked, reply) in next {
            let kept = sessions.borrow_mut().pop().filter(|kept| !kept.client.is_closed());
            let session = match kept {
                Some(session) => Ok(session),
                None => connect(shared).await,
            };
            match session {
                // Nothing was sent.
                Err(error) => reply.send(Err(StoreError::Failed(describe(&error)))),
                Ok(mut session) => {
                    let (answer, is_well) = transact(shared, &mut session, &asked).await;
                    // Before the answer: whoever is answered may be the last to hold the store.
                    if is_well {
                        sessions.borrow_mut().push(session);
                    }
                    reply.send(answer);
                }
            }
        }
    }
}

/// A connection as the address describes it, on which the journal's statements are known.
async fn connect(shared: &Shared) -> Result<Session, tokio_postgres::Error> {
    let client = shared.connect(|| {}).await?;
    let sql = Writes::prepare(&client).await?;
    client
        .batch_execute(
            "RESET ALL;
             SELECT set_config('synchronous_commit', 'on', false)
               WHERE current_setting('synchronous_commit') IN ('off', 'local')",
        )
        .await?;
    Ok(Session { client, sql })
}

/// Why no outcome is written.
enum Stop {
    /// The work has failed, or what it asks for cannot be.
    Answer(Transacted),
    /// The connection is lost, before anything is written.
    Lost(String),
    /// The same, amid the commit.
    Unknown(String),
}

impl From<StepError> for Stop {
    fn from(error: StepError) -> Self {
        Self::Answer(Transacted::Failed(error))
    }
}

impl From<tokio_postgres::Error> for Stop {
    fn from(error: tokio_postgres::Error) -> Self {
        match Trouble::from(error) {
            Trouble::Lost(reason) => Self::Lost(reason),
            Trouble::Again(reason) | Trouble::Held(reason) => {
                StepError::of_engine(ErrorClass::Retryable, "postgres", reason).into()
            }
            other => {
                let reason = other.into_error().to_string();
                StepError::of_engine(ErrorClass::Fatal, "postgres", reason).into()
            }
        }
    }
}

/// What became of the work, and whether the connection is as it was.
async fn transact(
    shared: &Shared,
    session: &mut Session,
    asked: &Transact,
) -> (Result<Transacted, StoreError>, bool) {
    let stopped = match done(shared, session, asked).await {
        Ok(entry) => return (Ok(Transacted::Done(Box::new(entry))), true),
        Err(stopped) => stopped,
    };
    match stopped {
        Stop::Lost(reason) => (Err(StoreError::Failed(reason)), false),
        Stop::Unknown(reason) => (Err(StoreError::Unknown(reason)), false),
        // No attempt of the work's that could have gone otherwise.
        Stop::Answer(_) if session.client.is_closed() => {
            (Err(StoreError::Failed("the connection to the database is lost".to_owned())), false)
        }
        Stop::Answer(answer) => {
            // What is left of it, such as a statement that still runs, goes with the connection.
            let is_well = match &answer {
                Transacted::Failed(error) => {
                    error.class != ErrorClass::Timeout && error.code != ENDED
                }
                _ => true,
            };
            (Ok(answer), is_well)
        }
    }
}

/// The code of work that has ended its transaction.
const ENDED: &str = "transaction_ended";

async fn done(shared: &Shared, session: &mut Session, asked: &Transact) -> Result<Entry, Stop> {
    let Session { client, sql } = session;
    let body = asked.work.body::<Body>(STORE)?;
    let builder = client.build_transaction();
    let builder = match body.isolation {
        Some(level) => builder.isolation_level(level),
        None => builder,
    };
    let tx = builder.read_only(false).start().await?;
    let mark = Uuid::new_v4();
    let output = work(&tx, body, asked, mark).await?;
    let now = shared
        .clock
        .as_ref()
        .map_or_else(|| crate::clock::Clock::now(&shared.database_clock), |clock| clock.now());
    let entry = write(shared, &tx, sql, (asked, output, now, mark)).await?;
    shared.tally.transactions.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let Err(error) = tx.commit().await else {
        shared.tally.commits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        return Ok(entry);
    };
    Err(match Stop::from(error) {
        Stop::Lost(reason) => Stop::Unknown(reason),
        refused => refused,
    })
}

/// Does the work, for as long as it may take.
async fn work(
    tx: &Transaction<'_>,
    body: &Body,
    asked: &Transact,
    mark: Uuid,
) -> Result<Payload, Stop> {
    let limit = asked.limit.as_millis().min(i32::MAX as u128);
    let begin = format!(
        "SET LOCAL flowcrate.work = '{mark}'; SET LOCAL statement_timeout = {limit};
         SET LOCAL idle_in_transaction_session_timeout = {limit}"
    );
    tx.batch_execute(&begin).await?;
    // The call itself may panic as well as the future.
    let work = AssertUnwindSafe(async { body.work.call(tx).await }).catch_unwind();
    let Ok(done) = tokio::time::timeout(asked.limit, work).await else {
        let message = "the transaction took too long";
        return Err(StepError::of_engine(ErrorClass::Timeout, "timeout", message).into());
    };
    let done = done.unwrap_or_else(|panic| {
        let said = crate::engine::panic_message(panic.as_ref());
        Err(StepError::of_engine(ErrorClass::Panic, "panic", said))
    });
    Ok(done?)
}

/// Writes the outcome into the transaction, if that is the one that was begun.
async fn write(
    shared: &Shared,
    tx: &Transaction<'_>,
    sql: &Writes,
    (asked, output, now, mark): (&Transact, Payload, Timestamp, Uuid),
) -> Result<Entry, Stop> {
    let write = asked.write(output, now, shared.max_payload)?;
    // What the work's tables put off to the commit is looked at now: it may fail, as a statement.
    tx.batch_execute("SET CONSTRAINTS ALL IMMEDIATE").await?;
    let told = tx.simple_query("SELECT current_setting('flowcrate.work', true)").await?;
    let is_ours = told.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some(mark.to_string().as_str()),
        _ => false,
    });
    if !is_ours {
        let message = "the work has ended the transaction, which is not its own";
        return Err(StepError::of_engine(ErrorClass::Fatal, ENDED, message).into());
    }
    tx.batch_execute(&of_statements("SET LOCAL", &shared.schema)).await?;
    let writer = Applier { client: tx.client(), sql, codec: &shared.codec, lease: 0 };
    let written = match writer.write(&write).await {
        Ok(written) => written,
        Err(Trouble::Lost(reason)) => return Err(Stop::Lost(reason)),
        Err(Trouble::Again(reason) | Trouble::Held(reason)) => {
            return Err(StepError::of_engine(ErrorClass::Retryable, "postgres", reason).into());
        }
        Err(other) => return Err(Stop::Lost(other.into_error().to_string())),
    };
    match written.answer {
        Answer::Written(Written::Done(_)) => {
            Ok(write.entries.into_iter().next().unwrap_or_else(|| asked.entry.clone()))
        }
        Answer::Written(Written::Conflict(path)) => Err(Stop::Answer(Transacted::Conflict(path))),
        _ => Err(Stop::Answer(Transacted::Fenced)),
    }
}
