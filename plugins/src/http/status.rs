//! Statuses that are failures.

use std::time::{Duration, SystemTime};

use flowcrate::StepError;
use hyper::header::{self, HeaderMap};

use super::date;
use super::decode;
use super::exchange::Answered;

/// How much of a body a message quotes.
const QUOTED: usize = 200;

/// Fails where the status is 400 or above: 408, 425, 429 and all from 500 on may be tried again.
pub(super) fn check(answered: &Answered) -> Result<(), StepError> {
    let status = answered.status.as_u16();
    if status < 400 {
        return Ok(());
    }
    let mut message = format!("{} answered {}", answered.asked, answered.status);
    if let Some(body) = excerpt(answered) {
        message.push_str(": ");
        message.push_str(&body);
    }
    if !(status >= 500 || matches!(status, 408 | 425 | 429)) {
        return Err(StepError::fatal("http_status", message));
    }
    let error = StepError::retryable("http_status", message);
    Err(match retry_after(&answered.headers, SystemTime::now()) {
        Some(delay) => error.retry_after(delay),
        None => error,
    })
}

/// The beginning of a body of text, on one line.
fn excerpt(answered: &Answered) -> Option<String> {
    if !decode::is_text(&answered.headers) {
        return None;
    }
    let text = std::str::from_utf8(&answered.body).ok()?;
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(QUOTED) {
        words.truncate(end);
        words.push('…');
    }
    (!words.is_empty()).then_some(words)
}

/// `Retry-After`: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = date::parse(value)?;
    Some(at.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_says_when() {
        let at = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            let now = date::parse("Sat, 21 Nov 2026 08:00:00 GMT").unwrap();
            retry_after(&headers, now)
        };
        assert_eq!(at("120"), Some(Duration::from_mins(2)));
        assert_eq!(at("Sat, 21 Nov 2026 08:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(at("Sat, 21 Nov 2026 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(at("soon"), None);
        assert_eq!(at("-1"), None);
    }
}
