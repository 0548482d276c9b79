//! Variables that nothing reads. What a node gives may be read by one that is left out itself: a
//! condition that nothing goes by, whatever stands behind a sure failure. Rust warns of these.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use super::super::mentions::Mentioned;

/// The statements of a block without variables that neither a later one nor its end reads.
pub(super) fn without_unused(lines: Vec<TokenStream>, end: &TokenStream) -> Vec<TokenStream> {
    let mut kept: Vec<TokenStream> = Vec::with_capacity(lines.len());
    let mut later = Mentioned::default();
    later.add(end.clone());
    for line in lines.into_iter().rev() {
        if let Some(line) = read_or_done(line, &mut |name| later.has(name)) {
            later.add(line.clone());
            kept.push(line);
        }
    }
    kept.reverse();
    kept
}

/// A statement, without what it binds in vain; none if it does nothing else.
fn read_or_done(line: TokenStream, read: &mut dyn FnMut(&str) -> bool) -> Option<TokenStream> {
    let Some(Let { comment, pattern, value }) = Let::of(&line) else { return Some(line) };
    match pattern {
        TokenTree::Ident(name) if name != "_" && !read(&name.to_string()) => {
            // A failure that was caught is a `Result`, which may not be dropped without a word.
            let bind = is_caught(&value).then(|| quote!(let _ =));
            has_effect(&value).then(|| quote!(#comment #bind #value;))
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            let pattern = read_of(&group, read);
            let all_unread = pattern.to_string().chars().all(|c| "(), _".contains(c));
            let done = all_unread && !has_effect(&value);
            (!done).then(|| quote!(#comment let #pattern = #value;))
        }
        _ => Some(line),
    }
}

/// A pattern, with `_` for what nothing reads.
fn read_of(group: &Group, read: &mut dyn FnMut(&str) -> bool) -> Group {
    let mut names = Vec::new();
    for token in group.stream() {
        names.push(match token {
            TokenTree::Ident(name) if name != "_" && !read(&name.to_string()) => {
                TokenTree::Ident(Ident::new("_", Span::call_site()))
            }
            TokenTree::Group(inner) => TokenTree::Group(read_of(&inner, read)),
            other => other,
        });
    }
    Group::new(group.delimiter(), names.into_iter().collect())
}

/// `let pattern = value;`, its comment before it.
struct Let {
    comment: TokenStream,
    pattern: TokenTree,
    value: TokenStream,
}

impl Let {
    /// The only statement of these tokens, if it is one.
    fn of(line: &TokenStream) -> Option<Self> {
        let mut tokens: Vec<TokenTree> = line.clone().into_iter().collect();
        let is = |token: &TokenTree, mark: char| matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark);
        let ends = tokens.iter().filter(|token| is(token, ';')).count();
        if ends != 1 || !tokens.pop().is_some_and(|last| is(&last, ';')) {
            return None;
        }
        let begin = tokens.iter().position(|token| !is(token, '#') && !is_attribute(token))?;
        let mut rest = tokens.split_off(begin).into_iter();
        let comment = tokens.into_iter().collect();
        if !matches!(rest.next()?, TokenTree::Ident(word) if word == "let") {
            return None;
        }
        let pattern = rest.next()?;
        let equals = rest.next()?;
        is(&equals, '=').then(|| Self { comment, pattern, value: rest.collect() })
    }
}

fn is_attribute(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

/// Whether computing the value may do something or fail.
pub(super) fn has_effect(value: &TokenStream) -> bool {
    value.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => has_effect(&group.stream()),
        TokenTree::Ident(word) => word == "await" || word == "return",
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Literal(_) => false,
    })
}

pub(super) fn is_caught(value: &TokenStream) -> bool {
    let is = |token| matches!(&token, TokenTree::Ident(word) if word == "caught");
    value.clone().into_iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: Vec<TokenStream>, end: &TokenStream) -> String {
        without_unused(lines, end).into_iter().collect::<TokenStream>().to_string()
    }

    #[test]
    fn what_nothing_reads_has_no_name() {
        let lines =
            vec![quote!(let a = one(&ctx).await?;), quote!(let b = two(a);), quote!(let c = b;)];
        assert_eq!(kept(lines.clone(), &quote!(Ok(1))), quote!(one(&ctx).await?;).to_string());
        let all: TokenStream = lines.iter().cloned().collect();
        assert_eq!(kept(lines, &quote!(Ok(c))), all.to_string());
        let pair = vec![quote!(let (a, b) = join((x, y)).await?;)];
        let expected = quote!(let (a, _) = join((x, y)).await?;);
        assert_eq!(kept(pair, &quote!(format!("{a}"))), expected.to_string());
    }
}
