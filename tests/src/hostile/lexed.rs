//! Rust source as literals, comments and code: all that is asked of it is where text stands.

/// A part of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'s> {
    /// A string, byte string or character.
    Literal(&'s str),
    /// A doc comment.
    Doc(&'s str),
    /// Another comment.
    Comment(&'s str),
    /// Anything else.
    Code(&'s str),
}

/// Takes a source apart.
pub fn lexed(source: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = source;
    let mut code = 0;
    let mut before = source;
    while !rest.is_empty() {
        let part = comment(rest).or_else(|| literal(rest));
        let Some((part, length)) = part else {
            // A word is taken whole: an `r` at its end begins no raw string.
            let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            let length =
                if word > 0 { word } else { rest.chars().next().map_or(1, char::len_utf8) };
            code += length;
            rest = &rest[length..];
            continue;
        };
        if code > 0 {
            parts.push(Part::Code(&before[..code]));
        }
        parts.push(part);
        rest = &rest[length..];
        (before, code) = (rest, 0);
    }
    if code > 0 {
        parts.push(Part::Code(&before[..code]));
    }
    parts
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A comment at the beginning, and how long it is.
fn comment(rest: &str) -> Option<(Part<'_>, usize)> {
    let part = |doc: bool, length: usize| {
        let text = &rest[..length];
        Some((if doc { Part::Doc(text) } else { Part::Comment(text) }, length))
    };
    if rest.starts_with("//") {
        let length = rest.find('\n').unwrap_or(rest.len());
        let outer = rest.starts_with("///") && !rest.starts_with("////");
        let doc = outer || rest.starts_with("//!");
        return part(doc, length);
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let doc = rest.starts_with("/**") || rest.starts_with("/*!");
    let (mut depth, mut at) = (0, 0);
    loop {
        let here = &rest[at..];
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 || at >= rest.len() {
            return part(doc, at.min(rest.len()));
        }
    }
}

/// A literal at the beginning, and how long it is.
fn literal(rest: &str) -> Option<(Part<'_>, usize)> {
    let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    let (prefix, after) = rest.split_at(word);
    let quoted = match prefix {
        "" | "b" | "c" => match after.chars().next() {
            Some('"') => escaped(after, '"'),
            Some('\'') => character(after),
            _ => None,
        },
        "r" | "br" | "cr" => raw(after),
        _ => None,
    };
    quoted.map(|length| (Part::Literal(&rest[..word + length]), word + length))
}

/// From a quote to the next that no backslash escapes.
fn escaped(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// A character, which a lifetime is not.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        return escaped(text, '\'');
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(at + 1)
}

fn raw(text: &str) -> Option<usize> {
    let hashes = text.find(|c| c != '#')?;
    let inner = text[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end)?;
    Some(hashes + 1 + length + end.len())
}

#[cfg(test)]
mod tests {
    use super::{Part, lexed};

    #[test]
    fn text_is_told_from_code() {
        let source = "/// d\nfn a<'x>(s: &'x str) { b(\"q\\\"\", r#\"r\"q\"#, '\\'', 'c', b\"x\"); /* c */ } // e\nfor r in r#type {}";
        let parts = lexed(source);
        let literals: Vec<&str> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Literal(text) => Some(*text),
                _ => None,
            })
            .collect();
        assert_eq!(literals, ["\"q\\\"\"", "r#\"r\"q\"#", "'\\''", "'c'", "b\"x\""]);
        assert!(parts.contains(&Part::Doc("/// d")) && parts.contains(&Part::Comment("// e")));
        assert!(parts.contains(&Part::Comment("/* c */")));
        let whole: String = parts
            .iter()
            .map(|part| match *part {
                Part::Literal(text) | Part::Doc(text) | Part::Comment(text) | Part::Code(text) => {
                    text
                }
            })
            .collect();
        assert_eq!(whole, source);
    }
}
