//! Step bodies on the tokio runtime.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::link::Link;
use super::shard::{Message, Settings};
use crate::backend::Body;
use crate::clock::later;
use crate::context::{CancelToken, StepContext, StepInfo};
use crate::engine::panic_message;
use crate::failure::{ErrorClass, StepError};
use crate::values::Timestamp;

/// How long a body may go on after it was told that its outcome is not wanted.
const GRACE: Duration = Duration::from_secs(5);

/// Where bodies run.
pub(super) trait Spawn: Send {
    fn spawn(&self, body: BoxFuture<'static, ()>) -> Box<dyn Spawned>;
}

/// A body that was set to run.
pub(super) trait Spawned {
    fn abort(&self);
    fn is_finished(&self) -> bool;
}

impl Spawn for Handle {
    fn spawn(&self, body: BoxFuture<'static, ()>) -> Box<dyn Spawned> {
        Box::new(Self::spawn(self, body).abort_handle())
    }
}

impl Spawned for AbortHandle {
    fn abort(&self) {
        Self::abort(self);
    }

    fn is_finished(&self) -> bool {
        Self::is_finished(self)
    }
}

/// An attempt to be made.
pub(super) struct Attempt {
    pub(super) epoch: u64,
    pub(super) body: Body,
    pub(super) info: StepInfo,
}

/// The bodies of one run that are under way.
#[derive(Default)]
pub(super) struct Bodies(BTreeMap<Arc<str>, Running>);

struct Running {
    attempt: u32,
    token: CancelToken,
    task: Box<dyn Spawned>,
}

impl Bodies {
    pub(super) fn start(&mut self, settings: &Settings, attempt: Attempt) {
        let Settings { runtime, sender: shard, store, hub, .. } = settings;
        let Attempt { epoch, body, info } = attempt;
        let (run, path, number) = (info.run, info.path.clone(), info.attempt);
        if self.0.get(&path).is_some_and(|running| running.attempt == number) {
            // The run was replayed around a body that has never stopped.
            return;
        }
        let link = Link {
            shard: shard.clone(),
            store: Arc::clone(store),
            hub: Arc::clone(hub),
            run,
            epoch,
            path: path.clone(),
            attempt: number,
            beat: Arc::default(),
        };
        let (ctx, token) = StepContext::new(info, Some(Arc::new(link)));
        let (shard, place) = (shard.clone(), path.clone());
        let task = runtime.spawn(Box::pin(async move {
            // The call itself may panic as well as the future.
            let ended = AssertUnwindSafe(async move { body(ctx).await }).catch_unwind().await;
            let result = ended.unwrap_or_else(|panic| {
                let said = panic_message(panic.as_ref());
                Err(StepError::of_engine(ErrorClass::Panic, "panic", said))
            });
            // Without a shard nobody waits for the outcome.
            drop(shard.send(Message::Body { run, epoch, path: place, attempt: number, result }));
        }));
        self.0.insert(path, Running { attempt: number, token, task });
    }

    /// The attempts that are under way.
    pub(super) fn running(&self) -> impl Iterator<Item = (Arc<str>, u32)> {
        self.0.iter().map(|(path, running)| (path.clone(), running.attempt))
    }

    /// Whether any is.
    #[cfg(feature = "testkit")]
    pub(super) fn is_running(&self) -> bool {
        !self.0.is_empty()
    }

    /// A body has ended by itself.
    pub(super) fn ended(&mut self, path: &Arc<str>, attempt: u32) {
        if self.0.get(path).is_some_and(|running| running.attempt == attempt) {
            self.0.remove(path);
        }
    }

    pub(super) fn stop(&mut self, path: &Arc<str>, reaper: &mut Reaper, now: Timestamp) {
        if let Some(running) = self.0.remove(path) {
            reaper.stop(running, now);
        }
    }

    /// Tells a body that its scope is cancelled, and goes on waiting for its outcome.
    pub(super) fn cancel(&self, path: &Arc<str>) {
        if let Some(running) = self.0.get(path) {
            running.token.cancel();
        }
    }

    /// Cuts a body short that was told and has had its time.
    pub(super) fn abort(&mut self, path: &Arc<str>) {
        if let Some(running) = self.0.remove(path) {
            running.task.abort();
        }
    }

    pub(super) fn stop_all(&mut self, reaper: &mut Reaper, now: Timestamp) {
        for running in std::mem::take(&mut self.0).into_values() {
            reaper.stop(running, now);
        }
    }
}

impl Drop for Bodies {
    fn drop(&mut self) {
        self.0.values().for_each(|running| running.task.abort());
    }
}

/// Bodies that were told to stop, and are cut short after a while.
#[derive(Default)]
pub(super) struct Reaper(Vec<(Timestamp, Running)>);

impl Reaper {
    fn stop(&mut self, running: Running, now: Timestamp) {
        running.token.cancel();
        if !running.task.is_finished() {
            self.0.push((later(now, GRACE), running));
        }
    }

    /// Cuts short what has had its time; when the next one has.
    pub(super) fn reap(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.0.retain(|(deadline, running)| {
            if *deadline <= now {
                running.task.abort();
            }
            *deadline > now && !running.task.is_finished()
        });
        self.0.iter().map(|(deadline, _)| *deadline).min()
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.0.iter().for_each(|(_, running)| running.task.abort());
    }
}

/// The key of a step for the other side: one for all attempts.
pub(super) fn idempotency_key(seed: &[u8; 16], path: &Arc<str>) -> String {
    format!("{}/{path}", uuid::Uuid::from_bytes(*seed).simple())
}
