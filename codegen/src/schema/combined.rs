//! Schemas made of others: `$ref`, `oneOf`, `anyOf`, `allOf`, and what stands beside them.
//!
//! All of them hold at once: the type is the strictest of what each says.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate::types::{EnumType, Field, RecordType, Type, UnionType};
use serde_json::{Map, Value};

use super::Reader;
use super::objects::keyword;
use super::recursion::resolved;
use crate::diagnostic::code;

/// Whether other schemas take part in what these keywords say.
pub(super) fn is_combined(keywords: &Map<String, Value>) -> bool {
    ["$ref", "oneOf", "anyOf", "allOf"].iter().any(|key| keywords.contains_key(*key))
}

impl<'s> Reader<'s> {
    /// What the schema itself says, and the schemas that it is made of.
    pub(super) fn combined(
        &mut self,
        keywords: &'s Map<String, Value>,
        depth: usize,
    ) -> Option<Type> {
        let mut parts = self.own(keywords, depth)?;
        let mut required = self.required(keywords)?;
        if let Some(target) = keywords.get("$ref") {
            parts.push(("$ref", self.reference(target, depth)?));
        }
        for key in ["oneOf", "anyOf"] {
            match keywords.get(key) {
                // `"anyOf": [{"required": ["a"]}, …]`: choices that add no types.
                Some(choices) if is_typeless(choices) => self.unchecked(key),
                Some(choices) => parts.push((key, self.choice(key, choices, depth)?)),
                None => {}
            }
        }
        if let Some(all) = keywords.get("allOf") {
            for ty in self.all_of(all, depth, &mut required)? {
                parts.push(("allOf", ty));
            }
        }
        let ty = self.intersection(&parts)?;
        let ty = self.requiring(ty, &required)?;
        // A reference alone is what it refers to; more than that has a name of its own, or none.
        let whole = parts.len() == 1 && required.is_empty() && keywords.contains_key("$ref");
        Some(match keyword(keywords, "title") {
            None if whole => ty,
            title => renamed(ty, title),
        })
    }

    /// What the schema says without the others.
    fn own(
        &mut self,
        keywords: &'s Map<String, Value>,
        depth: usize,
    ) -> Option<Vec<(&'static str, Type)>> {
        let mut parts = Vec::new();
        if let Some(values) = keywords.get("enum") {
            parts.push(("enum", self.enumeration(values, keywords)?));
        } else if let Some(value) = keywords.get("const") {
            parts.push(("const", self.constant(value, keywords)?));
        } else if ["type", "properties", "items", "prefixItems"]
            .iter()
            .any(|key| keywords.contains_key(*key))
        {
            parts.push(("type", self.typed(keywords, depth)?));
        }
        Some(parts)
    }

