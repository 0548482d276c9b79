//! What a change costs those who use the crate.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::demands::Turn;
use super::{Api, ApiField, ApiType, constraints, variant_parts};

/// Which number of a version goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bump {
    /// Nobody who uses the crate need know.
    Patch,
    /// There is more than there was.
    Minor,
    /// Something that worked does not any more.
    Major,
}

/// A change, in words for those who use the crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it costs.
    pub bump: Bump,
    /// What changed.
    pub what: String,
    /// Whether programs go on compiling, and it is the promise that breaks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_policy: bool,
}

/// The least that the version goes up by for these changes.
pub fn least_bump(changes: &[Change]) -> Bump {
    changes.iter().map(|change| change.bump).max().unwrap_or(Bump::Patch)
}

/// All changes from one model to the next.
pub fn changes(old: &Api, new: &Api) -> Vec<Change> {
    let mut found = Changes(Vec::new());
    found.retyped("the function", &old.function, &new.function);
    found.retyped("the struct of the workflow", &old.structure, &new.structure);
    found.retyped("the input", &old.input.join(", "), &new.input.join(", "));
    found.retyped("the output", &old.output, &new.output);
    found.events(old, new);
    let given = given(new);
    for (name, before) in &old.types {
        match new.types.get(name) {
            None => found.add(Bump::Major, format!("the type `{name}` is gone")),
            Some(after) => found.types(name, (before, after), given.contains(name.as_str())),
        }
    }
    for name in new.types.keys().filter(|name| !old.types.contains_key(*name)) {
        found.add(Bump::Minor, format!("the type `{name}` is new"));
    }
    found.outside(old, new);
    for (turn, what) in constraints::turns(old, new) {
        match turn {
            // Programs compile, and what they give starts no run any more.
            Turn::Tighter => found.policy(Bump::Major, what),
            Turn::Looser => found.add(Bump::Minor, what),
            Turn::Same => {}
        }
    }
    if line(&old.support) != line(&new.support) {
        let (before, after) = (&old.support, &new.support);
        let what = format!("the crate `flowcrate` of its signatures went from {before} to {after}");
        found.add(Bump::Major, what);
    }
    found.0
}

/// The numbers of a version within which cargo takes another for the same.
fn line(version: &str) -> (&str, &str) {
    let mut numbers = version.split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if major == "0" { (major, minor) } else { (major, "") }
}

/// The types that users of the crate give it: in inputs and events.
pub(super) fn given(api: &Api) -> BTreeSet<&str> {
    let mut open: Vec<&str> =
        api.input.iter().chain(api.events.values()).map(String::as_str).collect();
    let mut found = BTreeSet::new();
    while let Some(text) = open.pop() {
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            let Some((name, ty)) = api.types.get_key_value(word) else { continue };
            if !found.insert(name.as_str()) {
                continue;
            }
            match ty {
                ApiType::Struct { fields, .. } => {
                    open.extend(fields.values().map(|field| field.ty.as_str()));
                }
                ApiType::Alias(ty) => open.push(ty),
                ApiType::Enum { variants, .. } => {
                    open.extend(variants.values().map(String::as_str));
                }
            }
        }
    }
    found
}

struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, bump: Bump, what: String) {
        self.0.push(Change { bump, what, by_policy: false });
    }

    fn policy(&mut self, bump: Bump, what: String) {
        self.0.push(Change { bump, what, by_policy: true });
    }

    fn retyped(&mut self, what: &str, before: &str, after: &str) {
        if before != after {
            self.add(Bump::Major, format!("{what} was `{before}` and is `{after}`"));
        }
    }

    fn events(&mut self, old: &Api, new: &Api) {
        for (name, before) in &old.events {
            match new.events.get(name) {
                // Programs name events by their text.
                None => self.policy(Bump::Major, format!("the event `{name}` is gone")),
                Some(after) => self.retyped(&format!("the payload of `{name}`"), before, after),
            }
        }
        for name in new.events.keys().filter(|name| !old.events.contains_key(*name)) {
            self.add(Bump::Minor, format!("the event `{name}` is new"));
        }
    }

    fn types(&mut self, name: &str, pair: (&ApiType, &ApiType), given: bool) {
        match pair {
            (
                ApiType::Struct { fields: before, derives: old, closed: was_closed },
                ApiType::Struct { fields: after, derives: new, closed },
            ) => {
                self.derives(name, old, new);
                self.fields(name, before, after, given);
                self.closed(name, *was_closed, *closed);
            }
            (
                ApiType::Enum { variants: before, derives: old, tag: was_tag },
                ApiType::Enum { variants: after, derives: new, tag },
            ) => {
                self.derives(name, old, new);
                self.variants(name, before, after);
                if let (Some(before), Some(after)) = (was_tag, tag) {
                    self.renamed(&format!("the tag of {name}"), before, after);
                }
            }
            (ApiType::Alias(before), ApiType::Alias(after)) => {
                self.retyped(&format!("`{name}`"), before, after);
            }
            _ => self.add(Bump::Major, format!("`{name}` is another sort of type")),
        }
    }

    fn derives(&mut self, name: &str, before: &BTreeSet<String>, after: &BTreeSet<String>) {
        for lost in before.difference(after) {
            self.add(Bump::Major, format!("`{name}` is no longer `{lost}`"));
        }
        for gained in after.difference(before) {
            self.add(Bump::Minor, format!("`{name}` is `{gained}`"));
        }
    }

    fn fields(
        &mut self,
        name: &str,
        before: &BTreeMap<String, ApiField>,
        after: &BTreeMap<String, ApiField>,
        given: bool,
    ) {
        for (field, old) in before {
            let Some(new) = after.get(field) else {
                self.add(Bump::Major, format!("`{name}.{field}` is gone"));
                continue;
            };
            self.retyped(&format!("`{name}.{field}`"), &old.ty, &new.ty);
            self.renamed(&format!("{name}.{field}"), &old.json, &new.json);
        }
        for (field, new) in after.iter().filter(|(field, _)| !before.contains_key(*field)) {
            if given && !new.is_optional() {
                self.add(Bump::Major, format!("`{name}.{field}` is new and must be given"));
            } else {
                self.add(Bump::Minor, format!("`{name}.{field}` is new"));
            }
        }
    }

    fn variants(
        &mut self,
        name: &str,
        before: &BTreeMap<String, String>,
        after: &BTreeMap<String, String>,
    ) {
        for (variant, old) in before {
            match after.get(variant) {
                None => self.add(Bump::Major, format!("`{name}::{variant}` is gone")),
                Some(new) => {
                    let ((before, held), (after, holds)) = (variant_parts(old), variant_parts(new));
                    self.retyped(&format!("what `{name}::{variant}` holds"), held, holds);
                    self.renamed(&format!("{name}::{variant}"), before, after);
                }
            }
        }
        for variant in after.keys().filter(|variant| !before.contains_key(*variant)) {
            self.add(Bump::Minor, format!("`{name}::{variant}` is new"));
        }
    }

    /// Programs cannot give more fields than there are; senders of JSON can.
    fn closed(&mut self, name: &str, before: bool, after: bool) {
        match (before, after) {
            (false, true) => {
                self.policy(Bump::Major, format!("`{name}` takes no other fields any more"));
            }
            (true, false) => self.add(Bump::Minor, format!("`{name}` takes other fields, too")),
            _ => {}
        }
    }

    /// In Rust nothing changed; what is sent and kept as JSON did.
    fn renamed(&mut self, what: &str, before: &str, after: &str) {
        if before != after {
            let what = format!("`{what}` was {before:?} in JSON and is {after:?}");
            self.policy(Bump::Major, what);
        }
    }

    /// What those see who call from outside: over HTTP, or by codes.
    fn outside(&mut self, old: &Api, new: &Api) {
        for trigger in old.triggers.difference(&new.triggers) {
            self.policy(Bump::Major, format!("nothing starts runs any more by: {trigger}"));
        }
        for trigger in new.triggers.difference(&old.triggers) {
            self.add(Bump::Minor, format!("runs are started by: {trigger}"));
        }
        // Programs tell failures by their codes: one that is renamed is no longer seen.
        for code in old.errors.difference(&new.errors) {
            self.policy(Bump::Major, format!("the failure `{code}` is gone"));
        }
        for code in new.errors.difference(&old.errors) {
            self.add(Bump::Minor, format!("the failure `{code}` is new"));
        }
    }
}
