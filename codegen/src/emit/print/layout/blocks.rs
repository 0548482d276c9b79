//! Blocks that stand on one line, and the braces of closures.

use std::borrow::Cow;

use super::super::wide;
use super::{DEEPER, Group, Item, WIDTH, balance};

/// A condition that was broken, on one line with its brace: [`wide`] breaks it where that is too
/// long.
pub(super) fn join_conditions(text: &str) -> Cow<'_, str> {
    if !text.lines().any(opens_condition) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let start = out.len();
        out.push_str(line);
        let rest = condition_lines(line, lines.clone());
        for part in lines.by_ref().take(rest) {
            let part = part.trim_start();
            let closes = part.starts_with([')', ']']);
            if closes && out.ends_with(',') {
                out.pop();
            }
            if !closes && !part.starts_with(['.', '?']) && !out.ends_with(['(', '[']) {
                out.push(' ');
            }
            out.push_str(part);
        }
        if rest > 0 {
            let joined = unbraced(&out[start..]).into_owned();
            out.replace_range(start.., &joined);
        }
        out.push('\n');
    }
    out.into()
}

/// Whether a line begins a condition and does not end it.
fn opens_condition(line: &str) -> bool {
    let text = line.trim_start();
    let ends = text.ends_with(['{', '}', ';', ',']) || text.contains("match ");
    wide::condition_start(text).is_some() && !ends
}

/// How many of the lines behind one belong to the condition that it begins, if that is short enough
/// to be broken between its parts.
fn condition_lines<'t>(line: &str, rest: impl Iterator<Item = &'t str>) -> usize {
    const LONG: usize = WIDTH + WIDTH / 2;
    if !opens_condition(line) {
        return 0;
    }
    let (mut depth, mut length) = (balance(line).1, line.len());
    for (place, line) in rest.enumerate() {
        let (closed, open) = balance(line);
        length += line.trim_start().len();
        // Arms and statements keep their lines.
        let parts = line.ends_with(';') || line.contains("//") || line.contains("match ");
        if closed > depth || length > LONG || parts {
            return 0;
        }
        depth = depth - closed + open;
        if depth == 1 && open == 1 && line.ends_with('{') {
            return place + 1;
        }
    }
    0
}

/// What an operator goes on with: together with what stands before it if that fits, else further in.
pub(super) fn join_operators(items: Vec<Item<'_>>, column: usize) -> Vec<Item<'_>> {
    let goes_on = |items: &[Item<'_>], next: &Item<'_>| {
        let before = match items.last() {
            Some(Item::Line(text, _)) => text,
            Some(Item::Group(group)) => &group.close,
            None => return false,
        };
        is_operator(next.first()) && !before.ends_with([',', ';', '{', '(', '['])
    };
    if !items.iter().any(|item| is_operator(item.first())) {
        return items;
    }
    let mut done: Vec<Item<'_>> = Vec::new();
    for item in items {
        if !goes_on(&done, &item) {
            done.push(item);
            continue;
        }
        let joined = match (done.last(), &item) {
            (Some(Item::Line(before, step)), Item::Line(text, _)) => {
                let line = format!("{before} {text}");
                (column + line.chars().count() <= WIDTH).then(|| Item::Line(line.into(), *step))
            }
            _ => None,
        };
        match joined {
            Some(line) => {
                done.pop();
                done.push(line);
            }
            None => done.push(super::marked(item, DEEPER)),
        }
    }
    done
}

/// Whether a line begins with an operator of two sides.
fn is_operator(line: &str) -> bool {
    let word = line.split_once(' ').map_or("", |(word, _)| word);
    ["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"].contains(&word)
}

/// `|x| { y }` as `|x| y`.
pub(super) fn unbraced(line: &str) -> Cow<'_, str> {
    let opens = |at: usize| line[..at].ends_with("| ") && line[at..].starts_with("{ ");
    let mut braces = wide::code(line).filter(|(_, byte)| *byte == b'{').map(|(at, _)| at);
    let Some(start) = braces.find(|at| opens(*at)).filter(|_| !line.starts_with("//")) else {
        return line.into();
    };
    let (head, block) = line.split_at(start);
    let Some(end) = wide::closing(block) else { return line.into() };
    let body = block[1..end].trim();
    if body.is_empty() || !is_value(body) {
        return line.into();
    }
    format!("{head}{}{}", unbraced(body), unbraced(&block[end + 1..])).into()
}

/// Whether a line is a value and no statement.
fn is_value(line: &str) -> bool {
    !line.ends_with([';', ',']) && !line.starts_with("//") && !line.contains("; ")
}

/// A block of one value on a line with what stands before and behind it.
pub(super) fn one_line(group: &Group<'_>, column: usize) -> Option<String> {
    let value = |items: &[Item<'_>]| match items {
        [Item::Line(line, _)] if is_value(line) => Some(line.to_string()),
        _ => None,
    };
    let close = &group.close;
    let line = match group.parts.as_slice() {
        [(head, yes), (other, no)]
            if other == "} else {" && wide::condition_start(head).is_some() =>
        {
            format!("{head} {} }} else {{ {} {close}", value(yes)?, value(no)?)
        }
        [(head, items)] if head.ends_with(" => {") && close == "}" => {
            format!("{} {},", head.strip_suffix(" {")?, value(items)?)
        }
        [(head, items)] if head.ends_with("| {") => {
            let rest = close.strip_prefix('}')?;
            format!("{} {}{rest}", head.strip_suffix(" {")?, value(items)?)
        }
        [(head, items)] if head.ends_with("async {") => {
            format!("{head} {} {close}", value(items)?)
        }
        _ => return None,
    };
    (column + line.chars().count() <= WIDTH).then_some(line)
}

/// Lets a closure that is one line hang over its call, its body in a block; and an `if` that is
/// the only argument.
pub(super) fn hang<'t>(
    head: &str,
    items: &[Item<'t>],
    group: &Group<'t>,
    column: usize,
) -> Option<Group<'t>> {
    if !head.ends_with('(') {
        return None;
    }
    let (last, before) = items.split_last()?;
    if let (Item::Group(inner), []) = (last, before) {
        return hang_condition(head, inner, group, column);
    }
    let texts: Vec<&str> = before.iter().map(Item::line).collect::<Option<_>>()?;
    let last = last.line()?;
    let end = wide::parameters(last)?;
    let body = last[end..].trim_start().trim_end_matches(',');
    let another = texts.iter().any(|text| wide::parameters(text).is_some());
    if another || body.starts_with('{') {
        return None;
    }
    let arguments: String = texts.iter().flat_map(|text| [text, " "]).collect();
    let head = format!("{head}{arguments}{} {{", &last[..end]);
    (column + head.chars().count() <= WIDTH).then(|| Group {
        parts: vec![(head.into(), vec![Item::Line(body.to_owned().into(), 4)])],
        close: format!("}}{}", group.close).into(),
        indent: group.indent,
    })
}

