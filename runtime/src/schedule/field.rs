//! One field of a cron text.

use super::ScheduleError;

/// The values that a field accepts, as bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    bits: u64,
    /// Whether the text starts with `*`.
    pub(super) any: bool,
}

impl Field {
    pub(super) fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits.checked_shr(value).unwrap_or(0) & 1 == 1)
    }

    pub(super) fn values(self) -> impl Iterator<Item = i8> {
        (0..60).filter(move |value| self.has(*value))
    }
}

/// What a field may hold.
pub(super) struct Rule {
    name: &'static str,
    min: u8,
    max: u8,
    /// Names of the values from `min` on.
    names: &'static [&'static str],
}

pub(super) const MINUTE: Rule = Rule { name: "minute", min: 0, max: 59, names: &[] };
pub(super) const HOUR: Rule = Rule { name: "hour", min: 0, max: 23, names: &[] };
pub(super) const DAY: Rule = Rule { name: "day-of-month", min: 1, max: 31, names: &[] };
pub(super) const MONTH: Rule = Rule {
    name: "month",
    min: 1,
    max: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
pub(super) const WEEKDAY: Rule = Rule {
    name: "day-of-week",
    min: 0,
    max: 7,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};

impl Rule {
    pub(super) fn parse(&self, text: &str) -> Result<Field, ScheduleError> {
        let mut bits = 0;
        for part in text.split(',') {
            bits |= self.part(part).map_err(|reason| ScheduleError::Field {
                field: self.name,
                text: part.to_owned(),
                reason,
            })?;
        }
        if self.max == WEEKDAY.max && bits & (1 << 7) != 0 {
            bits |= 1; // 7 is Sunday, as 0 is.
        }
        Ok(Field { bits, any: text.starts_with('*') })
    }

    fn part(&self, part: &str) -> Result<u64, String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (part, None),
        };
        // `*` in the weekdays must not reach both names of Sunday: `*/2` would shift the days.
        let last = if self.max == WEEKDAY.max { 6 } else { self.max };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.min, last),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            // `a/n` starts at a and goes on to the end.
            None if step.is_some() => (self.value(range)?, last),
            None => (self.value(range)?, self.value(range)?),
        };
        if from > to {
            return Err(format!("the range goes down; write {from}-{last},{}-{to}", self.min));
        }
        let step = usize::from(step.unwrap_or(1));
        Ok((from..=to).step_by(step).fold(0, |bits, value| bits | (1 << value)))
    }

    fn step(&self, text: &str) -> Result<u8, String> {
        match text.parse() {
            Ok(step) if (1..=self.max).contains(&step) => Ok(step),
            _ => Err(format!("expected a step of 1 to {}", self.max)),
        }
    }

    fn value(&self, text: &str) -> Result<u8, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        if let Some(offset) = named.and_then(|offset| u8::try_from(offset).ok()) {
            return Ok(self.min + offset);
        }
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(value) if digits && (self.min..=self.max).contains(&value) => Ok(value),
            _ => Err(self.expected(text)),
        }
    }

    fn expected(&self, text: &str) -> String {
        let names = match self.names {
            [first, .., last] => format!(" or {first} to {last}"),
            _ => String::new(),
        };
        let extension = if text.contains(['L', 'W', '#', '?']) {
            "; `L`, `W`, `#` and `?` are not supported"
        } else {
            ""
        };
        format!("expected {} to {}{names}{extension}", self.min, self.max)
    }
}

/// The five fields that a nickname such as `@daily` stands for.
pub(super) fn expand_nickname(cron: &str) -> &str {
    match cron {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        fields => fields,
    }
}
