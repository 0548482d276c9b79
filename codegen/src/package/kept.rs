//! What a person wrote and a new compilation keeps: does it still fit?

use std::collections::BTreeSet;

use syn::{ImplItem, ImplItemFn, Item, UseTree};

use super::CrateFiles;
use crate::diagnostic::{Diagnostic, code, nearest};

const MAIN: &str = "src/main.rs";
const TYPES: &str = "src/generated/types.rs";

/// What does not fit of a file that stands where `files` are to be written and that is kept,
/// since a person owns it. What cannot be read as Rust is left to rustc.
pub fn misfits(files: &CrateFiles, path: &str, kept: &str) -> Vec<Diagnostic> {
    let Ok(kept_file) = syn::parse_file(kept) else { return Vec::new() };
    match path {
        MAIN => main(files, kept),
        path if is_custom(path) => match parsed(files, path) {
            Some(fresh) => custom(files, path, &fresh, &kept_file),
            None => vec![orphan(path, &kept_file)].into_iter().flatten().collect(),
        },
        _ => Vec::new(),
    }
}

/// Whether the file holds functions that a person writes: those of the workflow, or of one that it
/// calls.
pub fn is_custom(path: &str) -> bool {
    let name = path.strip_prefix("src/").and_then(|name| name.strip_suffix(".rs"));
    name.is_some_and(|name| name == "custom" || name.starts_with("custom_"))
}

fn parsed(files: &CrateFiles, path: &str) -> Option<syn::File> {
    let file = files.files.get(path)?;
    syn::parse_file(std::str::from_utf8(&file.bytes).ok()?).ok()
}

fn misfit(message: String, help: String) -> Diagnostic {
    Diagnostic::new(code::HAND_WRITTEN_MISFIT, message).help(help)
}

/// A binary of its own making must name this crate's library.
fn main(files: &CrateFiles, kept: &str) -> Vec<Diagnostic> {
    let library = library(files).unwrap_or_default();
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    if kept.contains("generated/binary.rs") || kept.split(word).any(|part| part == library) {
        return Vec::new();
    }
    let message = format!("{MAIN} does not name this crate's library, `{library}`");
    let help = "delete the file, and compile again to have it written anew; or use \
                `generated/binary.rs` in it, which follows the workflow's name";
    vec![misfit(message, help.to_owned())]
}

/// The library's name, as the binary of this compilation names it.
fn library(files: &CrateFiles) -> Option<String> {
    let binary = parsed(files, super::BINARY)?;
    binary.items.iter().find_map(|item| match item {
        Item::Use(item) => match &item.tree {
            UseTree::Path(path) => Some(path.ident.to_string()),
            _ => None,
        },
        _ => None,
    })
}

/// Functions that are left over, functions that are not written, types that are gone.
fn custom(files: &CrateFiles, path: &str, fresh: &syn::File, kept: &syn::File) -> Vec<Diagnostic> {
    let (wanted, found) = (methods(fresh), methods(kept));
    let written: BTreeSet<&String> = found.iter().map(|(name, _)| name).collect();
    let known: BTreeSet<&String> = wanted.iter().map(|(name, _)| name).collect();
    let mut misfits = Vec::new();
    for name in written.difference(&known) {
        let open = known.difference(&written).map(|name| name.as_str());
        let help = match nearest(name, open) {
            Some(near) => format!("did the node become `{near}`? Rename the function"),
            None => "delete the function, or move it out of `impl Custom`".to_owned(),
        };
        let message = format!("`{name}` in {path} is the function of no custom node");
        misfits.push(misfit(message, help));
    }
    // An action that is overridden does what the action does until it is written.
    let fails = not_written(fresh);
    let lacking = wanted.iter().filter(|(name, _)| !written.contains(name));
    for (name, signature) in lacking.filter(|(name, _)| fails.contains(name)) {
        let message = format!("`{name}` is not written in {path}: its node fails until it is");
        misfits.push(misfit(message, format!("write `{signature}` in `impl Custom`")));
    }
    let types = parsed(files, TYPES).map(|file| names(&file)).unwrap_or_default();
    for name in imported(kept).iter().filter(|name| !types.contains(*name)) {
        let help = match nearest(name, types.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("see {TYPES} for what there is"),
        };
        let message = format!("{path} uses the type `{name}`, which the crate does not have");
        misfits.push(misfit(message, help));
    }
    misfits
}

/// Functions of a graph that has no custom node left.
fn orphan(path: &str, kept: &syn::File) -> Option<Diagnostic> {
    methods(kept).first()?;
    let message = format!("{path} is not part of the crate: the graph has no custom node");
    Some(misfit(message, "delete the file, or add the node".to_owned()))
}

/// Name and signature of each function of `impl Custom`.
fn methods(file: &syn::File) -> Vec<(String, String)> {
    let signature = |method: &ImplItemFn| (method.sig.ident.to_string(), signature(&method.sig));
    written(file).map(signature).collect()
}

/// The functions that do nothing but fail.
fn not_written(fresh: &syn::File) -> BTreeSet<String> {
    let fails = |method: &&ImplItemFn| {
        quote::ToTokens::to_token_stream(&method.block).to_string().contains("\"not_written\"")
    };
    written(fresh).filter(fails).map(|method| method.sig.ident.to_string()).collect()
}

/// The functions of `impl Custom`.
fn written(file: &syn::File) -> impl Iterator<Item = &ImplItemFn> {
    let impls = file.items.iter().filter_map(|item| match item {
        Item::Impl(item) => Some(item),
        _ => None,
    });
    let ours = impls.filter(|item| {
        let path = item.trait_.as_ref().map(|(path, _)| path);
        path.and_then(|path| path.segments.last()).is_some_and(|last| last.ident == "Custom")
    });
    let items = ours.flat_map(|item| &item.items);
    items.filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// On one line, as a person would write it.
fn signature(sig: &syn::Signature) -> String {
    let file = syn::parse_quote!(#sig {});
    let text = prettyplease::unparse(&file);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches(" {}").replace("( ", "(");
    line.replace(", )", ")").replace("_step", "step").replace("_input", "input")
}

/// The types that a file defines.
fn names(file: &syn::File) -> BTreeSet<String> {
    let name = |item: &Item| match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    };
    file.items.iter().filter_map(name).collect()
}

/// What a file imports from `crate::generated::types`.
fn imported(file: &syn::File) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in &file.items {
        if let Item::Use(item) = item {
            import(&item.tree, &mut Vec::new(), &mut found);
        }
    }
    found
}

fn import(tree: &UseTree, path: &mut Vec<String>, found: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(inner) => {
            path.push(inner.ident.to_string());
            import(&inner.tree, path, found);
            path.pop();
        }
        UseTree::Group(group) => {
            for inner in &group.items {
                import(inner, path, found);
            }
        }
        UseTree::Name(name) if *path == ["crate", "generated", "types"] => {
            found.insert(name.ident.to_string());
        }
        UseTree::Rename(name) if *path == ["crate", "generated", "types"] => {
            found.insert(name.ident.to_string());
        }
        UseTree::Name(_) | UseTree::Rename(_) | UseTree::Glob(_) => {}
    }
}
