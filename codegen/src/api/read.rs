//! Reads the model from emitted files.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use serde_json::{Map, Value};
use syn::{
    Attribute, Expr, ExprLit, Fields, FnArg, Item, ItemEnum, ItemFn, ItemStruct, Lit, ReturnType,
};

use super::{Api, ApiField, ApiType, Constraints};
use crate::check::{Body, Checked};
use crate::emit::{INPUT_SCHEMA, field_name, variant_name};
use crate::expr::typed::ExprKind;
use crate::package::CrateFiles;

/// What the crate of these files promises; `support` is the version of our own crates in it.
pub fn api(files: &CrateFiles, checked: &Checked, support: &str) -> Api {
    let text = |path: &str| files.files.get(path).map(|file| String::from_utf8_lossy(&file.bytes));
    let workflow = text("src/generated/workflow.rs").unwrap_or_default();
    let types = text("src/generated/types.rs").unwrap_or_default();
    let asked = Some(constraints(&workflow));
    let mut api = Api { support: support.to_owned(), asked, ..Api::default() };
    if let Some(function) = function(&workflow) {
        signature(&mut api, &function);
    }
    // What names the workflow to an engine stands beside the function.
    let library = text("src/lib.rs").unwrap_or_default();
    let beside = items(&library).into_iter().filter(|item| matches!(item, Item::Use(_)));
    let beside = beside.map(|item| idents(item.to_token_stream()));
    let mut beside = beside.filter(|names| names.contains(&api.function)).flatten();
    let structure = beside.find(|name| name.starts_with(char::is_uppercase));
    api.structure = structure.unwrap_or_default();
    let names = reachable(&workflow, &types);
    let defined = definitions(&types).into_iter();
    api.types = defined.filter(|(name, _)| names.contains(name)).collect();
    for node in checked.nodes.values().filter(|node| !node.disabled) {
        match &node.body {
            Body::Webhook { path } => drop(api.triggers.insert(format!("webhook /hooks/{path}"))),
            Body::Schedule { cron, timezone } => {
                api.triggers.insert(format!("schedule {cron} ({timezone})"));
            }
            Body::Manual => drop(api.triggers.insert("by hand".to_owned())),
            Body::Fail { code, .. } => {
                let ExprKind::Literal(code) = &code.kind else { continue };
                api.errors.extend(code.as_str().map(str::to_owned));
            }
            _ => {}
        }
    }
    api
}

/// The types of `types` that the signature of the workflow in `workflow` is made of.
pub(crate) fn reachable(workflow: &str, types: &str) -> BTreeSet<String> {
    reached(workflow, types, |function| function.sig.to_token_stream())
}

/// Those of them that users of the crate give: in inputs and events.
pub(crate) fn given(workflow: &str, types: &str) -> BTreeSet<String> {
    reached(workflow, types, |function| function.sig.inputs.to_token_stream())
}

/// What the events and a part of the function's signature are made of.
fn reached(workflow: &str, types: &str, part: impl Fn(&ItemFn) -> TokenStream) -> BTreeSet<String> {
    let Some(function) = function(workflow) else { return BTreeSet::new() };
    let mentioned: BTreeMap<String, BTreeSet<String>> = items(types)
        .iter()
        .filter_map(|item| Some((name(item)?, idents(item.to_token_stream()))))
        .collect();
    let mut open = idents(part(&function));
    for attribute in &function.attrs {
        open.extend(idents(attribute.to_token_stream()));
    }
    let mut open: Vec<String> = open.into_iter().collect();
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(more) = mentioned.get(&name)
            && found.insert(name)
        {
            open.extend(more.iter().cloned());
        }
    }
    found
}

fn items(source: &str) -> Vec<Item> {
    syn::parse_file(source).map(|file| file.items).unwrap_or_default()
}

/// The workflow's function: the one that the attribute marks.
fn function(workflow: &str) -> Option<ItemFn> {
    items(workflow).into_iter().find_map(|item| match item {
        Item::Fn(function) if attribute(&function.attrs, "workflow").is_some() => Some(function),
        _ => None,
    })
}

fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.path().is_ident(name))
}

fn signature(api: &mut Api, function: &ItemFn) {
    api.function = function.sig.ident.to_string();
    let inputs = function.sig.inputs.iter().skip(1);
    api.input = inputs
        .filter_map(|input| match input {
            FnArg::Typed(input) => Some(input.ty.to_token_stream().to_string()),
            FnArg::Receiver(_) => None,
        })
        .collect();
    api.output = match &function.sig.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, ty) => ty.to_token_stream().to_string(),
    };
    let attribute = attribute(&function.attrs, "workflow");
    let events = attribute.map(|attribute| by_event("events", attribute.to_token_stream()));
    api.events = events.unwrap_or_default();
}

