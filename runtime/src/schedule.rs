//! Cron schedules: when does a schedule trigger fire next?
//!
//! The text is the five classic fields, `minute hour day-of-month month day-of-week`, read in a
//! named time zone. Each field is `*`, numbers, ranges `a-b`, steps `*/n` or `a-b/n`, and lists
//! of these; months and weekdays may be named (`JAN`, `MON`); Sunday is 0 or 7.
//! `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` stand for their usual fields.
//!
//! ```
//! use flowcrate::schedule::Schedule;
//! let weekdays = Schedule::parse("30 8 * * MON-FRI", "Europe/Berlin")?;
//! let friday_noon = flowcrate::Timestamp(1_795_172_400_000); // 2026-11-20T11:00:00Z
//! let monday = weekdays.next_after(friday_noon);
//! assert_eq!(monday, Some(flowcrate::Timestamp(1_795_419_000_000))); // 2026-11-23T07:30:00Z
//! # Ok::<(), flowcrate::schedule::ScheduleError>(())
//! ```
//!
//! # Clock changes
//! Where clocks jump forward, a time of day that does not exist fires at the jump; where they go
//! back, a time that exists twice fires once, the first time.
//! A schedule whose hour field starts with `*` counts real time instead: every quarter of an hour
//! is every quarter of an hour.

mod field;

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp as Instant};

use crate::Timestamp;
use field::{DAY, Field, HOUR, MINUTE, MONTH, WEEKDAY};

/// A weekday on a leap day comes round at least every 40 years; nothing sparser can be written.
const HORIZON_DAYS: usize = 41 * 366;

/// Why a schedule was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Not five fields.
    FieldCount {
        /// How many were found.
        found: usize,
    },
    /// A field that cannot be read.
    Field {
        /// Which field.
        field: &'static str,
        /// The part that is wrong.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A name that the time zone database does not have.
    UnknownTimeZone {
        /// The name.
        name: String,
    },
    /// A date that no year has, such as 31 February.
    NeverFires,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldCount { found } => write!(
                out,
                "a schedule has five fields (minute hour day-of-month month day-of-week), \
                 found {found}"
            ),
            Self::Field { field, text, reason } => write!(out, "{field} `{text}`: {reason}"),
            Self::UnknownTimeZone { name } => write!(
                out,
                "unknown time zone `{name}`, expected a name such as `Europe/Berlin` or `UTC`"
            ),
            Self::NeverFires => {
                out.write_str("no year has such a date, so the schedule would never fire")
            }
        }
    }
}

impl std::error::Error for ScheduleError {}

/// A parsed schedule in its time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a five-field cron text and the name of a time zone.
    ///
    /// The system's time zone database is used where there is one, since it is the fresher;
    /// a copy is compiled in for machines without.
    pub fn parse(cron: &str, time_zone: &str) -> Result<Self, ScheduleError> {
        let zone = TimeZone::get(time_zone)
            .map_err(|_| ScheduleError::UnknownTimeZone { name: time_zone.to_owned() })?;
        Self::in_zone(cron, zone)
    }

    /// Checks the text against the compiled-in time zones only: the same answer on every machine.
    pub fn check(cron: &str, time_zone: &str) -> Result<(), ScheduleError> {
        let zone = TimeZoneDatabase::bundled()
            .get(time_zone)
            .map_err(|_| ScheduleError::UnknownTimeZone { name: time_zone.to_owned() })?;
        Self::in_zone(cron, zone).map(drop)
    }

    fn in_zone(cron: &str, zone: TimeZone) -> Result<Self, ScheduleError> {
        let cron = field::expand_nickname(cron.trim());
        let texts: Vec<&str> = cron.split_ascii_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = texts[..] else {
            return Err(ScheduleError::FieldCount { found: texts.len() });
        };
        let schedule = Self {
            minutes: MINUTE.parse(minutes)?,
            hours: HOUR.parse(hours)?,
            days: DAY.parse(days)?,
            months: MONTH.parse(months)?,
            weekdays: WEEKDAY.parse(weekdays)?,
            zone,
        };
        if schedule.dates(Date::constant(2000, 1, 1)).next().is_none() {
            return Err(ScheduleError::NeverFires);
        }
        Ok(schedule)
    }

    /// The first instant after `after` at which the schedule fires.
    ///
    /// `None` only past the year 9999, where the calendar ends.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after = Instant::from_millisecond(after.0).ok()?;
        let next =
            if self.hours.any { self.next_by_clock(after) } else { self.next_by_date(after) };
        next.map(|at| Timestamp(at.as_millisecond()))
    }

    /// Named hours: each matching local time once, whatever the clocks do.
    fn next_by_date(&self, after: Instant) -> Option<Instant> {
        let today = self.zone.to_datetime(after).date();
        self.dates(today)
            .flat_map(|date| self.times().map(move |(hour, minute)| date.at(hour, minute, 0, 0)))
            .filter_map(|local| self.instant_of(local))
            .find(|at| *at > after)
    }

    /// Any hour: each real minute whose local reading matches.
    fn next_by_clock(&self, after: Instant) -> Option<Instant> {
        let minute = SignedDuration::from_mins(1);
        let today = self.zone.to_datetime(after).date();
        for date in self.dates(today) {
            let midnight = date.to_zoned(self.zone.clone()).ok()?.timestamp();
            let mut at = midnight.max(next_minute(after)?);
            loop {
                let local = self.zone.to_datetime(at);
                if local.date() != date {
                    break;
                }
                if self.hours.has(local.hour()) && self.minutes.has(local.minute()) {
                    return Some(at);
                }
                at = at.checked_add(minute).ok()?;
            }
        }
        None
    }

    /// The matching dates from `first` on.
    fn dates(&self, first: Date) -> impl Iterator<Item = Date> {
        std::iter::successors(Some(first), |date| date.tomorrow().ok())
            .take(HORIZON_DAYS)
            .filter(|date| self.has_date(*date))
    }

    fn has_date(&self, date: Date) -> bool {
        let day = self.days.has(date.day());
        let weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        // The classic rule: if both fields are restricted, either may match.
        let fits = if self.days.any || self.weekdays.any { day && weekday } else { day || weekday };
        fits && self.months.has(date.month())
    }

    /// The matching times of a day, in order.
    fn times(&self) -> impl Iterator<Item = (i8, i8)> {
        self.hours.values().flat_map(|hour| self.minutes.values().map(move |minute| (hour, minute)))
    }

    /// When a local time happens: the first time if it happens twice, the jump if it never does.
    fn instant_of(&self, local: DateTime) -> Option<Instant> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => {
                let before = ambiguous.earlier().ok()?;
                self.zone.following(before).next().map(|transition| transition.timestamp())
            }
            AmbiguousOffset::Fold { .. } | AmbiguousOffset::Unambiguous { .. } => {
                ambiguous.earlier().ok()
            }
        }
    }
}

/// The first whole minute after an instant.
fn next_minute(after: Instant) -> Option<Instant> {
    let seconds = after.as_second().div_euclid(60).checked_add(1)?.checked_mul(60)?;
    Instant::from_second(seconds).ok()
}

#[cfg(test)]
mod tests;
