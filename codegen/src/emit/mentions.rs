//! Which variables and items code names: what nothing names is left out.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Whether the code names a variable.
pub(crate) fn mentions(code: &TokenStream, name: &str) -> bool {
    mentions_either(code.clone(), name, &format!("{{{name}}}"))
}

/// Whether the code names a variable, or a literal holds `formatted`.
fn mentions_either(code: TokenStream, name: &str, formatted: &str) -> bool {
    code.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions_either(group.stream(), name, formatted),
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Literal(literal) => literal.to_string().contains(formatted),
        TokenTree::Punct(_) => false,
    })
}

/// What much code names, for many questions. Code is looked through when a question needs it, and
/// once: asking [`mentions`] of each line for each name takes as long as the square of the lines.
#[derive(Default)]
pub(crate) struct Mentioned {
    names: BTreeSet<String>,
    /// Those of them that stand by themselves, and not behind a `::`, as a variant's name does.
    alone: BTreeSet<String>,
    /// Those of them that may be variables: no fields, neither read nor given.
    variables: BTreeSet<String>,
    /// Those of them that are called or handed over as functions are.
    called: BTreeSet<String>,
    /// Code that nobody has looked through yet.
    unread: Vec<TokenStream>,
    /// A name is written here first, since most are known already.
    name: String,
}

impl Mentioned {
    pub(crate) fn add(&mut self, code: TokenStream) {
        self.unread.push(code);
    }

    /// Whether the code that was added names it.
    pub(crate) fn has(&mut self, name: &str) -> bool {
        while !self.names.contains(name) {
            let Some(code) = self.unread.pop() else { return false };
            self.read(code);
        }
        true
    }

    /// Whether the code that was added names an item by its name alone.
    pub(crate) fn has_alone(&mut self, name: &str) -> bool {
        while !self.alone.contains(name) {
            let Some(code) = self.unread.pop() else { return false };
            self.read(code);
        }
        true
    }

    /// Whether the code that was added names a variable; the field of a record is none.
    pub(crate) fn has_variable(&mut self, name: &str) -> bool {
        while !self.variables.contains(name) {
            let Some(code) = self.unread.pop() else { return false };
            self.read(code);
        }
        true
    }

    /// Whether the code that was added calls a function of this name or hands it over: what no
    /// variable is named after is one.
    pub(crate) fn calls(&mut self, name: &str) -> bool {
        while !self.called.contains(name) {
            let Some(code) = self.unread.pop() else { return false };
            self.read(code);
        }
        true
    }

    fn read(&mut self, code: TokenStream) {
        let mut tokens = code.into_iter().peekable();
        let (mut method, mut colons) = (false, 0);
        while let Some(token) = tokens.next() {
            let behind_a_dot = std::mem::take(&mut method);
            let before = std::mem::take(&mut colons);
            let behind_a_path = before == 2;
            match token {
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Ident(ident) => {
                    let is_call = matches!(tokens.peek(), Some(TokenTree::Group(arguments))
                        if arguments.delimiter() == Delimiter::Parenthesis);
                    self.name.clear();
                    // Writing to a string does not fail.
                    let _ = write!(self.name, "{ident}");
                    let add = |names: &mut BTreeSet<String>| {
                        if !names.contains(&self.name) {
                            names.insert(self.name.clone());
                        }
                    };
                    add(&mut self.names);
                    if !behind_a_path {
                        add(&mut self.alone);
                    }
                    let is_given = matches!(tokens.peek(), Some(TokenTree::Punct(colon))
                        if colon.as_char() == ':' && colon.spacing() == Spacing::Alone);
                    if !is_given && !behind_a_dot {
                        add(&mut self.variables);
                    }
                    // Compensations are handed over by their names, and have no variables.
                    if (is_call && !behind_a_dot) || self.name.starts_with("undo_") {
                        add(&mut self.called);
                    }
                }
                TokenTree::Literal(literal) => {
                    let literal = literal.to_string();
                    self.names.extend(formatted(&literal).map(str::to_owned));
                    self.variables.extend(formatted(&literal).map(str::to_owned));
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons = if behind_a_path { 1 } else { before + 1 };
                }
                TokenTree::Punct(punct) => method = punct.as_char() == '.',
            }
        }
    }
}

/// The names between braces, as in `"{name}"`.
fn formatted(literal: &str) -> impl Iterator<Item = &str> {
    let behind = literal.split('{').skip(1);
    behind.filter_map(|text| text.split_once('}').map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn a_variable_is_no_function_of_its_name() {
        let mut mentioned = Mentioned::default();
        mentioned.add(quote!(let charge = charge; x.ship(1); undo_charge, pay(2)?));
        for name in ["pay", "undo_charge"] {
            assert!(mentioned.calls(name), "{name}");
        }
        for name in ["charge", "ship", "x", "none"] {
            assert!(!mentioned.calls(name), "{name}");
        }
    }

    #[test]
    fn a_variant_is_no_item_of_its_name() {
        let mut mentioned = Mentioned::default();
        mentioned.add(quote!(let a: Item = Choice::Output(std::time::Duration::from_millis(1));));
        for name in ["Item", "Choice", "std"] {
            assert!(mentioned.has_alone(name), "{name}");
        }
        for name in ["Output", "Duration", "from_millis"] {
            assert!(mentioned.has(name) && !mentioned.has_alone(name), "{name}");
        }
    }

    #[test]
    fn a_field_is_no_variable_of_its_name() {
        let mut mentioned = Mentioned::default();
        mentioned.add(quote!(Output { given: None, short, of: value.read, path: a::b }));
        mentioned.add(quote!(format!("{text}")));
        for name in ["short", "value", "a", "text"] {
            assert!(mentioned.has_variable(name), "{name}");
        }
        for name in ["given", "read", "of"] {
            assert!(mentioned.has(name) && !mentioned.has_variable(name), "{name}");
        }
    }

    #[test]
    fn both_ways_of_asking_agree() {
        let lines = [
            quote!(let a = f(|x| { y.z(x)? });),
            quote!(format!("{b}, {{c}}, {d:?} {e{g} {{h}")),
            quote!(r#type => '{', "i}"),
        ];
        let names = ["a", "f", "x", "y", "z", "b", "c", "d", "e", "g", "h", "r#type", "i", "let"];
        for last in 0..=lines.len() {
            let mut mentioned = Mentioned::default();
            lines.iter().take(last).cloned().for_each(|line| mentioned.add(line));
            for name in names.into_iter().chain(["none", "_", ""]) {
                let plainly = lines.iter().take(last).any(|line| mentions(line, name));
                assert_eq!(mentioned.has(name), plainly, "{name} in {last} lines");
            }
        }
    }
}
