//! Types from JSON Schema (2020-12, a subset) and from samples (S12).
//!
//! What a schema says about types becomes a [`Type`]. What it says about values beyond that
//! (`minLength`, `pattern`, `maximum`, …) is asked of a trigger's payload before a run starts, and a
//! warning elsewhere, since nothing checks it there; what would need a
//! type that the language does not have (`not`, `if`, `contains`) is an error, not `any`: nobody
//! should believe in a check that is not made.
//!
//! Our own and not `typify`: types of schemas must unify with those of steps, narrow by guards and
//! be projected by one function in both back ends, so they are the language's before they are
//! Rust's.

mod combined;
mod constraints;
mod example;
mod met;
mod objects;
mod recursion;
mod sample;
mod tagged;
mod unions;

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::types::Type;
use serde_json::{Map, Value};

use self::recursion::{Circles, Defining};
pub(crate) use constraints::{Asked, asked, has_pattern, moved};
pub(crate) use example::example;
pub(crate) use met::example_of;
pub use sample::{from_sample, from_samples};

use crate::diagnostic::{Code, Severity, code, nearest};
use crate::expr::walk::push_segment;

/// How deep a schema or sample may nest.
const DEPTH_LIMIT: usize = 32;
/// How many schemas one schema may hold, each reference counted as often as it is followed.
const SIZE_LIMIT: usize = 20_000;

/// One finding about a schema or sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaIssue {
    /// Stable code with a page of its own, E32x or W32x.
    pub code: &'static str,
    /// Whether there is no type because of it.
    pub severity: Severity,
    /// JSON pointer into the schema or sample.
    pub pointer: String,
    /// Lower case, no full stop, found against expected.
    pub message: String,
    /// An instruction: how to mend it.
    pub help: Option<String>,
}

impl SchemaIssue {
    fn new(code: Code, pointer: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.id,
            severity: code.severity,
            pointer: pointer.to_owned(),
            message: message.into(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What a schema or samples say.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// The type of the values.
    pub ty: Type,
    /// What the type does not say of them.
    pub warnings: Vec<SchemaIssue>,
    /// Where in the schema a constraint stands that the type does not express.
    pub constraints: BTreeSet<String>,
}

/// The type of the values that `schema` describes.
///
/// ```
/// use flowcrate_codegen::schema::from_schema;
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": {
///         "email": {"type": "string", "format": "email"},
///         "paid_at": {"type": ["string", "null"], "format": "date-time"},
///     },
///     "required": ["email"],
/// });
/// let declared = from_schema(&schema).unwrap();
/// assert_eq!(declared.ty.to_string(), "{email: string, paid_at?: timestamp}");
/// ```
pub fn from_schema(schema: &Value) -> Result<Declared, Vec<SchemaIssue>> {
    let mut reader = Reader {
        root: schema,
        pointer: String::new(),
        circles: Circles::of(schema),
        defining: Vec::new(),
        recursive: BTreeMap::new(),
        entered: None,
        inlined: Vec::new(),
        seen: 0,
        unchecked: BTreeSet::new(),
        issues: Vec::new(),
    };
    let ty = reader.schema(schema, 0);
    match ty {
        Some(ty) if reader.issues.is_empty() => {
            let warnings = unchecked(&reader.unchecked).into_iter().collect();
            Ok(Declared { ty, warnings, constraints: reader.unchecked })
        }
        _ => Err(reader.issues),
    }
}

/// One warning for all that is not checked: a schema with many constraints has one problem.
pub(crate) fn unchecked(places: &BTreeSet<String>) -> Option<SchemaIssue> {
    let first = places.first()?;
    let name = first.rsplit('/').next().unwrap_or(first);
    let (others, are) = match places.len() - 1 {
        0 => (String::new(), "is"),
        1 => (" and one other constraint".to_owned(), "are"),
        more => (format!(" and {more} other constraints"), "are"),
    };
    let message = format!("`{name}`{others} of the schema {are} not checked when a value comes in");
    let issue = SchemaIssue::new(code::UNCHECKED_CONSTRAINT, first, message);
    Some(issue.help("check in a `condition` node what the workflow relies on"))
}

struct Reader<'s> {
    root: &'s Value,
    /// Where the schema at hand stands.
    pointer: String,
    /// The references that lead in circles.
    circles: Circles,
    /// The circles whose definitions are being read.
    defining: Vec<Defining>,
    /// The types of those that were read, by their references.
    recursive: BTreeMap<String, Type>,
    /// The place of a definition that is to be read itself, where else its name would be taken.
    entered: Option<String>,
    /// The references that stand for choices and are being read.
    inlined: Vec<String>,
    seen: usize,
    /// Where a constraint stands that no type expresses.
    unchecked: BTreeSet<String>,
    issues: Vec<SchemaIssue>,
}

/// What is said of values beyond their type.
const CONSTRAINTS: [&str; 16] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "dependentRequired",
    "unevaluatedProperties",
];

