//! The operands of an operation as the interpreter has them: raw values in, typed Rust values for
//! the functions of `flowcrate::expr`, raw values out.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use flowcrate::expr::{ExprError, SortKey};
use flowcrate::types::Type;
use flowcrate::{Bytes, Duration, Timestamp};
use serde_json::Value;

/// Evaluates the `Each` argument for one element.
pub type EachFn<'a> = dyn Fn(&Value) -> Result<Value, ExprError> + 'a;

/// The operands of one call: canonical raw values of known types.
pub struct Operands<'a> {
    /// The values; null at an `Each` argument.
    pub values: &'a [Value],
    /// Their types; that of the `Each` expression at an `Each` argument.
    pub types: &'a [&'a Type],
    /// The `Each` argument, where there is one.
    pub each: Option<&'a EachFn<'a>>,
}

/// Our bug: the checker let through what it should not have.
fn mistyped(at: usize) -> ExprError {
    ExprError::new(format!("operand {at} is not of the type that was checked"))
}

impl Operands<'_> {
    /// Any operand as it is.
    pub fn raw(&self, at: usize) -> Result<&Value, ExprError> {
        self.values.get(at).ok_or_else(|| mistyped(at))
    }

    /// A bool.
    pub fn bool(&self, at: usize) -> Result<bool, ExprError> {
        self.raw(at)?.as_bool().ok_or_else(|| mistyped(at))
    }

    /// An int.
    pub fn int(&self, at: usize) -> Result<i64, ExprError> {
        self.raw(at)?.as_i64().ok_or_else(|| mistyped(at))
    }

    /// An int, or null.
    pub fn optional_int(&self, at: usize) -> Result<Option<i64>, ExprError> {
        if self.raw(at)?.is_null() { Ok(None) } else { self.int(at).map(Some) }
    }

    /// A number.
    pub fn number(&self, at: usize) -> Result<f64, ExprError> {
        self.raw(at)?.as_f64().ok_or_else(|| mistyped(at))
    }

    /// A string.
    pub fn text(&self, at: usize) -> Result<&str, ExprError> {
        self.raw(at)?.as_str().ok_or_else(|| mistyped(at))
    }

    /// A timestamp.
    pub fn timestamp(&self, at: usize) -> Result<Timestamp, ExprError> {
        self.text(at)?.parse().map_err(|_| mistyped(at))
    }

    /// A duration.
    pub fn duration(&self, at: usize) -> Result<Duration, ExprError> {
        self.text(at)?.parse().map_err(|_| mistyped(at))
    }

    /// Bytes.
    pub fn bytes(&self, at: usize) -> Result<Bytes, ExprError> {
        self.text(at)?.parse().map_err(|_| mistyped(at))
    }

    /// A list.
    pub fn list(&self, at: usize) -> Result<&[Value], ExprError> {
        self.raw(at)?.as_array().map(Vec::as_slice).ok_or_else(|| mistyped(at))
    }

    /// A list of ints.
    pub fn ints(&self, at: usize) -> Result<Vec<i64>, ExprError> {
        self.list(at)?.iter().map(|value| value.as_i64().ok_or_else(|| mistyped(at))).collect()
    }

    /// A list of numbers.
    pub fn numbers(&self, at: usize) -> Result<Vec<f64>, ExprError> {
        self.list(at)?.iter().map(|value| value.as_f64().ok_or_else(|| mistyped(at))).collect()
    }

    /// A list of strings.
    pub fn texts(&self, at: usize) -> Result<Vec<String>, ExprError> {
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| mistyped(at));
        self.list(at)?.iter().map(text).collect()
    }

    /// A map.
    pub fn map(&self, at: usize) -> Result<BTreeMap<String, Value>, ExprError> {
        let entries = self.raw(at)?.as_object().ok_or_else(|| mistyped(at))?;
        Ok(entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// A map to strings.
    pub fn text_map(&self, at: usize) -> Result<BTreeMap<String, String>, ExprError> {
        let entries = self.raw(at)?.as_object().ok_or_else(|| mistyped(at))?;
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| mistyped(at));
        entries.iter().map(|(key, value)| Ok((key.clone(), text(value)?))).collect()
    }

    /// A list of lists.
    pub fn lists(&self, at: usize) -> Result<Vec<Vec<Value>>, ExprError> {
        let list = |value: &Value| value.as_array().cloned().ok_or_else(|| mistyped(at));
        self.list(at)?.iter().map(list).collect()
    }

    /// A value that has an order.
    pub fn key(&self, at: usize) -> Result<Key, ExprError> {
        let ty = self.types.get(at).ok_or_else(|| mistyped(at))?;
        Key::new(ty, self.raw(at)?.clone()).ok_or_else(|| mistyped(at))
    }

    /// A list of values that have an order.
    pub fn keys(&self, at: usize) -> Result<Vec<Key>, ExprError> {
        let Some(Type::List { items }) = self.types.get(at) else { return Err(mistyped(at)) };
        let key = |value: &Value| Key::new(items, value.clone()).ok_or_else(|| mistyped(at));
        self.list(at)?.iter().map(key).collect()
    }

    /// What the `Each` argument gives for `element`.
    pub fn each(&self, element: &Value) -> Result<Value, ExprError> {
        self.each.map_or_else(|| Err(mistyped(1)), |each| each(element))
    }

    /// What the `Each` argument gives for `element`, which has an order.
    pub fn each_key(&self, element: &Value) -> Result<Key, ExprError> {
        let ty = self.types.get(1).ok_or_else(|| mistyped(1))?;
        Key::new(ty, self.each(element)?).ok_or_else(|| mistyped(1))
    }

    /// What the `Each` argument gives for `element`, a string.
    pub fn each_text(&self, element: &Value) -> Result<String, ExprError> {
        self.each(element)?.as_str().map(str::to_owned).ok_or_else(|| mistyped(1))
    }

    /// What the `Each` argument gives for `element`, a bool.
    pub fn each_bool(&self, element: &Value) -> Result<bool, ExprError> {
        self.each(element)?.as_bool().ok_or_else(|| mistyped(1))
    }
}

