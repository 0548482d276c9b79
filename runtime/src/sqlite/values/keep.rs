//! Storing values.

use std::borrow::Cow;
use std::collections::HashMap;

use rusqlite::{Connection, Result, Statement};
use uuid::Uuid;

use super::{Codec, Pointer, SEALED, Stored, part, spill};
use crate::failure::{Failure, Recorded};
use crate::{Payload, Timestamp};

/// Stores values on the connection that writes.
pub(in crate::sqlite) struct Keeper<'c> {
    sealer: Sealer,
    count_parts: Statement<'c>,
    add_part: Statement<'c>,
    add_use: Statement<'c>,
    drop_uses: Statement<'c>,
    /// Large values whose parts are committed already, by where their text lies in memory.
    ready: HashMap<usize, Kept>,
    /// When blobs are written.
    pub(in crate::sqlite) now: Timestamp,
}

/// Seals large values ahead of their transactions; on any thread.
#[derive(Clone)]
pub(in crate::sqlite) struct Sealer {
    codec: Codec,
    /// Makes this journal's addresses its own: nobody can prepare values that share one.
    salt: Uuid,
}

/// A large value that lies in a blob, or is on its way there.
pub(in crate::sqlite) struct Kept {
    /// Where its text lies in memory: what tells it from others as long as it is there.
    text: usize,
    pub(in crate::sqlite) pointer: Pointer,
    bytes: Vec<u8>,
}

impl Sealer {
    /// Seals a payload and finds its address.
    pub(in crate::sqlite) fn prepare(&self, payload: &Payload) -> Result<Kept> {
        let (kind, bytes) = self.codec.seal(payload.as_str())?;
        let text = payload.as_str().as_ptr() as usize;
        Ok(Kept { text, pointer: self.pointer(kind, &bytes), bytes: bytes.into_owned() })
    }

    fn pointer(&self, kind: u8, bytes: &[u8]) -> Pointer {
        Pointer::new(kind, Uuid::new_v5(&self.salt, bytes), bytes.len())
    }
}

impl<'c> Keeper<'c> {
    pub(in crate::sqlite) fn new(connection: &'c Connection, codec: Codec) -> Result<Self> {
        let salt = "SELECT value FROM meta WHERE name = 'salt'";
        let salt: Vec<u8> = connection.query_row(salt, [], |row| row.get(0))?;
        Ok(Self {
            sealer: Sealer { codec, salt: Uuid::new_v5(&Uuid::nil(), &salt) },
            count_parts: connection.prepare("SELECT count(*) FROM blob WHERE address = ?")?,
            add_part: connection.prepare(
                "INSERT INTO blob (address, part, at, bytes) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?,
            add_use: connection.prepare(
                "INSERT INTO blob_use (run, place, address) VALUES (?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?,
            drop_uses: connection.prepare("DELETE FROM blob_use WHERE run = ? AND place = ?")?,
            ready: HashMap::new(),
            now: Timestamp(0),
        })
    }

    /// What a column is to hold for a payload.
    pub(in crate::sqlite) fn payload<'v>(&mut self, payload: &'v Payload) -> Result<Stored<'v>> {
        self.text(payload.as_str())
    }

    /// What a column is to hold for a payload that may not be there.
    pub(in crate::sqlite) fn maybe<'v>(
        &mut self,
        payload: Option<&'v Payload>,
    ) -> Result<Option<Stored<'v>>> {
        payload.map(|payload| self.payload(payload)).transpose()
    }

    /// What a column is to hold for a failure, with its cause.
    pub(in crate::sqlite) fn failure(
        &mut self,
        failure: Option<&Failure>,
    ) -> Result<Option<Stored<'static>>> {
        let Some(failure) = failure else { return Ok(None) };
        let text = serde_json::to_string(&Recorded(failure))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(Some(match self.text(&text)? {
            Stored::Text(_) | Stored::Owned(_) => Stored::Owned(text),
            Stored::Bytes(bytes) => Stored::Bytes(bytes),
            Stored::Blob(pointer) => Stored::Blob(pointer),
        }))
    }

    fn text<'v>(&mut self, text: &'v str) -> Result<Stored<'v>> {
        if text.len() <= spill() && self.sealer.codec.0.is_none() {
            return Ok(Stored::Text(text));
        }
        let at = text.as_ptr() as usize;
        if let Some(kept) = self.ready.remove(&at) {
            // A sweep may have come between; mostly there is nothing left to write.
            let added = self.add_parts(&kept.pointer, &kept.bytes);
            let pointer = kept.pointer;
            self.ready.insert(at, kept);
            return added.map(|()| Stored::Blob(pointer));
        }
        let (kind, bytes) = self.sealer.codec.seal(text)?;
        if bytes.len() > spill() {
            let pointer = self.sealer.pointer(kind, &bytes);
            self.add_parts(&pointer, &bytes)?;
            return Ok(Stored::Blob(pointer));
        }
        Ok(match bytes {
            Cow::Borrowed(_) => Stored::Text(text),
            Cow::Owned(sealed) => Stored::Bytes([&[SEALED], sealed.as_slice()].concat()),
        })
    }

    /// Writes what is missing of a blob.
    fn add_parts(&mut self, pointer: &Pointer, bytes: &[u8]) -> Result<()> {
        let there: u64 = self.count_parts.query_row([pointer.address()], |row| row.get(0))?;
        if there == pointer.parts() || sabotage!("blob after its pointer") {
            return Ok(());
        }
        for (number, slice) in (0_u64..).zip(bytes.chunks(part())) {
            self.add_part.execute((pointer.address(), number, self.now.0, slice))?;
        }
        Ok(())
    }

    /// Writes one part of a large value, unless it is there.
    pub(in crate::sqlite) fn add_part(&mut self, value: &Kept, number: u64) -> Result<()> {
        let slice =
            usize::try_from(number).ok().and_then(|number| value.bytes.chunks(part()).nth(number));
        let values = (value.pointer.address(), number, self.now.0, slice.unwrap_or_default());
        self.add_part.execute(values).map(drop)
    }

    /// What seals large values ahead of their transactions.
    pub(in crate::sqlite) fn sealer(&self) -> Sealer {
        self.sealer.clone()
    }

    /// The parts of these values are committed; their transaction comes next.
    pub(in crate::sqlite) fn are_ready(&mut self, values: Vec<Kept>) {
        self.ready.extend(values.into_iter().map(|value| (value.text, value)));
    }

    /// The transaction is done with.
    pub(in crate::sqlite) fn are_done(&mut self) {
        self.ready.clear();
    }

    /// Notes that a place of a run points to what was stored.
    pub(in crate::sqlite) fn note(
        &mut self,
        run: i64,
        place: &str,
        stored: Option<&Stored<'_>>,
    ) -> Result<bool> {
        let Some(Stored::Blob(pointer)) = stored else { return Ok(false) };
        if sabotage!("uses of blobs are not noted") {
            return Ok(true);
        }
        self.add_use.execute((run, place, pointer.address()))?;
        Ok(true)
    }

    /// Forgets what a place of a run pointed to, since it is written anew.
    pub(in crate::sqlite) fn forget(&mut self, run: i64, place: &str) -> Result<()> {
        self.drop_uses.execute((run, place)).map(drop)
    }
}
