//! Instants as RFC 3339 text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::Text;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// An instant with millisecond precision, as milliseconds since 1970-01-01T00:00:00Z;
/// RFC 3339 in UTC as text and in JSON, `2026-11-21T08:30:00.000Z`.
///
/// Text may have any offset and any fraction; what is finer than a millisecond is cut off.
/// RFC 3339 has years 0000 to 9999; [`Timestamp::MIN`] and [`Timestamp::MAX`] are their ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// Text that is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampError;

impl fmt::Display for TimestampError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not a timestamp; write it as 2026-11-21T08:30:00Z")
    }
}

impl std::error::Error for TimestampError {}

impl Timestamp {
    /// 0000-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(days_from_civil(0, 1, 1) * DAY);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(days_from_civil(10_000, 1, 1) * DAY - 1);

    /// The instant `milliseconds` after 1970, where RFC 3339 can write it.
    pub fn from_milliseconds(milliseconds: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&milliseconds).then_some(Self(milliseconds))
    }

    /// Midnight in UTC of a day that exists.
    pub(crate) fn from_civil(year: i64, month: i64, day: i64) -> Option<Self> {
        Self::from_milliseconds(days_from_civil(year, month, day) * DAY)
    }

    /// Its year, month and day in UTC.
    pub(crate) fn civil(self) -> (i64, i64, i64) {
        civil_from_days(self.0.div_euclid(DAY))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        let rest = self.0.rem_euclid(DAY);
        write!(
            out,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
            rest / HOUR,
            rest % HOUR / MINUTE,
            rest % MINUTE / SECOND,
            rest % SECOND
        )
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.as_bytes()).ok_or(TimestampError)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text::new("a timestamp"))
    }
}

/// `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`.
fn parse(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (year, month, day) = parse_date(date)?;
    let (time, rest) = rest.split_at_checked(9)?;
    let &[b'T' | b't' | b' ', h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    let (hour, minute, second) =
        (number(&[h1, h2], 23)?, number(&[m1, m2], 59)?, number(&[s1, s2], 60)?);
    let (milliseconds, offset) = fraction(rest)?;
    let offset = parse_offset(offset)?;
    // A leap second is the last second of its minute: POSIX time has no other name for it.
    let time = hour * HOUR + minute * MINUTE + second.min(59) * SECOND + milliseconds;
    Timestamp::from_milliseconds(days_from_civil(year, month, day) * DAY + time - offset)
}

fn parse_date(date: &[u8]) -> Option<(i64, i64, i64)> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let (year, month) = (number(&[y1, y2, y3, y4], 9_999)?, number(&[m1, m2], 12)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        0 => return None,
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = number(&[d1, d2], last)?;
    (day > 0).then_some((year, month, day))
}

/// Milliseconds of a fraction, where there is one, and what follows.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at_checked(length)?;
    let digit = |at: usize| digits.get(at).map_or(0, |byte| i64::from(byte - b'0'));
    (length > 0).then_some((digit(0) * 100 + digit(1) * 10 + digit(2), rest))
}

fn parse_offset(text: &[u8]) -> Option<i64> {
    match *text {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let offset = number(&[h1, h2], 23)? * HOUR + number(&[m1, m2], 59)? * MINUTE;
            Some(if sign == b'-' { -offset } else { offset })
        }
        _ => None,
    }
}

fn number(digits: &[u8], most: i64) -> Option<i64> {
    let value = digits.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
    })?;
    (value <= most).then_some(value)
}

/// Days since 1970-01-01 of a day in the proleptic Gregorian calendar, by whole 400-year eras
/// that start on 1 March, so that the leap day is the last of its year.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_as_its_instant() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.001Z", 1),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00+02:00", 951_818_400_000),
            ("2026-11-21t08:30:00.1239z", 1_795_249_800_123),
            ("2016-12-31 23:59:60Z", 1_483_228_799_000),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(text.parse(), Ok(Timestamp(milliseconds)), "{text}");
        }
    }

    #[test]
    fn wrong_text_is_refused() {
        for wrong in [
            "",
            "2026-11-21",
            "2026-11-21T08:30:00",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+0200",
            "2026-01-01T00:00:00Z ",
            "0000-01-01T00:00:00+00:01",
            "２026-01-01T00:00:00Z",
        ] {
            assert_eq!(wrong.parse::<Timestamp>(), Err(TimestampError), "{wrong}");
        }
    }

    #[test]
    fn every_day_survives_the_calendar_and_text_sorts_as_time_does() {
        let mut last = String::new();
        let (first, end) = (Timestamp::MIN.0 / DAY, (Timestamp::MAX.0 + 1) / DAY);
        for day in (first..end).step_by(13).chain([end - 1]) {
            let instant = Timestamp(day * DAY + 86_399_123);
            let text = instant.to_string();
            assert_eq!(text.parse(), Ok(instant));
            assert!(text > last, "{text} after {last}");
            last = text;
        }
        assert_eq!(last, "9999-12-31T23:59:59.123Z");
    }
}
