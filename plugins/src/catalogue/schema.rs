//! JSON Schema of a type.

use flowcrate::types::{RecordType, RecursiveType, Type, UnionType};
use serde_json::{Map, Value, json};

/// The JSON Schema (2020-12) of the values of a type, for forms, API descriptions and models.
///
/// ```
/// use flowcrate_plugins::{Typed, json_schema};
///
/// assert_eq!(
///     json_schema(&<Vec<i64>>::ty()),
///     serde_json::json!({ "type": "array", "items": { "type": "integer" } })
/// );
/// ```
pub fn json_schema(ty: &Type) -> Value {
    let mut writer = Writer::default();
    let mut schema = writer.schema(ty, &[]);
    if let (false, Some(schema)) = (writer.defs.is_empty(), schema.as_object_mut()) {
        schema.insert("$defs".into(), writer.defs.into());
    }
    schema
}

/// A document's schema as it is written: definitions stand at its root, where references lead to
/// from whatever depth.
#[derive(Default)]
struct Writer<'t> {
    defs: Map<String, Value>,
    /// The recursive types that were met, with the names of their definitions.
    known: Vec<(&'t RecursiveType, Vec<String>)>,
}

impl<'t> Writer<'t> {
    /// The schema of a type within a recursive one whose definitions have these names.
    fn schema(&mut self, ty: &'t Type, own: &[String]) -> Value {
        match ty {
            Type::Null => json!({ "type": "null" }),
            Type::Bool => json!({ "type": "boolean" }),
            Type::Int => json!({ "type": "integer" }),
            Type::Number => json!({ "type": "number" }),
            Type::String => json!({ "type": "string" }),
            Type::Timestamp => json!({ "type": "string", "format": "date-time" }),
            Type::Duration => json!({ "type": "string", "format": "duration-text" }),
            Type::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Type::List { items } => json!({ "type": "array", "items": self.schema(items, own) }),
            Type::Map { values } => {
                json!({ "type": "object", "additionalProperties": self.schema(values, own) })
            }
            Type::Record(record) => self.record(record, own),
            Type::Enum(cases) => json!({ "enum": cases.values }),
            Type::Optional { some } => {
                json!({ "anyOf": [self.schema(some, own), { "type": "null" }] })
            }
            Type::Any => json!({}),
            Type::Tuple { items } => {
                let count = items.len();
                let items: Vec<Value> = items.iter().map(|item| self.schema(item, own)).collect();
                json!({ "type": "array", "prefixItems": items, "minItems": count, "maxItems": count })
            }
            Type::Union(union) => {
                let choices = union.choices.iter();
                let choices = choices.map(|(key, ty)| self.choice(union, (key, ty), own));
                json!({ "oneOf": choices.collect::<Vec<_>>() })
            }
            Type::Recursive(recursive) => reference(self.recursive(recursive).first()),
            Type::Own { def } => reference(own.get(*def)),
        }
    }

    /// The names of a recursive type's definitions, which are written the first time.
    fn recursive(&mut self, recursive: &'t RecursiveType) -> Vec<String> {
        if let Some((_, names)) = self.known.iter().find(|(known, _)| *known == recursive) {
            return names.clone();
        }
        let names: Vec<String> = recursive.defs.iter().map(|def| self.reserve(def)).collect();
        self.known.push((recursive, names.clone()));
        for (name, def) in names.iter().zip(&recursive.defs) {
            let schema = self.schema(def, &names);
            self.defs.insert(name.clone(), schema);
        }
        names
    }

    /// A name for a definition: its own, without what a reference would have to escape.
    fn reserve(&mut self, def: &Type) -> String {
        let own = match def {
            Type::Record(record) => record.name.as_deref(),
            Type::Union(union) => union.name.as_deref(),
            _ => None,
        };
        let words = own.unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric());
        let capital = |word: &str| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        };
        let base: String = words.map(capital).collect();
        let base = if base.is_empty() { "Nested".to_owned() } else { base };
        let mut name = base.clone();
        let mut count = 1;
        while self.defs.contains_key(&name) {
            count += 1;
            name = format!("{base}{count}");
        }
        self.defs.insert(name.clone(), Value::Null);
        name
    }

    fn choice(
        &mut self,
        union: &UnionType,
        (key, choice): (&str, &'t Type),
        own: &[String],
    ) -> Value {
        let mut schema = self.schema(choice, own);
        let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
        if let (Some(tag), Some(fields)) = (&union.tag, fields) {
            fields.insert(tag.clone(), json!({ "const": key }));
            if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
                required.push(tag.as_str().into());
            }
        }
        schema
    }

    fn record(&mut self, record: &'t RecordType, own: &[String]) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (name, field) in &record.fields {
            let mut schema = self.schema(&field.ty, own);
            if let (Some(doc), Some(schema)) = (&field.doc, schema.as_object_mut()) {
                schema.insert("description".into(), doc.as_str().into());
            }
            if !matches!(field.ty, Type::Optional { .. } | Type::Any | Type::Null) {
                required.push(name.as_str());
            }
            properties.insert(name.clone(), schema);
        }
        let mut schema =
            json!({ "type": "object", "properties": properties, "required": required });
        if let (true, Some(schema)) = (record.closed, schema.as_object_mut()) {
            schema.insert("additionalProperties".into(), false.into());
        }
        if let (Some(name), Some(schema)) = (&record.name, schema.as_object_mut()) {
            schema.insert("title".into(), name.as_str().into());
        }
        schema
    }
}

fn reference(name: Option<&String>) -> Value {
    json!({ "$ref": format!("#/$defs/{}", name.map_or("", String::as_str)) })
}
