//! Durations as text, `500ms`, `30s`, `1m 30s`: the language's own text form, so that whatever
//! a `flowcrate::Duration` prints can stand in an attribute.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;

/// What a message lists as accepted.
pub(crate) const ACCEPTED: &str = "a duration such as \"500ms\", \"30s\", \"1m 30s\" or \"2h\"";

const SECOND: u128 = 1_000_000_000;

/// Units and their length in nanoseconds; a month and a year are averages.
const UNITS: [(&[&str], u128); 10] = [
    (&["nanos", "nsec", "ns"], 1),
    (&["usec", "us", "µs"], 1_000),
    (&["millis", "msec", "ms"], 1_000_000),
    (&["seconds", "second", "secs", "sec", "s"], SECOND),
    (&["minutes", "minute", "min", "mins", "m"], 60 * SECOND),
    (&["hours", "hour", "hr", "hrs", "h"], 3_600 * SECOND),
    (&["days", "day", "d"], 86_400 * SECOND),
    (&["weeks", "week", "wk", "wks", "w"], 604_800 * SECOND),
    (&["months", "month", "M"], 2_630_016 * SECOND),
    (&["years", "year", "yr", "yrs", "y"], 31_557_600 * SECOND),
];

/// Reads a duration: numbers with units, spaces between them or not. `None` where the text is
/// none, is empty, or does not fit.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut nanos: u128 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let (_, length) = UNITS.iter().find(|(names, _)| names.contains(&unit))?;
        nanos = nanos.checked_add(number.parse::<u128>().ok()?.checked_mul(*length)?)?;
        rest = next.trim_start();
    }
    let seconds = u64::try_from(nanos / SECOND).ok()?;
    Some(Duration::new(seconds, u32::try_from(nanos % SECOND).ok()?))
}

/// The constructor call that reads best: whole seconds where there are only such.
pub(crate) fn tokens(duration: Duration) -> TokenStream {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    if nanos == 0 {
        return quote!(::core::time::Duration::from_secs(#seconds));
    }
    match u64::try_from(duration.as_millis()) {
        Ok(millis) if nanos % 1_000_000 == 0 => {
            quote!(::core::time::Duration::from_millis(#millis))
        }
        _ => quote!(::core::time::Duration::new(#seconds, #nanos)),
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
    fn what_the_runtime_prints_is_read() {
        for seconds in [0, 1, 59, 60, 3_600, 86_400, 604_800, 2_630_016, 31_557_600, 99_999_999] {
            for nanos in [0, 1, 1_000, 1_000_000, 123_456_789] {
                let duration = Duration::new(seconds, nanos);
                assert_eq!(parse(&flowcrate::Duration(duration).to_string()), Some(duration));
            }
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "5", "s", "5 parsecs", "-1s", "1.5s", "99999999999999999999999999y"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_shortest_constructor_is_written() {
        let text = |duration| tokens(duration).to_string();
        assert!(text(Duration::from_secs(30)).contains("from_secs (30u64)"));
        assert!(text(Duration::from_millis(500)).contains("from_millis (500u64)"));
        assert!(text(Duration::new(1, 5)).contains("new (1u64 , 5u32)"));
    }
}
