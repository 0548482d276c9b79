//! Durations as ISO 8601 and JSON Schema write them: `PT1M30S`, `P1DT12H`, `P2W`.

use std::time::Duration;

/// Seconds of the units before `T`, and behind it. Years and months have no length of their own.
const DATE: [(char, u64); 2] = [('W', 604_800), ('D', 86_400)];
const TIME: [(char, u64); 3] = [('H', 3_600), ('M', 60), ('S', 1)];

/// The duration that ISO 8601 text is; `None` where it is none.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('P')?;
    let (date, time) = match text.split_once('T') {
        // Something must follow the `T`.
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    units(date, &DATE)?.checked_add(units(time, &TIME)?)
}

/// `1H30M`: numbers with their units, the larger ones first; only seconds may have a fraction.
fn units(text: &str, known: &[(char, u64)]) -> Option<Duration> {
    let (mut rest, mut known) = (text, known);
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, others) = rest.split_at(end);
        let unit = others.chars().next()?;
        let at = known.iter().position(|(known, _)| *known == unit)?;
        let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (unit != 'S' && number != whole) {
            return None;
        }
        let (_, seconds) = known.get(at)?;
        sum = sum
            .checked_add(Duration::from_secs(whole.parse::<u64>().ok()?.checked_mul(*seconds)?))?;
        // Milliseconds, as far as they go.
        let thousandths = format!("{fraction:0<3}");
        sum = sum.checked_add(Duration::from_millis(thousandths.get(..3)?.parse().ok()?))?;
        rest = others.get(1..)?;
        known = known.get(at + 1..)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_iso_8601() {
        for (text, seconds) in [
            ("PT1M30S", 90.0),
            ("PT1.5S", 1.5),
            ("PT0,25S", 0.25),
            ("P1DT12H", 129_600.0),
            ("P2W", 1_209_600.0),
            ("PT0S", 0.0),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1",
            "1D",
            "P1Y",
            "P1M",
            "PT1S1M",
            "P1D1W",
            "P1DT",
            "PT1.5M",
            "P-1D",
            "PT.5S",
            "PT1.S",
            "P1ü",
            "pt1s",
            "P99999999999999999999D",
            "P99999999999999999W",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
