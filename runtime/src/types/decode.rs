//! Projection into Rust types: what [`project`](super::project) is for raw values, this is for
//! the structs that the compiler emits, with the same verdicts and the same words.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

use super::project::{ProjectError, one_of, tuple_of};

/// Reads `value` as a `T`, strictly: other than `serde_json`'s own, it takes no list for a struct,
/// no object for an enum's plain variant, and says where in the value the fault is.
pub fn decode<T: DeserializeOwned>(value: &Value) -> Result<T, ProjectError> {
    T::deserialize(Strict(value))
}

impl Error for ProjectError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: String::new(), problem: message.to_string() }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(&one_of(expected.iter().copied()), &Value::from(variant))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::missing(field)
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::unknown(field)
    }
}

struct Strict<'a>(&'a Value);

impl Strict<'_> {
    fn not(&self, expected: &str) -> ProjectError {
        ProjectError::new(expected, self.0)
    }
}

/// What a visitor expects, in its own words: `a timestamp`.
struct Expected<'v, V>(&'v V);

impl<'de, V: Visitor<'de>> fmt::Display for Expected<'_, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(out)
    }
}

macro_rules! integers {
    ($($method:ident: $read:ident, $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$read().map_or_else(|| Err(self.not("an int")), |int| visitor.$visit(int))
        }
    )*};
}

impl<'de> Deserializer<'de> for Strict<'_> {
    type Error = ProjectError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(int), _, _) => visitor.visit_i64(int),
                (None, Some(int), _) => visitor.visit_u64(int),
                (None, None, float) => visitor.visit_f64(float.unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_str(text),
            Value::Array(list) => visitor.visit_seq(List { at: 0, list }),
            Value::Object(entries) => visitor.visit_map(Entries::new(entries)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.as_bool().map_or_else(|| Err(self.not("a bool")), |bool| visitor.visit_bool(bool))
    }

    integers! {
        deserialize_i8: as_i64, visit_i64;
        deserialize_i16: as_i64, visit_i64;
        deserialize_i32: as_i64, visit_i64;
        deserialize_i64: as_i64, visit_i64;
        deserialize_u8: as_u64, visit_u64;
        deserialize_u16: as_u64, visit_u64;
        deserialize_u32: as_u64, visit_u64;
        deserialize_u64: as_u64, visit_u64;
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0.as_f64() {
            Some(number) => visitor.visit_f64(number),
            None => Err(self.not("a number")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let expected = Expected(&visitor).to_string();
        match self.0 {
            Value::String(text) => visitor
                .visit_str(text)
                .map_err(|error: ProjectError| error.of_text(&expected, text)),
            _ => Err(self.not(&expected)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_unit() } else { Err(self.not("null")) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(list) => visitor.visit_seq(List { at: 0, list }),
            _ => Err(self.not("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Object(entries) => visitor.visit_map(Entries::new(entries)),
            _ => Err(self.not("an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::String(text) => {
                let text: StrDeserializer<'_, ProjectError> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            Value::Object(entries) if entries.len() == 1 => {
                visitor.visit_enum(Choice { of: self, variants, named: entries.iter().next() })
            }
            _ => Err(self.not(&one_of(variants.iter().copied()))),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(list) if list.len() == length => visitor.visit_seq(List { at: 0, list }),
            _ => Err(self.not(&tuple_of(length))),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit_struct tuple_struct identifier ignored_any
    }
}

/// A variant with data, under its name: what a hand-written enum is. One without any is text.
struct Choice<'a> {
    of: Strict<'a>,
    variants: &'static [&'static str],
    named: Option<(&'a String, &'a Value)>,
}

impl Choice<'_> {
    fn not(&self) -> ProjectError {
        self.of.not(&one_of(self.variants.iter().copied()))
    }
}

impl<'de, 'a> EnumAccess<'de> for Choice<'a> {
    type Error = ProjectError;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self), Self::Error> {
        let known = |(name, _): &(&'a String, &'a Value)| self.variants.contains(&name.as_str());
        let Some((name, _)) = self.named.filter(known) else { return Err(self.not()) };
        let name: StrDeserializer<'_, ProjectError> = name.as_str().into_deserializer();
        seed.deserialize(name).map(|variant| (variant, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = ProjectError;

    fn unit_variant(self) -> Result<(), Self::Error> {
        Err(self.not())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Self::Error> {
        let Some((name, value)) = self.named else { return Err(self.not()) };
        seed.deserialize(Strict(value)).map_err(|error| error.under(name))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let Some((name, value)) = self.named else { return Err(self.not()) };
        Strict(value).deserialize_tuple(length, visitor).map_err(|error| error.under(name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let Some((name, value)) = self.named else { return Err(self.not()) };
        Strict(value).deserialize_map(visitor).map_err(|error| error.under(name))
    }
}

struct List<'a> {
    at: usize,
    list: &'a [Value],
}

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = ProjectError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Self::Error> {
        let Some(value) = self.list.get(self.at) else { return Ok(None) };
        let element = seed.deserialize(Strict(value));
        let element = element.map_err(|error| error.at(self.at))?;
        self.at += 1;
        Ok(Some(element))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.list.len() - self.at)
    }
}

/// Entries in the order of their keys, whatever `serde_json`'s features say, so that the first
/// fault is the same everywhere.
struct Entries<'a> {
    rest: std::vec::IntoIter<(&'a String, &'a Value)>,
    current: Option<(&'a String, &'a Value)>,
}

impl<'a> Entries<'a> {
    fn new(entries: &'a Map<String, Value>) -> Self {
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        Self { rest: entries.into_iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = ProjectError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        self.current = self.rest.next();
        let Some((key, _)) = self.current else { return Ok(None) };
        let key: StrDeserializer<'_, ProjectError> = key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Self::Error> {
        let Some((key, value)) = self.current.take() else {
            return Err(ProjectError::custom("a value was asked for before its key"));
        };
        seed.deserialize(Strict(value)).map_err(|error| error.under(key))
    }
}

#[cfg(test)]
mod tests;
