//! `enum`, `const`, `oneOf`, `anyOf` and lists of types.

use std::sync::Arc;

use flowcrate::types::{EnumType, Type, unify, unify_all};
use serde_json::{Map, Value};

use super::objects::keyword;
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
                let types: Option<Vec<Type>> = there.iter().map(|value| scalar(value)).collect();
                let Some(Ok(ty)) = types.as_deref().and_then(unify_all) else {
                    let message = "the values of `enum` are not all texts, numbers or bools";
                    let help = "list values of one type";
                    return self.wrong(code::BAD_SCHEMA, "enum", message, help);
                };
                self.unchecked("enum");
                ty
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

    /// `oneOf`, `anyOf`: null and others, which must have one type (S11).
    pub(super) fn choice(&mut self, key: &str, choices: &'s Value, depth: usize) -> Option<Type> {
        let Some(choices) = choices.as_array().filter(|choices| !choices.is_empty()) else {
            let message = format!("`{key}` is a list of schemas");
            return self.wrong(code::BAD_SCHEMA, key, message, "write a list of schemas");
        };
        let mut types = Vec::with_capacity(choices.len());
        let mut complete = true;
        for (at, choice) in choices.iter().enumerate() {
            match self.within(key, |reader| reader.under(&at.to_string(), choice, depth)) {
                Some(ty) => types.push(ty),
                None => complete = false,
            }
        }
        if !complete {
            return None;
        }
        let unified =
            types.iter().skip(1).try_fold(types.first()?.clone(), |all, ty| unify(&all, ty));
        match unified {
            Ok(ty) => Some(ty),
            Err(mismatch) => self.wrong(
                code::SCHEMA_UNSUPPORTED,
                key,
                format!("the choices have no common type: {mismatch}"),
                "describe the value as any, `{}`, or give the choices one type",
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
        let mut all: Option<Type> = None;
        for name in names {
            let ty = self.named(name, keywords, depth)?;
            all = Some(match all {
                None => ty,
                Some(all) => match unify(&all, &ty) {
                    Ok(ty) => ty,
                    Err(mismatch) => {
                        return self.wrong(
                            code::SCHEMA_UNSUPPORTED,
                            "type",
                            format!("the types have no common one: {mismatch}"),
                            "name one type, and null if it may be absent; leave `type` out for any",
                        );
                    }
                },
            });
        }
        all
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
