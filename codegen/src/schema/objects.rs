//! Objects: records, and maps where only `additionalProperties` says something.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate::types::{Field, RecordType, Type, unify};
use serde_json::{Map, Value};

use super::Reader;
use crate::diagnostic::{code, nearest};

/// A keyword's text.
pub(super) fn keyword(keywords: &Map<String, Value>, key: &str) -> Option<String> {
    keywords.get(key).and_then(Value::as_str).map(str::to_owned).filter(|text| !text.is_empty())
}

impl<'s> Reader<'s> {
    pub(super) fn object(
        &mut self,
        keywords: &'s Map<String, Value>,
        depth: usize,
    ) -> Option<Type> {
        let properties = match keywords.get("properties") {
            None => return self.map(keywords, depth),
            Some(Value::Object(properties)) => properties,
            Some(_) => {
                let help = "write `\"properties\": {\"name\": {\"type\": \"string\"}}`";
                return self.wrong(
                    code::BAD_SCHEMA,
                    "properties",
                    "properties are an object",
                    help,
                );
            }
        };
        let required = self.required(keywords, properties)?;
        let mut fields = BTreeMap::new();
        let mut complete = true;
        for (name, schema) in properties {
            let ty = self.within("properties", |reader| reader.under(name, schema, depth));
            let Some(ty) = ty else {
                complete = false;
                continue;
            };
            let ty = if required.contains(&name.as_str()) { ty } else { ty.optional() };
            let doc = schema.as_object().and_then(|schema| keyword(schema, "description"));
            fields.insert(name.clone(), Field { ty, doc });
        }
        let record = RecordType { name: keyword(keywords, "title"), fields };
        complete.then(|| Type::Record(Arc::new(record)))
    }

    fn required(
        &mut self,
        keywords: &'s Map<String, Value>,
        properties: &Map<String, Value>,
    ) -> Option<Vec<&'s str>> {
        let names = match keywords.get("required") {
            None => return Some(Vec::new()),
            Some(Value::Array(names)) => names,
            Some(_) => {
                let help = "write `\"required\": [\"name\"]`";
                return self.wrong(code::BAD_SCHEMA, "required", "`required` is a list", help);
            }
        };
        let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
        let Some(names) = names else {
            let help = "write `\"required\": [\"name\"]`";
            return self.wrong(code::BAD_SCHEMA, "required", "`required` holds texts", help);
        };
        if let Some(missing) = names.iter().find(|name| !properties.contains_key(**name)) {
            let near = nearest(missing, properties.keys().map(String::as_str))
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let message = format!("`{missing}` is required, but not among the properties{near}");
            let help = "add it to `properties`";
            return self.wrong(code::BAD_SCHEMA, "required", message, help);
        }
        Some(names)
    }

    /// An object without `properties`.
    fn map(&mut self, keywords: &'s Map<String, Value>, depth: usize) -> Option<Type> {
        match keywords.get("additionalProperties") {
            Some(Value::Bool(false)) => {
                let record =
                    RecordType { name: keyword(keywords, "title"), fields: BTreeMap::new() };
                Some(Type::Record(Arc::new(record)))
            }
            None | Some(Value::Bool(true)) => Some(Type::map(Type::Any)),
            Some(values) => self.under("additionalProperties", values, depth).map(Type::map),
        }
    }

    /// `allOf`: the fields of all parts, and of the schema itself.
    pub(super) fn all_of(
        &mut self,
        parts: &'s Value,
        keywords: &'s Map<String, Value>,
        depth: usize,
    ) -> Option<Type> {
        let Some(parts) = parts.as_array().filter(|parts| !parts.is_empty()) else {
            let help = "write `\"allOf\": [{…}, {…}]`";
            return self.wrong(code::BAD_SCHEMA, "allOf", "`allOf` is a list of schemas", help);
        };
        let mut types = Vec::with_capacity(parts.len() + 1);
        for (at, part) in parts.iter().enumerate() {
            let part = self.within("allOf", |reader| reader.under(&at.to_string(), part, depth));
            types.push(part?);
        }
        if keywords.contains_key("type") || keywords.contains_key("properties") {
            types.push(self.typed(keywords, depth)?);
        }
        if let [only] = types.as_slice() {
            return Some(only.clone());
        }
        let mut fields: BTreeMap<String, Field> = BTreeMap::new();
        for ty in &types {
            match ty {
                Type::Record(record) => self.merge(&mut fields, record)?,
                // A part that says nothing about types, such as `{"required": […]}`.
                Type::Any => {}
                Type::Map { values } if **values == Type::Any => {}
                other => {
                    let message = format!("`allOf` joins objects, found {other}");
                    let help = "write one schema";
                    return self.wrong(code::SCHEMA_UNSUPPORTED, "allOf", message, help);
                }
            }
        }
        let name = keyword(keywords, "title").or_else(|| {
            types.iter().find_map(|ty| match ty {
                Type::Record(record) => record.name.clone(),
                _ => None,
            })
        });
        Some(Type::Record(Arc::new(RecordType { name, fields })))
    }

    /// Adds the fields of one part of `allOf` to those of the others.
    fn merge(&mut self, fields: &mut BTreeMap<String, Field>, part: &RecordType) -> Option<()> {
        for (name, field) in &part.fields {
            let Some(known) = fields.get(name) else {
                fields.insert(name.clone(), field.clone());
                continue;
            };
            let Some(ty) = narrower(&known.ty, &field.ty) else {
                let (one, other) = (&known.ty, &field.ty);
                let message =
                    format!("the parts of `allOf` differ about `{name}`: {one} and {other}");
                let help = "describe the field once";
                return self.wrong(code::BAD_SCHEMA, "allOf", message, help);
            };
            let doc = known.doc.clone().or_else(|| field.doc.clone());
            fields.insert(name.clone(), Field { ty, doc });
        }
        Some(())
    }
}

/// The type of a field that two parts describe: the stricter of the two.
fn narrower(one: &Type, other: &Type) -> Option<Type> {
    match (one, other) {
        (Type::Any, ty) | (ty, Type::Any) => Some(ty.clone()),
        (Type::Optional { some }, ty) | (ty, Type::Optional { some }) if **some == *ty.some() => {
            let both = one.may_be_absent() && other.may_be_absent();
            Some(if both { ty.clone() } else { (**some).clone() })
        }
        (Type::Int, Type::Number) | (Type::Number, Type::Int) => Some(Type::Int),
        (one, other) if one == other => unify(one, other).ok(),
        _ => None,
    }
}
