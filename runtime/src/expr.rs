//! The operators, filters, tests and functions of the expression language: one implementation,
//! called by the checker's constant folding, the interpreter and emitted code (S18).
//!
//! Those that can fail return [`ExprError`]; the others are total.
//! The language's page lists which operator or filter calls which function.

mod any;
mod calendar;
mod compare;
mod encode;
#[cfg(feature = "expr-hash")]
mod hash;
mod int;
mod layout;
mod list;
mod map;
mod number;
#[cfg(feature = "expr-regex")]
mod pattern;
mod string;
mod text;
mod time;
mod url;
#[cfg(feature = "expr-dates")]
mod zoned;

use std::fmt;

pub use any::{
    any_equal, any_find, any_find_index, any_get, any_index, any_is_boolean, any_is_false,
    any_is_float, any_is_integer, any_is_list, any_is_mapping, any_is_number, any_is_string,
    any_is_true, any_length, any_to_bool, any_to_int, any_to_number, find_element, find_field,
    get_element, get_field, read,
};
pub use calendar::{
    timestamp_add_months, timestamp_day, timestamp_from_unix, timestamp_from_unix_ms,
    timestamp_hour, timestamp_minute, timestamp_month, timestamp_second, timestamp_unix_ms,
    timestamp_weekday, timestamp_year,
};
pub use compare::{SortKey, equal, greater, greater_equal, less, less_equal, not, not_equal};
pub use encode::{
    base64_decode, base64_encode, base64_encode_text, base64_url_decode, base64_url_encode,
    base64_url_encode_text, bytes_length, bytes_to_text, from_json, hex_decode, hex_encode,
    hex_encode_text, text_to_bytes, to_json,
};
#[cfg(feature = "expr-hash")]
pub use hash::{
    hmac_sha1, hmac_sha1_text, hmac_sha256, hmac_sha256_text, hmac_sha512, hmac_sha512_text, md5,
    md5_text, sha1, sha1_text, sha256, sha256_text, sha512, sha512_text,
};
pub use int::{
    bool_to_int, int_abs, int_add, int_floor_div, int_is_divisible_by, int_is_even, int_is_odd,
    int_mul, int_neg, int_pow, int_range, int_rem, int_sub, int_sum,
};
pub use layout::{
    number_fixed, string_escape, string_indent, string_is_lower, string_is_upper, string_list,
    string_split_at_most, string_title, string_trim_of,
};
pub use list::{
    list_batch, list_concat, list_contains, list_divide, list_find, list_first, list_flatten,
    list_group_by, list_index, list_last, list_length, list_map, list_max, list_max_by, list_min,
    list_min_by, list_reject, list_reverse, list_select, list_slice, list_sort, list_sort_by,
    list_unique,
};
pub use map::{map_contains, map_find, map_get, map_keys, map_length, map_values};
pub use number::{
    number_abs, number_add, number_average, number_ceil, number_div, number_floor,
    number_floor_div, number_mul, number_neg, number_pow, number_rem, number_round, number_sub,
    number_sum, number_to_int,
};
#[cfg(feature = "expr-regex")]
pub use pattern::{
    regex_check, regex_find, regex_find_all, regex_groups, regex_is_match, regex_replace,
    regex_split,
};
pub use string::{
    string_capitalize, string_contains, string_ends_with, string_join, string_length, string_lines,
    string_lower, string_replace, string_reverse, string_slice, string_split, string_starts_with,
    string_to_bool, string_to_int, string_to_number, string_trim, string_truncate, string_upper,
    string_words,
};
pub use text::{any_text, bool_text, duration_text, int_text, number_text, timestamp_text};
pub use time::{
    duration_add, duration_milliseconds, duration_mul, duration_parse, duration_seconds,
    duration_sub, timestamp_add, timestamp_date, timestamp_parse, timestamp_since, timestamp_sub,
    timestamp_unix,
};
pub use url::{
    map_url_encode, query_parse, url_decode, url_encode, url_fragment, url_host, url_path,
    url_port, url_query, url_scheme,
};
#[cfg(feature = "expr-dates")]
pub use zoned::{date_format_check, timestamp_format, timestamp_parse_format, timestamp_start_of};

/// Why an expression has no value. The engine adds the node's path and the code `expression`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// Lower case, no full stop: `division by zero`.
    pub message: String,
}

impl fmt::Display for ExprError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for ExprError {}

impl ExprError {
    /// An error that says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// An optional that the compiler has proved to be there.
pub fn present<T>(value: Option<T>) -> Result<T, ExprError> {
    value.ok_or_else(|| ExprError::new("the value is absent"))
}