/// The types that a schema may name.
const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "null", "array", "object"];

impl<'s> Reader<'s> {
    fn report<T>(&mut self, issue: SchemaIssue) -> Option<T> {
        self.issues.push(issue);
        None
    }

    /// Reports an issue with the keyword `key` of the schema at hand.
    fn wrong<T>(
        &mut self,
        code: Code,
        key: &str,
        message: impl Into<String>,
        help: &str,
    ) -> Option<T> {
        let issue = self.within(key, |reader| SchemaIssue::new(code, &reader.pointer, message));
        self.report(issue.help(help))
    }

    /// Notes a keyword of the schema at hand that says more than types do.
    fn unchecked(&mut self, key: &str) {
        let place = self.within(key, |reader| reader.pointer.clone());
        self.unchecked.insert(place);
    }

    fn within<T>(&mut self, segment: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        push_segment(&mut self.pointer, segment);
        let result = read(self);
        self.pointer.truncate(length);
        result
    }

    /// The schema under `key` of the schema at hand.
    fn under(&mut self, key: &str, schema: &'s Value, depth: usize) -> Option<Type> {
        self.within(key, |reader| reader.schema(schema, depth + 1))
    }

    fn schema(&mut self, schema: &'s Value, depth: usize) -> Option<Type> {
        self.seen += 1;
        if self.seen > SIZE_LIMIT + 1 {
            return None;
        }
        if depth > DEPTH_LIMIT || self.seen > SIZE_LIMIT {
            // Said once: what follows would say the same many times.
            self.seen = SIZE_LIMIT + 1;
            let message = "the schema is too deep or too large";
            let issue = SchemaIssue::new(code::SCHEMA_TOO_LARGE, &self.pointer, message);
            return self.report(issue.help("describe the inner parts as any: `{}`"));
        }
        let is_named = self.entered.take().is_none_or(|place| place != self.pointer);
        if is_named && !self.circles.is_empty() {
            let here = format!("#{}", self.pointer);
            if self.circles.leads_in_one(&here) {
                return self.recursive(&here, depth);
            }
        }
        match schema {
            Value::Bool(true) => Some(Type::Any),
            Value::Object(keywords) => {
                let ty = self.keywords(keywords, depth)?;
                let nullable = keywords.get("nullable") == Some(&Value::Bool(true));
                Some(if nullable { ty.optional() } else { ty })
            }
            other => {
                let found = if other.is_boolean() {
                    "false, which no value meets"
                } else {
                    "another value"
                };
                let issue = SchemaIssue::new(
                    code::BAD_SCHEMA,
                    &self.pointer,
                    format!("a schema is an object or true, found {found}"),
                );
                self.report(issue.help("write `{\"type\": \"string\"}` or so; `{}` for any"))
            }
        }
    }

    fn keywords(&mut self, keywords: &'s Map<String, Value>, depth: usize) -> Option<Type> {
        const REFUSED: [(&str, &str); 7] = [
            ("not", "say what the value is, not what it is not"),
            ("if", "describe all fields, and leave those optional that may be absent"),
            ("patternProperties", "describe the values by `additionalProperties`"),
            ("dependentSchemas", "leave the dependent fields optional"),
            ("$dynamicRef", "write `$ref`"),
            ("unevaluatedItems", "describe the elements by `items`"),
            ("contains", "describe the elements by `items`"),
        ];
        for (key, help) in REFUSED {
            if keywords.contains_key(key) {
                let message = format!("`{key}` has no counterpart among the types of the language");
                return self.wrong(code::SCHEMA_UNSUPPORTED, key, message, help);
            }
        }
        let is_tuple = tuple_of(keywords).is_some();
        for key in CONSTRAINTS.iter().filter(|key| keywords.contains_key(**key)) {
            if !(is_tuple && ["minItems", "maxItems"].contains(key)) {
                self.unchecked(key);
            }
        }
        if combined::is_combined(keywords) {
            return self.combined(keywords, depth);
        }
        if let Some(values) = keywords.get("enum") {
            return self.enumeration(values, keywords);
        }
        if let Some(value) = keywords.get("const") {
            return self.constant(value, keywords);
        }
        self.typed(keywords, depth)
    }