/// What `#[workflow]` says of each event in one of its parts, such as
/// `events("shipped" = Shipped, …)`, wherever that stands within the attribute.
fn by_event(part: &str, tokens: TokenStream) -> BTreeMap<String, String> {
    let mut events = BTreeMap::new();
    let mut named = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) if named => {
                for event in split(group.stream()) {
                    if let Some((name, said)) = event.split_once(" = ") {
                        events.insert(name.trim_matches('"').to_owned(), said.to_owned());
                    }
                }
                named = false;
            }
            TokenTree::Group(group) => events.extend(by_event(part, group.stream())),
            TokenTree::Ident(ident) => named = ident == part,
            _ => named = false,
        }
    }
    events
}

/// What the workflow in `workflow`, the source of an emitted module, asks beyond types.
pub fn constraints(workflow: &str) -> Constraints {
    let schemas: BTreeMap<String, Value> = items(workflow).iter().filter_map(schema).collect();
    let function = function(workflow);
    let attribute = function.as_ref().and_then(|function| attribute(&function.attrs, "workflow"));
    let asked = attribute.map(|attribute| by_event("payloads", attribute.to_token_stream()));
    let events = asked.unwrap_or_default().into_iter();
    let input = schemas.get(INPUT_SCHEMA).cloned();
    Constraints {
        input: input.unwrap_or_else(|| Value::Object(Map::new())),
        events: events
            .filter_map(|(event, name)| Some((event, schemas.get(&name)?.clone())))
            .collect(),
    }
}

/// A constant that holds a JSON Schema, by its name.
fn schema(item: &Item) -> Option<(String, Value)> {
    let Item::Const(item) = item else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &*item.expr else { return None };
    Some((item.ident.to_string(), serde_json::from_str(&text.value()).ok()?))
}

/// The parts between commas, as text.
fn split(tokens: TokenStream) -> Vec<String> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => {
                parts.push(TokenStream::new());
            }
            (_, Some(part)) => part.extend([token]),
            (_, None) => {}
        }
    }
    parts.iter().map(TokenStream::to_string).collect()
}

fn idents(tokens: TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => drop(found.insert(ident.to_string())),
            TokenTree::Group(group) => found.extend(idents(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

fn name(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn definitions(types: &str) -> BTreeMap<String, ApiType> {
    let defined = |item: &Item| {
        let ty = match item {
            Item::Struct(item) => structure(item),
            Item::Enum(item) => enumeration(item),
            Item::Type(item) => ApiType::Alias(item.ty.to_token_stream().to_string()),
            _ => return None,
        };
        Some((name(item)?, ty))
    };
    items(types).iter().filter_map(defined).collect()
}

fn structure(item: &ItemStruct) -> ApiType {
    let rule = serde_value(&item.attrs, "rename_all");
    let mut fields = BTreeMap::new();
    if let Fields::Named(named) = &item.fields {
        for field in &named.named {
            let Some(ident) = &field.ident else { continue };
            let rust = ident.to_string();
            let rust = rust.trim_start_matches("r#").to_owned();
            let json = serde_value(&field.attrs, "rename");
            let json = json.unwrap_or_else(|| field_name(&rust, rule.as_deref()));
            let ty = field.ty.to_token_stream().to_string();
            fields.insert(rust, ApiField { ty, json });
        }
    }
    let closed = serde_options(&item.attrs).any(|option| option == "deny_unknown_fields");
    ApiType::Struct { fields, derives: derives(&item.attrs), closed }
}

fn enumeration(item: &ItemEnum) -> ApiType {
    let rule = serde_value(&item.attrs, "rename_all");
    let variants = item.variants.iter().map(|variant| {
        let rust = variant.ident.to_string();
        let json = serde_value(&variant.attrs, "rename");
        let json = json.unwrap_or_else(|| variant_name(&rust, rule.as_deref()));
        // A variant that holds something is told from one that holds something else.
        let fields = variant.fields.to_token_stream().to_string();
        (rust, if fields.is_empty() { json } else { format!("{json} {fields}") })
    });
    let tag = serde_value(&item.attrs, "tag");
    ApiType::Enum { variants: variants.collect(), derives: derives(&item.attrs), tag }
}

fn derives(attributes: &[Attribute]) -> BTreeSet<String> {
    let derive = attribute(attributes, "derive");
    let mut all = derive.map(|derive| idents(derive.to_token_stream())).unwrap_or_default();
    all.remove("derive");
    all
}

/// The text that a serde attribute gives a key.
fn serde_value(attributes: &[Attribute], key: &str) -> Option<String> {
    let values = serde_options(attributes).filter_map(|option| {
        let (name, value) = option.split_once(" = ")?;
        (name == key).then(|| syn::parse_str::<syn::LitStr>(value).ok())?
    });
    values.map(|value| value.value()).next()
}

fn serde_options(attributes: &[Attribute]) -> impl Iterator<Item = String> {
    let serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    let lists = serde.filter_map(|attribute| attribute.meta.require_list().ok());
    lists.flat_map(|list| split(list.tokens.clone()))
}
