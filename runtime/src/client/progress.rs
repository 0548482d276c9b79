//! Reading a run's progress streams, from an index on, until the run ends.

use std::collections::VecDeque;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Client;
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::store::{Progressed, Query, Reply, Stretch, StretchOf};
use crate::values::Timestamp;

/// Items that are read at once.
const PAGE: usize = 256;

/// An item of a progress stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressItem<T> {
    /// Its place in the stream; the first one is 0, and none is left out.
    pub index: u64,
    /// The step that appended it.
    pub path: String,
    /// What it says.
    pub value: T,
    /// When it was appended.
    pub at: Timestamp,
}

impl Client {
    /// One of the run's progress streams, from its beginning: what bodies append by
    /// [`StepContext::progress`](crate::StepContext::progress). The run may be driven by another
    /// process.
    ///
    /// ```
    /// # use flowcrate::{Client, Result, RunId};
    /// # async fn follow(client: &Client, run: RunId, seen: u64) -> Result<()> {
    /// // Goes on after the last item that this reader has seen.
    /// let mut log = client.stream(run, "log").from(seen + 1);
    /// while let Some(line) = log.next::<String>().await? {
    ///     println!("{} {}", line.index, line.value);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(&self, run: RunId, name: impl Into<String>) -> ProgressStream {
        ProgressStream {
            client: self.clone(),
            changes: self.hub.watch(run),
            of: StretchOf { run, stream: name.into(), from: 0, limit: PAGE },
            read: VecDeque::new(),
        }
    }
}

/// A progress stream that is being read.
pub struct ProgressStream {
    client: Client,
    changes: watch::Receiver<()>,
    of: StretchOf,
    /// Read and not asked for yet.
    read: VecDeque<Progressed>,
}

impl ProgressStream {
    /// Begins at an index.
    #[must_use]
    pub fn from(mut self, index: u64) -> Self {
        self.of.from = index;
        self.read.clear();
        self
    }

    /// The next item, as soon as it is there; none once the run has ended and all are read.
    /// While the run is paused, this waits.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<ProgressItem<T>>> {
        loop {
            if let Some(item) = self.read.pop_front() {
                return decode(item).map(Some);
            }
            // Marked before the look, so that a change after it is noticed.
            self.changes.mark_unchanged();
            if self.read().await?.state.is_final() && self.read.is_empty() {
                return Ok(None);
            }
            if self.read.is_empty() {
                self.changes.changed().await.map_err(|_| Error::Closed)?;
            }
        }
    }

    /// What is there at this moment, without waiting for more.
    pub async fn items<T: DeserializeOwned>(&mut self) -> Result<Vec<ProgressItem<T>>> {
        let mut items = Vec::new();
        loop {
            items.extend(self.read.drain(..));
            self.read().await?;
            if self.read.is_empty() {
                return items.into_iter().map(decode).collect();
            }
        }
    }

    /// Reads on; the stretch without its items.
    async fn read(&mut self) -> Result<Stretch> {
        let (reply, answer) = Reply::channel();
        self.client.store.query(Query::Progress(Box::new(self.of.clone()), reply));
        let mut stretch = answer.await?.ok_or(Error::UnknownRun(self.of.run))?;
        let left_out = usize::from(stretch.items.len() > 1 && sabotage!("readers leave items out"));
        self.read.extend(stretch.items.drain(left_out..));
        self.of.from = self.read.back().map_or(self.of.from, |item| item.index + 1);
        Ok(stretch)
    }
}

fn decode<T: DeserializeOwned>(item: Progressed) -> Result<ProgressItem<T>> {
    let Progressed { index, path, value, at, .. } = item;
    let value = value.decode().map_err(|error| Error::codec("the progress item", &error))?;
    Ok(ProgressItem { index, path: path.to_string(), value, at })
}