/// `Some(if … { … } else { … })`.
fn hang_condition<'t>(
    head: &str,
    inner: &Group<'t>,
    group: &Group<'t>,
    column: usize,
) -> Option<Group<'t>> {
    let (first, _) = inner.parts.first()?;
    let whole = inner.close == "}" || inner.close == "},";
    if inner.parts.len() < 2 || !first.starts_with("if ") || !whole {
        return None;
    }
    let mut parts = inner.parts.clone();
    for (_, items) in &mut parts {
        *items = super::compact_all(std::mem::take(items), column + 4);
    }
    let (first, _) = parts.first_mut()?;
    *first = format!("{head}{first}").into();
    let fits = column + first.chars().count() <= WIDTH;
    fits.then(|| Group { parts, close: format!("}}{}", group.close).into(), indent: group.indent })
}

#[cfg(test)]
mod tests {
    use super::super::item;

    /// As laid out within a function, without that.
    fn within(body: &str) -> String {
        let text = item(&format!("async fn f() {{ {body} }}"));
        let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
        lines.fold(String::new(), |text, line| text + line + "\n")
    }

    const LONG: &str = "trigger.somebody_with_a_long_name";

    #[test]
    fn conditions_are_broken_between_their_parts() {
        let body = format!(
            "let next = if {LONG} == Some(1) || {LONG} == Some(2) || !odd {{ a(); b }} else {{ c }};"
        );
        let expected = format!(
            "let next = if {LONG} == Some(1)\n    || {LONG} == Some(2)\n    || !odd\n{{\n    a();\n    b\n}} else {{\n    c\n}};\n"
        );
        assert_eq!(within(&body), expected);
        let body = format!(
            "if a {{ b(); }} else if {LONG}.as_ref().is_some_and(|answer| !answer.approved) {{ c(); }}"
        );
        let expected = format!(
            "if a {{\n    b();\n}} else if {LONG}.as_ref().is_some_and(|answer| !answer.approved) {{\n    c();\n}}\n"
        );
        assert_eq!(within(&body), expected);
    }

    #[test]
    fn blocks_of_one_value_stand_on_a_line() {
        let body = "let a = if b { Some(c) } else { None }; let d = task(async { e().await }); g(|| { h() });";
        let expected = "let a = if b { Some(c) } else { None };\nlet d = task(async { e().await });\ng(|| h());\n";
        assert_eq!(within(body), expected);
        assert_eq!(within("g(|| { h(); i() });"), "g(|| {\n    h();\n    i()\n});\n");
        assert_eq!(within("g(\"|a| { b }\");"), "g(\"|a| { b }\");\n");
    }

    #[test]
    fn a_short_receiver_has_its_first_call_beside_it() {
        let body = "g(a, ctx.try_scope(\"one\", async |ctx| { b(); c() }).catch(async |_, error| { Ok(error.code) }));";
        let expected = "g(\n    a,\n    ctx.try_scope(\"one\", async |ctx| {\n        b();\n        c()\n    })\n    .catch(async |_, error| Ok(error.code)),\n);\n";
        assert_eq!(within(body), expected);
    }

    #[test]
    fn what_is_the_only_argument_hangs_over_its_call() {
        let body = format!("Some(if {LONG} {{ a }} else if {LONG} {{ b }} else {{ c }})");
        let expected = format!(
            "Some(if {LONG} {{\n    a\n}} else if {LONG} {{\n    b\n}} else {{\n    c\n}})\n"
        );
        assert_eq!(within(&body), expected);
        let body = format!("ctx.evaluate(\"name\", || f({LONG}.first, {LONG}.second))");
        let expected =
            format!("ctx.evaluate(\"name\", || {{\n    f({LONG}.first, {LONG}.second)\n}})\n");
        assert_eq!(within(&body), expected);
    }

    #[test]
    fn what_an_operator_goes_on_with_stands_further_in() {
        let body = format!("A {{ v: f({LONG}.first, 1)? && g({LONG}.second)?, w: {LONG}.third }}");
        let expected = format!(
            "A {{\n    v: f({LONG}.first, 1)?\n        && g({LONG}.second)?,\n    w: {LONG}.third,\n}}\n"
        );
        assert_eq!(within(&body), expected);
    }
}
