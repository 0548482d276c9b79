//! The parts of a JSON text, one after the other: what does not depend on the type that is read.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, Error as _, Expected, Unexpected};
use serde_json::{Error, Number};

/// How deep lists and objects may stand in each other, as in `serde_json`.
const DEEPEST: usize = 127;

/// Where a text has been read to.
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

/// A value, or the beginning of one.
pub(super) enum Found<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    /// Its bracket is open.
    List,
    /// Its brace is open.
    Object,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// The next byte that is no space, which stays.
    fn peek(&mut self) -> Result<u8, Error> {
        self.next_byte().ok_or_else(|| self.fault("EOF while parsing a value"))
    }

    fn next_byte(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let spaces = rest.iter().position(|byte| !b" \n\t\r".contains(byte));
        self.at += spaces.unwrap_or(rest.len());
        self.text.as_bytes().get(self.at).copied()
    }

    /// Whether all is read, spaces too.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        if self.next_byte().is_none() {
            return Ok(());
        }
        self.at += 1;
        Err(self.fault("trailing characters"))
    }

    /// The next value; of a list or an object only its beginning.
    pub(super) fn value(&mut self) -> Result<Found<'t>, Error> {
        match self.peek()? {
            b'n' => self.word("null").map(|()| Found::Null),
            b't' => self.word("true").map(|()| Found::Bool(true)),
            b'f' => self.word("false").map(|()| Found::Bool(false)),
            b'"' => self.string().map(Found::Text),
            b'-' | b'0'..=b'9' => self.number().map(Found::Number),
            b'[' => self.deeper().map(|()| Found::List),
            b'{' => self.deeper().map(|()| Found::Object),
            _ => {
                self.at += 1;
                Err(self.fault("expected value"))
            }
        }
    }

    /// Whether the next value is `null`, which is then behind.
    pub(super) fn null(&mut self) -> Result<bool, Error> {
        if self.next_byte() == Some(b'n') { self.word("null").map(|()| true) } else { Ok(false) }
    }

    /// The bracket of a list or an object.
    pub(super) fn open(&mut self, bracket: u8, expected: &dyn Expected) -> Result<(), Error> {
        let found = match self.peek()? {
            next if next == bracket => return self.deeper(),
            b'[' => Found::List,
            b'{' => Found::Object,
            _ => self.value()?,
        };
        let unexpected = match &found {
            Found::Null => Unexpected::Unit,
            Found::Bool(bool) => Unexpected::Bool(*bool),
            Found::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Unexpected::Unsigned(number),
                (None, Some(number)) => Unexpected::Signed(number),
                (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            },
            Found::Text(text) => Unexpected::Str(text),
            Found::List => Unexpected::Seq,
            Found::Object => Unexpected::Map,
        };
        Err(Error::invalid_type(unexpected, expected))
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault("recursion limit exceeded"));
        }
        Ok(())
    }

    /// Whether another element follows before the bracket closes.
    pub(super) fn more(&mut self, close: u8, first: bool) -> Result<bool, Error> {
        let Some(next) = self.next_byte() else {
            let what = if close == b']' { "a list" } else { "an object" };
            return Err(self.fault(&format!("EOF while parsing {what}")));
        };
        if next == close {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        self.at += 1;
        if next != b',' {
            let bracket = char::from(close);
            return Err(self.fault(&format!("expected `,` or `{bracket}`")));
        }
        if self.next_byte() == Some(close) {
            self.at += 1;
            return Err(self.fault("trailing comma"));
        }
        Ok(true)
    }

    /// The end of a list or an object of which nobody wants more.
    pub(super) fn close(&mut self, close: u8, done: bool) -> Result<(), Error> {
        if done {
            return Ok(());
        }
        if self.peek()? == close {
            self.at += 1;
            self.depth -= 1;
            return Ok(());
        }
        self.at += 1;
        Err(self.fault("trailing characters"))
    }

    pub(super) fn key(&mut self) -> Result<Cow<'t, str>, Error> {
        if self.peek()? == b'"' {
            return self.string();
        }
        self.at += 1;
        Err(self.fault("key must be a string"))
    }

    pub(super) fn colon(&mut self) -> Result<(), Error> {
        let next = self.next_byte();
        self.at += 1;
        if next == Some(b':') { Ok(()) } else { Err(self.fault("expected `:`")) }
    }

    /// The name of an enum's variant, and whether its content follows.
    pub(super) fn variant(&mut self) -> Result<(Cow<'t, str>, bool), Error> {
        match self.peek()? {
            b'"' => Ok((self.string()?, false)),
            b'{' => {
                self.deeper()?;
                let name = self.key()?;
                self.colon()?;
                Ok((name, true))
            }
            _ => {
                self.at += 1;
                Err(self.fault("expected value"))
            }
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Error> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let same = rest.bytes().zip(word.bytes()).take_while(|(here, wanted)| here == wanted);
        let same = same.count();
        self.at += same;
        if same < word.len() {
            self.at += 1;
            return Err(self.fault("expected ident"));
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Number, Error> {
        self.scalar()
    }

    /// The next value, if it is a number.
    pub(super) fn single(&mut self) -> Result<Option<f32>, Error> {
        match self.next_byte() {
            Some(b'-' | b'0'..=b'9') => self.scalar().map(Some),
            _ => Ok(None),
        }
    }

    /// A number of a type that `serde_json` reads.
    pub(super) fn scalar<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let text = self.number_text()?;
        serde_json::from_str(text).map_err(|error| self.moved(&error))
    }

    /// What is a number if anything.
    fn number_text(&mut self) -> Result<&'t str, Error> {
        self.peek()?;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let length = rest.bytes().position(|byte| !is_part(&byte)).unwrap_or(rest.len());
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// A text, from its first quotation mark on.
    fn string(&mut self) -> Result<Cow<'t, str>, Error> {
        let start = self.at;
        let mut plain = true;
        self.at += 1;
        loop {
            let Some(byte) = self.text.as_bytes().get(self.at) else {
                return Err(self.fault("EOF while parsing a string"));
            };
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    plain = false;
                    self.at += 1;
                }
                0..0x20 => {
                    let problem =
                        "control character (\\u0000-\\u001F) found while parsing a string";
                    return Err(self.fault(problem));
                }
                _ => {}
            }
        }
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        if plain {
            return Ok(Cow::Borrowed(quoted.trim_matches('"')));
        }
        serde_json::from_str(quoted).map(Cow::Owned).map_err(|error| self.moved(&error))
    }

    /// An error within a part of the text as one within the whole.
    fn moved(&self, error: &Error) -> Error {
        let error = error.to_string();
        self.fault(error.split(" at line ").next().unwrap_or_default())
    }

    fn fault(&self, problem: &str) -> Error {
        self.placed(Error::custom(problem))
    }

    /// The error with the place where it was found.
    pub(super) fn placed(&self, error: Error) -> Error {
        if error.line() > 0 {
            return error;
        }
        let before = self.text.as_bytes().get(..self.at.min(self.text.len())).unwrap_or_default();
        let lines = before.split(|byte| *byte == b'\n');
        let (line, column) = lines.fold((0, 0), |(line, _), text| (line + 1, text.len()));
        Error::custom(format!("{error} at line {line} column {column}"))
    }
}
