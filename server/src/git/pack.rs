//! Packs: a head, objects whole and deflated, and the SHA-1 of it all.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha1::{Digest as _, Sha1};

use super::object::{Kind, Object};

/// A pack that is being written.
pub(super) struct Pack<W> {
    out: Hashing<W>,
    left: u32,
}

struct Hashing<W> {
    inner: W,
    hash: Sha1,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Pack<W> {
    /// Begins a pack of so many objects.
    pub(super) fn begin(inner: W, objects: u32) -> io::Result<Self> {
        let mut out = Hashing { inner, hash: Sha1::new() };
        out.write_all(b"PACK")?;
        out.write_all(&2_u32.to_be_bytes())?;
        out.write_all(&objects.to_be_bytes())?;
        Ok(Self { out, left: objects })
    }

    /// Writes an object that is in memory.
    pub(super) fn object(&mut self, object: &Object) -> io::Result<()> {
        self.put(object.kind, object.bytes.len() as u64, &mut object.bytes.as_slice())
    }

    /// Writes an object of so many bytes.
    pub(super) fn put(&mut self, kind: Kind, size: u64, bytes: &mut dyn Read) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| wrong("more objects than were told"))?;
        self.out.write_all(&head(kind, size))?;
        let mut deflated = ZlibEncoder::new(&mut self.out, Compression::fast());
        if io::copy(bytes, &mut deflated)? != size {
            return Err(wrong("an object of another size than was told"));
        }
        deflated.finish()?;
        Ok(())
    }

    /// Ends it, and gives back what it was written to.
    pub(super) fn end(mut self) -> io::Result<W> {
        if self.left > 0 {
            return Err(wrong("fewer objects than were told"));
        }
        let sum = self.out.hash.finalize();
        self.out.inner.write_all(&sum)?;
        Ok(self.out.inner)
    }
}

fn wrong(why: &str) -> io::Error {
    io::Error::other(format!("a pack would have {why}"))
}

/// Kind and size: four bits of the size in the first byte, seven in each that follows.
fn head(kind: Kind, size: u64) -> Vec<u8> {
    let low = |size: u64, bits: u64| u8::try_from(size & bits).unwrap_or_default();
    let mut bytes = vec![(kind as u8) << 4 | low(size, 0x0f)];
    let mut left = size >> 4;
    while left > 0 {
        if let Some(last) = bytes.last_mut() {
            *last |= 0x80;
        }
        bytes.push(low(left, 0x7f));
        left >>= 7;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_as_many_bytes_as_they_need() {
        assert_eq!(head(Kind::Blob, 0), [0x30]);
        assert_eq!(head(Kind::Commit, 15), [0x1f]);
        assert_eq!(head(Kind::Commit, 16), [0x90, 0x01]);
        assert_eq!(head(Kind::Tree, 0x0fff), [0xaf, 0xff, 0x01]);
    }

    #[test]
    fn a_pack_says_how_many_objects_it_has_and_has_them() {
        let empty = Pack::begin(Vec::new(), 0).unwrap().end().unwrap();
        assert_eq!(empty.len(), 32);
        assert!(Pack::begin(Vec::new(), 1).unwrap().end().is_err());
        let mut pack = Pack::begin(Vec::new(), 1).unwrap();
        assert!(pack.put(Kind::Blob, 2, &mut &b"abc"[..]).is_err());
        assert!(pack.put(Kind::Blob, 3, &mut &b"abc"[..]).is_err());
    }
}
