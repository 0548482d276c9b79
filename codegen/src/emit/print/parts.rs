//! Where code may be cut: its statements, blocks and arms, the arguments of calls, the links of
//! chains.

use proc_macro2::Delimiter;

use super::tokens::{Code, Tree};

/// What stands before a block, the block, and what stands behind it.
pub(super) fn block_of(code: Code<'_>) -> Option<(Code<'_>, Code<'_>, Code<'_>)> {
    let start = to_block(code)?;
    match start.next()? {
        (Tree::Group(_, block), rest) => Some((code.before(start), block, rest)),
        _ => None,
    }
}

/// The code from the block on that belongs to what it begins with: a condition may have blocks.
fn to_block(code: Code<'_>) -> Option<Code<'_>> {
    let mut rest = code;
    loop {
        rest = match rest.next()? {
            (Tree::Group(Delimiter::Brace, _), _) => return Some(rest),
            (Tree::Word("if"), behind) => past_choice(behind)?,
            (Tree::Word("match"), behind) => to_block(behind)?.next()?.1,
            (_, behind) => behind,
        };
    }
}

/// What follows an `if`, its word not counted, with all that it may come to otherwise.
pub(super) fn past_choice(code: Code<'_>) -> Option<Code<'_>> {
    let (_, _, rest) = block_of(code)?;
    match rest.after("else") {
        None => Some(rest),
        Some(other) => match other.after("if") {
            Some(next) => past_choice(next),
            None => other.next().map(|(_, rest)| rest),
        },
    }
}

/// The first statement of some, and the others.
pub(super) fn statement_of(code: Code<'_>) -> (Code<'_>, Code<'_>) {
    let mut start = code;
    while let Some((_, rest)) = attribute_of(start) {
        start = rest;
    }
    let block = match start.next() {
        Some((Tree::Word("if"), rest)) => past_choice(rest),
        Some((Tree::Word("match" | "for" | "while" | "loop"), rest)) => {
            block_of(rest).map(|(_, _, rest)| rest)
        }
        _ => None,
    };
    let goes_on = |rest: &Code<'_>| {
        let next = rest.first();
        [".", "?", ";"].into_iter().any(|mark| next.is_some_and(|next| next.is(mark)))
    };
    let end = match block.filter(|rest| !goes_on(rest)) {
        Some(rest) => rest,
        None => start.trees().find(|(tree, _)| tree.is(";")).map_or(start.end(), |(_, rest)| rest),
    };
    (code.before(end), end)
}

/// What stands in the brackets of an attribute, and what follows it.
pub(super) fn attribute_of(code: Code<'_>) -> Option<(Code<'_>, Code<'_>)> {
    match code.after("#")?.next()? {
        (Tree::Group(Delimiter::Bracket, attribute), rest) => Some((attribute, rest)),
        _ => None,
    }
}

/// What a `let` gives a name to.
pub(super) fn value_of(code: Code<'_>) -> Option<Code<'_>> {
    let (_, value) = code.trees().find(|(tree, _)| tree.is("="))?;
    let is_choice = matches!(value.first(), Some(Tree::Word("if")));
    (is_choice || !value.holds("else")).then_some(value)
}

/// The pattern of the first arm, and its value with all that follows.
pub(super) fn arm_of(code: Code<'_>) -> Option<(Code<'_>, Code<'_>)> {
    let mut before = code;
    for (tree, rest) in code.trees() {
        if tree.is("=")
            && let Some(value) = rest.after(">")
        {
            return Some((code.before(before), value));
        }
        // A guard, an attribute.
        if tree.is("if") || tree.is("#") {
            return None;
        }
        before = rest;
    }
    None
}

/// The first of a list, and the others.
pub(super) fn first_of_list(code: Code<'_>) -> Option<(Code<'_>, Code<'_>)> {
    let mut before = code;
    let (mut parameters, mut types, mut last) = (false, 0_usize, None);
    for (tree, rest) in code.trees() {
        match tree {
            Tree::Punct(',', _) if !parameters && types == 0 => {
                return Some((code.before(before), rest));
            }
            Tree::Punct('|', _) => parameters = !parameters,
            Tree::Punct('<', _) if matches!(last, Some(Tree::Punct(':', _))) => types += 1,
            Tree::Punct('>', _) if types > 0 => types -= 1,
            // A comparison, or types that are not told from one.
            Tree::Punct('<', _) if types == 0 => return None,
            Tree::Punct('<', _) => types += 1,
            _ => {}
        }
        (before, last) = (rest, Some(tree));
    }
    Some((code, before))
}

/// The links of a chain, each with what stands behind it.
pub(super) fn with_tail<'l>(
    links: &'l [Code<'l>],
    tail: &'l str,
) -> impl Iterator<Item = (Code<'l>, &'l str)> {
    let last = links.len().saturating_sub(1);
    links.iter().enumerate().map(move |(at, link)| (*link, if at == last { tail } else { "" }))
}

