//! JSON as text becomes values, and keys that stand twice in an object are noticed.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::diagnostic::pointer_token;

/// A document, and the JSON pointer of each key that stands twice, in the document's order.
pub(super) fn parse(text: &[u8]) -> Result<(Value, Vec<String>), serde_json::Error> {
    let twice = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Reading { twice: &twice }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, twice.into_inner()))
}

/// More of them are the work of a program, and one names it.
const MOST: usize = 100;

#[derive(Clone, Copy)]
struct Reading<'t> {
    twice: &'t RefCell<Vec<String>>,
}

impl Reading<'_> {
    /// Puts one more step before the pointers that were found within it.
    fn place(self, before: usize, step: impl FnOnce() -> String) {
        let mut twice = self.twice.borrow_mut();
        if twice.len() > before {
            let step = step();
            for pointer in twice.iter_mut().skip(before) {
                pointer.insert_str(0, &step);
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let before = self.twice.borrow().len();
            let Some(item) = items.next_element_seed(self)? else { return Ok(Value::Array(list)) };
            self.place(before, || format!("/{}", list.len()));
            list.push(item);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let before = self.twice.borrow().len();
            let value = entries.next_value_seed(self)?;
            self.place(before, || format!("/{}", pointer_token(&key)));
            if map.contains_key(&key) && before < MOST {
                self.twice.borrow_mut().push(format!("/{}", pointer_token(&key)));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::parse;

    #[test]
    fn values_are_those_of_serde_json() {
        let text = r#"{"a": [null, true, -1, 1.5, 18446744073709551615, "x", {}], "b": {"c": {}}}"#;
        let (value, twice) = parse(text.as_bytes()).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(twice, [] as [&str; 0]);
        for broken in ["", "{", "[1,]", "{} {}", "nul", "1e999"] {
            let (ours, theirs) = (parse(broken.as_bytes()), serde_json::from_str::<Value>(broken));
            assert_eq!(ours.unwrap_err().to_string(), theirs.unwrap_err().to_string());
        }
        let deep = "[".repeat(200);
        assert!(parse(deep.as_bytes()).unwrap_err().to_string().contains("recursion"));
    }

    #[test]
    fn keys_that_stand_twice_are_found_where_they_stand() {
        let text = r#"{"a": 1, "b": [0, {"c/d": 1, "c/d": {"e": 1, "e": 2}}], "a": 2}"#;
        let (value, twice) = parse(text.as_bytes()).unwrap();
        assert_eq!(value, json!({"a": 2, "b": [0, {"c/d": {"e": 2}}]}));
        assert_eq!(twice, ["/b/1/c~1d/e", "/b/1/c~1d", "/a"]);
    }
}
