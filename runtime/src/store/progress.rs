//! Progress streams: what bodies tell of themselves while they run, in order, for those who watch.

use std::sync::Arc;

use super::rows::RunState;
use crate::ids::RunId;
use crate::payload::Payload;
use crate::values::Timestamp;

/// An item to append to one of a run's progress streams. Refused unless the epoch is the run's.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The run.
    pub run: RunId,
    /// Refused unless it is the run's epoch, and the run has an owner.
    pub epoch: u64,
    /// Which of the run's streams.
    pub stream: String,
    /// The step that appends.
    pub path: Arc<str>,
    /// Unique in the stream: a second item of one id is acknowledged and dropped.
    pub item_id: Option<String>,
    /// The item.
    pub value: Payload,
    /// When it is appended.
    pub at: Timestamp,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable, at this index; the first one is 0, and none is ever left out.
    Done(u64),
    /// An item of this id is there already, at this index.
    Duplicate(u64),
    /// Another epoch: the run is not the writer's any more.
    Fenced,
}

/// An item of a progress stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Progressed {
    /// Its place in the stream.
    pub index: u64,
    /// The step that appended it.
    pub path: Arc<str>,
    /// Its id, where it was given one.
    pub item_id: Option<String>,
    /// The item.
    pub value: Payload,
    /// When it was appended.
    pub at: Timestamp,
}

/// A part of a progress stream, and whether there may be more: one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Items by index.
    pub items: Vec<Progressed>,
    /// Where the run stands: an ended one appends nothing more.
    pub state: RunState,
}

/// Which part of which stream to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StretchOf {
    /// The run.
    pub run: RunId,
    /// Which of its streams.
    pub stream: String,
    /// The first index.
    pub from: u64,
    /// At most so many items; 0 means no limit.
    pub limit: usize,
}
