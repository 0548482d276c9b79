//! Maps. Their keys come sorted (S13).

use std::collections::BTreeMap;

use super::ExprError;

/// `map | length`.
pub fn map_length<T>(map: &BTreeMap<String, T>) -> i64 {
    i64::try_from(map.len()).unwrap_or(i64::MAX)
}

/// `map.key`, `map['key']`.
pub fn map_get<T: Clone>(map: &BTreeMap<String, T>, key: &str) -> Result<T, ExprError> {
    map_find(map, key).ok_or_else(|| ExprError::new(format!("the map has no key `{key}`")))
}

/// `map.key` under `default(…)`, `is defined` or `first_of`: absent where there is none.
pub fn map_find<T: Clone>(map: &BTreeMap<String, T>, key: &str) -> Option<T> {
    map.get(key).cloned()
}

/// `key in map`.
pub fn map_contains<T>(map: &BTreeMap<String, T>, key: &str) -> bool {
    map.contains_key(key)
}

/// `map | keys`.
pub fn map_keys<T>(map: &BTreeMap<String, T>) -> Vec<String> {
    map.keys().cloned().collect()
}

/// `map | values`, in the order of their keys.
pub fn map_values<T: Clone>(map: &BTreeMap<String, T>) -> Vec<T> {
    map.values().cloned().collect()
}
