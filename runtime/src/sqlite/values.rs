//! How values stand in the tables: as they are, sealed by a codec, or away in a blob.
//!
//! A column of type `ANY` holds JSON text, or bytes of which the first says what they are.
//! Values above [`spill`] bytes, as they are stored, lie in table `blob` under an address that
//! derives from their content, in parts of [`part`] bytes; the column points there. A blob is
//! committed before its pointer or with it, and is found by whoever stores the same value again.
//! Table `blob_use` tells which runs point to it; one that nothing points to is swept once it is
//! old enough not to be on its way into a transaction.

mod keep;
mod recall;
mod sweep;

use std::sync::Arc;

use rusqlite::Error;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use uuid::Uuid;

use crate::store::{CodecError, PayloadCodec};
pub(super) use keep::{Keeper, Kept, Sealer};
pub(super) use recall::Recaller;
pub(super) use sweep::Sweeper;

/// Values of more bytes than this lie in blobs.
const SPILL: usize = 64 * 1024;
/// Bytes in one row of table `blob`, and in one commit of a large value.
const PART: usize = 1024 * 1024;

/// Values of more bytes than this lie in blobs.
pub(super) fn spill() -> usize {
    scaled(SPILL)
}

/// Bytes in one row of table `blob`, and in one commit of a large value.
pub(super) fn part() -> usize {
    scaled(PART)
}

#[cfg(not(all(test, feature = "testkit")))]
const fn scaled(bytes: usize) -> usize {
    bytes
}

#[cfg(all(test, feature = "testkit"))]
pub(super) use scale::scale_down;
#[cfg(all(test, feature = "testkit"))]
use scale::scaled;

/// Simulations have large values of a few hundred bytes.
#[cfg(all(test, feature = "testkit"))]
mod scale {
    use std::cell::Cell;

    thread_local! {
        static SCALE: Cell<usize> = const { Cell::new(1) };
    }

    pub(super) fn scaled(bytes: usize) -> usize {
        bytes / SCALE.get()
    }

    /// Makes the large values of this thread so many times smaller.
    pub(in crate::sqlite) fn scale_down(times: usize) {
        SCALE.set(times);
    }
}

/// Place of what a run's row points to, but for what it published.
pub(super) const ROW: &str = "row";
/// Place of what a run published.
pub(super) const PUBLISHED: &str = "published";
/// Place of a run's events, and of what its bodies appended to progress streams.
pub(super) const INBOX: &str = "inbox";

/// First byte of a value that a codec has sealed.
const SEALED: u8 = 1;
/// First byte of a pointer to JSON text.
const PLAIN_BLOB: u8 = 2;
/// First byte of a pointer to what a codec has sealed.
const SEALED_BLOB: u8 = 3;

/// The codec of a journal that has one.
#[derive(Clone, Default)]
pub(super) struct Codec(pub(super) Option<Arc<dyn PayloadCodec>>);

/// A value as a column holds it.
#[derive(Debug)]
pub(super) enum Stored<'v> {
    Text(&'v str),
    Owned(String),
    Bytes(Vec<u8>),
    Blob(Pointer),
}

/// What a column holds of a value that lies in a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pointer([u8; 25]);

impl Codec {
    /// What is to be stored for a text, and the first byte that says what it is.
    fn seal<'v>(&self, text: &'v str) -> Result<(u8, std::borrow::Cow<'v, [u8]>), Error> {
        match &self.0 {
            None => Ok((PLAIN_BLOB, text.as_bytes().into())),
            Some(codec) => {
                let sealed = codec.encode(text.as_bytes()).map_err(sealing)?;
                Ok((SEALED_BLOB, sealed.into()))
            }
        }
    }

    /// The text that sealed bytes were made of.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<String, CodecError> {
        let Some(codec) = &self.0 else {
            return Err("it is sealed, and the journal was opened without a codec".into());
        };
        let plain = codec.decode(sealed)?;
        String::from_utf8(plain).map_err(|_| "the codec gave back what is no text".into())
    }
}

impl Pointer {
    fn new(kind: u8, address: Uuid, bytes: usize) -> Self {
        let mut pointer = [0; 25];
        pointer[0] = kind;
        pointer[1..17].copy_from_slice(address.as_bytes());
        pointer[17..].copy_from_slice(&(bytes as u64).to_be_bytes());
        Self(pointer)
    }

    /// The pointer that a column holds, if it does.
    pub(super) fn read(column: &[u8]) -> Option<Self> {
        let pointer: [u8; 25] = column.try_into().ok()?;
        matches!(pointer[0], PLAIN_BLOB | SEALED_BLOB).then_some(Self(pointer))
    }

    pub(super) fn address(&self) -> &[u8] {
        &self.0[1..17]
    }

    fn is_sealed(self) -> bool {
        self.0[0] == SEALED_BLOB
    }

    pub(super) fn bytes(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[17..]);
        u64::from_be_bytes(bytes)
    }

    /// How many rows its blob has.
    pub(super) fn parts(&self) -> u64 {
        self.bytes().div_ceil(part() as u64)
    }
}

impl ToSql for Stored<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Owned(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Blob(pointer) => ValueRef::Blob(&pointer.0),
        }))
    }
}

/// Place of what an entry points to.
pub(super) fn place(path: &str) -> String {
    format!("/{path}")
}

fn sealing(error: CodecError) -> Error {
    Error::ToSqlConversionFailure(Box::new(error))
}