/// A raw value that has an order, with what its order is.
#[derive(Clone, Debug)]
pub struct Key {
    order: Order,
    raw: Value,
}

#[derive(Clone, Debug)]
enum Order {
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(String),
    Timestamp(Timestamp),
    Duration(Duration),
}

impl Key {
    fn new(ty: &Type, raw: Value) -> Option<Self> {
        let text = || raw.as_str();
        let order = match ty {
            Type::Bool => Order::Bool(raw.as_bool()?),
            Type::Int => Order::Int(raw.as_i64()?),
            Type::Number => Order::Number(raw.as_f64()?),
            Type::String | Type::Enum(_) => Order::Text(text()?.to_owned()),
            Type::Timestamp => Order::Timestamp(text()?.parse().ok()?),
            Type::Duration => Order::Duration(text()?.parse().ok()?),
            Type::Null
            | Type::Bytes
            | Type::List { .. }
            | Type::Map { .. }
            | Type::Record(_)
            | Type::Optional { .. }
            | Type::Tuple { .. }
            | Type::Union(_)
            | Type::Recursive(_)
            | Type::Own { .. }
            | Type::Any => return None,
        };
        Some(Self { order, raw })
    }
}

impl SortKey for Key {
    fn order(&self, other: &Self) -> Ordering {
        match (&self.order, &other.order) {
            (Order::Bool(a), Order::Bool(b)) => a.order(b),
            (Order::Int(a), Order::Int(b)) => a.order(b),
            (Order::Number(a), Order::Number(b)) => a.order(b),
            (Order::Text(a), Order::Text(b)) => a.order(b),
            (Order::Timestamp(a), Order::Timestamp(b)) => a.order(b),
            (Order::Duration(a), Order::Duration(b)) => a.order(b),
            // Keys of one type have one order.
            _ => Ordering::Equal,
        }
    }
}

/// A Rust value as the raw value that it is in the journal.
pub trait Raw {
    /// The raw value.
    fn into_raw(self) -> Value;
}

macro_rules! raw_by {
    ($convert:expr; $($ty:ty),*) => {$(
        impl Raw for $ty {
            fn into_raw(self) -> Value {
                $convert(self)
            }
        }
    )*};
}
raw_by!(Value::from; bool, i64, f64, String, Value);
raw_by!(|value: Self| value.to_string().into(); Timestamp, Duration, Bytes);
raw_by!(|key: Self| key.raw; Key);

impl<T: Raw> Raw for Vec<T> {
    fn into_raw(self) -> Value {
        self.into_iter().map(T::into_raw).collect::<Vec<_>>().into()
    }
}

impl<T: Raw> Raw for BTreeMap<String, T> {
    fn into_raw(self) -> Value {
        Value::Object(self.into_iter().map(|(key, value)| (key, value.into_raw())).collect())
    }
}

impl<T: Raw> Raw for Option<T> {
    fn into_raw(self) -> Value {
        self.map_or(Value::Null, T::into_raw)
    }
}

/// The raw result of a partial function.
pub(super) fn partial<T: Raw>(result: Result<T, ExprError>) -> Result<Value, ExprError> {
    result.map(T::into_raw)
}

/// The raw result of a total function; a `Result`, since its operands may be mistyped.
#[expect(clippy::unnecessary_wraps, reason = "what entries of the table return")]
pub(super) fn total<T: Raw>(result: T) -> Result<Value, ExprError> {
    Ok(result.into_raw())
}
