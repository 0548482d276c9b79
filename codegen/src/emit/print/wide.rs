//! Breaks lines that are too wide, as rustfmt would: what was laid out for fewer steps stands
//! further in once closures have become blocks.

use super::layout::WIDTH;

/// A line, and the steps by which it stands further in than the text that it is a part of.
type Broken = Vec<(usize, String)>;

/// What may stand between two chains, those first that bind least.
const OPERATORS: [&str; 7] = [" || ", " && ", " == ", " < ", " > ", " + ", " - "];

/// Whether a text that stands `column` in is one line.
pub(super) fn fits(text: &str, column: usize) -> bool {
    column + text.chars().count() <= WIDTH
}

/// The lines of a text that stands `column` in: one if it fits, or if nothing can break it.
pub(super) fn lines(text: &str, column: usize) -> Broken {
    let closed = ["//", "#[", "pub ", "use ", "fn ", "async fn "];
    if fits(text, column) || closed.iter().any(|start| text.starts_with(start)) {
        return vec![(0, text.to_owned())];
    }
    let broken = pattern(text)
        .or_else(|| condition(text))
        .or_else(|| closure(text))
        .or_else(|| chain(text))
        .or_else(|| arguments(text));
    let Some(broken) = broken else { return vec![(0, text.to_owned())] };
    let parts = broken.into_iter().flat_map(|(step, part)| {
        let inner = lines(&part, column + step);
        inner.into_iter().map(move |(further, line)| (step + further, line))
    });
    parts.collect()
}

/// `let (a, b) = if …`: a name on each line.
fn pattern(text: &str) -> Option<Broken> {
    let inner = text.strip_prefix("let (")?;
    let end = 4 + closing(&text[4..])?;
    let rest = text.get(end + 1..).filter(|rest| rest.starts_with(" = "))?;
    let names = inner.get(..end - 5)?;
    let mut broken = vec![(0, "let (".to_owned())];
    broken.extend(split(names, ",").into_iter().map(|name| (4, format!("{},", name.trim()))));
    broken.push((0, format!("){rest}")));
    Some(broken)
}

/// `if a && b {`, `if a.b().c() {`: each part on a line, the brace behind them.
fn condition(text: &str) -> Option<Broken> {
    let condition = text.strip_suffix(" {")?;
    let (start, condition) = condition.split_at(condition_start(condition)?);
    let parts = OPERATORS[..2].iter().find_map(|by| {
        let parts = split(condition, by);
        let line = |(place, part): (usize, &&str)| match place {
            0 => (0, (*part).to_owned()),
            _ => (4, format!("{}{part}", by.trim_start())),
        };
        (parts.len() > 1).then(|| parts.iter().enumerate().map(line).collect())
    });
    let mut broken: Broken = parts.or_else(|| chain(condition))?;
    if let Some((_, first)) = broken.first_mut() {
        first.insert_str(0, start);
    }
    broken.push((0, "{".to_owned()));
    Some(broken)
}

/// Where the condition of an `if` begins that stands at the start of a line, or gives a variable.
pub(super) fn condition_start(text: &str) -> Option<usize> {
    let starts = ["if ", "} else if "];
    let start = starts.iter().find(|start| text.starts_with(**start)).map(|start| start.len());
    start.or_else(|| text.starts_with("let ").then(|| text.find(" = if "))?.map(|at| at + 6))
}

/// A closure's body in a block of its own.
fn closure(text: &str) -> Option<Broken> {
    let end = parameters(text)?;
    let (head, body) = text.split_at(end);
    let (body, comma) = body.strip_suffix(',').map_or((body, ""), |body| (body, ","));
    let body = body.trim_start();
    if body.ends_with('{') || body.starts_with('{') {
        return None;
    }
    Some(vec![(0, format!("{head} {{")), (4, body.to_owned()), (0, format!("}}{comma}"))])
}

/// Each call of a chain on a line.
fn chain(text: &str) -> Option<Broken> {
    let dots: Vec<usize> = tops(text)
        .into_iter()
        .filter(|at| {
            let next = text[*at..].strip_prefix('.').and_then(|rest| rest.chars().next());
            *at > 0 && next.is_some_and(|next| next.is_ascii_lowercase() || next == '_')
        })
        .collect();
    let first = *dots.first()?;
    // A lone receiver is no line.
    if OPERATORS.iter().any(|by| split(text, by).len() > 1) || text.ends_with(['{', '(', '[']) {
        return None;
    }
    let ends = dots.iter().copied().skip(1).chain([text.len()]);
    let further = if text.starts_with('.') { 0 } else { 4 };
    let mut broken = vec![(0, text[..first].to_owned())];
    broken.extend(dots.iter().zip(ends).map(|(from, to)| (further, text[*from..to].to_owned())));
    Some(broken)
}

