//! What schedules are read, and when they fire.

use super::*;

/// The next `count` firings after `start`, as local text with offset.
fn firings(cron: &str, zone: &str, start: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(cron, zone).unwrap();
    let mut after = Timestamp(start.parse::<Instant>().unwrap().as_millisecond());
    let mut found = Vec::new();
    for _ in 0..count {
        after = schedule.next_after(after).unwrap();
        let local = Instant::from_millisecond(after.0).unwrap().to_zoned(schedule.zone.clone());
        found.push(local.strftime("%Y-%m-%d %H:%M %:z").to_string());
    }
    found
}

fn refusal(cron: &str) -> String {
    Schedule::parse(cron, "UTC").unwrap_err().to_string()
}

#[test]
fn every_minute_is_strictly_after() {
    assert_eq!(
        firings("* * * * *", "UTC", "2026-11-21T07:31:00Z", 2),
        ["2026-11-21 07:32 +00:00", "2026-11-21 07:33 +00:00"]
    );
    assert_eq!(
        firings("* * * * *", "UTC", "2026-11-21T07:31:59.999Z", 1),
        ["2026-11-21 07:32 +00:00"]
    );
}

#[test]
fn lists_ranges_steps_and_names() {
    assert_eq!(
        firings("5,50-52/2 9 * FEB,6 mon-Tue", "UTC", "2026-01-01T00:00:00Z", 4),
        [
            "2026-02-02 09:05 +00:00",
            "2026-02-02 09:50 +00:00",
            "2026-02-02 09:52 +00:00",
            "2026-02-03 09:05 +00:00"
        ]
    );
    assert_eq!(
        firings("20/20 0 1 1 *", "UTC", "2026-06-01T00:00:00Z", 3),
        ["2027-01-01 00:20 +00:00", "2027-01-01 00:40 +00:00", "2028-01-01 00:20 +00:00"]
    );
}

#[test]
fn sunday_is_zero_and_seven() {
    let zero = firings("0 12 * * 0", "UTC", "2026-11-21T00:00:00Z", 2);
    assert_eq!(zero, ["2026-11-22 12:00 +00:00", "2026-11-29 12:00 +00:00"]);
    assert_eq!(firings("0 12 * * 7", "UTC", "2026-11-21T00:00:00Z", 2), zero);
    assert_eq!(firings("0 12 * * SUN", "UTC", "2026-11-21T00:00:00Z", 2), zero);
    // Friday to Sunday, as a range up to 7.
    assert_eq!(
        firings("0 0 * * 5-7", "UTC", "2026-11-21T00:00:00Z", 2),
        ["2026-11-22 00:00 +00:00", "2026-11-27 00:00 +00:00"]
    );
    // Every other day of the week counts from Sunday: 0, 2, 4, 6.
    assert_eq!(
        firings("0 0 * * */2", "UTC", "2026-11-21T00:00:00Z", 2),
        ["2026-11-22 00:00 +00:00", "2026-11-24 00:00 +00:00"]
    );
}

#[test]
fn both_days_restricted_means_either() {
    assert_eq!(
        firings("0 0 13 * FRI", "UTC", "2026-11-10T00:00:00Z", 3),
        ["2026-11-13 00:00 +00:00", "2026-11-20 00:00 +00:00", "2026-11-27 00:00 +00:00"]
    );
    assert_eq!(
        firings("0 0 */10 * MON", "UTC", "2026-11-01T00:00:00Z", 2),
        ["2026-12-21 00:00 +00:00", "2027-01-11 00:00 +00:00"]
    );
}

