//! Lints that a person's own words trip, where the code says no more than the graph does.

use std::collections::BTreeSet;
use std::f64::consts;

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

/// `3.14` looks like a mistyped pi.
pub(crate) const APPROX_CONSTANT: &str = "approx_constant";
/// `a and (a or b)` says more than it must.
pub(crate) const NONMINIMAL_BOOL: &str = "nonminimal_bool";
/// `a or not a` always holds.
pub(crate) const OVERLY_COMPLEX_BOOL: &str = "overly_complex_bool_expr";

/// `x if 1 // n > 2 else x`: the condition may fail.
pub(crate) const IF_SAME_THEN_ELSE: &str = "if_same_then_else";
/// `n >= 1 and n <= 10`.
pub(crate) const MANUAL_RANGE_CONTAINS: &str = "manual_range_contains";
/// `n <= 1 and n >= 5`.
pub(crate) const IMPOSSIBLE_COMPARISONS: &str = "impossible_comparisons";
/// `n >= -9223372036854775808`.
pub(crate) const ABSURD_EXTREME_COMPARISONS: &str = "absurd_extreme_comparisons";

/// The constants that clippy knows, and how many characters of a literal it lets pass.
const KNOWN: [(f64, usize); 19] = [
    (consts::E, 4),
    (consts::FRAC_1_PI, 4),
    (consts::FRAC_1_SQRT_2, 5),
    (consts::FRAC_2_PI, 5),
    (consts::FRAC_2_SQRT_PI, 5),
    (consts::FRAC_PI_2, 5),
    (consts::FRAC_PI_3, 5),
    (consts::FRAC_PI_4, 5),
    (consts::FRAC_PI_6, 5),
    (consts::FRAC_PI_8, 5),
    (consts::LN_2, 5),
    (consts::LN_10, 5),
    (consts::LOG10_2, 5),
    (consts::LOG2_10, 5),
    (consts::LOG10_E, 5),
    (consts::LOG2_E, 5),
    (consts::PI, 3),
    (consts::SQRT_2, 5),
    (consts::TAU, 3),
];

/// Whether clippy takes a literal for one of its constants, written in short.
pub(crate) fn approximates_constant(value: f64) -> bool {
    let text = value.abs().to_string();
    KNOWN.iter().any(|(constant, least)| {
        let rounded = || format!("{constant:.*}", text.len().saturating_sub(2));
        text.len() > *least && (constant.to_string().starts_with(&text) || rounded() == text)
    })
}

/// The same of any number in a JSON constant.
pub(crate) fn holds_constant(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(approximates_constant),
        Value::Array(items) => items.iter().any(holds_constant),
        Value::Object(fields) => fields.values().any(holds_constant),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// Attributes that let these lints pass, for one function.
pub(crate) fn attributes(lints: &BTreeSet<&'static str>) -> TokenStream {
    let mut attributes = TokenStream::new();
    for lint in lints {
        let name = super::names::ident(lint);
        attributes.extend(quote!(#[allow(clippy::#name, reason = "so says the graph")]));
    }
    attributes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Value, approximates_constant, holds_constant};

    #[test]
    fn what_clippy_takes_for_a_constant() {
        for text in ["3.14", "3.142", "3.14159", "2.718", "6.28", "6.283", "1.4142", "0.6931"] {
            assert!(approximates_constant(text.parse().unwrap()), "{text}");
        }
        for text in ["3.1", "3.15", "2.7", "2.72", "6.2", "1.41", "0.69", "314.0", "0.0"] {
            assert!(!approximates_constant(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn one_anywhere_in_a_constant() {
        let pi: Value = serde_json::from_str(r#"{"a": [1, {"b": 3.14}]}"#).unwrap();
        assert!(holds_constant(&pi));
        assert!(!holds_constant(&json!({ "a": [1, { "b": "3.14" }, null, true] })));
    }
}
