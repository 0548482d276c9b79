//! What is asked of values at one place, and which of two such things asks more.

use std::collections::BTreeSet;

use serde_json::Value;

/// A sort of thing that is asked. Of one place each is asked once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aspect {
    /// The form in JSON, where no type says it.
    Form,
    /// The values that there are.
    Listed,
    /// The smallest number, or the smallest count of these.
    Least(&'static str),
    /// The largest number, or the largest count of these.
    Most(&'static str),
    /// The numbers that it is a multiple of.
    Multiple,
    /// The patterns of a text.
    Pattern,
    /// Elements differ.
    Unique,
    /// The entries that are there.
    Required,
    /// The entries that are there where this one is.
    Beside(String),
    /// There are no entries but those that have a schema.
    Closed,
    /// The schemas of which one holds.
    Choices,
    /// What nothing here takes apart.
    Whole,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Demand {
    /// A number, and whether it is itself outside.
    Bound(f64, bool),
    /// Texts: of [`Aspect::Listed`] and the like one holds, of the others all do.
    Set(BTreeSet<String>),
    /// There is no more to it.
    Plain,
}

/// What changed of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Some values that were taken are not.
    Tighter,
    /// More values are taken, and all that were.
    Looser,
    /// Nothing.
    Same,
}

impl Aspect {
    /// Whether one of the texts of a set will do.
    fn is_choice(&self) -> bool {
        matches!(self, Self::Form | Self::Listed | Self::Choices)
    }

    /// Two demands of one place, both of which hold.
    pub(super) fn both(&self, one: Demand, other: Demand) -> Demand {
        match (one, other) {
            (Demand::Set(one), Demand::Set(other)) if self.is_choice() => {
                Demand::Set(one.intersection(&other).cloned().collect())
            }
            (Demand::Set(one), Demand::Set(other)) => {
                Demand::Set(one.union(&other).cloned().collect())
            }
            (one, other) if self.turn(&one, &other) == Turn::Tighter => other,
            (one, _) => one,
        }
    }

    /// What became of a demand.
    pub(super) fn turn(&self, before: &Demand, after: &Demand) -> Turn {
        match (before, after) {
            (before, after) if before == after => Turn::Same,
            (Demand::Bound(before, was_open), Demand::Bound(after, open)) => {
                let up = matches!(self, Self::Least(_));
                let further = if up { after > before } else { after < before };
                #[expect(clippy::float_cmp, reason = "both were read, and nothing was computed")]
                let same = after == before;
                if further || (same && *open && !was_open) { Turn::Tighter } else { Turn::Looser }
            }
            (Demand::Set(before), Demand::Set(after)) => {
                let kept = if self.is_choice() {
                    before.is_subset(after)
                } else {
                    after.iter().all(|asked| self.is_implied(asked, before))
                };
                if kept { Turn::Looser } else { Turn::Tighter }
            }
            _ => Turn::Tighter,
        }
    }

    /// Whether what was asked before asks this, too.
    fn is_implied(&self, asked: &str, before: &BTreeSet<String>) -> bool {
        let multiple = |of: &String| {
            let (Ok(of), Ok(asked)) = (of.parse::<f64>(), asked.parse::<f64>()) else {
                return false;
            };
            asked != 0.0 && (of / asked).fract() == 0.0
        };
        before.contains(asked) || (*self == Self::Multiple && before.iter().any(multiple))
    }

    /// In words that follow "has to".
    pub(super) fn words(&self, demand: &Demand) -> String {
        let set = match demand {
            Demand::Set(set) => set.clone(),
            Demand::Bound(..) | Demand::Plain => BTreeSet::new(),
        };
        match (self, demand) {
            (Self::Least(""), Demand::Bound(bound, false)) => format!("be at least {bound}"),
            (Self::Least(""), Demand::Bound(bound, true)) => format!("be more than {bound}"),
            (Self::Most(""), Demand::Bound(bound, false)) => format!("be at most {bound}"),
            (Self::Most(""), Demand::Bound(bound, true)) => format!("be less than {bound}"),
            (Self::Least(of), Demand::Bound(bound, _)) => {
                format!("have at least {}", counted(*bound, of))
            }
            (Self::Most(of), Demand::Bound(bound, _)) => {
                format!("have at most {}", counted(*bound, of))
            }
            (Self::Form, _) => format!("be of type {}", listed(&set, " or ")),
            (Self::Listed, _) => format!("be {}", listed(&set, " or ")),
            (Self::Multiple, _) => format!("be a multiple of {}", listed(&set, " and of ")),
            (Self::Pattern, _) => format!("match {}", listed(&set, " and ")),
            (Self::Unique, _) => "have no element twice".to_owned(),
            (Self::Required, _) => format!("have {}", listed(&set, " and ")),
            (Self::Beside(name), _) => {
                format!("have {} where `{name}` is there", listed(&set, " and "))
            }
            (Self::Closed, _) => "have no other fields".to_owned(),
            (Self::Choices, _) => format!("meet {}", listed(&set, " or ")),
            (Self::Whole, _) => format!("meet {}", listed(&set, " and ")),
            (Self::Least(_) | Self::Most(_), _) => "be within bounds".to_owned(),
        }
    }
}

fn counted(number: f64, of: &str) -> String {
    match (of, number.to_string().as_str()) {
        ("entry", "1") => "1 entry".to_owned(),
        ("entry", number) => format!("{number} entries"),
        (of, "1") => format!("1 {of}"),
        (of, number) => format!("{number} {of}s"),
    }
}

/// More of a list than this nobody reads.
const SHOWN: usize = 8;
/// Nor longer texts.
const LONGEST: usize = 80;

fn listed(texts: &BTreeSet<String>, between: &str) -> String {
    let mut shown: Vec<String> = texts.iter().take(SHOWN).map(|text| short(text)).collect();
    if let Some(more @ 1..) = texts.len().checked_sub(SHOWN) {
        shown.push(format!("{more} more"));
    }
    shown.join(between)
}

fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// A value as a member of a set: numbers that are equal are one.
pub(super) fn member(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => number.to_string(),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}
