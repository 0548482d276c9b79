//! Durations as text: `500ms`, `30s`, `1m 30s`.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;

/// What a message lists as accepted.
pub(crate) const ACCEPTED: &str = "a duration such as \"500ms\", \"30s\", \"1m 30s\" or \"2h\"";

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a duration: numbers with units, largest first or not, spaces between them or not.
/// `None` where the text is none, is empty, or does not fit.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut millis: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        millis = millis.checked_add(number.parse::<u64>().ok()?.checked_mul(*size)?)?;
        rest = next.trim_start();
    }
    Some(Duration::from_millis(millis))
}

/// The constructor call that reads best: whole seconds where there are only such.
pub(crate) fn tokens(duration: Duration) -> TokenStream {
    let (seconds, millis) = (duration.as_secs(), duration.as_millis());
    if u128::from(seconds) * 1_000 == millis {
        quote!(::core::time::Duration::from_secs(#seconds))
    } else {
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        quote!(::core::time::Duration::from_millis(#millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up() {
        assert_eq!(parse("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse("1m 30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse("1h30m"), Some(Duration::from_mins(90)));
        assert_eq!(parse(" 2 d "), Some(Duration::from_hours(48)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "5", "s", "5 parsecs", "-1s", "1.5s", "99999999999999999999s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn whole_seconds_are_written_as_seconds() {
        assert!(tokens(Duration::from_secs(30)).to_string().contains("from_secs (30u64)"));
        assert!(tokens(Duration::from_millis(500)).to_string().contains("from_millis (500u64)"));
    }
}
