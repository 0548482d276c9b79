//! The outside items that one emitted file names: its `use` lines follow from them, so they
//! cannot drift.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::mentions::Mentioned;
use super::names::ident;

/// What a file imports.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    /// The module that the file is: its own items need no import.
    home: Option<&'static str>,
    /// Where `types.rs` is from the file, unless it is beside it.
    types: Option<&'static str>,
    paths: BTreeSet<String>,
    /// Features of `flowcrate` and of plugins that the imports need, by package.
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Symbols {
    /// The imports of the file that is `home` to the others.
    pub(crate) fn at(home: &'static str) -> Self {
        Self { home: Some(home), ..Self::default() }
    }

    /// The imports of a file of a person's, which stands in the crate's root.
    pub(crate) fn outside() -> Self {
        Self { types: Some("crate::generated::types"), ..Self::default() }
    }

    /// The imports of a file in a module beside `types.rs`.
    pub(crate) fn below() -> Self {
        Self { types: Some("super::super::types"), ..Self::default() }
    }

    /// Imports a type of `types.rs`.
    pub(crate) fn import_type(&mut self, name: &str) -> Ident {
        let module = self.types.unwrap_or("super::types");
        self.import(&format!("{module}::{name}"))
    }

    /// Imports an item by its full path and gives its short name.
    pub(crate) fn import(&mut self, path: &str) -> Ident {
        let module = path.rsplit_once("::").map(|(module, _)| module);
        let elsewhere = self.home.is_none() || module != self.home;
        if elsewhere && !self.paths.contains(path) {
            self.paths.insert(path.to_owned());
        }
        let name = path.rsplit("::").next().unwrap_or(path);
        let package = path.split("::").next().unwrap_or(path);
        if matches!(package, "serde" | "serde_json") {
            self.needs.entry(package.to_owned()).or_default();
        }
        ident(name)
    }

    /// `flowcrate::Duration`. In full where a wait may have imported the standard library's.
    pub(crate) fn duration(&mut self) -> TokenStream {
        if self.home.is_none() {
            return quote!(flowcrate::Duration);
        }
        let name = self.import("flowcrate::Duration");
        quote!(#name)
    }

    /// Notes that the file needs a feature of a package.
    pub(crate) fn need(&mut self, package: &str, feature: &str) {
        let features = self.needs.entry(package.to_owned()).or_default();
        if !feature.is_empty() {
            features.insert(feature.to_owned());
        }
    }

    /// The packages and features that the imports need.
    pub(crate) fn needs(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.needs
    }

    /// The `use` lines: the standard library, other crates, this crate, in rustfmt's order.
    pub(crate) fn uses(&self) -> Vec<TokenStream> {
        self.uses_where(&mut |_, _| true)
    }

    /// The same of what code still names: some was left out once it was seen that nothing reads
    /// what it gives.
    pub(crate) fn uses_of(&self, named: &mut Mentioned) -> Vec<TokenStream> {
        self.uses_where(&mut |module, name| match (module, name) {
            // A variable may have the name of the step whose output it holds.
            ("super::steps", name) => named.calls(name),
            // A trait is named by its method; `json!` is spelled out later.
            (_, "Caught") => named.has("caught"),
            (_, "json") => named.has("json__"),
            (_, name) => named.has_alone(name),
        })
    }

    fn uses_where(&self, wanted: &mut dyn FnMut(&str, &str) -> bool) -> Vec<TokenStream> {
        let mut groups: [Group<'_>; 3] = Default::default();
        for path in &self.paths {
            let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
            if !wanted(module, name) {
                continue;
            }
            let group = match module.split("::").next().unwrap_or_default() {
                "std" => 0,
                "super" | "crate" => 2,
                _ => 1,
            };
            groups[group].entry((!module.starts_with("super"), module)).or_default().push(name);
        }
        groups.into_iter().map(use_lines).filter(|lines| !lines.is_empty()).collect()
    }
}

/// Names by module, in rustfmt's order: modules above before those from the root.
type Group<'s> = BTreeMap<(bool, &'s str), Vec<&'s str>>;

fn use_lines(group: Group<'_>) -> TokenStream {
    let mut lines = Vec::new();
    for ((_, module), mut names) in group {
        names.sort_by(|left, right| style_order(left, right));
        let module: TokenStream = module.parse().unwrap_or_default();
        let names = names.into_iter().map(ident);
        if names.len() == 1 {
            lines.push(quote!(use #module #(::#names)*;));
        } else {
            lines.push(quote!(use #module::{#(#names),*};));
        }
    }
    quote!(#(#lines)*)
}

/// rustfmt's order within braces: types, then lower-case names.
fn style_order(left: &str, right: &str) -> std::cmp::Ordering {
    let is_type = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
    is_type(right).cmp(&is_type(left)).then_with(|| left.cmp(right))
}
