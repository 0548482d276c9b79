//! `{{@nodeId:Label.field.sub}}`, cut out of text and taken apart.

use crate::diagnostic::Span;

/// A piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// What stands between `{{` and `}}`, and where, with the braces.
    Braces(&'a str, Span),
}

/// Cuts text at `{{` and `}}`; braces that are never closed are text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(open) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| at + from) {
        let Some(close) = text.get(open..).and_then(|rest| rest.find("}}")).map(|at| at + open)
        else {
            break;
        };
        // In `{{{@a:B}}}`, JSON around a reference, the inner braces count.
        let inner_at =
            text.get(open..close).and_then(|inner| inner.rfind("{{")).unwrap_or(0) + open;
        push_text(&mut pieces, text.get(start..inner_at));
        let inner = text.get(inner_at + 2..close).unwrap_or_default();
        pieces.push(Piece::Braces(inner, Span { start: inner_at, end: close + 2 }));
        (start, from) = (close + 2, close + 2);
    }
    push_text(&mut pieces, text.get(start..));
    pieces
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: Option<&'a str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        pieces.push(Piece::Text(text));
    }
}

/// Whether what stands between braces is meant as a reference at all.
pub(super) fn is_reference(inner: &str) -> bool {
    inner.trim_start().starts_with(['@', '$'])
}

/// The id, and what follows it: the label (decoration) and the path.
pub(super) fn split(inner: &str) -> Result<(&str, Rest<'_>), String> {
    let inner = inner.trim();
    if let Some(new) = inner.strip_prefix('@') {
        return Ok(match new.split_once(':') {
            Some((id, rest)) => (id.trim(), Rest::Labelled(rest)),
            None => plain(new),
        });
    }
    // The older form, `{{$nodeId.field}}`.
    match inner.strip_prefix('$') {
        Some(old) => Ok(plain(old)),
        None => Err("expected `{{@nodeId:Label.field}}`".to_owned()),
    }
}

fn plain(text: &str) -> (&str, Rest<'_>) {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (id, rest) = text.split_at(end);
    (id.trim(), Rest::Path(rest))
}

/// What follows the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest<'a> {
    /// `Label.field.sub`; the label may hold dots itself.
    Labelled(&'a str),
    /// `.field.sub`
    Path(&'a str),
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Name(String),
    Index(u64),
}

impl Segment {
    /// Adds it to an expression of ours.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Index(index) => out.extend(["[", &index.to_string(), "]"]),
            Self::Name(name) if is_plain_name(name) => {
                out.push('.');
                out.push_str(name);
            }
            Self::Name(name) => {
                out.push('[');
                out.push_str(&super::text::literal(name));
                out.push(']');
            }
        }
    }
}

fn is_plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The path behind the label. The label is the node's own where it is written so, else it ends
/// at the first dot, as the original's parser has it.
pub(super) fn path(rest: Rest<'_>, label: &str) -> Result<Vec<Segment>, String> {
    let text = match rest {
        Rest::Path(text) => text,
        Rest::Labelled(text) => match text.strip_prefix(label) {
            Some(after) if after.is_empty() || after.starts_with(['.', '[']) => after,
            _ => text.find('.').and_then(|dot| text.get(dot..)).unwrap_or_default(),
        },
    };
    segments(text.trim_end())
}

fn segments(text: &str) -> Result<Vec<Segment>, String> {
    let mut segments = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let malformed = || format!("`{text}` is no path");
        let (inner, after) = if let Some(inner) = rest.strip_prefix('[') {
            inner.split_once(']').ok_or_else(malformed)?
        } else {
            let name = rest.strip_prefix('.').ok_or_else(malformed)?;
            name.split_at(name.find(['.', '[']).unwrap_or(name.len()))
        };
        let segment = bracketed(inner.trim());
        segments.push(segment.ok_or_else(malformed)?);
        rest = after;
    }
    Ok(segments)
}

fn bracketed(inner: &str) -> Option<Segment> {
    if !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit()) {
        return inner.parse().ok().map(Segment::Index);
    }
    let quoted = ['"', '\'']
        .iter()
        .find_map(|quote| inner.strip_prefix(*quote).and_then(|inner| inner.strip_suffix(*quote)));
    let name = quoted.unwrap_or(inner);
    (!name.is_empty()).then(|| Segment::Name(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_text(inner: &str, label: &str) -> String {
        let (id, rest) = split(inner).unwrap();
        let mut text = id.to_owned();
        path(rest, label).unwrap().iter().for_each(|segment| segment.write(&mut text));
        text
    }

    #[test]
    fn text_is_cut_at_braces() {
        let span = |start, end| Span { start, end };
        assert_eq!(
            pieces("a {{@x:Y.z}} b{{@w:V}}"),
            [
                Piece::Text("a "),
                Piece::Braces("@x:Y.z", span(2, 12)),
                Piece::Text(" b"),
                Piece::Braces("@w:V", span(14, 22)),
            ]
        );
        assert_eq!(pieces("{{ open"), [Piece::Text("{{ open")]);
        assert_eq!(pieces("}} {{"), [Piece::Text("}} {{")]);
        assert_eq!(
            pieces("{{{@x:Y}}}"),
            [Piece::Text("{"), Piece::Braces("@x:Y", span(1, 9)), Piece::Text("}")]
        );
        assert!(pieces("").is_empty());
    }

    #[test]
    fn labels_are_decoration_even_with_dots() {
        assert_eq!(path_text("@a-1:Get.User v1.0.name.first", "Get.User v1.0"), "a-1.name.first");
        assert_eq!(path_text("@a:Old label.name", "New label"), "a.name");
        assert_eq!(path_text("@a:Label", "Label"), "a");
        assert_eq!(path_text("@a:Label.items[0].price", "Label"), "a.items[0].price");
        assert_eq!(
            path_text("@a:Label.items.0['unit price']", "Label"),
            "a.items[0][\"unit price\"]"
        );
        assert_eq!(path_text("$a.b", ""), "a.b");
        assert_eq!(path_text(" @a : L.b ", "x"), "a.b");
    }

    #[test]
    fn what_is_no_reference_says_so() {
        assert!(split("price").is_err());
        assert!(path(Rest::Path("..a"), "").is_err());
        assert!(path(Rest::Path("[0"), "").is_err());
        assert!(path(Rest::Path(".a[]"), "").is_err());
    }
}