#[test]
fn last_days_and_leap_days() {
    assert_eq!(
        firings("0 0 31 * *", "UTC", "2026-11-01T00:00:00Z", 3),
        ["2026-12-31 00:00 +00:00", "2027-01-31 00:00 +00:00", "2027-03-31 00:00 +00:00"]
    );
    assert_eq!(
        firings("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1),
        ["2104-02-29 00:00 +00:00"]
    );
}

#[test]
fn a_time_in_the_gap_fires_at_the_jump() {
    assert_eq!(
        firings("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
        ["2026-03-28 02:30 +01:00", "2026-03-29 03:00 +02:00", "2026-03-30 02:30 +02:00"]
    );
    // Two times that the gap swallows fire once, and one on its edge does not fire again.
    assert_eq!(
        firings("0,30 2,3 29 3 *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
        ["2026-03-29 03:00 +02:00", "2026-03-29 03:30 +02:00", "2027-03-29 02:00 +02:00"]
    );
}

#[test]
fn a_time_that_comes_twice_fires_once() {
    assert_eq!(
        firings("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"]
    );
    // From within the second pass nothing of the first fires again.
    assert_eq!(
        firings("30,45 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1),
        ["2026-10-26 02:30 +01:00"]
    );
}

#[test]
fn any_hour_counts_real_time() {
    assert_eq!(
        firings("0,30 * * * *", "Europe/Berlin", "2026-10-25T00:15:00Z", 4),
        [
            "2026-10-25 02:30 +02:00",
            "2026-10-25 02:00 +01:00",
            "2026-10-25 02:30 +01:00",
            "2026-10-25 03:00 +01:00"
        ]
    );
    assert_eq!(
        firings("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
        ["2026-03-29 01:30 +01:00", "2026-03-29 03:30 +02:00"]
    );
    // Half an hour of daylight saving, and a midnight that does not exist.
    assert_eq!(
        firings("45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", 3),
        ["2026-04-05 01:45 +11:00", "2026-04-05 01:45 +10:30", "2026-04-05 02:45 +10:30"]
    );
    assert_eq!(
        firings("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", 1),
        ["2026-09-06 01:00 -03:00"]
    );
}

#[test]
fn nicknames() {
    assert_eq!(firings("@monthly", "UTC", "2026-11-21T00:00:00Z", 1), ["2026-12-01 00:00 +00:00"]);
    assert_eq!(
        refusal("@reboot"),
        "a schedule has five fields (minute hour day-of-month month day-of-week), found 1"
    );
}

#[test]
fn refusals_name_the_field() {
    assert!(refusal("").ends_with("found 0"));
    assert!(refusal("0 * * * * *").ends_with("found 6"));
    assert_eq!(refusal("60 * * * *"), "minute `60`: expected 0 to 59");
    assert_eq!(refusal("0 0 0 * *"), "day-of-month `0`: expected 1 to 31");
    assert_eq!(refusal("* * * 13 *"), "month `13`: expected 1 to 12 or JAN to DEC");
    assert_eq!(
        refusal("0 0 L * *"),
        "day-of-month `L`: expected 1 to 31; `L`, `W`, `#` and `?` are not supported"
    );
    assert_eq!(refusal("*/0 * * * *"), "minute `*/0`: expected a step of 1 to 59");
    assert_eq!(refusal("0 22-4 * * *"), "hour `22-4`: the range goes down; write 22-23,0-4");
    assert_eq!(refusal("1,,2 * * * *"), "minute ``: expected 0 to 59");
    assert_eq!(refusal("+1 * * * *"), "minute `+1`: expected 0 to 59");
    assert_eq!(Schedule::parse("0 0 30 2 *", "UTC").unwrap_err(), ScheduleError::NeverFires);
    assert_eq!(
        Schedule::parse("* * * * *", "Mars/Olympus").unwrap_err(),
        ScheduleError::UnknownTimeZone { name: "Mars/Olympus".into() }
    );
}

#[test]
fn check_needs_no_system_zones() {
    Schedule::check("0 9 * * 1-5", "America/New_York").unwrap();
    assert!(Schedule::check("0 9 * * 1-5", "Nowhere").is_err());
}

#[test]
fn the_calendar_ends() {
    let schedule = Schedule::parse("0 0 1 1 *", "UTC").unwrap();
    assert_eq!(schedule.next_after(Timestamp(i64::MAX)), None);
    assert_eq!(schedule.next_after(Timestamp(253_402_214_400_000)), None);
}
