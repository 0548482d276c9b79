//! Telling other processes that something has changed, and hearing it from them.
//!
//! What is said is a hint, and carries nothing: whoever misses it finds out by the next look, ten
//! seconds later at most. It is sent after the commit, since a commit that sends it makes every
//! other one wait, and from one connection, many hints at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio_postgres::Client;

use super::Shared;
use super::apply::Tells;
use super::failing::describe;
use super::session::quoted;
use crate::Timestamp;

/// How often each worker looks for itself, whatever it hears: so often at most, and sooner where
/// leases are that short.
const LOOK: Duration = Duration::from_secs(10);
/// How long hints for workers are gathered.
const GATHER: Duration = Duration::from_millis(10);
/// How long hints for those who only watch are gathered.
const GATHER_MORE: Duration = Duration::from_millis(100);
/// How long to wait after a connection could not be made.
const BACK_OFF: Duration = Duration::from_secs(1);

/// What is to be told.
#[derive(Default)]
pub(super) struct Bell {
    workers: AtomicBool,
    watchers: AtomicBool,
    rung: Notify,
}

impl Bell {
    /// Something was committed.
    pub(super) fn ring(&self, tells: Tells) {
        let flag = match tells {
            Tells::Nobody => return,
            Tells::Watchers => &self.watchers,
            Tells::Workers => &self.workers,
        };
        if !flag.swap(true, Ordering::Relaxed) {
            self.rung.notify_one();
        }
    }

    /// Waits until there is something to tell.
    async fn heard(&self) {
        loop {
            if self.workers.swap(false, Ordering::Relaxed) {
                self.watchers.store(false, Ordering::Relaxed);
                return;
            }
            if self.watchers.load(Ordering::Relaxed) {
                // Others wait for it less.
                let more = tokio::time::timeout(GATHER_MORE, self.rung.notified()).await;
                if more.is_err() || !self.workers.load(Ordering::Relaxed) {
                    self.watchers.store(false, Ordering::Relaxed);
                    return;
                }
                continue;
            }
            self.rung.notified().await;
        }
    }
}

/// Tells and listens, for ever.
pub(super) async fn serve(shared: Arc<Shared>) {
    loop {
        if let Err(error) = serve_on_one(&shared).await {
            tracing::debug!(reason = describe(&error), "no hints for now");
        }
        tokio::time::sleep(BACK_OFF).await;
        // What others said meanwhile was not heard.
        shared.hint();
    }
}

async fn serve_on_one(shared: &Arc<Shared>) -> Result<(), tokio_postgres::Error> {
    let heard = Arc::downgrade(shared);
    let client = shared
        .connect(move || {
            if let Some(shared) = heard.upgrade() {
                shared.hint();
            }
        })
        .await?;
    // A name of its own for each schema; quoted, so that any will do.
    let channel = quoted(&format!("flowcrate {}", shared.schema));
    client.batch_execute(&format!("LISTEN {channel}")).await?;
    let notify = format!("NOTIFY {channel}");
    tell_the_time(shared, &client).await?;
    let mut looked = Instant::now();
    let look = LOOK.min(shared.lease * 2 / 3);
    loop {
        let next = look.saturating_sub(looked.elapsed());
        if tokio::time::timeout(next, shared.bell.heard()).await.is_ok() {
            client.batch_execute(&notify).await?;
            tokio::time::sleep(GATHER).await;
        }
        if looked.elapsed() >= look {
            looked = Instant::now();
            tell_the_time(shared, &client).await?;
            shared.hint();
        }
    }
}

/// Sets the store's clock by the database's.
pub(super) async fn tell_the_time(
    shared: &Shared,
    client: &Client,
) -> Result<(), tokio_postgres::Error> {
    let asked = "SELECT (extract(epoch FROM now_v2()) * 1000)::bigint";
    let now: i64 = client.query_one(asked, &[]).await?.try_get(0)?;
    shared.database_clock.set(Timestamp(now));
    Ok(())
}
