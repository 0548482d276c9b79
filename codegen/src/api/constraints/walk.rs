//! Takes a schema apart into what it asks at each place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Given;
use crate::api::demands::{Aspect, Demand, member};
use crate::api::places::{Known, Step, shapes, structs};
use crate::api::{ApiType, variant_parts};

/// Schemas that are looked into, each reference counted as often as it is followed.
const MOST: usize = 20_000;

/// The demands of a schema by place.
pub(super) type Demands = BTreeMap<(Vec<Step>, Aspect), Demand>;

/// What is asked beyond types.
pub(super) fn demands(given: &Given) -> Demands {
    let found = Demands::new();
    let mut walk = Walk { given, found, followed: Vec::new(), left: MOST };
    walk.schema(given.schema, &mut Vec::new());
    if walk.left == 0 {
        walk.found.clear();
        walk.all(&[], Aspect::Whole, [given.schema.to_string()]);
    }
    walk.found
}

struct Walk<'a> {
    given: &'a Given<'a>,
    found: Demands,
    /// References that are being followed.
    followed: Vec<&'a str>,
    left: usize,
}

/// Counts, and what is counted.
const COUNTS: [(&str, &str, bool); 6] = [
    ("minLength", "character", true),
    ("maxLength", "character", false),
    ("minItems", "element", true),
    ("maxItems", "element", false),
    ("minProperties", "entry", true),
    ("maxProperties", "entry", false),
];

/// Bounds: whether it is the lower one, and whether it is itself outside.
const BOUNDS: [(&str, bool, bool); 4] = [
    ("minimum", true, false),
    ("exclusiveMinimum", true, true),
    ("maximum", false, false),
    ("exclusiveMaximum", false, true),
];

impl<'a> Walk<'a> {
    fn demand(&mut self, place: &[Step], aspect: Aspect, demand: Demand) {
        let key = (place.to_vec(), aspect);
        let demand = match self.found.remove(&key) {
            Some(other) => key.1.both(other, demand),
            None => demand,
        };
        self.found.insert(key, demand);
    }

    fn all(&mut self, place: &[Step], aspect: Aspect, texts: impl IntoIterator<Item = String>) {
        let texts: BTreeSet<String> = texts.into_iter().collect();
        if !texts.is_empty() {
            self.demand(place, aspect, Demand::Set(texts));
        }
    }

