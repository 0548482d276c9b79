//! Where the parts of an object or list stand in a JSON text that is known to be well formed.

use std::ops::Range;

/// One member of an object, or element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The member's name, or the element's number.
    pub(super) key: String,
    /// Where the member begins: at its name, or at the element.
    pub(super) start: usize,
    /// The value.
    pub(super) value: Range<usize>,
}

/// An object or list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Container {
    pub(super) is_list: bool,
    /// What stands between the brackets.
    pub(super) inner: Range<usize>,
    /// In the order of the text.
    pub(super) entries: Vec<Entry>,
}

impl Container {
    /// The object or list that begins at `start`, white space aside.
    pub(super) fn read(text: &str, start: usize) -> Option<Self> {
        let open = skip_space(text, start);
        let is_list = match text.as_bytes().get(open)? {
            b'[' => true,
            b'{' => false,
            _ => return None,
        };
        let mut entries = Vec::new();
        let mut at = skip_space(text, open + 1);
        while !matches!(text.as_bytes().get(at)?, b']' | b'}') {
            let start = at;
            let mut key = entries.len().to_string();
            if !is_list {
                let end = string_end(text, at)?;
                key = serde_json::from_str(text.get(at..end)?).ok()?;
                // Past the colon.
                at = skip_space(text, skip_space(text, end) + 1);
            }
            let end = value_end(text, at)?;
            entries.push(Entry { key, start, value: at..end });
            at = skip_space(text, end);
            if text.as_bytes().get(at) == Some(&b',') {
                at = skip_space(text, at + 1);
            }
        }
        Some(Self { is_list, inner: open + 1..at, entries })
    }

    /// The entry of this name or number; of several with one name the last, which is the one that
    /// readers of JSON take.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }

    /// The white space between two entries.
    pub(super) fn gap<'t>(&self, text: &'t str) -> &'t str {
        let Some(last) = self.entries.last() else { return "" };
        let before = text.get(..last.start).unwrap_or_default();
        let trimmed = before.trim_end_matches([' ', '\t', '\n', '\r']);
        let gap = before.get(trimmed.len()..).unwrap_or_default();
        // Of a single entry it is what stands before it, which is no space after a comma.
        if gap.is_empty() { " " } else { gap }
    }
}

fn skip_space(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().iter().skip(at);
    at + rest.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// One past the closing quote of the string that begins at `start`.
fn string_end(text: &str, start: usize) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// One past the value that begins at `start`.
fn value_end(text: &str, start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match text.as_bytes().get(at)? {
            b'"' => at = string_end(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => {
                at += 1;
                continue;
            }
            _ => {
                let rest = text.as_bytes().iter().skip(at);
                let plain =
                    |byte: &&u8| !matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
                at += rest.take_while(plain).count();
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}
