//! What inputs and events must be beyond their types, and what a change of that costs those who
//! give them.
//!
//! The crate's own schemas are taken apart into demands, each at its place (`walk`): so that what
//! moved within the schema and asks the same is the same, and what asks more is told where. What
//! types say is left to types. Where two demands cannot be compared the newer one counts as the
//! stricter.

mod walk;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Api;
use super::demands::{Aspect, Turn};
use super::places::{Known, Step, known, written};
use walk::demands;

/// What changed between two models, each with whether it asks for more. Nothing where one of them
/// does not say what it asks; of an event that only one of them has types say all.
pub(super) fn turns(old: &Api, new: &Api) -> Vec<(Turn, String)> {
    let (Some(before), Some(after)) = (&old.asked, &new.asked) else { return Vec::new() };
    let mut found = compared(
        "the input",
        &Given { api: old, types: &old.input, schema: &before.input },
        &Given { api: new, types: &new.input, schema: &after.input },
    );
    let nothing = Value::Object(Map::new());
    for (event, ty) in &old.events {
        let Some(new_ty) = new.events.get(event) else { continue };
        let (ty, new_ty) = (std::slice::from_ref(ty), std::slice::from_ref(new_ty));
        let schema = before.events.get(event).unwrap_or(&nothing);
        let new_schema = after.events.get(event).unwrap_or(&nothing);
        found.extend(compared(
            &format!("the event `{event}`"),
            &Given { api: old, types: ty, schema },
            &Given { api: new, types: new_ty, schema: new_schema },
        ));
    }
    found
}

/// What users give a crate: an input, or the payload of an event.
struct Given<'a> {
    api: &'a Api,
    types: &'a [String],
    schema: &'a Value,
}

/// What changed in what is asked of `of`.
fn compared(of: &str, old: &Given, new: &Given) -> Vec<(Turn, String)> {
    let (before, after) = (demands(old), demands(new));
    let keys: BTreeSet<&(Vec<Step>, Aspect)> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let (place, aspect) = key;
        let subject = match written(place).as_str() {
            "" => of.to_owned(),
            place => format!("`{place}` of {of}"),
        };
        let told = match (before.get(key), after.get(key)) {
            // What is new, or gone, types say.
            (None, Some(_)) if old.known(place) == Known::Absent => None,
            (Some(_), None) if new.known(place) == Known::Absent => None,
            (None, Some(after)) => {
                let after = aspect.words(after);
                Some((Turn::Tighter, format!("has to {after}, which nothing asked before")))
            }
            (Some(before), None) => {
                Some((Turn::Looser, format!("no longer has to {}", aspect.words(before))))
            }
            (Some(before), Some(after)) => {
                let turn = aspect.turn(before, after);
                let (before, after) = (aspect.words(before), aspect.words(after));
                let told = format!("had to {before}, and has to {after}");
                (turn != Turn::Same).then_some((turn, told))
            }
            (None, None) => None,
        };
        found.extend(told.map(|(turn, told)| (turn, format!("{subject} {told}"))));
    }
    found
}

impl<'a> Given<'a> {
    /// What the crate's types know of a place in it.
    fn known(&self, place: &[Step]) -> Known<'a> {
        known(self.api, self.types, place)
    }
}

#[cfg(test)]
mod tests;
