//! Durations as people write them: `1m 30s`, `2 days`, `1.5h`.
//!
//! What is read and written is part of the language (S17) and stands in journals, so it is ours.

use std::fmt;
use std::time::Duration;

/// Lengths in seconds. A year has 365.25 days, a month 30.44.
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MONTH: u64 = 2_630_016;
const YEAR: u64 = 31_557_600;

/// Units by their names, and how long each is.
const UNITS: [(&[&str], Duration); 10] = [
    (&["nanos", "nsec", "ns"], Duration::from_nanos(1)),
    (&["usec", "us", "µs"], Duration::from_micros(1)),
    (&["millis", "msec", "ms"], Duration::from_millis(1)),
    (&["seconds", "second", "secs", "sec", "s"], Duration::from_secs(1)),
    (&["minutes", "minute", "min", "mins", "m"], Duration::from_secs(MINUTE)),
    (&["hours", "hour", "hr", "hrs", "h"], Duration::from_secs(HOUR)),
    (&["days", "day", "d"], Duration::from_secs(DAY)),
    (&["weeks", "week", "wk", "wks", "w"], Duration::from_secs(7 * DAY)),
    (&["months", "month", "M"], Duration::from_secs(MONTH)),
    (&["years", "year", "yr", "yrs", "y"], Duration::from_secs(YEAR)),
];

/// Text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationError(String);

impl fmt::Display for DurationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for DurationError {}

impl DurationError {
    fn character(at: usize) -> Self {
        Self(format!("invalid character at {at}"))
    }

    fn unit(unit: &str, number: &Number) -> Self {
        if unit.is_empty() {
            let whole = number.whole;
            return Self(format!("time unit needed, for example {whole}sec or {whole}ms"));
        }
        Self(format!(
            "unknown time unit {unit:?}, supported units: ns, us/µs, ms, sec, min, hours, days, \
             weeks, months, years (and few variations)"
        ))
    }

    fn range() -> Self {
        Self("number is too large, or finer than a nanosecond".to_owned())
    }
}

/// The duration that a text such as `1m 30s` or `2 days` is: the sum of its parts.
pub(super) fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut rest = Rest { text, at: 0 };
    let mut sum = None;
    rest.skip(char::is_whitespace);
    while rest.at < text.len() {
        let number = rest.number()?;
        let unit = rest.unit()?;
        let known = UNITS.iter().find(|(names, _)| names.contains(&unit));
        let (_, length) = known.ok_or_else(|| DurationError::unit(unit, &number))?;
        let part = number.times(*length).ok_or_else(DurationError::range)?;
        sum =
            Some(sum.unwrap_or(Duration::ZERO).checked_add(part).ok_or_else(DurationError::range)?);
        rest.skip(char::is_whitespace);
    }
    sum.ok_or_else(|| DurationError("value was empty".to_owned()))
}

/// Writes it as `1day 2h 3m 4s 5ms`.
pub(super) fn write(duration: Duration, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if duration.is_zero() {
        return out.write_str("0s");
    }
    let seconds = duration.as_secs();
    let (years, rest) = (seconds / YEAR, seconds % YEAR);
    let (months, rest) = (rest / MONTH, rest % MONTH);
    let (days, rest) = (rest / DAY, rest % DAY);
    let (hours, minutes, seconds) = (rest / HOUR, rest / MINUTE % 60, rest % MINUTE);
    let nanos = u64::from(duration.subsec_nanos());
    let plural = |name, many, count| (count, if count > 1 { many } else { name });
    let parts = [
        plural("year", "years", years),
        plural("month", "months", months),
        plural("day", "days", days),
        (hours, "h"),
        (minutes, "m"),
        (seconds, "s"),
        (nanos / 1_000_000, "ms"),
        (nanos / 1_000 % 1_000, "us"),
        (nanos % 1_000, "ns"),
    ];
    let mut between = "";
    for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
        write!(out, "{between}{count}{unit}")?;
        between = " ";
    }
    Ok(())
}

/// `1.5`: a whole, and parts of which so many make one.
struct Number {
    whole: u64,
    fraction: u64,
    parts: u64,
}

impl Number {
    /// So many of these, if they are whole nanoseconds.
    fn times(&self, length: Duration) -> Option<Duration> {
        let length = length.as_nanos();
        let fraction = length.checked_mul(u128::from(self.fraction))?;
        let parts = u128::from(self.parts);
        if fraction % parts != 0 {
            return None;
        }
        let nanos = length.checked_mul(u128::from(self.whole))?.checked_add(fraction / parts)?;
        let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
        Some(Duration::new(seconds, u32::try_from(nanos % 1_000_000_000).ok()?))
    }
}