    /// The types of the parts, and what they require.
    fn all_of(
        &mut self,
        parts: &'s Value,
        depth: usize,
        required: &mut Vec<&'s str>,
    ) -> Option<Vec<Type>> {
        let Some(parts) = parts.as_array().filter(|parts| !parts.is_empty()) else {
            let help = "write `\"allOf\": [{…}, {…}]`";
            return self.wrong(code::BAD_SCHEMA, "allOf", "`allOf` is a list of schemas", help);
        };
        let mut types = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            let ty = self.within("allOf", |reader| reader.under(&at.to_string(), part, depth));
            types.push(ty?);
            if let Some(names) = part.as_object() {
                required.extend(self.required(names)?);
            }
        }
        Some(types)
    }

    /// The type of what is of all these types.
    fn intersection(&mut self, parts: &[(&str, Type)]) -> Option<Type> {
        let mut all = Type::Any;
        for (key, part) in parts {
            all = match both(&all, part) {
                Ok(ty) => ty,
                Err(message) => {
                    let message = format!("the parts of `{key}` differ {message}");
                    let help = "say it once";
                    return self.wrong(code::BAD_SCHEMA, key, message, help);
                }
            };
        }
        if !is_closed(&all) && parts.iter().any(|(_, part)| is_closed(part)) {
            self.unchecked("additionalProperties");
        }
        Some(all)
    }

    /// The record whose fields of these names are there; the union of such records.
    fn requiring(&mut self, ty: Type, required: &[&str]) -> Option<Type> {
        let unfolded = if required.is_empty() { Cow::Borrowed(&ty) } else { ty.unfolded() };
        match unfolded.as_ref() {
            Type::Record(record) => {
                self.known(
                    required,
                    &record.fields.keys().map(String::as_str).collect::<Vec<_>>(),
                )?;
                Some(with_required(record, required))
            }
            Type::Union(union) if union.tag.is_some() => {
                let mut union = UnionType::clone(union);
                let fields = union.choices.values().flat_map(|choice| match choice {
                    Type::Record(record) => record.fields.keys().map(String::as_str).collect(),
                    _ => Vec::new(),
                });
                let tag = union.tag.as_deref();
                self.known(required, &fields.chain(tag).collect::<Vec<_>>())?;
                for choice in union.choices.values_mut() {
                    if let Type::Record(record) = choice {
                        *choice = with_required(record, required);
                    }
                }
                Some(Type::Union(Arc::new(union)))
            }
            _ => Some(ty),
        }
    }

    /// `#/$defs/order`: only within the schema.
    fn reference(&mut self, target: &'s Value, depth: usize) -> Option<Type> {
        let Some(target) = target.as_str() else {
            let help = "write `\"$ref\": \"#/$defs/name\"`";
            return self.wrong(code::BAD_SCHEMA, "$ref", "a reference is a text", help);
        };
        let root = self.root;
        let Some(schema) = resolved(root, target) else {
            let message = if target.starts_with('#') {
                format!("there is nothing at `{target}`")
            } else {
                format!("`{target}` lies outside the schema")
            };
            let help = "put the schema into `$defs` and refer to it as `#/$defs/name`";
            return self.wrong(code::SCHEMA_REFERENCE, "$ref", message, help);
        };
        if self.circles.leads_in_one(target) {
            return self.recursive(target, depth);
        }
        let before =
            std::mem::replace(&mut self.pointer, target.trim_start_matches('#').to_owned());
        let ty = self.schema(schema, depth + 1);
        self.pointer = before;
        Some(called(ty?, target))
    }
}

/// A definition's type, which without a title is called after its key.
pub(super) fn called(ty: Type, target: &str) -> Type {
    let key = target.rsplit('/').next().filter(|key| !key.is_empty() && *key != "#");
    let unnamed = match ty.some() {
        Type::Record(record) => record.name.is_none(),
        Type::Enum(texts) => texts.name.is_none(),
        Type::Union(union) => union.name.is_none(),
        _ => false,
    };
    match key {
        Some(key) if unnamed => renamed(ty, Some(key.to_owned())),
        _ => ty,
    }
}

/// The record, whose fields of these names are there.
fn with_required(record: &RecordType, required: &[&str]) -> Type {
    let mut record = RecordType::clone(record);
    for name in required {
        if let Some(field) = record.fields.get_mut(*name) {
            field.ty = field.ty.some().clone();
        }
    }
    Type::Record(Arc::new(record))
}

/// The record, union or enum by another name.
fn renamed(ty: Type, name: Option<String>) -> Type {
    match ty {
        Type::Record(record) => {
            Type::Record(Arc::new(RecordType { name, ..RecordType::clone(&record) }))
        }
        Type::Union(union) => Type::Union(Arc::new(UnionType { name, ..UnionType::clone(&union) })),
        Type::Enum(texts) => Type::Enum(Arc::new(EnumType { name, values: texts.values.clone() })),
        Type::Optional { some } => renamed(Type::clone(&some), name).optional(),
        other => other,
    }
}

