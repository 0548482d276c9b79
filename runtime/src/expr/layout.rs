//! Text as it is shown: titles, indentation, HTML, fixed digits.

use super::ExprError;

/// `text | title`: the first letter of each word in upper case, the others in lower case.
pub fn string_title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut begins = true;
    for character in text.chars() {
        if character.is_whitespace() || matches!(character, '-' | '(' | '{' | '[' | '<') {
            titled.push(character);
            begins = true;
        } else if std::mem::take(&mut begins) {
            titled.extend(character.to_uppercase());
        } else {
            titled.extend(character.to_lowercase());
        }
    }
    titled
}

/// How far text may be indented.
const MAX_INDENT: i64 = 1_000;

/// `text | indent(width, first)`: so many spaces before each line that is not empty; before the
/// first only where `first` is true. An end of line at the end is left out.
pub fn string_indent(text: &str, width: i64, first: bool) -> Result<String, ExprError> {
    let width = usize::try_from(width.min(MAX_INDENT + 1)).unwrap_or(0);
    if i64::try_from(width).unwrap_or(i64::MAX) > MAX_INDENT {
        return Err(ExprError::new(format!("text is indented by {MAX_INDENT} at most")));
    }
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let mut indented = String::with_capacity(text.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            indented.push('\n');
        }
        if !line.is_empty() && line != "\r" && (at > 0 || first) {
            indented.extend(std::iter::repeat_n(' ', width));
        }
        indented.push_str(line);
    }
    Ok(indented)
}

/// `text | escape`: safe within HTML, in text and in quotes.
pub fn string_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            '/' => escaped.push_str("&#x2f;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `text | trim('-')`: without these characters at both ends.
pub fn string_trim_of(text: &str, characters: &str) -> String {
    text.trim_matches(|character| characters.contains(character)).to_owned()
}

/// `text | split(separator, maxsplit)`: cut so many times at most; the characters where the
/// separator is empty, cut as often.
pub fn string_split_at_most(text: &str, separator: &str, maxsplit: i64) -> Vec<String> {
    let Ok(most) = usize::try_from(maxsplit) else {
        return super::string_split(text, separator);
    };
    let most = most.saturating_add(1);
    if !separator.is_empty() {
        return text.splitn(most, separator).map(str::to_owned).collect();
    }
    let mut parts = super::string_split(text, separator);
    let rest = parts.split_off(parts.len().min(most));
    if let Some(last) = parts.last_mut() {
        last.extend(rest);
    }
    parts
}

/// `text | list`: its characters.
pub fn string_list(text: &str) -> Vec<String> {
    text.chars().map(String::from).collect()
}

/// `text is lower`: it has letters of a case, and all of them are in lower case.
pub fn string_is_lower(text: &str) -> bool {
    text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)
}

/// `text is upper`: it has letters of a case, and all of them are in upper case.
pub fn string_is_upper(text: &str) -> bool {
    text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
}

/// How many digits `fixed` writes after the point.
const MAX_DIGITS: i64 = 15;

/// `number | fixed(2)`: with so many digits after the point, 0 to 15; half away from zero as in
/// [`number_round`](super::number_round).
pub fn number_fixed(value: f64, digits: i64) -> String {
    let digits = digits.clamp(0, MAX_DIGITS);
    let rounded = super::number_round(value, digits);
    // What rounds to zero has no sign.
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    format!("{rounded:.*}", usize::try_from(digits).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_laid_out() {
        assert_eq!(string_title("héllo WORLD (an ~-x)"), "Héllo World (An ~-X)");
        assert_eq!(string_indent("a\n\nb\n", 2, false).as_deref(), Ok("a\n\n  b"));
        assert_eq!(string_indent("a\r\n\r\nb", 2, true).as_deref(), Ok("  a\r\n\r\n  b"));
        assert_eq!(string_indent("a", -3, true).as_deref(), Ok("a"));
        assert!(string_indent("a", i64::MAX, true).is_err());
        assert_eq!(string_escape("<a href='/x'>&\"</a>").matches('&').count(), 10);
        assert_eq!(string_trim_of("--a-b-", "-"), "a-b");
    }

    #[test]
    fn splitting_stops_where_it_is_told() {
        assert_eq!(string_split_at_most("a,b,c", ",", 1), ["a", "b,c"]);
        assert_eq!(string_split_at_most("a,b", ",", 0), ["a,b"]);
        assert_eq!(string_split_at_most("a,b", ",", -1), ["a", "b"]);
        assert_eq!(string_split_at_most("abc", "", 1), ["a", "bc"]);
        assert_eq!(string_split_at_most("", "", 3), [""; 0]);
    }

    #[test]
    fn digits_are_fixed_without_a_negative_zero() {
        assert_eq!(number_fixed(1234.5, 2), "1234.50");
        assert_eq!(number_fixed(-0.001, 2), "0.00");
        assert_eq!(number_fixed(2.5, 0), "3");
        assert_eq!(number_fixed(1.0, 99), "1.000000000000000");
    }
}
