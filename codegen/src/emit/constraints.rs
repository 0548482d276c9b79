//! What an input must be beyond its type: a schema in `workflow.rs`, which `#[workflow]` names.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::Emitter;
use crate::emit::names::ident;
use crate::schema::has_pattern;

/// What the constant is called.
pub(crate) const INPUT_SCHEMA: &str = "INPUT_SCHEMA";

/// A schema that is longer is written over several lines.
const LINE: usize = 70;

impl Emitter<'_> {
    /// The attribute's part, and the constant that it names; nothing where types say all.
    pub(super) fn input_schema(&mut self) -> Option<(TokenStream, TokenStream)> {
        let schema = self.checked.input_schema()?;
        if has_pattern(&schema) {
            self.symbols.need("flowcrate", "expr-regex");
        }
        let name = ident(INPUT_SCHEMA);
        let text = written(&schema);
        let constant = quote! {
            #[doc = " What an input must be beyond its type, as a JSON Schema."]
            const #name: &str = #text;
        };
        Some((quote!(, input = #name), constant))
    }
}

/// JSON as a raw string, which reads as JSON does.
fn written(schema: &Value) -> Literal {
    let line = schema.to_string();
    let text = if line.len() > LINE { format!("\n{schema:#}") } else { line };
    let quotes = (1..).map(|count| "#".repeat(count));
    let raw = quotes.map(|hashes| (format!("\"{hashes}"), hashes));
    let free = raw.into_iter().find(|(end, _)| !text.contains(end.as_str()));
    let hashes = free.map_or_else(String::new, |(_, hashes)| hashes);
    let literal = format!("r{hashes}\"{text}\"{hashes}").parse();
    // A carriage return cannot stand in a raw string; JSON has none that is not escaped.
    literal.unwrap_or_else(|_| Literal::string(&text))
}