/// Whether the choices only say which fields are there.
fn is_typeless(choices: &Value) -> bool {
    let only_required = |choice: &Value| {
        choice.as_object().is_some_and(|choice| choice.keys().all(|key| key == "required"))
    };
    choices
        .as_array()
        .is_some_and(|choices| !choices.is_empty() && choices.iter().all(only_required))
}

fn is_closed(ty: &Type) -> bool {
    matches!(ty.some(), Type::Record(record) if record.closed)
}

/// The stricter of two types; where they differ, about what.
fn both(one: &Type, other: &Type) -> Result<Type, String> {
    match (one, other) {
        (Type::Any, ty) | (ty, Type::Any) => Ok(ty.clone()),
        (Type::Optional { .. }, _) | (_, Type::Optional { .. }) => {
            let ty = both(one.some(), other.some())?;
            let absent = one.may_be_absent() && other.may_be_absent();
            Ok(if absent { ty.optional() } else { ty })
        }
        (Type::Int, Type::Number) | (Type::Number, Type::Int) => Ok(Type::Int),
        (Type::String, Type::Enum(_)) => Ok(other.clone()),
        (Type::Enum(_), Type::String) => Ok(one.clone()),
        (Type::Record(one), Type::Record(other)) => records(one, other),
        (Type::Record(record), Type::Map { values })
        | (Type::Map { values }, Type::Record(record))
            if **values == Type::Any =>
        {
            Ok(Type::Record(Arc::clone(record)))
        }
        (Type::Union(union), Type::Record(record)) | (Type::Record(record), Type::Union(union)) => {
            choices(union, record)
        }
        (Type::Union(union), Type::Map { values }) | (Type::Map { values }, Type::Union(union))
            if union.tag.is_some() && **values == Type::Any =>
        {
            Ok(Type::Union(Arc::clone(union)))
        }
        (Type::Recursive(_), Type::Record(_)) => both(&one.unfolded(), other),
        (Type::Record(_), Type::Recursive(_)) => both(one, &other.unfolded()),
        (Type::List { items: one }, Type::List { items: other }) => {
            both(one, other).map(Type::list)
        }
        (Type::Map { values: one }, Type::Map { values: other }) => both(one, other).map(Type::map),
        (one, other) if one == other => Ok(one.clone()),
        (one, other) => Err(format!("in their types: {one} and {other}")),
    }
}

/// A union whose choices have the fields of the record, too.
fn choices(union: &UnionType, record: &RecordType) -> Result<Type, String> {
    let mut union = union.clone();
    // What it is called is what the whole is called.
    let mut record = RecordType { name: None, ..record.clone() };
    // The tag says itself of which type it is.
    let tagged = union.tag.as_ref().map(|tag| record.fields.remove(tag)).is_some();
    for choice in union.choices.values_mut() {
        *choice = match choice {
            Type::Record(choice) if tagged => records(choice, &record)?,
            other => return Err(format!("in their types: {other} and an object")),
        };
    }
    Ok(Type::Union(Arc::new(union)))
}

/// The fields of both; those of one name are of the stricter type.
fn records(one: &RecordType, other: &RecordType) -> Result<Type, String> {
    let mut fields: BTreeMap<String, Field> = one.fields.clone();
    for (name, field) in &other.fields {
        let Some(known) = fields.get(name) else {
            fields.insert(name.clone(), field.clone());
            continue;
        };
        let ty = both(&known.ty, &field.ty)
            .map_err(|_| format!("about `{name}`: {} and {}", known.ty, field.ty))?;
        let doc = known.doc.clone().or_else(|| field.doc.clone());
        fields.insert(name.clone(), Field { ty, doc });
    }
    let name = one.name.clone().or_else(|| other.name.clone());
    // What one of them does not know, that one refuses, if it is closed.
    let is_end = |record: &RecordType| {
        record.closed && fields.keys().all(|name| record.fields.contains_key(name))
    };
    let closed = is_end(one) || is_end(other);
    Ok(Type::Record(Arc::new(RecordType { name, fields, closed })))
}
