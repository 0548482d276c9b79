//! What inputs and events must be beyond their types: schemas in `workflow.rs`, which `#[workflow]`
//! names.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{Emitter, docs};
use crate::emit::names::{Allocator, ident, joined, snake};
use crate::schema::has_pattern;

/// What the constant is called.
pub(crate) const INPUT_SCHEMA: &str = "INPUT_SCHEMA";

/// What is longer is written over several lines.
const LINE: usize = 80;

impl Emitter<'_> {
    /// The attribute's part, and the constant that it names; nothing where types say all.
    pub(super) fn input_schema(&mut self) -> Option<(TokenStream, TokenStream)> {
        let schema = self.checked.input_schema()?;
        let name = ident(INPUT_SCHEMA);
        let doc = " What an input must be beyond its type, as a JSON Schema.";
        let constant = self.schema(&name, doc, &schema);
        Some((quote!(, input = #name), constant))
    }

    /// The same of the events.
    pub(super) fn event_schemas(&mut self) -> (Option<TokenStream>, Vec<TokenStream>) {
        let checked = self.checked;
        let mut names = Allocator::default();
        let (mut parts, mut constants) = (Vec::new(), Vec::new());
        for (event, asked) in &checked.events {
            let name = joined(&snake(event, "event"), "payload").to_uppercase();
            let name = ident(&names.allocate(&name, "_"));
            let doc = format!(
                " What the payload of `{}` must be beyond its type, as a JSON Schema.",
                docs::code(event)
            );
            constants.push(self.schema(&name, &doc, &asked.schema));
            parts.push(quote!(#event = #name));
        }
        ((!parts.is_empty()).then(|| quote!(, payloads(#(#parts),*))), constants)
    }

    fn schema(&mut self, name: &Ident, doc: &str, schema: &Value) -> TokenStream {
        if has_pattern(schema) {
            self.symbols.need("flowcrate", "expr-regex");
        }
        let text = written(schema);
        quote! {
            #[doc = #doc]
            const #name: &str = #text;
        }
    }
}

/// JSON as a raw string, which reads as JSON does.
fn written(schema: &Value) -> Literal {
    let text = laid_out(schema, 0);
    let quotes = (1..).map(|count| "#".repeat(count));
    let raw = quotes.map(|hashes| (format!("\"{hashes}"), hashes));
    let free = raw.into_iter().find(|(end, _)| !text.contains(end.as_str()));
    let hashes = free.map_or_else(String::new, |(_, hashes)| hashes);
    let literal = format!("r{hashes}\"{text}\"{hashes}").parse();
    // A carriage return cannot stand in a raw string; JSON has none that is not escaped.
    literal.unwrap_or_else(|_| Literal::string(&text))
}

/// JSON that stands `column` in, on one line where that is not too long.
fn laid_out(value: &Value, column: usize) -> String {
    let line = value.to_string();
    let (open, close, parts): (_, _, Vec<String>) = match value {
        Value::Object(entries) => {
            let part = |(key, value): (&String, &Value)| {
                format!("{}: {}", Value::from(key.as_str()), laid_out(value, column + 4))
            };
            ("{", "}", entries.iter().map(part).collect())
        }
        Value::Array(values) => {
            ("[", "]", values.iter().map(|value| laid_out(value, column + 4)).collect())
        }
        _ => return line,
    };
    let space = if open == "{" { " " } else { "" };
    if parts.is_empty() {
        return line;
    }
    if column + line.chars().count() <= LINE && !parts.iter().any(|part| part.contains('\n')) {
        return format!("{open}{space}{}{space}{close}", parts.join(", "));
    }
    let (inner, outer) = (" ".repeat(column + 4), " ".repeat(column));
    format!("{open}\n{inner}{}\n{outer}{close}", parts.join(&format!(",\n{inner}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_on_a_line_stands_on_one() {
        let schema = |length: usize| json!({ "pattern": "x".repeat(length - 14) });
        let lines = |length| written(&schema(length)).to_string().lines().count();
        assert_eq!(schema(LINE).to_string().len(), LINE);
        assert_eq!((lines(LINE), lines(LINE + 1)), (1, 3));
    }

    #[test]
    fn no_text_ends_its_literal() {
        assert_eq!(written(&json!("\"#")).to_string(), "r##\"\"\\\"#\"\"##");
    }
}
