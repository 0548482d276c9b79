//! How a journal is opened.

use std::path::Path;
use std::sync::Arc;

use super::values::Codec;
use super::{OpenError, Role, SqliteStore};
use crate::clock::{Clock, SystemClock};
use crate::store::{MAX_PAYLOAD, Origin, PayloadCodec};

/// Bytes of starts and events that may wait by default.
const WAITING: usize = 256 << 20;

/// How a journal is opened; see [`SqliteStore::options`].
///
/// ```
/// use flowcrate::sqlite::{SqliteStore, Synchronous};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("journal.db");
/// let store = SqliteStore::options().synchronous(Synchronous::Normal).open(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is opened before `open` or `client`"]
pub struct SqliteOptions {
    pub(super) clock: Box<dyn Clock>,
    pub(super) codec: Codec,
    pub(super) synchronous: Synchronous,
    pub(super) max_payload: usize,
    pub(super) max_waiting: usize,
    pub(super) origin: Origin,
}

/// When a commit counts as durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// Once it is on the disk: what was acknowledged outlives a loss of power.
    #[default]
    Full,
    /// Once the operating system has it: what was acknowledged outlives the process, even
    /// `kill -9`. A loss of power may take the latest commits back, never one without all that
    /// came after it; then steps run again that had been acknowledged. Faster where the disk is
    /// slow to sync.
    Normal,
}

impl SqliteOptions {
    pub(super) fn new() -> Self {
        Self {
            clock: Box::new(SystemClock),
            codec: Codec::default(),
            synchronous: Synchronous::Full,
            max_payload: MAX_PAYLOAD,
            max_waiting: WAITING,
            origin: Origin::Unknown,
        }
    }

    /// The clock by which timers are due; the machine's by default.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// What every payload passes through on its way to the disk and back; nothing by default.
    ///
    /// A journal that was written with a codec opens with one that reads it only. One that was
    /// written without takes a codec from its driver: what it holds already stays as it is.
    pub fn codec(self, codec: impl PayloadCodec) -> Self {
        Self { codec: Codec(Some(Arc::new(codec))), ..self }
    }

    /// When a commit counts as durable.
    pub fn synchronous(self, synchronous: Synchronous) -> Self {
        Self { synchronous, ..self }
    }

    /// The most bytes of JSON that a value may have; [`MAX_PAYLOAD`] by default.
    pub fn max_payload(self, bytes: usize) -> Self {
        Self { max_payload: bytes, ..self }
    }

    /// How many bytes of starts and events may wait for the disk before more are turned away as
    /// [busy](crate::Error::Busy); 256 MiB by default. Apart from that 16,384 of them may wait.
    pub fn max_waiting(self, bytes: usize) -> Self {
        Self { max_waiting: bytes, ..self }
    }

    /// What is known of the file's past. By default a file that was put where it is, such as a
    /// backup, starts with its runs paused.
    pub fn origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Opens a file in order to drive its runs; creates it if it is not there.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        SqliteStore::with_role(path.as_ref(), Role::Driver, self)
    }

    /// Opens a file that another process drives, or will: for reading, starting, events, requests.
    pub fn client(self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        SqliteStore::with_role(path.as_ref(), Role::Client, self)
    }
}
