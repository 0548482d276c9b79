//! Reading values.

use std::cell::RefCell;

use rusqlite::types::{FromSqlError, Type, ValueRef};
use rusqlite::{Connection, Error, Result, Row, Statement};
use serde::de::DeserializeOwned;

use super::{Codec, Pointer, SEALED};
use crate::Payload;
use crate::failure::{Failure, Recorded};
use crate::store::CodecError;

/// Reads values on a connection.
pub(in crate::sqlite) struct Recaller<'c> {
    codec: Codec,
    parts: RefCell<Statement<'c>>,
}

impl<'c> Recaller<'c> {
    pub(in crate::sqlite) fn new(connection: &'c Connection, codec: Codec) -> Result<Self> {
        let parts = connection.prepare("SELECT bytes FROM blob WHERE address = ? ORDER BY part")?;
        Ok(Self { codec, parts: RefCell::new(parts) })
    }

    /// The payload that a column holds.
    pub(in crate::sqlite) fn payload(&self, row: &Row<'_>, column: usize) -> Result<Payload> {
        match row.get_ref(column)? {
            ValueRef::Text(text) => Ok(Payload::from_json(utf8(text)?)),
            ValueRef::Blob(bytes) => self.bytes(bytes).map(Payload::from_json),
            other => Err(Error::InvalidColumnType(column, "value".to_owned(), other.data_type())),
        }
    }

    /// The payload that a column holds, if it does.
    pub(in crate::sqlite) fn maybe(&self, row: &Row<'_>, column: usize) -> Result<Option<Payload>> {
        match row.get_ref(column)? {
            ValueRef::Null => Ok(None),
            _ => self.payload(row, column).map(Some),
        }
    }

    /// What the JSON in a column says, if there is any.
    pub(in crate::sqlite) fn json<T: DeserializeOwned>(
        &self,
        row: &Row<'_>,
        column: usize,
    ) -> Result<Option<T>> {
        let Some(text) = self.maybe(row, column)? else { return Ok(None) };
        text.decode()
            .map(Some)
            .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
    }

    /// The failure that a column holds, if it does.
    pub(in crate::sqlite) fn failure(
        &self,
        row: &Row<'_>,
        column: usize,
    ) -> Result<Option<Failure>> {
        Ok(self.json::<Recorded<Failure>>(row, column)?.map(|recorded| recorded.0))
    }

    fn bytes(&self, bytes: &[u8]) -> Result<String> {
        if let Some(pointer) = Pointer::read(bytes) {
            return self.blob(pointer);
        }
        match bytes.split_first() {
            Some((&SEALED, sealed)) => self.codec.open(sealed).map_err(unreadable),
            _ => Err(unreadable("it is stored in a way that is not known".into())),
        }
    }

    fn blob(&self, pointer: Pointer) -> Result<String> {
        let mut parts = self.parts.borrow_mut();
        let mut found = parts.query([pointer.address()])?;
        let mut bytes = Vec::new();
        while let Some(part) = found.next()? {
            bytes.extend_from_slice(part.get_ref(0)?.as_blob()?);
        }
        if bytes.len() as u64 != pointer.bytes() {
            let (there, all) = (bytes.len(), pointer.bytes());
            return Err(unreadable(format!("its blob holds {there} of {all} bytes").into()));
        }
        if pointer.is_sealed() {
            return self.codec.open(&bytes).map_err(unreadable);
        }
        String::from_utf8(bytes).map_err(|_| unreadable("it is no text".into()))
    }
}

fn utf8(text: &[u8]) -> Result<&str> {
    Ok(std::str::from_utf8(text).map_err(FromSqlError::other)?)
}

/// A value that is there and cannot be read.
fn unreadable(error: CodecError) -> Error {
    Error::FromSqlConversionFailure(0, Type::Blob, Box::new(error))
}
