//! The tokens of an item in one piece: to be read as often as its printing takes, without a copy.

use std::fmt::Write as _;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Tokens, and the text of all of them.
#[derive(Default)]
pub(super) struct Tokens {
    text: String,
    all: Vec<Token>,
}

#[derive(Clone, Copy)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Word,
    Literal,
    Punct(char, Spacing),
    /// An opening bracket, and how many tokens stand within.
    Open(Delimiter, usize),
    Close,
}

/// A token, or a bracket with what stands in it.
#[derive(Clone, Copy)]
pub(super) enum Tree<'t> {
    Word(&'t str),
    Literal(&'t str),
    Punct(char, Spacing),
    Group(Delimiter, Code<'t>),
}

impl Tokens {
    /// The tokens of a stream. Nobody else may hold it: what is shared is copied to be read.
    pub(super) fn of(stream: TokenStream) -> Self {
        let mut tokens = Self::default();
        tokens.add(stream);
        tokens
    }

    pub(super) fn code(&self) -> Code<'_> {
        Code { text: &self.text, tokens: &self.all }
    }

    /// As text that may be parsed again.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.code().write(&mut text);
        text
    }

    fn add(&mut self, stream: TokenStream) {
        for tree in stream {
            let start = self.text.len();
            // Writing to a string does not fail.
            let kind = match tree {
                TokenTree::Ident(word) => {
                    let _ = write!(self.text, "{word}");
                    Kind::Word
                }
                TokenTree::Literal(literal) => {
                    let _ = write!(self.text, "{literal}");
                    Kind::Literal
                }
                TokenTree::Punct(punct) => Kind::Punct(punct.as_char(), punct.spacing()),
                TokenTree::Group(group) => {
                    let (delimiter, inner) = (group.delimiter(), group.stream());
                    drop(group);
                    let place = self.all.len();
                    let open = Kind::Open(delimiter, 0);
                    self.all.push(Token { kind: open, start, end: start });
                    self.add(inner);
                    let length = self.all.len() - place - 1;
                    if let Some(open) = self.all.get_mut(place) {
                        open.kind = Kind::Open(delimiter, length);
                    }
                    Kind::Close
                }
            };
            self.all.push(Token { kind, start, end: self.text.len() });
        }
    }
}

/// A stretch of tokens.
#[derive(Clone, Copy)]
pub(super) struct Code<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl<'t> Code<'t> {
    pub(super) fn is_empty(self) -> bool {
        self.tokens.is_empty()
    }

    /// The first tree, and what stands behind it.
    pub(super) fn next(self) -> Option<(Tree<'t>, Self)> {
        let (token, rest) = self.tokens.split_first()?;
        let word = self.text.get(token.start..token.end).unwrap_or_default();
        let (tree, rest) = match token.kind {
            Kind::Word => (Tree::Word(word), rest),
            Kind::Literal => (Tree::Literal(word), rest),
            Kind::Punct(mark, spacing) => (Tree::Punct(mark, spacing), rest),
            Kind::Open(delimiter, length) => {
                let (inner, rest) = rest.split_at_checked(length)?;
                (Tree::Group(delimiter, Self { tokens: inner, ..self }), rest.get(1..)?)
            }
            Kind::Close => return None,
        };
        Some((tree, Self { tokens: rest, ..self }))
    }

    pub(super) fn first(self) -> Option<Tree<'t>> {
        self.next().map(|(tree, _)| tree)
    }

    /// The trees, each with what stands behind it.
    pub(super) fn trees(self) -> impl Iterator<Item = (Tree<'t>, Self)> {
        let mut code = self;
        std::iter::from_fn(move || {
            let (tree, rest) = code.next()?;
            code = rest;
            Some((tree, rest))
        })
    }

    /// Nothing, behind its last token.
    pub(super) fn end(self) -> Self {
        Self { tokens: &[], ..self }
    }

    /// What stands before `rest`, which is its end.
    pub(super) fn before(self, rest: Self) -> Self {
        let length = self.tokens.len() - rest.tokens.len();
        Self { tokens: self.tokens.get(..length).unwrap_or_default(), ..self }
    }

    /// The rest behind a word or mark at the start.
    pub(super) fn after(self, wanted: &str) -> Option<Self> {
        let (tree, rest) = self.next()?;
        tree.is(wanted).then_some(rest)
    }

    /// Without a mark at the end.
    pub(super) fn without_last(self, wanted: char) -> Option<Self> {
        let (last, rest) = self.tokens.split_last()?;
        let is = matches!(last.kind, Kind::Punct(mark, _) if mark == wanted);
        is.then_some(Self { tokens: rest, ..self })
    }

    /// Whether a tree at this level is this word or mark.
    pub(super) fn holds(self, wanted: &str) -> bool {
        self.trees().any(|(tree, _)| tree.is(wanted))
    }

    /// The text of the code, for a parser: a space between all tokens that may have one.
    pub(super) fn write(self, out: &mut String) {
        for (tree, _) in self.trees() {
            match tree {
                Tree::Word(text) | Tree::Literal(text) => out.extend([text, " "]),
                Tree::Punct(mark, Spacing::Joint) => out.push(mark),
                Tree::Punct(mark, Spacing::Alone) => out.extend([mark, ' ']),
                Tree::Group(delimiter, inner) => {
                    let (open, close) = brackets(delimiter);
                    out.push_str(open);
                    inner.write(out);
                    out.extend([close, " "]);
                }
            }
        }
    }
}

impl<'t> Tree<'t> {
    pub(super) fn word(self) -> Option<&'t str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether it is this word or mark.
    pub(super) fn is(self, wanted: &str) -> bool {
        match self {
            Self::Word(word) => word == wanted,
            Self::Punct(mark, _) => wanted.len() == mark.len_utf8() && wanted.starts_with(mark),
            Self::Literal(_) | Self::Group(..) => false,
        }
    }
}

pub(super) fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}