/// The arguments of the last call, each on a line.
fn arguments(text: &str) -> Option<Broken> {
    let open = tops(text).into_iter().rfind(|at| is_call(text, *at))?;
    let close = open + closing(&text[open..])?;
    let (head, inner, tail) = (&text[..=open], &text[open + 1..close], &text[close..]);
    if inner.is_empty() {
        return None;
    }
    let mut broken = vec![(0, head.to_owned())];
    broken.extend(split(inner, ",").into_iter().map(|part| (4, format!("{},", part.trim()))));
    broken.push((0, tail.to_owned()));
    Some(broken)
}

/// Whether a call's arguments or a list's elements stand in the bracket at a place: behind the last
/// of them may be a comma, which would make a tuple of what is but in brackets.
fn is_call(text: &str, at: usize) -> bool {
    let named = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || "_>".contains(c));
    let before = &text[..at];
    match text.as_bytes().get(at) {
        Some(b'(') => named(before),
        Some(b'[') => before.ends_with(['!', '&']),
        _ => false,
    }
}

/// Where the parameters of a closure end that a text begins with.
pub(super) fn parameters(text: &str) -> Option<usize> {
    let from = ["async move |", "async |", "move |", "|"];
    let start = from.iter().find(|start| text.starts_with(**start))?.len();
    text[start..].find('|').map(|end| start + end + 1)
}

/// Where the bracket ends that a text begins with.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code(text) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The parts between `by` outside of all brackets; the last one is not empty.
fn split<'t>(text: &'t str, by: &str) -> Vec<&'t str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let mut skipped = parameters(text).unwrap_or(0);
    for at in tops(text) {
        if at >= skipped && at >= from && text[at..].starts_with(by) {
            parts.push(&text[from..at]);
            from = at + by.len();
            let rest = text[from..].trim_start();
            skipped = text.len() - rest.len() + parameters(rest).unwrap_or(0);
        }
    }
    if !text[from..].trim().is_empty() {
        parts.push(&text[from..]);
    }
    parts
}

/// The places outside of all brackets, opening ones included.
fn tops(text: &str) -> Vec<usize> {
    let (mut depth, mut found) = (0_usize, Vec::new());
    for (at, byte) in code(text) {
        let types = byte == b'<' && text[..at].ends_with("::");
        if matches!(byte, b')' | b']' | b'}') || (byte == b'>' && depth > 0 && in_types(text, at)) {
            depth = depth.saturating_sub(1);
        } else {
            if depth == 0 && text.is_char_boundary(at) {
                found.push(at);
            }
            depth += usize::from(types || matches!(byte, b'(' | b'[' | b'{'));
        }
    }
    found
}

/// Whether the `>` at a place ends the types of a call.
fn in_types(text: &str, at: usize) -> bool {
    text[at..].starts_with(">(") || text[at..].starts_with(">>") || text[at..].starts_with(">::")
}

/// The bytes outside of texts.
pub(super) fn code(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().enumerate().filter(move |(_, byte)| {
        if quoted {
            quoted = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return false;
        }
        quoted = *byte == b'"';
        !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::lines;

    /// At the column from which on it is one too wide.
    fn broken(text: &str) -> String {
        let room = text.chars().count();
        assert_eq!(lines(text, 100 - room).len(), 1);
        let lines = lines(text, 101 - room);
        let line = |(step, text): &(usize, String)| format!("{}{text}\n", " ".repeat(*step));
        lines.iter().map(line).collect()
    }

    #[test]
    fn calls_break_between_their_arguments() {
        assert_eq!(broken("one::two(a.b(1, 2), 5)?,"), "one::two(\n    a.b(1, 2),\n    5,\n)?,\n");
        assert_eq!(broken(".f(|a, b| a, \"(,\"),"), ".f(\n    |a, b| a,\n    \"(,\",\n),\n");
        assert_eq!(broken("f::<(), _>(ä, b)"), "f::<(), _>(\n    ä,\n    b,\n)\n");
        assert_eq!(broken("(one || two)"), "(one || two)\n");
    }

    #[test]
    fn chains_break_before_their_calls() {
        assert_eq!(broken("n: a.b().c(|v| v.d),"), "n: a\n    .b()\n    .c(|v| v.d),\n");
        assert_eq!(broken("body(ctx, &a).await"), "body(ctx, &a)\n    .await\n");
    }

    #[test]
    fn closures_become_blocks() {
        let expected = "async |ctx, _| {\n    body(ctx).await\n},\n";
        assert_eq!(broken("async |ctx, _| body(ctx).await,"), expected);
    }

    #[test]
    fn conditions_have_their_brace_behind_them() {
        assert_eq!(broken("if a && b(c && d) {"), "if a\n    && b(c && d)\n{\n");
        assert_eq!(broken("} else if a.b().c() {"), "} else if a\n    .b()\n    .c()\n{\n");
    }

    #[test]
    fn patterns_have_a_name_on_each_line() {
        let expected = "let (\n    a,\n    (b, c),\n) = if let Some(\n";
        assert_eq!(broken("let (a, (b, c)) = if let Some("), expected);
    }
}