/// What a closure does.
#[derive(Clone, Copy)]
pub(super) enum Body<'t> {
    Block(Code<'t>),
    Value(Code<'t>),
}

/// Whether it is a closure, or a block that is awaited later.
pub(super) fn is_closure(code: Code<'_>) -> bool {
    matches!(code.first(), Some(Tree::Word("async" | "move") | Tree::Punct('|', _)))
}

/// What stands before the body of a closure or an `async` block, and the body.
pub(super) fn closure_of(code: Code<'_>) -> Option<(Code<'_>, Body<'_>)> {
    let mut rest = code.after("async").unwrap_or(code);
    rest = rest.after("move").unwrap_or(rest);
    if let Some(parameters) = rest.after("|") {
        let (_, behind) = parameters.trees().find(|(tree, _)| tree.is("|"))?;
        rest = behind;
    }
    let head = code.before(rest);
    match rest.next()? {
        (Tree::Group(Delimiter::Brace, body), behind) => {
            (behind.is_empty() && !head.is_empty()).then_some((head, Body::Block(body)))
        }
        // The type of what it gives.
        (Tree::Punct('-', _), behind) if behind.after(">").is_some() => None,
        _ => head.without_last('|').map(|_| (head, Body::Value(rest))),
    }
}

/// The elements of a list.
pub(super) fn list(code: Code<'_>) -> Option<Vec<Code<'_>>> {
    let mut elements = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        let (element, behind) = first_of_list(rest)?;
        elements.push(element);
        rest = behind;
    }
    Some(elements)
}

/// The path of a call, its arguments, and what follows it.
pub(super) fn arguments_of(code: Code<'_>) -> Option<(Code<'_>, Code<'_>, Code<'_>)> {
    let mut before = code;
    for (tree, rest) in code.trees() {
        if let Tree::Group(Delimiter::Parenthesis, arguments) = tree {
            return Some((code.before(before), arguments, rest));
        }
        before = rest;
    }
    None
}

/// Whether it begins with a bracket, not with the path of a call.
pub(super) fn is_tuple(code: Code<'_>) -> bool {
    matches!(code.first(), Some(Tree::Group(..)))
}

/// Whether the receiver of a call is a name that is no longer than a step.
pub(super) fn is_short(code: Code<'_>) -> bool {
    matches!(code.next(), Some((Tree::Word(word), rest))
        if word.len() <= super::plain::STEP && rest.after(".").is_some())
}

/// The links of a chain of calls, the first of which has no dot, or one where it is short.
pub(super) fn links_of(code: Code<'_>, is_short: bool) -> Vec<Code<'_>> {
    let mut links = Vec::new();
    let (mut start, mut before) = (code, code);
    let mut skipped = is_short;
    for (tree, rest) in code.trees() {
        if tree.is(".") && !std::mem::take(&mut skipped) {
            links.push(start.before(before));
            start = before;
        }
        before = rest;
    }
    links.push(start);
    links
}