    fn schema(&mut self, schema: &'a Value, place: &mut Vec<Step>) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return;
        }
        match schema {
            Value::Object(keywords) => self.keywords(keywords, place),
            Value::Bool(false) => self.all(place, Aspect::Whole, ["false".to_owned()]),
            _ => {}
        }
    }

    fn under(&mut self, schema: &'a Value, place: &mut Vec<Step>, step: Step) {
        place.push(step);
        self.schema(schema, place);
        place.pop();
    }

    fn keywords(&mut self, keywords: &'a Map<String, Value>, place: &mut Vec<Step>) {
        let known = self.given.known(place);
        self.forms(keywords, place, &known);
        self.plain(keywords, place);
        self.entries(keywords, place, &known);
        for (at, part) in list(keywords.get("prefixItems")).iter().enumerate() {
            self.under(part, place, Step::Element(at));
        }
        match keywords.get("items") {
            Some(Value::Array(parts)) => {
                for (at, part) in parts.iter().enumerate() {
                    self.under(part, place, Step::Element(at));
                }
            }
            // Of a tuple it says that there is no more.
            Some(items) if !keywords.contains_key("prefixItems") => {
                self.under(items, place, Step::Elements);
            }
            _ => {}
        }
        for part in list(keywords.get("allOf")) {
            self.schema(part, place);
        }
        if let Some(target) = keywords.get("$ref").and_then(Value::as_str)
            && !self.followed.contains(&target)
        {
            self.followed.push(target);
            if let Some(schema) = self.target(target) {
                self.schema(schema, place);
            }
            self.followed.pop();
        }
        for key in ["oneOf", "anyOf"] {
            self.choices(key, list(keywords.get(key)), place, &known);
        }
    }

    fn target(&self, target: &str) -> Option<&'a Value> {
        self.given.schema.pointer(target.strip_prefix('#')?)
    }

    /// The form and the values that there are, where no type says them.
    fn forms(&mut self, keywords: &Map<String, Value>, place: &[Step], known: &Known<'a>) {
        if *known == Known::Open {
            let mut forms: BTreeSet<String> = match keywords.get("type") {
                Some(Value::String(form)) => BTreeSet::from([form.clone()]),
                forms => list(forms).iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            };
            if forms.contains("number") {
                forms.insert("integer".to_owned());
            }
            self.all(place, Aspect::Form, forms);
        }
        let texts_alone = match known {
            Known::Absent => true,
            Known::Open => false,
            Known::Typed(types) => {
                let shapes = shapes(self.given.api, types);
                !shapes.is_empty() && shapes.into_iter().all(is_texts)
            }
        };
        let values = match keywords.get("const") {
            Some(value) => std::slice::from_ref(value),
            None => list(keywords.get("enum")),
        };
        if !texts_alone {
            self.all(place, Aspect::Listed, values.iter().map(member));
        }
    }

    /// What is said of the value itself.
    fn plain(&mut self, keywords: &Map<String, Value>, place: &[Step]) {
        let number = |key: &str| keywords.get(key).and_then(Value::as_f64);
        for (key, lower, open) in BOUNDS {
            if let Some(bound) = number(key) {
                let aspect = if lower { Aspect::Least("") } else { Aspect::Most("") };
                self.demand(place, aspect, Demand::Bound(bound, open));
            }
        }
        let is_tuple = keywords.contains_key("prefixItems")
            || keywords.get("items").is_some_and(Value::is_array);
        for (key, of, lower) in COUNTS {
            // A tuple's length is its type's, and none is below zero.
            let Some(bound) = number(key).filter(|bound| !lower || *bound > 0.0) else { continue };
            if !(is_tuple && of == "element") {
                let aspect = if lower { Aspect::Least(of) } else { Aspect::Most(of) };
                self.demand(place, aspect, Demand::Bound(bound, false));
            }
        }
        self.all(place, Aspect::Multiple, keywords.get("multipleOf").map(member));
        self.all(place, Aspect::Pattern, keywords.get("pattern").map(member));
        if keywords.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.demand(place, Aspect::Unique, Demand::Plain);
        }
        let beside = keywords.get("dependentRequired").and_then(Value::as_object);
        for (name, others) in beside.into_iter().flatten() {
            self.all(place, Aspect::Beside(name.clone()), names(others));
        }
    }

    /// What is said of an object's entries.
    fn entries(
        &mut self,
        keywords: &'a Map<String, Value>,
        place: &mut Vec<Step>,
        known: &Known<'a>,
    ) {
        let is_record = match known {
            Known::Typed(types) => !structs(self.given.api, types).is_empty(),
            Known::Absent | Known::Open => false,
        };
        let is_map =
            matches!(known, Known::Typed(types) if types.iter().any(|ty| ty.contains("Map <")));
        if (!is_record || is_map)
            && let Some(required) = keywords.get("required")
        {
            self.all(place, Aspect::Required, names(required));
        }
        for (name, schema) in
            keywords.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            self.under(schema, place, Step::Field(name.clone()));
        }
        if let Some(schema) = keywords.get("propertyNames") {
            self.under(schema, place, Step::Names);
        }
        match keywords.get("additionalProperties") {
            Some(Value::Bool(false)) if !self.is_closed(known) => {
                self.demand(place, Aspect::Closed, Demand::Plain);
            }
            Some(schema @ Value::Object(_)) => self.under(schema, place, Step::Entries),
            _ => {}
        }
    }

    /// Whether a type says that there are no other fields.
    fn is_closed(&self, known: &Known<'a>) -> bool {
        let Known::Typed(types) = known else { return false };
        let mut shapes = shapes(self.given.api, types).into_iter();
        shapes.any(|shape| matches!(shape, ApiType::Struct { closed: true, .. }))
    }

    /// Choices that types tell apart are looked into; of others each is one thing.
    fn choices(
        &mut self,
        key: &str,
        choices: &'a [Value],
        place: &mut Vec<Step>,
        known: &Known<'a>,
    ) {
        let union = match known {
            Known::Typed(types) => {
                shapes(self.given.api, types).into_iter().find_map(|shape| match shape {
                    ApiType::Enum { tag, .. } => Some(tag.as_deref()),
                    ApiType::Struct { .. } | ApiType::Alias(_) => None,
                })
            }
            Known::Absent | Known::Open => None,
        };
        let named = union.and_then(|tag| self.told_apart(choices, tag));
        if let Some(names) = named {
            for (choice, name) in choices.iter().zip(names) {
                self.under(choice, place, Step::Choice(name));
            }
            return;
        }
        let whole = |choice: &Value| {
            let text = choice.to_string();
            let definitions =
                text.contains("\"$ref\"").then(|| self.given.schema.get("$defs")).flatten();
            definitions.map_or_else(|| text.clone(), |with| format!("{text} with {with}"))
        };
        let choices: Vec<String> = choices.iter().map(whole).collect();
        // That exactly one may hold is another thing than that one does.
        let choices = choices.into_iter().map(|choice| format!("{key} {choice}"));
        self.all(place, Aspect::Choices, choices);
    }

    /// The names of choices, where each has one of its own.
    fn told_apart(&self, choices: &[Value], tag: Option<&str>) -> Option<Vec<String>> {
        let names: Option<Vec<String>> =
            choices.iter().map(|choice| self.choice(choice, tag)).collect();
        let names = names?;
        let distinct: BTreeSet<&String> = names.iter().collect();
        (distinct.len() == names.len()).then_some(names)
    }

    /// By what a choice is told from the others.
    fn choice(&self, choice: &Value, tag: Option<&str>) -> Option<String> {
        let target = choice.get("$ref").and_then(Value::as_str);
        let choice = target.and_then(|target| self.target(target)).unwrap_or(choice);
        match tag {
            Some(tag) => {
                let tag = choice.get("properties")?.get(tag)?;
                let value = tag.get("const").or_else(|| tag.get("enum")?.get(0))?;
                value.as_str().map(str::to_owned)
            }
            None => choice.get("type").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

/// Whether an enum is one of texts, each a variant.
fn is_texts(shape: &ApiType) -> bool {
    match shape {
        ApiType::Enum { variants, .. } => {
            variants.values().all(|variant| variant_parts(variant).1.is_empty())
        }
        ApiType::Struct { .. } | ApiType::Alias(_) => false,
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Names of fields, as sentences have them.
fn names(value: &Value) -> impl Iterator<Item = String> {
    list(Some(value)).iter().filter_map(Value::as_str).map(|name| format!("`{name}`"))
}
