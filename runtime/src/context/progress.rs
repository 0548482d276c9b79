//! What a body tells of itself while it runs.

use serde::Serialize;

use super::StepContext;
use crate::failure::StepError;
use crate::payload::Payload;

/// One of the run's progress streams, for a body to append to.
#[derive(Clone, Debug)]
pub struct Progress {
    step: StepContext,
    stream: String,
}

impl StepContext {
    /// One of the run's progress streams: durable items in order, which
    /// [`Client::stream`](crate::Client::stream) reads and follows. All steps of a run that name
    /// the same stream append to the same one.
    ///
    /// ```
    /// use flowcrate::{StepContext, StepError, step};
    ///
    /// #[step]
    /// async fn import(step: StepContext, files: Vec<String>) -> Result<usize, StepError> {
    ///     let log = step.progress("log");
    ///     for file in &files {
    ///         // … imports the file. An attempt that is repeated comes here again:
    ///         log.append_once(file, &format!("imported {file}")).await?;
    ///     }
    ///     Ok(files.len())
    /// }
    /// ```
    pub fn progress(&self, stream: impl Into<String>) -> Progress {
        Progress { step: self.clone(), stream: stream.into() }
    }
}

impl Progress {
    /// Appends an item; its index, once it is durable. An attempt that is repeated appends its
    /// items again: see [`append_once`](Self::append_once).
    ///
    /// Fails once the run belongs to another worker, and where the store cannot take the item.
    pub async fn append<T: Serialize + ?Sized>(&self, value: &T) -> Result<u64, StepError> {
        self.put(value, None).await
    }

    /// Appends an item unless the stream has one of this id; the index of the one that it has.
    pub async fn append_once<T: Serialize + ?Sized>(
        &self,
        id: impl Into<String>,
        value: &T,
    ) -> Result<u64, StepError> {
        self.put(value, Some(id.into())).await
    }

    async fn put<T: Serialize + ?Sized>(
        &self,
        value: &T,
        item_id: Option<String>,
    ) -> Result<u64, StepError> {
        let value = Payload::encode(value).map_err(|error| {
            StepError::fatal("progress", format!("the item has no JSON: {error}"))
        })?;
        match &self.step.link {
            Some(link) => link.append(self.stream.clone(), item_id, value).await,
            // Outside of any run nobody reads it.
            None => Ok(0),
        }
    }
}
