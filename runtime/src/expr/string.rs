//! Text. Lengths and positions count Unicode scalar values.

use super::ExprError;
use super::list::bounds;
use crate::types::describe;

/// `text | length`.
pub fn string_length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// `text | upper`.
pub fn string_upper(text: &str) -> String {
    text.to_uppercase()
}

/// `text | lower`.
pub fn string_lower(text: &str) -> String {
    text.to_lowercase()
}

/// `text | capitalize`: the first character upper case, the others lower case.
pub fn string_capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect()
    })
}

/// `text | trim`: without white space at both ends.
pub fn string_trim(text: &str) -> String {
    text.trim().to_owned()
}

/// `text | replace(from, to)`: every place; an empty `from` changes nothing.
pub fn string_replace(text: &str, from: &str, to: &str) -> String {
    if from.is_empty() { text.to_owned() } else { text.replace(from, to) }
}

/// `text | split(separator)`; an empty separator gives the characters.
pub fn string_split(text: &str, separator: &str) -> Vec<String> {
    if separator.is_empty() {
        return text.chars().map(String::from).collect();
    }
    text.split(separator).map(str::to_owned).collect()
}

/// `text | split`: the words between white space.
pub fn string_words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `text | lines`.
pub fn string_lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// `list | join(separator)`.
pub fn string_join(list: &[String], separator: &str) -> String {
    list.join(separator)
}

/// `text | startswith(prefix)`.
pub fn string_starts_with(text: &str, prefix: &str) -> bool {
    text.starts_with(prefix)
}

/// `text | endswith(suffix)`.
pub fn string_ends_with(text: &str, suffix: &str) -> bool {
    text.ends_with(suffix)
}

/// `part in text`, `text | contains(part)`.
pub fn string_contains(text: &str, part: &str) -> bool {
    text.contains(part)
}

/// `text | reverse`.
pub fn string_reverse(text: &str) -> String {
    text.chars().rev().collect()
}

/// `text[start:stop]`; what lies outside is left out.
pub fn string_slice(text: &str, start: Option<i64>, stop: Option<i64>) -> String {
    let (start, stop) = bounds(text.chars().count(), start, stop);
    text.chars().take(stop).skip(start).collect()
}

/// `text | truncate(length, end)`: where it is longer than `length`, cut so that with `end` it
/// has that length.
pub fn string_truncate(text: &str, length: i64, end: &str) -> String {
    let length = usize::try_from(length).unwrap_or(0);
    if text.chars().nth(length).is_none() {
        return text.to_owned();
    }
    let kept = length.saturating_sub(end.chars().count());
    text.chars().take(kept).chain(end.chars()).take(length).collect()
}

/// `text | int`: decimal digits with a sign, white space around them allowed.
pub fn string_to_int(text: &str) -> Result<i64, ExprError> {
    text.trim().parse().map_err(|_| not_a(text, "an int"))
}

/// `text | float`: a decimal number, white space around it allowed; finite.
pub fn string_to_number(text: &str) -> Result<f64, ExprError> {
    let number: Option<f64> = text.trim().parse().ok();
    number.filter(|number| number.is_finite()).ok_or_else(|| not_a(text, "a number"))
}

/// `text | bool`: `true` or `false`.
pub fn string_to_bool(text: &str) -> Result<bool, ExprError> {
    text.trim().parse().map_err(|_| not_a(text, "`true` or `false`"))
}

fn not_a(text: &str, what: &str) -> ExprError {
    ExprError::new(format!("{} is not {what}", describe(&text.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_bytes() {
        assert_eq!(string_length("Grüße 🙂"), 7);
        assert_eq!(string_slice("Grüße 🙂", Some(2), Some(-1)), "üße ");
        assert_eq!(string_reverse("aü"), "üa");
        assert_eq!(string_upper("straße"), "STRASSE");
        assert_eq!(
            (string_capitalize("ÉCOLE").as_str(), string_capitalize("").as_str()),
            ("École", "")
        );
    }

    #[test]
    fn splitting_and_replacing_with_nothing_is_defined() {
        assert_eq!(string_split("a,b,", ","), ["a", "b", ""]);
        assert_eq!(string_split("aü", ""), ["a", "ü"]);
        assert_eq!(string_words("  a \t b\n"), ["a", "b"]);
        assert_eq!(string_replace("abc", "", "-"), "abc");
    }

    #[test]
    fn truncation_counts_its_end() {
        assert_eq!(string_truncate("abcdef", 6, "..."), "abcdef");
        assert_eq!(string_truncate("abcdef", 5, "..."), "ab...");
        assert_eq!(string_truncate("abcdef", 2, "..."), "..");
        assert_eq!(string_truncate("abcdef", -1, "..."), "");
    }

    #[test]
    fn text_converts_where_it_is_what_it_says() {
        assert_eq!(string_to_int(" -12 "), Ok(-12));
        assert_eq!(string_to_int("1.0").unwrap_err().message, "the string \"1.0\" is not an int");
        assert_eq!(string_to_number("1e3"), Ok(1000.0));
        for wrong in ["inf", "NaN", "1e999", "", "1,5", "0x1"] {
            assert!(string_to_number(wrong).is_err(), "{wrong}");
        }
        assert_eq!(string_to_bool("true"), Ok(true));
        assert!(string_to_bool("True").is_err());
    }
}
