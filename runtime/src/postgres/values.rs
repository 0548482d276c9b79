//! How values stand in the tables: JSON text, or what a codec made of it, after the byte 1.
//!
//! PostgreSQL keeps large values apart from their rows by itself, compressed and in parts.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Payload;
use crate::failure::{Failure, Recorded};
use crate::store::{ChildEnd, PayloadCodec, StoreError};

/// First byte of a value that a codec has sealed; no JSON text begins with it.
const SEALED: u8 = 1;
/// How mail of an end begins that `write_v1` makes.
const ENDS: [&str; 2] = ["[\"completed\",", "[\"failed\","];

/// The codec of a journal that has one.
#[derive(Clone, Default)]
pub(super) struct Codec(pub(super) Option<Arc<dyn PayloadCodec>>);

/// A value as a column holds it.
pub(super) type Stored<'v> = Cow<'v, [u8]>;

type Result<T> = std::result::Result<T, StoreError>;

impl Codec {
    /// What a column is to hold for a payload.
    pub(super) fn payload<'v>(&self, payload: &'v Payload) -> Result<Stored<'v>> {
        self.text(Cow::Borrowed(payload.as_str()))
    }

    /// What a column is to hold for a payload that may not be there.
    pub(super) fn maybe<'v>(&self, payload: Option<&'v Payload>) -> Result<Option<Stored<'v>>> {
        payload.map(|payload| self.payload(payload)).transpose()
    }

    /// What a column is to hold for a failure, with its cause.
    pub(super) fn failure(&self, failure: Option<&Failure>) -> Result<Option<Stored<'static>>> {
        let Some(failure) = failure else { return Ok(None) };
        let text = serde_json::to_string(&Recorded(failure))
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        self.text(Cow::Owned(text)).map(Some)
    }

    /// The mail that tells of an end.
    pub(super) fn mail(&self, end: &ChildEnd) -> Result<Stored<'static>> {
        self.text(Cow::Owned(end.encode().as_str().to_owned()))
    }

    fn text<'v>(&self, text: Cow<'v, str>) -> Result<Stored<'v>> {
        let Some(codec) = &self.0 else {
            return Ok(match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            });
        };
        let sealed = codec.encode(text.as_bytes()).map_err(|error| {
            StoreError::Failed(format!("the payload codec failed: {error} [codec]"))
        })?;
        Ok(Cow::Owned([&[SEALED], sealed.as_slice()].concat()))
    }

    /// The payload that a column holds.
    pub(super) fn read(&self, column: &[u8]) -> Result<Payload> {
        let unreadable = |reason: String| StoreError::Unreadable(format!("{reason} [unreadable]"));
        let no_text = |_| unreadable("it is no text".to_owned());
        let Some((&SEALED, sealed)) = column.split_first() else {
            return std::str::from_utf8(column).map(Payload::from_json).map_err(no_text);
        };
        let Some(codec) = &self.0 else {
            let reason = "it is sealed, and the journal was opened without a codec";
            return Err(unreadable(reason.to_owned()));
        };
        let plain = codec.decode(sealed).map_err(|error| unreadable(error.to_string()))?;
        std::str::from_utf8(&plain).map(Payload::from_json).map_err(no_text)
    }

    /// The payload of an event. Mail of an end that the database made has the child's outcome in
    /// it as it is stored: `["completed",…]`, where a codec may have sealed what stands within.
    pub(super) fn read_event(&self, column: &[u8]) -> Result<Payload> {
        let sealed = ENDS.iter().find_map(|head| {
            let within = column.strip_prefix(head.as_bytes())?.strip_suffix(b"]")?;
            (within.first() == Some(&SEALED)).then_some((head, within))
        });
        let Some((head, within)) = sealed else { return self.read(column) };
        let outcome = self.read(within)?;
        Ok(Payload::from_json(format!("{head}{outcome}]")))
    }

    /// The failure that a column holds.
    pub(super) fn read_failure(&self, column: &[u8]) -> Result<Failure> {
        let Recorded(failure) = self
            .read(column)?
            .decode()
            .map_err(|error| StoreError::Unreadable(format!("{error} [unreadable]")))?;
        Ok(failure)
    }
}
