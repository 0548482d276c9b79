//! `schedule@1`: a cron text starts runs.

use flowcrate::schedule::{Schedule, ScheduleError};
use flowcrate::types::Type;

use super::Found;
use crate::check::Body;
use crate::check::site::Site;
use crate::diagnostic::{code, quoted};

/// The zone of a schedule that names none.
const UTC: &str = "UTC";

/// A cron text without mistakes.
const DAILY: &str = "0 0 * * *";

/// The payload says for which instant the run was started.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&[]);
    let help = "write five fields, such as `30 8 * * MON-FRI`";
    let cron = site.required_text_setting("cron", help);
    let timezone = match site.setting("timezone") {
        Some(_) => site.text_setting("timezone"),
        None => Some(UTC),
    };
    // Each by itself: a wrong time zone says nothing about the cron text.
    if let Some(Err(error)) = cron.map(|cron| Schedule::check(cron, UTC)) {
        report(site, cron.unwrap_or_default(), &error);
    }
    if let Some(Err(error)) = timezone.map(|timezone| Schedule::check(DAILY, timezone)) {
        report(site, timezone.unwrap_or_default(), &error);
    }
    let body = cron.zip(timezone).map(|(cron, timezone)| Body::Schedule {
        cron: cron.to_owned(),
        timezone: timezone.to_owned(),
    });
    Found::giving(body, Some(payload()))
}

/// `{scheduled_at: timestamp}`.
fn payload() -> Type {
    Type::record([("scheduled_at".to_owned(), Type::Timestamp)])
}

fn report(site: &Site<'_>, text: &str, error: &ScheduleError) {
    let label = site.node.quoted();
    let zone = matches!(error, ScheduleError::UnknownTimeZone { .. });
    let (field, message, help) = if zone {
        let message = format!("{label} has the unknown time zone {}", quoted(text));
        ("/config/timezone", message, "use an IANA name, such as `Europe/Berlin` or `UTC`")
    } else {
        let message = format!("{label} has the cron text {}: {error}", quoted(text));
        let help = "write five fields (minute hour day month weekday), such as `30 8 * * MON-FRI`";
        ("/config/cron", message, help)
    };
    site.report(site.finding(code::BAD_SCHEDULE, message).field(field).help(help));
}
