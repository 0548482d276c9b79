//! Values as the journal stores them: JSON text, and its canonical form for hashing.

mod reader;

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A value in the journal: JSON text. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload(Arc<str>);

impl Payload {
    /// The JSON of `value`.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        // Little of it is compiled anew for each type.
        let mut serializer = serde_json::Serializer::new(Vec::with_capacity(128));
        match value.serialize(&mut serializer) {
            Ok(()) => Self::written(serializer.into_inner()),
            Err(error) => Err(error),
        }
    }

    fn written(text: Vec<u8>) -> Result<Self, serde_json::Error> {
        let text = String::from_utf8(text).map_err(serde_json::Error::custom)?;
        Ok(Self(text.into()))
    }

    /// The value that this JSON encodes.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        reader::read(&self.0)
    }

    /// JSON text that is known to be JSON, such as what a store wrote down.
    pub fn from_json(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value, untyped; null where the text is not JSON, which only a damaged store can cause.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or(Value::Null)
    }

    /// `null`.
    pub fn null() -> Self {
        Self("null".into())
    }

    /// The same value with sorted keys and without null fields: absent and null are one value.
    pub fn canonical(&self) -> Result<Self, serde_json::Error> {
        let mut text = String::with_capacity(self.0.len());
        write_canonical(&serde_json::from_str(&self.0)?, &mut text)?;
        Ok(Self(text.into()))
    }

    /// The identity of this text; take it of the [`canonical`](Self::canonical) form.
    pub fn hash(&self) -> InputHash {
        InputHash(*Uuid::new_v5(&HASH_SPACE, self.0.as_bytes()).as_bytes())
    }
}

impl Serialize for Payload {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(value.to_string().into()))
    }
}

impl From<&Value> for Payload {
    fn from(value: &Value) -> Self {
        Self(value.to_string().into())
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The hash of a canonical input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputHash([u8; 16]);

/// The name space of input hashes; part of the journal's format.
const HASH_SPACE: Uuid = Uuid::from_u128(0x8d0f_51ab_6d0a_4d6f_9c61_0f8d_3c5e_7721);

impl InputHash {
    /// The hash of a list, from those of what it holds.
    pub fn of_list(hashes: &[Self]) -> Self {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        Self(*Uuid::new_v5(&HASH_SPACE, &bytes).as_bytes())
    }

    /// The hash that `bytes` hold.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes of this hash.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for InputHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Display for InputHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Sorts by itself, since another crate of the build may make `serde_json` keep insertion order.
fn write_canonical(value: &Value, text: &mut String) -> Result<(), serde_json::Error> {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_canonical(item, text)?;
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (at, (name, value)) in fields.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(name)?);
                text.push(':');
                write_canonical(value, text)?;
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Payload;

    #[test]
    fn canonical_sorts_keys_and_drops_null_fields() {
        let payload =
            Payload::from_json(r#"{"b": [1, null], "a": {"z": null, "y": 1.5}, "é\"": "x"}"#);
        assert_eq!(
            payload.canonical().unwrap().as_str(),
            r#"{"a":{"y":1.5},"b":[1,null],"é\"":"x"}"#
        );
    }

    #[test]
    fn equal_values_have_equal_hashes() {
        let hash = |text: &str| Payload::from_json(text).canonical().unwrap().hash();
        assert_eq!(hash(r#"{"a":1,"b":null}"#), hash(r#"{ "a" : 1 }"#));
        assert_ne!(hash(r#"{"a":1}"#), hash(r#"{"a":2}"#));
    }

    #[test]
    fn numbers_survive_the_journal_to_the_last_bit() {
        for number in [0.1 + 0.2, 1e23, 5e-324, 2.225_073_858_507_201e-308, f64::MAX] {
            let back: f64 = Payload::encode(&number).unwrap().decode().unwrap();
            assert_eq!(back.to_bits(), number.to_bits(), "{number}");
        }
    }
}
