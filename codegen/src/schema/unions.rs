//! `enum`, `const`, `oneOf`, `anyOf` and lists of types.

use std::sync::Arc;

use flowcrate::types::{EnumType, Type};
use serde_json::{Map, Value};

use super::objects::keyword;
use super::tagged::union_of;
use super::{Reader, text};
use crate::diagnostic::code;

impl<'s> Reader<'s> {
    pub(super) fn enumeration(
        &mut self,
        values: &'s Value,
        keywords: &'s Map<String, Value>,
    ) -> Option<Type> {
        let Some(values) = values.as_array().filter(|values| !values.is_empty()) else {
            let help = "write `\"enum\": [\"a\", \"b\"]`";
            return self.wrong(code::BAD_SCHEMA, "enum", "`enum` is a list of values", help);
        };
        let absent = values.iter().any(Value::is_null);
        let there: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        let texts: Option<Vec<&str>> = there.iter().map(|value| value.as_str()).collect();
        let ty = match texts {
            _ if there.is_empty() => Type::Null,
            Some(texts) => enum_of(&texts, keywords),
            None => {
                let texts: Vec<&str> = there.iter().filter_map(|value| value.as_str()).collect();
                let others = there.iter().filter(|value| !value.is_string());
                let types: Option<Vec<Type>> = others.map(|value| scalar(value)).collect();
                let Some(mut types) = types else {
                    let message = "the values of `enum` are not all texts, numbers or bools";
                    let help = "list texts, numbers and bools only";
                    return self.wrong(code::BAD_SCHEMA, "enum", message, help);
                };
                if !texts.is_empty() {
                    types.push(enum_of(&texts, keywords));
                }
                self.unchecked("enum");
                self.united("enum", &types)?
            }
        };
        Some(if absent { ty.optional() } else { ty })
    }

    pub(super) fn constant(
        &mut self,
        value: &'s Value,
        keywords: &'s Map<String, Value>,
    ) -> Option<Type> {
        match (value, scalar(value)) {
            (Value::Null, _) => Some(Type::Null),
            (Value::String(text), _) => Some(enum_of(&[text], keywords)),
            (_, Some(ty)) => {
                self.unchecked("const");
                Some(ty)
            }
            (_, None) => {
                let help = "describe the value's type instead";
                self.wrong(code::SCHEMA_UNSUPPORTED, "const", "a constant is a scalar", help)
            }
        }
    }

    /// `oneOf`, `anyOf`: null and others, which have one type, or are a union.
    pub(super) fn choice(&mut self, key: &str, choices: &'s Value, depth: usize) -> Option<Type> {
        let Some(choices) = choices.as_array().filter(|choices| !choices.is_empty()) else {
            let message = format!("`{key}` is a list of schemas");
            return self.wrong(code::BAD_SCHEMA, key, message, "write a list of schemas");
        };
        let mut types = Vec::with_capacity(choices.len());
        let mut complete = true;
        for (at, choice) in choices.iter().enumerate() {
            match self.within(key, |reader| reader.one_choice(&at.to_string(), choice, depth)) {
                Some(ty) => types.push(ty),
                None => complete = false,
            }
        }
        if complete { self.united(key, &types) } else { None }
    }

    /// A choice, itself where it is a reference to a schema that contains itself: a union is told
    /// by what its choices are, not by their names.
    fn one_choice(&mut self, at: &str, choice: &'s Value, depth: usize) -> Option<Type> {
        let target = choice.as_object().filter(|keywords| keywords.len() == 1);
        let target = target.and_then(|keywords| keywords.get("$ref")?.as_str());
        let Some(target) = target.filter(|target| self.circles.leads_in_one(target)) else {
            return self.under(at, choice, depth);
        };
        if self.inlined.iter().any(|open| open == target) {
            let message = format!("`{target}` is a choice of itself");
            let help = "leave it out of the choices";
            return self.wrong(code::SCHEMA_REFERENCE, at, message, help);
        }
        self.inlined.push(target.to_owned());
        let ty = self.definition(target, depth + 1);
        self.inlined.pop();
        ty
    }

    /// The type of values that are each of one of these types: their common one (S11), or a union.
    fn united(&mut self, key: &str, types: &[Type]) -> Option<Type> {
        match union_of(types) {
            Ok(ty) => Some(ty),
            Err(mismatch) => self.wrong(
                code::SCHEMA_UNSUPPORTED,
                key,
                format!("the choices have no common type, and one form: {mismatch}"),
                "describe the value as any, `{}`, or give choices of one form one type",
            ),
        }
    }

    /// `"type": ["string", "null"]`.
    pub(super) fn several(
        &mut self,
        names: &'s [Value],
        keywords: &'s Map<String, Value>,
        depth: usize,
    ) -> Option<Type> {
        let texts: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
        let Some(names) = texts.filter(|names| !names.is_empty()) else {
            let help = "write `\"type\": [\"string\", \"null\"]`";
            return self.wrong(code::BAD_SCHEMA, "type", "a list of types holds texts", help);
        };
        let types: Option<Vec<Type>> =
            names.iter().map(|name| self.named(name, keywords, depth)).collect();
        self.united("type", &types?)
    }
}

fn enum_of(texts: &[&str], keywords: &Map<String, Value>) -> Type {
    // A format with an enum, such as two instants, is of the format's type.
    match text(keywords) {
        Type::String => {
            let mut values: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            values.sort_unstable();
            values.dedup();
            Type::Enum(Arc::new(EnumType { name: keyword(keywords, "title"), values }))
        }
        other => other,
    }
}

fn scalar(value: &Value) -> Option<Type> {
    match value {
        Value::Bool(_) => Some(Type::Bool),
        Value::Number(number) if number.is_i64() => Some(Type::Int),
        Value::Number(_) => Some(Type::Number),
        Value::String(_) => Some(Type::String),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