    /// By `type`, or by the keywords that only one type has.
    fn typed(&mut self, keywords: &'s Map<String, Value>, depth: usize) -> Option<Type> {
        match keywords.get("type") {
            None if keywords.contains_key("properties") => self.object(keywords, depth),
            None if keywords.contains_key("items") || keywords.contains_key("prefixItems") => {
                self.array(keywords, depth)
            }
            None => Some(Type::Any),
            Some(Value::String(name)) => self.named(name, keywords, depth),
            Some(Value::Array(names)) => self.several(names, keywords, depth),
            Some(_) => self.wrong(
                code::BAD_SCHEMA,
                "type",
                "a type is a text or a list of texts",
                "write `\"type\": \"string\"`",
            ),
        }
    }

    fn named(
        &mut self,
        name: &str,
        keywords: &'s Map<String, Value>,
        depth: usize,
    ) -> Option<Type> {
        match name {
            "null" => Some(Type::Null),
            "boolean" => Some(Type::Bool),
            "integer" => Some(Type::Int),
            "number" => Some(Type::Number),
            "string" => Some(text(keywords)),
            "array" => self.array(keywords, depth),
            "object" => self.object(keywords, depth),
            other => {
                let near = nearest(other, TYPES)
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let message = format!("there is no type `{other}`{near}");
                let help = format!("the types are `{}`", TYPES.join("`, `"));
                self.wrong(code::BAD_SCHEMA, "type", message, &help)
            }
        }
    }

    fn array(&mut self, keywords: &'s Map<String, Value>, depth: usize) -> Option<Type> {
        if let Some((key, items)) = tuple_of(keywords) {
            return self.tuple(key, items, keywords, depth);
        }
        match keywords.get("items") {
            None => Some(Type::list(Type::Any)),
            Some(items) => self.under("items", items, depth).map(Type::list),
        }
    }

    /// Elements of a type each: exactly so many, whatever else the schema says of their number.
    fn tuple(
        &mut self,
        key: &str,
        items: &'s [Value],
        keywords: &'s Map<String, Value>,
        depth: usize,
    ) -> Option<Type> {
        if items.len() > TUPLE_LIMIT {
            let message = format!("a tuple has at most {TUPLE_LIMIT} elements");
            let help = "describe them by one schema, `items`, or as an object's fields";
            return self.wrong(code::SCHEMA_UNSUPPORTED, key, message, help);
        }
        if let (Some(Value::Object(_)), "prefixItems") = (keywords.get("items"), key) {
            let message = "a tuple has no elements behind those that are listed";
            let help = "write `\"items\": false`, or describe all elements by `items` alone";
            return self.wrong(code::SCHEMA_UNSUPPORTED, "items", message, help);
        }
        let mut types = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let ty = self.within(key, |reader| reader.under(&at.to_string(), item, depth));
            types.push(ty);
        }
        Some(Type::tuple(types.into_iter().collect::<Option<Vec<_>>>()?))
    }
}

/// Rust has the traits that we need for tuples of so many elements.
const TUPLE_LIMIT: usize = 12;

/// The schemas of a tuple's elements, and the keyword that lists them; `items` did, once.
fn tuple_of(keywords: &Map<String, Value>) -> Option<(&'static str, &[Value])> {
    let listed = |key: &'static str| Some((key, keywords.get(key)?.as_array()?.as_slice()));
    listed("prefixItems").or_else(|| listed("items")).filter(|(_, items)| !items.is_empty())
}

fn text(keywords: &Map<String, Value>) -> Type {
    let keyword = |key: &str| keywords.get(key).and_then(Value::as_str);
    match (keyword("format"), keyword("contentEncoding")) {
        (Some("date-time"), _) => Type::Timestamp,
        (Some("duration"), _) => Type::Duration,
        (Some("byte"), _) | (_, Some("base64")) => Type::Bytes,
        _ => Type::String,
    }
}

#[cfg(test)]
mod tests;