/// What is still to be read of a text.
struct Rest<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Rest<'t> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    /// Goes past what is wanted, and gives that.
    fn skip(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let skipped =
            rest.get(..rest.find(|c| !wanted(c)).unwrap_or(rest.len())).unwrap_or_default();
        self.at += skipped.len();
        skipped
    }

    /// Digits, among which may be spaces, and maybe a point.
    fn number(&mut self) -> Result<Number, DurationError> {
        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Err(DurationError(format!("expected number at {}", self.at)));
        }
        let whole = number(self.digits())?;
        if self.peek() != Some('.') {
            return Ok(Number { whole, fraction: 0, parts: 1 });
        }
        self.at += 1;
        let digits = self.digits();
        let count = digits.bytes().filter(u8::is_ascii_digit).count();
        let parts = u32::try_from(count).ok().and_then(|count| 10_u64.checked_pow(count));
        match parts {
            // A point with nothing behind it.
            Some(1) => Err(DurationError::character(self.at)),
            Some(parts) => Ok(Number { whole, fraction: number(digits)?, parts }),
            None => Err(DurationError::range()),
        }
    }

    fn digits(&mut self) -> &'t str {
        self.skip(|c| c.is_ascii_digit() || c.is_whitespace())
    }

    /// Letters up to a space, a digit or the end.
    fn unit(&mut self) -> Result<&'t str, DurationError> {
        let unit = self.skip(|c| c.is_ascii_alphabetic() || c == 'µ');
        match self.peek() {
            Some(c) if !c.is_ascii_digit() && !c.is_whitespace() => {
                Err(DurationError::character(self.at))
            }
            _ => Ok(unit),
        }
    }
}

/// The number that digits make.
fn number(digits: &str) -> Result<u64, DurationError> {
    let mut digits = digits.bytes().filter(u8::is_ascii_digit).map(|digit| u64::from(digit - b'0'));
    let number = digits.try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(digit));
    number.ok_or_else(DurationError::range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Duration as Written;

    #[test]
    fn parts_add_up_and_are_written_from_the_largest_on() {
        for (text, written) in [
            ("90s", "1m 30s"),
            ("1.5h", "1h 30m"),
            ("30m1h", "1h 30m"),
            ("1 000 ms", "1s"),
            ("2weeks", "14days"),
            ("1y 1M 1d", "1year 1month 1day"),
            ("0.25 s", "250ms"),
            ("3 days 0s", "3days"),
            ("1us 2ns", "1us 2ns"),
            ("0ms", "0s"),
        ] {
            let parsed = parse(text).map(|duration| Written(duration).to_string());
            assert_eq!(parsed.as_deref(), Ok(written), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_said_where() {
        for (text, reason) in [
            ("", "value was empty"),
            ("soon", "expected number at 0"),
            ("5", "time unit needed, for example 5sec or 5ms"),
            ("1m 30", "time unit needed, for example 30sec or 30ms"),
            ("1h,2m", "invalid character at 2"),
            ("1.h", "invalid character at 2"),
            ("-1h", "expected number at 0"),
            ("0.5ns", "number is too large, or finer than a nanosecond"),
            ("99999999999999999999s", "number is too large, or finer than a nanosecond"),
            ("18446744073709551615y", "number is too large, or finer than a nanosecond"),
        ] {
            assert_eq!(
                parse(text).map_err(|error| error.to_string()),
                Err(reason.to_owned()),
                "{text}"
            );
        }
        let unknown = parse("3 lunes").map_err(|error| error.to_string());
        assert!(unknown.is_err_and(|reason| reason.starts_with("unknown time unit \"lunes\", ")));
    }

    /// Journals of earlier versions were written with that.
    #[test]
    fn durations_are_those_of_humantime() {
        let parts = [
            "1", "20", "0.5", " 7 ", "1.", ".", "", "s", "m", "min", "h", "M", "µs", "days", " ",
            "x", "!", "4y",
        ];
        let count = parts.len();
        for number in 0..count.pow(4) {
            let places = [number, number / count, number / count.pow(2), number / count.pow(3)];
            let text = places.map(|place| parts[place % count]).concat();
            match (parse(&text), humantime::parse_duration(&text)) {
                (Ok(ours), Ok(theirs)) => {
                    assert_eq!(ours, theirs, "{text:?}");
                    let written = Written(ours).to_string();
                    assert_eq!(written, humantime::format_duration(theirs).to_string());
                    assert_eq!(parse(&written), Ok(ours), "{written}");
                }
                // Half a second of an hour is one.
                (Ok(_), Err(humantime::DurationError::NumberOverflow)) | (Err(_), Err(_)) => {}
                (ours, theirs) => panic!("{text:?}: {ours:?}, {theirs:?}"),
            }
        }
    }
}
