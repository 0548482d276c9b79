//! Instants as people write them, in a time zone: `format`, `timestamp(text, format)`,
//! `start_of`.
//!
//! Zones are those that were compiled in, so that a replay finds the same ones everywhere.

use std::sync::LazyLock;

use jiff::civil::{Date, Time};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{ToSpan, Zoned};

use super::ExprError;
use crate::types::describe;
use crate::values::Timestamp;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

fn zone(name: &str) -> Result<TimeZone, ExprError> {
    ZONES.get(name).map_err(|_| {
        ExprError::new(format!(
            "{} is no time zone such as `Europe/Berlin` or `UTC`",
            describe(&name.into())
        ))
    })
}

fn zoned(at: Timestamp, name: &str) -> Result<Zoned, ExprError> {
    let zone = zone(name)?;
    let instant = jiff::Timestamp::from_millisecond(at.0)
        .map_err(|_| ExprError::new("the instant lies outside the years 0000 to 9999"))?;
    Ok(instant.to_zoned(zone))
}

fn instant(zoned: &Zoned) -> Result<Timestamp, ExprError> {
    Timestamp::from_milliseconds(zoned.timestamp().as_millisecond())
        .ok_or_else(|| ExprError::new("the instant lies outside the years 0000 to 9999"))
}

/// Whether text is a format: what it names exists. `%Y` and its like, as `strftime` has them.
pub fn date_format_check(format: &str) -> Result<(), ExprError> {
    timestamp_format(Timestamp(0), format, "UTC").map(drop)
}

/// `at | format('%d %B %Y', 'Europe/Berlin')`.
pub fn timestamp_format(at: Timestamp, format: &str, timezone: &str) -> Result<String, ExprError> {
    let zoned = zoned(at, timezone)?;
    BrokenDownTime::from(&zoned).to_string(format).map_err(|error| {
        ExprError::new(format!("{} is no format of dates: {error}", describe(&format.into())))
    })
}

/// `timestamp('21.11.2026 9:30', '%d.%m.%Y %H:%M', 'Europe/Berlin')`: midnight where the format has
/// no time; the zone plays no part where the format has an offset (`%z`).
pub fn timestamp_parse_format(
    text: &str,
    format: &str,
    timezone: &str,
) -> Result<Timestamp, ExprError> {
    let wrong = |error: jiff::Error| {
        let (text, format) = (describe(&text.into()), describe(&format.into()));
        ExprError::new(format!("{text} does not read as {format}: {error}"))
    };
    let zone = zone(timezone)?;
    let parts = strtime::parse(format, text.trim()).map_err(wrong)?;
    if parts.offset().is_some() || parts.iana_time_zone().is_some() {
        return instant(&parts.to_zoned_with(&ZONES).map_err(wrong)?);
    }
    if let Ok(at) = parts.to_timestamp() {
        return instant(&at.to_zoned(TimeZone::UTC));
    }
    let date: Date = parts.to_date().map_err(wrong)?;
    let time = parts.to_time().unwrap_or(Time::midnight());
    instant(&date.to_datetime(time).to_zoned(zone).map_err(wrong)?)
}

/// `at | start_of('day', 'Europe/Berlin')`: of its year, month, week (Monday), day, hour or minute.
pub fn timestamp_start_of(
    at: Timestamp,
    unit: &str,
    timezone: &str,
) -> Result<Timestamp, ExprError> {
    let zoned = zoned(at, timezone)?;
    let failed = |_| ExprError::new("the instant lies outside the years 0000 to 9999");
    let day = zoned.start_of_day().map_err(failed)?;
    let back =
        |days: i8| day.checked_sub(i64::from(days).days()).and_then(|day| day.start_of_day());
    let start = match unit {
        "year" => {
            let days = i64::from(zoned.day_of_year()) - 1;
            day.checked_sub(days.days()).and_then(|day| day.start_of_day()).map_err(failed)?
        }
        "month" => back(zoned.day() - 1).map_err(failed)?,
        "week" => back(zoned.weekday().to_monday_zero_offset()).map_err(failed)?,
        "day" => day,
        "hour" | "minute" => {
            let into = if unit == "hour" { i64::from(zoned.minute()) * 60 } else { 0 };
            let seconds = into + i64::from(zoned.second());
            let milliseconds = seconds * 1_000 + i64::from(zoned.millisecond());
            return Ok(Timestamp(at.0 - milliseconds));
        }
        other => {
            let units = "`year`, `month`, `week`, `day`, `hour` and `minute`";
            let message = format!("{} is no unit; the units are {units}", describe(&other.into()));
            return Err(ExprError::new(message));
        }
    };
    instant(&start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn formats_go_both_ways() {
        let at = at("2026-11-21T08:30:00Z");
        let text = timestamp_format(at, "%A %d.%m.%Y %H:%M", "Europe/Berlin");
        assert_eq!(text.as_deref(), Ok("Saturday 21.11.2026 09:30"));
        let read = timestamp_parse_format("21.11.2026 09:30", "%d.%m.%Y %H:%M", "Europe/Berlin");
        assert_eq!(read, Ok(at));
        let offset = timestamp_parse_format("2026-11-21 10:30 +0200", "%Y-%m-%d %H:%M %z", "UTC");
        assert_eq!(offset, Ok(at));
        let day = timestamp_parse_format("21/11/26", "%d/%m/%y", "UTC");
        assert_eq!(day.map(|day| day.to_string()), Ok("2026-11-21T00:00:00.000Z".to_owned()));
        assert_eq!(timestamp_parse_format("1795249800", "%s", "Asia/Tokyo"), Ok(at));
    }

    #[test]
    fn what_is_no_format_or_zone_says_so() {
        assert!(date_format_check("%Q%").is_err() && date_format_check("%Y").is_ok());
        assert!(timestamp_format(Timestamp(0), "%Y", "Mars/Base").is_err());
        assert!(timestamp_parse_format("x", "%Y", "UTC").is_err());
        assert!(timestamp_parse_format("31.02.2026", "%d.%m.%Y", "UTC").is_err());
        assert!(timestamp_start_of(Timestamp(0), "century", "UTC").is_err());
    }

    #[test]
    fn units_begin_where_the_zone_says() {
        let noon = at("2026-10-25T11:34:56.789Z");
        for (unit, start) in [
            ("year", "2025-12-31T23:00:00Z"),
            ("month", "2026-09-30T22:00:00Z"),
            ("week", "2026-10-18T22:00:00Z"),
            // The day on which clocks go back begins in summer time.
            ("day", "2026-10-24T22:00:00Z"),
            ("hour", "2026-10-25T11:00:00Z"),
            ("minute", "2026-10-25T11:34:00Z"),
        ] {
            assert_eq!(timestamp_start_of(noon, unit, "Europe/Berlin"), Ok(at(start)), "{unit}");
        }
    }

    #[test]
    fn the_ends_of_time_are_no_panic() {
        for end in [Timestamp::MIN, Timestamp::MAX] {
            for unit in ["year", "week", "day", "hour"] {
                let _ = timestamp_start_of(end, unit, "Pacific/Kiritimati");
            }
            let _ = timestamp_format(end, "%c %Z %s", "America/New_York");
        }
    }
}
