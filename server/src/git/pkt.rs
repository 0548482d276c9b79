//! Lines of the protocol: each after its length, four hexadecimal digits that count themselves.

use std::io::{self, Write};

use super::Refusal;

/// The most that a line holds, its length included.
const LONGEST: usize = 65_520;
/// The most that a line of a band carries: its length and the band's number go off.
const CARRIED: usize = LONGEST - 5;

/// A line of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pkt<'b> {
    /// With its content, without the newline at its end.
    Line(&'b [u8]),
    /// `0000`.
    Flush,
}

/// The lines of a request.
pub(super) fn read(mut bytes: &[u8]) -> Result<Vec<Pkt<'_>>, Refusal> {
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        let (digits, rest) = bytes.split_at_checked(4).ok_or(Refusal::Malformed("no length"))?;
        let digits = std::str::from_utf8(digits).ok().filter(|text| {
            // A sign is no digit, whatever the reader of numbers says.
            text.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        let length = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok());
        match length.ok_or(Refusal::Malformed("a length that is no number"))? {
            0 => {
                lines.push(Pkt::Flush);
                bytes = rest;
            }
            length @ 4..=LONGEST => {
                let cut = Refusal::Malformed("a line that is cut off");
                let (line, next) = rest.split_at_checked(length - 4).ok_or(cut)?;
                lines.push(Pkt::Line(line.strip_suffix(b"\n").unwrap_or(line)));
                bytes = next;
            }
            _ => return Err(Refusal::Malformed("a length that no line has")),
        }
    }
    Ok(lines)
}

/// Writes a line.
pub fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(format!("{:04x}", text.len() + 4).as_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Writes the end of a section.
pub fn flush(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0000");
}

/// A writer of a pack, in bands where the client takes them.
pub struct Framed<W> {
    inner: W,
    banded: bool,
    held: Vec<u8>,
}

impl<W: Write> Framed<W> {
    /// Over `inner`.
    pub fn new(inner: W, banded: bool) -> Self {
        Self { inner, banded, held: Vec::with_capacity(CARRIED) }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        if self.banded {
            self.band(1, &self.held.clone())?;
        } else {
            self.inner.write_all(&self.held)?;
        }
        self.held.clear();
        Ok(())
    }

    fn band(&mut self, number: u8, bytes: &[u8]) -> io::Result<()> {
        let mut frame = format!("{:04x}", bytes.len() + 5).into_bytes();
        frame.push(number);
        frame.extend_from_slice(bytes);
        self.inner.write_all(&frame)
    }

    /// Sends what is held, and the end.
    pub fn finish(mut self) -> io::Result<()> {
        self.send()?;
        if self.banded {
            self.inner.write_all(b"0000")?;
        }
        self.inner.flush()
    }

    /// Says that there is no more, and why.
    pub fn fail(mut self, why: &str) -> io::Result<()> {
        if self.banded {
            self.band(3, why.as_bytes())?;
        }
        self.inner.flush()
    }
}

impl<W: Write> Write for Framed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (CARRIED - self.held.len()).min(bytes.len());
        self.held.extend(bytes.iter().take(room));
        if self.held.len() == CARRIED {
            self.send()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_length_before_them() {
        let mut out = Vec::new();
        line(&mut out, "want x\n");
        flush(&mut out);
        assert_eq!(out, b"000bwant x\n0000");
        assert_eq!(read(&out).unwrap(), [Pkt::Line(b"want x"), Pkt::Flush]);
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for bytes in [
            &b"00"[..],
            b"00zz",
            b"+00a",
            b"0001",
            b"0003",
            b"0009ab",
            b"fff1",
            b"\xff\xff\xff\xff",
        ] {
            assert!(matches!(read(bytes), Err(Refusal::Malformed(_))), "{bytes:?}");
        }
    }

    #[test]
    fn a_band_carries_no_more_than_a_line_holds() {
        let mut out = Vec::new();
        let mut framed = Framed::new(&mut out, true);
        framed.write_all(&vec![7; CARRIED + 1]).unwrap();
        framed.finish().unwrap();
        assert!(out.starts_with(b"fff0\x01\x07"));
        assert_eq!(out.get(LONGEST..), Some(&b"0006\x01\x070000"[..]));
    }
}
