//! JSON text as a value of a type, with little code that depends on the type.
//!
//! `serde_json`'s own reader is compiled anew for each type: some 1,200 lines of LLVM's code for a
//! struct, half of what a workflow's crate was made of. Here the methods that are compiled for
//! each type only pass on what [`Scan`] finds, which is compiled once. It takes what
//! `serde_json::from_str` takes, with the same words for what it does not, but for one thing: a
//! struct is an object, never a list.

mod key;
mod scan;

use std::borrow::Cow;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde_json::{Error, Number};

use key::Key;
use scan::{Found, Scan};

/// The value that the text encodes.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let mut scan = Scan::new(text);
    match T::deserialize(Reader(&mut scan)) {
        Ok(value) => match scan.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(error),
        },
        Err(error) => Err(scan.placed(error)),
    }
}

/// The value that begins where the scan is.
struct Reader<'s, 't>(&'s mut Scan<'t>);

macro_rules! any {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.deserialize_any(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.value()? {
            Found::Null => visitor.visit_unit(),
            Found::Bool(bool) => visitor.visit_bool(bool),
            Found::Number(number) => visit_number(&number, visitor),
            Found::Text(text) => visitor.visit_str(&text),
            Found::List => list(self.0, visitor),
            Found::Object => object(self.0, visitor),
        }
    }

    any! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier
        deserialize_ignored_any
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.single()? {
            Some(number) => visitor.visit_f32(number),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i128(self.0.scalar()?)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u128(self.0.scalar()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open(b'[', &visitor) {
            Ok(()) => list(self.0, visitor),
            Err(error) => Err(error),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open(b'{', &visitor) {
            Ok(()) => object(self.0, visitor),
            Err(error) => Err(error),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (name, content) = self.0.variant()?;
        let chosen = visitor.visit_enum(Chosen { name: &name, scan: self.0, content })?;
        if content {
            self.0.close(b'}', false)?;
        }
        Ok(chosen)
    }
}

/// As `serde_json` tells a number to a visitor.
fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Error> {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => visitor.visit_u64(number),
        (None, Some(number)) => visitor.visit_i64(number),
        (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
    }
}

/// A list whose bracket is open.
fn list<'de, V: Visitor<'de>>(scan: &mut Scan<'_>, visitor: V) -> Result<V::Value, Error> {
    let mut items = Items::new(scan);
    match visitor.visit_seq(&mut items) {
        Ok(value) => match items.scan.close(b']', items.done) {
            Ok(()) => Ok(value),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// An object whose brace is open.
fn object<'de, V: Visitor<'de>>(scan: &mut Scan<'_>, visitor: V) -> Result<V::Value, Error> {
    let mut entries = Items::new(scan);
    match visitor.visit_map(&mut entries) {
        Ok(value) => match entries.scan.close(b'}', entries.done) {
            Ok(()) => Ok(value),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The elements of a list, or the entries of an object.
struct Items<'s, 't> {
    scan: &'s mut Scan<'t>,
    first: bool,
    /// Whether its bracket is closed.
    done: bool,
    /// The last key.
    key: Cow<'t, str>,
}

impl<'s, 't> Items<'s, 't> {
    fn new(scan: &'s mut Scan<'t>) -> Self {
        Self { scan, first: true, done: false, key: Cow::Borrowed("") }
    }

    /// Whether there is another.
    fn more(&mut self, close: u8) -> Result<bool, Error> {
        if self.done {
            return Ok(false);
        }
        let more = self.scan.more(close, self.first)?;
        self.first = false;
        self.done = !more;
        Ok(more)
    }

    fn next_name(&mut self) -> Result<Option<&str>, Error> {
        if !self.more(b'}')? {
            return Ok(None);
        }
        self.key = self.scan.key()?;
        Ok(Some(&self.key))
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        match self.more(b']') {
            Ok(true) => match seed.deserialize(Reader(self.scan)) {
                Ok(element) => Ok(Some(element)),
                Err(error) => Err(error),
            },
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        match self.next_name() {
            Ok(Some(key)) => match seed.deserialize(Key(key)) {
                Ok(key) => Ok(Some(key)),
                Err(error) => Err(error),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.scan.colon() {
            Ok(()) => seed.deserialize(Reader(self.scan)),
            Err(error) => Err(error),
        }
    }
}

/// A variant of an enum: `"name"`, or `{"name": content}`.
struct Chosen<'s, 't> {
    name: &'s str,
    scan: &'s mut Scan<'t>,
    content: bool,
}

impl<'de> EnumAccess<'de> for Chosen<'_, '_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        match seed.deserialize(Key(self.name)) {
            Ok(variant) => Ok((variant, self)),
            Err(error) => Err(error),
        }
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.content { serde::Deserialize::deserialize(Reader(self.scan)) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        if self.content {
            seed.deserialize(Reader(self.scan))
        } else {
            Err(bare(&"newtype variant"))
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        if self.content {
            Reader(self.scan).deserialize_seq(visitor)
        } else {
            Err(bare(&"tuple variant"))
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.content {
            Reader(self.scan).deserialize_map(visitor)
        } else {
            Err(bare(&"struct variant"))
        }
    }
}

fn bare(expected: &dyn serde::de::Expected) -> Error {
    serde::de::Error::invalid_type(Unexpected::UnitVariant, expected)
}

#[cfg(test)]
mod tests;
