//! Instants and spans of time, in milliseconds.

use super::ExprError;
use crate::types::describe;
use crate::values::{Duration, Timestamp};

/// `timestamp('2026-11-21T08:30:00Z')`.
pub fn timestamp_parse(text: &str) -> Result<Timestamp, ExprError> {
    text.trim().parse().map_err(|_| {
        ExprError::new(format!(
            "{} is not a timestamp such as 2026-11-21T08:30:00Z",
            describe(&text.into())
        ))
    })
}

/// `duration('1m 30s')`.
pub fn duration_parse(text: &str) -> Result<Duration, ExprError> {
    text.trim().parse().map_err(|_| {
        ExprError::new(format!("{} is not a duration such as 1m 30s", describe(&text.into())))
    })
}

fn milliseconds(span: Duration) -> Option<i64> {
    i64::try_from(span.0.as_millis()).ok()
}

fn instant(milliseconds: Option<i64>) -> Result<Timestamp, ExprError> {
    milliseconds
        .and_then(Timestamp::from_milliseconds)
        .ok_or_else(|| ExprError::new("the instant lies outside the years 0000 to 9999"))
}

fn span(duration: Option<std::time::Duration>) -> Result<Duration, ExprError> {
    duration.map(Duration).ok_or_else(|| ExprError::new("the duration is too long"))
}

/// `instant + span`.
pub fn timestamp_add(at: Timestamp, by: Duration) -> Result<Timestamp, ExprError> {
    instant(milliseconds(by).and_then(|by| at.0.checked_add(by)))
}

/// `instant - span`.
pub fn timestamp_sub(at: Timestamp, by: Duration) -> Result<Timestamp, ExprError> {
    instant(milliseconds(by).and_then(|by| at.0.checked_sub(by)))
}

/// `later - earlier`; fails where it would be negative.
pub fn timestamp_since(later: Timestamp, earlier: Timestamp) -> Result<Duration, ExprError> {
    let between = later.0.checked_sub(earlier.0).and_then(|between| u64::try_from(between).ok());
    between.map(|between| Duration(std::time::Duration::from_millis(between))).ok_or_else(|| {
        ExprError::new(format!("{later} is before {earlier}, and no duration is negative"))
    })
}

/// `a + b`.
pub fn duration_add(left: Duration, right: Duration) -> Result<Duration, ExprError> {
    span(left.0.checked_add(right.0))
}

/// `a - b`; fails where it would be negative.
pub fn duration_sub(left: Duration, right: Duration) -> Result<Duration, ExprError> {
    left.0.checked_sub(right.0).map(Duration).ok_or_else(|| {
        ExprError::new(format!("{left} is shorter than {right}, and no duration is negative"))
    })
}

/// `span * times`; fails where it would be negative.
pub fn duration_mul(duration: Duration, times: i64) -> Result<Duration, ExprError> {
    if times < 0 {
        return Err(ExprError::new(format!("{duration} * {times}: no duration is negative")));
    }
    let times = u32::try_from(times).ok();
    span(times.and_then(|times| duration.0.checked_mul(times)))
}

/// `instant | date`: its day in UTC, `2026-11-21`.
pub fn timestamp_date(at: Timestamp) -> String {
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

/// `instant | unix`: whole seconds since 1970-01-01T00:00:00Z, rounded down.
pub fn timestamp_unix(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000)
}

/// `span | seconds`.
pub fn duration_seconds(duration: Duration) -> f64 {
    duration.0.as_secs_f64()
}

/// `span | milliseconds`, rounded down.
pub fn duration_milliseconds(duration: Duration) -> Result<i64, ExprError> {
    milliseconds(duration).ok_or_else(|| ExprError::new("the duration is too long for an int"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_adds_up_or_fails() {
        let at = timestamp_parse("2026-11-21T08:30:00Z").expect("a timestamp");
        let day = duration_parse("1day").expect("a duration");
        let next = timestamp_add(at, day).expect("a timestamp");
        assert_eq!(next.to_string(), "2026-11-22T08:30:00.000Z");
        assert_eq!(timestamp_since(next, at), Ok(day));
        assert_eq!(timestamp_sub(next, day), Ok(at));
        assert_eq!(
            timestamp_since(at, next).unwrap_err().message,
            "2026-11-21T08:30:00.000Z is before 2026-11-22T08:30:00.000Z, and no duration is negative"
        );
        assert!(timestamp_add(Timestamp::MAX, day).is_err());
        assert!(timestamp_sub(Timestamp::MIN, day).is_err());
        assert!(timestamp_add(at, Duration(std::time::Duration::MAX)).is_err());
        assert!(duration_add(Duration(std::time::Duration::MAX), day).is_err());
        assert!(duration_sub(Duration::default(), day).is_err());
        assert!(duration_mul(day, -1).is_err() && duration_mul(day, i64::MAX).is_err());
        assert_eq!(duration_mul(day, 2).map(|two| two.to_string()), Ok("2days".to_owned()));
    }

    #[test]
    fn parts_of_time() {
        let before = Timestamp(-1);
        assert_eq!((timestamp_date(before).as_str(), timestamp_unix(before)), ("1969-12-31", -1));
        let span = duration_parse("1s 500ms").expect("a duration");
        assert_eq!(duration_parse("PT1.5S"), Ok(span));
        assert_eq!(duration_milliseconds(span), Ok(1500));
        assert!((duration_seconds(span) - 1.5).abs() < f64::EPSILON);
    }
}
