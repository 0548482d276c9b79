//! Work in an application's own tables, which live in the journal's database (R32).

use std::marker::PhantomData;

use futures_util::future::LocalBoxFuture;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, IsolationLevel, Transaction};

use super::failing::describe;
use crate::Payload;
use crate::failure::{ErrorClass, StepError};
use crate::journaled::Journaled;
use crate::store::Work;

/// How this store calls itself in messages.
pub(super) const STORE: &str = "PostgreSQL";

/// Work of which the output is JSON already.
pub(super) struct Body {
    pub(super) isolation: Option<IsolationLevel>,
    pub(super) work: Box<dyn Erased>,
}

/// Called on the thread that does work: its future need not be `Send`.
pub(super) trait Erased: Send + Sync {
    fn call<'t>(
        &'t self,
        tx: &'t Transaction<'t>,
    ) -> LocalBoxFuture<'t, Result<Payload, StepError>>;
}

struct Typed<F, T>(F, PhantomData<fn() -> T>);

impl<F, T> Erased for Typed<F, T>
where
    T: Journaled,
    F: AsyncFn(&Transaction<'_>) -> Result<T, StepError> + Send + Sync,
{
    fn call<'t>(
        &'t self,
        tx: &'t Transaction<'t>,
    ) -> LocalBoxFuture<'t, Result<Payload, StepError>> {
        Box::pin(async move { crate::context::encode_output(&(self.0)(tx).await?) })
    }
}

/// Work for [`Context::transaction`](crate::Context::transaction) in the application's own tables,
/// which live in the journal's database, in schemas of their own.
///
/// It has a connection for itself, with the settings that the address gives it; so nothing waits
/// for it but its own run. The journal's schema is not to be touched; nor is the transaction to be
/// ended. After the `timeout` of its policy, 30 seconds if that says nothing, it is cut short.
///
/// ```
/// use flowcrate::postgres;
/// # use flowcrate::store::Work;
///
/// # fn work(item: String) -> Work<i64> {
/// postgres::work(async move |tx| {
///     let add = "INSERT INTO orders (item) VALUES ($1) RETURNING id";
///     Ok(tx.query_one(add, &[&item]).await?.try_get(0)?)
/// })
/// # }
/// ```
pub fn work<T, F>(work: F) -> Work<T>
where
    T: Journaled + 'static,
    F: AsyncFn(&Transaction<'_>) -> Result<T, StepError> + Send + Sync + 'static,
{
    Work::new(STORE, Body { isolation: None, work: Box::new(Typed(work, PhantomData)) })
}

/// The same, at an isolation level. A serialisation failure is a failed attempt, which the policy
/// repeats. An event that comes to the run meanwhile makes one, too, above `READ COMMITTED`.
pub fn work_at<T, F>(isolation: IsolationLevel, work: F) -> Work<T>
where
    T: Journaled + 'static,
    F: AsyncFn(&Transaction<'_>) -> Result<T, StepError> + Send + Sync + 'static,
{
    let work = Box::new(Typed(work, PhantomData));
    Work::new(STORE, Body { isolation: Some(isolation), work })
}

/// What PostgreSQL says to a step. That it met another transaction, or that the server has no room,
/// may be over by the next attempt; that a statement makes no sense, or breaks a rule of its table,
/// is not.
impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        let class = match error.code() {
            None => ErrorClass::Retryable,
            Some(code) if *code == SqlState::QUERY_CANCELED => ErrorClass::Timeout,
            Some(code) if may_pass(code.code()) => ErrorClass::Retryable,
            Some(_) => ErrorClass::Fatal,
        };
        Self::of_engine(class, "postgres", describe(&error))
    }
}

/// Whether an error is about the moment: the connection, a conflict, a lock, room, a shutdown.
fn may_pass(code: &str) -> bool {
    ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class))
}
