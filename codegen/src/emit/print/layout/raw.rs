//! Raw texts, which stand aside while code is laid out: what is within them is not code.

use std::borrow::Cow;

/// Raw texts in their order.
pub(super) struct Raw<'t>(Vec<&'t str>);

/// What stands where a raw text stood, of the same width: as a text it is no code either.
const MARK: char = '\u{1}';

/// Takes the raw texts out of code.
pub(super) fn set_aside(text: &str) -> (Cow<'_, str>, Raw<'_>) {
    // Most code holds none.
    if !text.contains("r\"") && !text.contains("r#") {
        return (text.into(), Raw(Vec::new()));
    }
    let (mut out, mut found) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find(['"', '/', 'r']) {
        let (code, other) = rest.split_at(start);
        out.push_str(code);
        let length = match other.as_bytes().first() {
            Some(b'"') => super::macros::literal_length(other),
            Some(b'/') => super::macros::comment_length(other),
            _ if out.ends_with(|c: char| c.is_alphanumeric() || c == '_') => 1,
            _ => match raw_length(other) {
                None => 1,
                Some(length) => {
                    let (raw, behind) = other.split_at(length);
                    let width = raw.lines().next().unwrap_or_default().chars().count();
                    out.push('"');
                    out.extend(std::iter::repeat_n(MARK, width.saturating_sub(2)));
                    out.push('"');
                    found.push(raw);
                    rest = behind;
                    continue;
                }
            },
        };
        out.push_str(&other[..length]);
        rest = &other[length..];
    }
    out.push_str(rest);
    (out.into(), Raw(found))
}

impl Raw<'_> {
    /// The code with its raw texts again.
    pub(super) fn put_back(self, text: String) -> String {
        if self.0.is_empty() {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        for raw in self.0 {
            let Some((before, behind)) = rest.split_once(MARK) else { break };
            out.push_str(before.strip_suffix('"').unwrap_or(before));
            out.push_str(raw);
            let behind = behind.trim_start_matches(MARK);
            rest = behind.strip_prefix('"').unwrap_or(behind);
        }
        out + rest
    }
}

/// The length of a raw text, its quotes included.
fn raw_length(text: &str) -> Option<usize> {
    let marks = text.strip_prefix('r')?;
    let hashes = marks.bytes().take_while(|byte| *byte == b'#').count();
    let inner = marks[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", &marks[..hashes]);
    let start = text.len() - inner.len();
    inner.find(&end).map(|place| start + place + end.len())
}

#[cfg(test)]
mod tests {
    use super::set_aside;

    #[test]
    fn raw_texts_come_back_as_they_were() {
        let code = "f(r#\"(\"a  \"\n  {\"#, \"r\\\"#\", for_r, r\"\") // r#\"";
        let (aside, raw) = set_aside(code);
        assert!(!aside.contains("  {") && aside.contains("\"r\\\"#\""), "{aside}");
        assert_eq!(raw.put_back(aside.into_owned()), code);
    }
}
