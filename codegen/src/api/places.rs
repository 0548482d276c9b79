//! Places within an input or a payload, and what the types of a crate know of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Api, ApiField, ApiType, variant_parts};

/// A step from a value to what it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The field of this name.
    Field(String),
    /// Each element of a list.
    Elements,
    /// One element of a tuple.
    Element(usize),
    /// Whatever stands under a name that no field has.
    Entries,
    /// The names of entries.
    Names,
    /// The value where it is this choice.
    Choice(String),
}

/// As people write it: `lines[].count`.
pub(super) fn written(place: &[Step]) -> String {
    let mut text = String::new();
    for step in place {
        // Writing to a string does not fail.
        let _ = match step {
            Step::Field(name) if text.is_empty() => write!(text, "{name}"),
            Step::Field(name) => write!(text, ".{name}"),
            Step::Elements => write!(text, "[]"),
            Step::Element(at) => write!(text, "[{at}]"),
            Step::Entries if text.is_empty() => write!(text, "*"),
            Step::Entries => write!(text, ".*"),
            Step::Names => write!(text, "(names)"),
            Step::Choice(name) => write!(text, "({name})"),
        };
    }
    text
}

/// What the types of a crate know of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known<'a> {
    /// There is none.
    Absent,
    /// They leave it open.
    Open,
    /// It is of one of these types.
    Typed(Vec<&'a str>),
}

/// What the types of a crate know of a place in a value of these types.
pub(super) fn known<'a>(api: &'a Api, types: &'a [String], place: &[Step]) -> Known<'a> {
    let mut types: Vec<&str> = types.iter().map(String::as_str).collect();
    if types.is_empty() {
        return Known::Open;
    }
    for step in place {
        types = match into(api, &types, step) {
            Known::Typed(types) => types,
            other => return other,
        };
    }
    Known::Typed(types)
}

/// How the payload of an approval begins: the type is of `flowcrate`, and holds the form's.
const VERDICT: &str = "Verdict < ";

fn into<'a>(api: &'a Api, types: &[&'a str], step: &Step) -> Known<'a> {
    let forms: Vec<&str> = types.iter().filter_map(|ty| Some(ty.split_once(VERDICT)?.1)).collect();
    if !forms.is_empty() {
        let is_form = *step == Step::Field("form".to_owned());
        return if is_form { Known::Typed(forms) } else { Known::Open };
    }
    let shapes = shapes(api, types);
    match step {
        Step::Field(name) => {
            let structs = structs(api, types);
            let fields = structs.iter().flat_map(|fields| fields.iter());
            let named = fields.filter(|field| field.json == *name);
            let found: Vec<&str> = named.map(|field| field.ty.as_str()).collect();
            match (structs.is_empty(), found.is_empty()) {
                (true, _) => Known::Open,
                (false, true) => Known::Absent,
                (false, false) => Known::Typed(found),
            }
        }
        Step::Elements | Step::Element(_) => Known::Typed(types.to_vec()),
        Step::Entries if types.iter().any(|ty| ty.contains("Map <")) => {
            Known::Typed(types.to_vec())
        }
        Step::Entries | Step::Names => Known::Open,
        Step::Choice(name) => {
            let mut held = Vec::new();
            let mut unions = 0;
            for shape in shapes {
                let ApiType::Enum { variants, tag, .. } = shape else { continue };
                unions += 1;
                let parts = variants.values().map(|variant| variant_parts(variant));
                let chosen = parts.filter(|(json, holds)| match tag {
                    Some(_) => json == name,
                    None => has_form(holds, name),
                });
                held.extend(chosen.map(|(_, holds)| holds));
            }
            match (unions, held.is_empty()) {
                (0, _) => Known::Typed(types.to_vec()),
                (_, true) => Known::Absent,
                (_, false) => Known::Typed(held),
            }
        }
    }
}

/// Whether values of a Rust type may have a form that JSON Schema has a name for.
fn has_form(ty: &str, form: &str) -> bool {
    let one_of = |names: &[&str]| words(ty).any(|word| names.contains(&word));
    match form {
        "boolean" => one_of(&["bool"]),
        "integer" => one_of(&["i64"]),
        "number" => one_of(&["i64", "f64"]),
        "array" => one_of(&["Vec"]),
        // Texts have types of their own, and so have objects.
        _ => !one_of(&["bool", "i64", "f64", "Vec"]) || one_of(&["BTreeMap"]),
    }
}

fn words(ty: &str) -> impl Iterator<Item = &str> {
    ty.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The crate's own types that these are made of, behind their aliases.
pub(super) fn shapes<'a>(api: &'a Api, types: &[&'a str]) -> Vec<&'a ApiType> {
    let mut open: Vec<&str> = types.iter().flat_map(|ty| words(ty)).collect();
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(word) = open.pop() {
        let Some(shape) = api.types.get(word).filter(|_| seen.insert(word)) else { continue };
        match shape {
            ApiType::Alias(ty) => open.extend(words(ty)),
            ApiType::Struct { .. } | ApiType::Enum { .. } => found.push(shape),
        }
    }
    found
}

/// The fields of each struct that such a value may be, itself or as a choice.
pub(super) fn structs<'a>(api: &'a Api, types: &[&'a str]) -> Vec<Vec<&'a ApiField>> {
    let mut open = shapes(api, types);
    let mut found: Vec<Vec<&ApiField>> = Vec::new();
    let mut enums: Vec<&ApiType> = Vec::new();
    while let Some(shape) = open.pop() {
        match shape {
            ApiType::Struct { fields, .. } => found.push(fields.values().collect()),
            ApiType::Enum { variants, .. } if !enums.contains(&shape) => {
                enums.push(shape);
                let held: Vec<&str> =
                    variants.values().map(|variant| variant_parts(variant).1).collect();
                open.extend(shapes(api, &held));
            }
            ApiType::Enum { .. } | ApiType::Alias(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_people_write_them() {
        let field = |name: &str| Step::Field(name.to_owned());
        let place = [field("lines"), Step::Elements, field("count")];
        assert_eq!(written(&place), "lines[].count");
        let place = [field("paid"), Step::Choice("card".to_owned()), field("last4")];
        assert_eq!(written(&place), "paid(card).last4");
        assert_eq!(written(&[field("prices"), Step::Entries]), "prices.*");
        assert_eq!(written(&[field("at"), Step::Element(1), Step::Names]), "at[1](names)");
        assert_eq!(written(&[]), "");
    }

    #[test]
    fn a_value_has_one_form() {
        for (ty, form) in [
            ("(i64)", "integer"),
            ("(f64)", "number"),
            ("(String)", "string"),
            ("(Timestamp)", "string"),
            ("(Vec < String >)", "array"),
            ("(Order)", "object"),
            ("(BTreeMap < String , i64 >)", "object"),
        ] {
            assert!(has_form(ty, form), "{ty} is no {form}");
        }
        assert!(!has_form("(i64)", "string") && !has_form("(String)", "boolean"));
        assert!(!has_form("(Vec < String >)", "string"));
    }
}
