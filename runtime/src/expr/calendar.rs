//! Instants by the calendar, in UTC: their parts, and months to come.

use super::ExprError;
use crate::values::Timestamp;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `at | year`.
pub fn timestamp_year(at: Timestamp) -> i64 {
    at.civil().0
}

/// `at | month`: 1 to 12.
pub fn timestamp_month(at: Timestamp) -> i64 {
    at.civil().1
}

/// `at | day`: 1 to 31.
pub fn timestamp_day(at: Timestamp) -> i64 {
    at.civil().2
}

/// `at | hour`: 0 to 23.
pub fn timestamp_hour(at: Timestamp) -> i64 {
    at.0.rem_euclid(DAY) / HOUR
}

/// `at | minute`: 0 to 59.
pub fn timestamp_minute(at: Timestamp) -> i64 {
    at.0.rem_euclid(HOUR) / MINUTE
}

/// `at | second`: 0 to 59.
pub fn timestamp_second(at: Timestamp) -> i64 {
    at.0.rem_euclid(MINUTE) / SECOND
}

/// `at | weekday`: 1 for Monday to 7 for Sunday.
pub fn timestamp_weekday(at: Timestamp) -> i64 {
    // 1970-01-01 was a Thursday.
    (at.0.div_euclid(DAY) + 3).rem_euclid(7) + 1
}

/// `at | add_months(n)`: the same day and time so many months later, or earlier where it is
/// negative; the last day of a month that is shorter.
pub fn timestamp_add_months(at: Timestamp, months: i64) -> Result<Timestamp, ExprError> {
    let outside = || ExprError::new("the instant lies outside the years 0000 to 9999");
    let (year, month, day) = at.civil();
    let months = (year * 12 + month - 1).checked_add(months).ok_or_else(outside)?;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    if !(0..=9_999).contains(&year) {
        return Err(outside());
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    Timestamp::from_civil(year, month, day.min(last))
        .and_then(|midnight| Timestamp::from_milliseconds(midnight.0 + at.0.rem_euclid(DAY)))
        .ok_or_else(outside)
}

/// `from_unix(seconds)`.
pub fn timestamp_from_unix(seconds: i64) -> Result<Timestamp, ExprError> {
    let at = seconds.checked_mul(SECOND).and_then(Timestamp::from_milliseconds);
    at.ok_or_else(|| ExprError::new("the instant lies outside the years 0000 to 9999"))
}

/// `from_unix_ms(milliseconds)`.
pub fn timestamp_from_unix_ms(milliseconds: i64) -> Result<Timestamp, ExprError> {
    Timestamp::from_milliseconds(milliseconds)
        .ok_or_else(|| ExprError::new("the instant lies outside the years 0000 to 9999"))
}

/// `at | unix_ms`: milliseconds since 1970-01-01T00:00:00Z.
pub fn timestamp_unix_ms(at: Timestamp) -> i64 {
    at.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn instants_have_parts() {
        let at = at("2026-11-21T08:30:59.999Z");
        assert_eq!(
            [timestamp_year(at), timestamp_month(at), timestamp_day(at), timestamp_hour(at)],
            [2026, 11, 21, 8]
        );
        assert_eq!(
            [timestamp_minute(at), timestamp_second(at), timestamp_weekday(at)],
            [30, 59, 6]
        );
        let before = Timestamp(-1);
        assert_eq!((timestamp_hour(before), timestamp_weekday(before)), (23, 3));
        assert_eq!(timestamp_from_unix(-1), Ok(Timestamp(-1_000)));
        assert!(
            timestamp_from_unix(i64::MAX).is_err() && timestamp_from_unix_ms(i64::MAX).is_err()
        );
    }

    #[test]
    fn months_end_where_they_do() {
        let add = |text: &str, months| timestamp_add_months(at(text), months);
        assert_eq!(add("2024-01-31T10:00:00Z", 1), Ok(at("2024-02-29T10:00:00Z")));
        assert_eq!(add("2026-03-31T10:00:00Z", -1), Ok(at("2026-02-28T10:00:00Z")));
        assert_eq!(add("2026-11-21T10:00:00Z", 14), Ok(at("2028-01-21T10:00:00Z")));
        assert_eq!(add("1969-12-31T23:59:59.999Z", 2), Ok(at("1970-02-28T23:59:59.999Z")));
        for wrong in [i64::MAX, i64::MIN, 12 * 8_000, -12 * 3_000] {
            assert!(add("2026-11-21T10:00:00Z", wrong).is_err(), "{wrong}");
        }
    }
}
