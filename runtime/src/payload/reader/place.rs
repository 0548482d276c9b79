//! Where in a value a reader stopped, and what it said.

use std::fmt::Write as _;

use serde_json::Error;

/// What is open around a place.
enum Around {
    /// An object: the last key, and whether its value has begun.
    Object { key: String, begun: bool },
    /// A list, and the index of the last element.
    List(usize),
}

/// The path to the end of `read`, the beginning of a JSON text without spaces: `lines[2].price`.
pub(super) fn path(read: &str) -> String {
    // What has only begun is as a whole not what was wanted.
    let read = read.strip_suffix(['[', '{']).unwrap_or(read);
    let mut around: Vec<Around> = Vec::new();
    let mut rest = read;
    while let Some(next) = rest.chars().next() {
        let mut length = next.len_utf8();
        match (next, around.last_mut()) {
            ('"', last) => {
                length = text_length(rest);
                if let Some(Around::Object { key, begun: false }) = last {
                    *key = serde_json::from_str(&rest[..length]).unwrap_or_default();
                }
            }
            ('{', _) => around.push(Around::Object { key: String::new(), begun: false }),
            ('[', _) => around.push(Around::List(0)),
            ('}' | ']', _) => drop(around.pop()),
            (':', Some(Around::Object { begun, .. })) => *begun = true,
            (',', Some(Around::Object { begun, .. })) => *begun = false,
            (',', Some(Around::List(index))) => *index += 1,
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    let mut path = String::new();
    for around in &around {
        // Writing to a string does not fail.
        let _ = match around {
            Around::Object { begun: false, .. } => Ok(()),
            Around::Object { key, .. } if path.is_empty() => write!(path, "{key}"),
            Around::Object { key, .. } => write!(path, ".{key}"),
            Around::List(index) => write!(path, "[{index}]"),
        };
    }
    path
}

/// The length of the text that stands first, its quotation marks included.
fn text_length(json: &str) -> usize {
    let mut escaped = false;
    for (place, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    json.len()
}

/// What an error says, without the line and column of a text that nobody wrote.
pub(super) fn reason(error: &Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) if error.line() > 0 => reason.to_owned(),
        _ => text,
    }
}
