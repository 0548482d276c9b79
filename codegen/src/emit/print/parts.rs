//! Prints a large item bit by bit: what stands on lines of their own is printed alike on its own.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;

use super::braced;

/// Tokens of a body that are printed at once.
const BIT: usize = 256;

/// An item; the body of a long function statement by statement.
pub(super) fn print(item: TokenStream) -> String {
    let (docs, item) = documented(item, "");
    docs + &print_in_bits(item, BIT)
}

fn print_in_bits(item: TokenStream, bit: usize) -> String {
    let (head, body) = match Function::of(item) {
        Ok(function) => (function.head, function.body),
        Err(item) => return super::print(item),
    };
    let mut bits = statements(body, bit).into_iter();
    let first = bits.next().unwrap_or_default();
    let text = super::print(braced(head, first));
    if bits.len() == 0 {
        return text;
    }
    let Some(text) = text.strip_suffix("}\n") else { return text };
    let mut text = text.to_owned();
    for bit in bits {
        text.push_str(inner(&super::print(braced(quote!(async fn bit()), bit))));
    }
    text + "}\n"
}

/// A trait or `impl` with these functions, one by one.
pub(super) fn print_members(
    head: TokenStream,
    members: impl IntoIterator<Item = TokenStream>,
) -> String {
    let (mut text, head) = documented(head, "");
    let empty = super::print(braced(head.clone(), TokenStream::new()));
    let Some(opened) = empty.strip_suffix("}\n") else { return text + &empty };
    text.push_str(opened);
    for (place, member) in members.into_iter().enumerate() {
        // Behind the brace; and as within, a blank line behind a function that has several.
        if place == 0 || text.ends_with("    }\n") {
            text.push('\n');
        }
        let (docs, member) = documented(member, "    ");
        text.push_str(&docs);
        text.push_str(inner(&super::print(braced(head.clone(), member))));
    }
    text + "}\n"
}

/// The documentation that an item begins with, as lines, and the rest of it: words need no layout,
/// and are half of what a step is.
fn documented(item: TokenStream, indent: &str) -> (String, TokenStream) {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let docs = tokens.chunks_exact(2).map_while(|pair| doc(&pair[0], &pair[1]));
    let (mut text, mut count) = (String::new(), 0);
    for line in docs {
        text.extend([indent, "///", line.trim_end_matches(' '), "\n"]);
        count += 2;
    }
    (text, tokens.drain(count..).collect())
}

/// The text of `#[doc = "…"]`, if it is a line that `///` may stand before.
fn doc(sharp: &TokenTree, attribute: &TokenTree) -> Option<String> {
    let is = |token: &TokenTree, mark| matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark);
    let TokenTree::Group(group) = attribute else { return None };
    let mut tokens = group.stream().into_iter();
    let (word, equals, text) = (tokens.next()?, tokens.next()?, tokens.next()?);
    let is_doc = matches!(word, TokenTree::Ident(word) if word == "doc");
    let (true, true, true, TokenTree::Literal(text)) =
        (is(sharp, '#'), is_doc, is(&equals, '='), text)
    else {
        return None;
    };
    match syn::Lit::new(text) {
        syn::Lit::Str(text) => {
            Some(text.value()).filter(|text| !text.contains('\n') && !text.starts_with('/'))
        }
        _ => None,
    }
}

/// What stands between the braces of the only item, without its attributes.
fn inner(item: &str) -> &str {
    let start = item
        .split_inclusive('\n')
        .take_while(|line| line.starts_with(['#', '/']) || !line.ends_with("{\n"))
        .map(str::len)
        .sum::<usize>();
    let behind = item.get(start..).and_then(|item| item.split_once('\n'));
    behind.and_then(|(_, item)| item.strip_suffix("}\n")).unwrap_or_default()
}

/// A function: what stands before its body, and that.
struct Function {
    head: TokenStream,
    body: TokenStream,
}

impl Function {
    /// The tokens again where they are no function.
    fn of(item: TokenStream) -> Result<Self, TokenStream> {
        let mut tokens: Vec<TokenTree> = item.into_iter().collect();
        let is_function =
            tokens.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "fn"));
        match tokens.pop() {
            Some(TokenTree::Group(group))
                if is_function && group.delimiter() == Delimiter::Brace =>
            {
                let body = group.stream();
                Ok(Self { head: tokens.into_iter().collect(), body })
            }
            last => Err(tokens.into_iter().chain(last).collect()),
        }
    }
}

/// The statements of a body in bits of about so many tokens. A bit ends with a semicolon, so that
/// none is cut in two.
fn statements(body: TokenStream, bit: usize) -> Vec<TokenStream> {
    let mut bits = Vec::new();
    let mut tokens: Vec<TokenTree> = Vec::new();
    for token in body {
        let ends = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ';');
        tokens.push(token);
        if ends && tokens.len() >= bit {
            bits.push(tokens.drain(..).collect());
        }
    }
    if !tokens.is_empty() {
        bits.push(tokens.into_iter().collect());
    }
    bits
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use std::path::Path;

    use quote::ToTokens;
    use syn::Item;

    use super::*;

    /// The members of a trait or `impl`.
    fn members(body: TokenStream) -> Vec<TokenStream> {
        let mut members = vec![TokenStream::new()];
        for token in body {
            let ends = matches!(&token, TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace);
            if let Some(last) = members.last_mut() {
                last.extend([token]);
            }
            if ends {
                members.push(TokenStream::new());
            }
        }
        members.retain(|member| !member.is_empty());
        members
    }

    #[test]
    fn bits_make_what_the_whole_makes() {
        let (mut functions, mut methods) = (0, 0);
        let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/run");
        for folder in std::fs::read_dir(run).expect("fixtures").flatten() {
            for name in ["workflow.rs", "steps.rs", "custom.rs"] {
                let path = folder.path().join("golden").join(name);
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                let place = path.display();
                // As the emitter writes it; objects it writes otherwise, too.
                let text = text.replace("format!(", "format__(");
                for item in syn::parse_file(&text).expect("Rust").items {
                    if item.to_token_stream().to_string().contains("json !") {
                        continue;
                    }
                    let whole = super::super::print(item.to_token_stream());
                    match item {
                        Item::Fn(item) => {
                            let (docs, item) = documented(item.to_token_stream(), "");
                            assert_eq!(docs + &print_in_bits(item, 1), whole, "{place}");
                            functions += 1;
                        }
                        Item::Trait(_) | Item::Impl(_) => {
                            let tokens = item.into_token_stream();
                            let parts = Function::of(quote!(fn #tokens));
                            let Ok(Function { head, body }) = parts else { panic!("{place}") };
                            let head: TokenStream = head.into_iter().skip(1).collect();
                            let members = members(body);
                            methods += members.len();
                            let bits = print_members(head, members);
                            assert_eq!(bits, whole, "{place}");
                        }
                        _ => {}
                    }
                }
            }
        }
        assert!(functions > 100 && methods > 1, "{functions} functions, {methods} methods");
    }
}
