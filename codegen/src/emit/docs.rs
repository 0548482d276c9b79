//! User text in doc comments: readable, and never Markdown, HTML, a link or a doctest.

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostic::is_unprintable;

/// Columns that a doc line may use, before indentation.
const WIDTH: usize = 88;

/// One line of plain text as Markdown that shows exactly that text.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::new();
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = one_line.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let special = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' => true,
            '~' => next == Some('~') || safe.ends_with('~'),
            '&' => next.is_some_and(|next| next == '#' || next.is_ascii_alphabetic()),
            // A URL is no link.
            ':' => next == Some('/'),
            _ => false,
        };
        if special {
            safe.push('\\');
        }
        if !is_unprintable(c) {
            safe.push(c);
        }
    }
    escape_start(safe)
}

/// One line of text between backticks.
pub(crate) fn code(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().filter(|c| *c != '`' && !is_unprintable(*c)).take(60).collect()
}

/// A line that begins like a list, a quote, a rule or a heading is none.
fn escape_start(text: String) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let rest = &text[digits..];
    if digits > 0 && (rest.starts_with('.') || rest.starts_with(')')) {
        return format!("{}\\{rest}", &text[..digits]);
    }
    if text.starts_with(['-', '+', '=', '#', '>', '|']) { format!("\\{text}") } else { text }
}

/// Each line of a text as a paragraph.
pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    text.lines().map(sentence).filter(|line| !line.is_empty()).collect()
}

/// A text as the first paragraph of a doc comment: ends like a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let text = plain(text);
    if text.is_empty() || text.ends_with(['.', '!', '?', '…', ':', ';']) {
        text
    } else {
        format!("{text}.")
    }
}

/// The paragraphs as `#[doc]` attributes, wrapped; empty paragraphs are left out.
pub(crate) fn attributes(paragraphs: &[String]) -> TokenStream {
    let mut lines = Vec::new();
    for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(wrap(paragraph).into_iter().map(|line| format!(" {line}")));
    }
    quote!(#(#[doc = #lines])*)
}

/// The same, as `//!` lines of a file.
pub(crate) fn inner(paragraphs: &[String]) -> String {
    let mut text = String::new();
    for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
        if !text.is_empty() {
            text.push_str("//!\n");
        }
        for line in wrap(paragraph) {
            text.push_str("//! ");
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// Breaks at spaces; a word that would begin a list or heading on its own line stays where it is.
fn wrap(paragraph: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split(' ') {
        let fits = lines
            .last()
            .is_some_and(|line| line.chars().count() + 1 + word.chars().count() <= WIDTH);
        match lines.last_mut() {
            Some(line) if fits || is_marker(word) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn is_marker(word: &str) -> bool {
    word.starts_with(['-', '+', '=', '#', '>', '|'])
        || word.trim_end_matches(['.', ')']).bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown_not_read() {
        assert_eq!(plain("a */ b\n```rust\npanic\\!"), "a \\*/ b \\`\\`\\`rust panic\\\\!");
        assert_eq!(plain("see https://x.y [z]"), "see https\\://x.y \\[z\\]");
        assert_eq!(plain("- 1"), "\\- 1");
        assert_eq!(plain("1. one"), "1\\. one");
        assert_eq!(plain("Note: later"), "Note: later");
        assert_eq!(sentence("Charge the card"), "Charge the card.");
        assert_eq!(sentence("Is it large?"), "Is it large?");
        assert_eq!(sentence(" \u{202E}\n"), "");
        assert_eq!(plain("~~gone~~ ~here"), "\\~\\~gone\\~\\~ ~here");
        assert_eq!(plain("&amp; &#1; a & b &1"), "\\&amp; \\&#1; a & b &1");
        assert_eq!(plain("12) b"), "12\\) b");
        for as_it_is in [".5 is half", ") is left", "12 apples", "1.5"] {
            assert_eq!(plain(as_it_is).replace('\\', ""), as_it_is);
        }
        assert_eq!(plain(".5 is half"), ".5 is half");
        assert_eq!(plain("12 apples"), "12 apples");
        assert_eq!(code("a`b\u{202E} \n c"), "ab c");
    }

    #[test]
    fn long_text_is_wrapped() {
        let text = wrap(&"word ".repeat(40));
        assert!(text.iter().all(|line| line.len() <= WIDTH));
        let second =
            |word: &str| wrap(&format!("{} {word} b", "x".repeat(WIDTH - 1))).swap_remove(1);
        assert_eq!(second("word"), "word b");
        // These would begin a list, a rule or a heading.
        for marker in ["-", "# 1", "12.", "3)", "=="] {
            assert_eq!(second(marker), "b", "{marker}");
        }
    }
}
