//! Takes fields out of a JSON object, and says what is wrong with them.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, code, harmless, nearest, quoted};

/// The fields of one object of the document. Null and absent are the same (S10).
pub(super) struct Reader<'d> {
    fields: Map<String, Value>,
    /// The node at fault; without one, pointers are into the document.
    node: Option<String>,
    /// JSON pointer of the object.
    pointer: String,
    out: &'d mut Vec<Diagnostic>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(
        fields: Map<String, Value>,
        node: Option<String>,
        pointer: String,
        out: &'d mut Vec<Diagnostic>,
    ) -> Self {
        Self { fields, node, pointer, out }
    }

    /// Reads a value that must be an object.
    pub(super) fn open(
        value: Value,
        pointer: String,
        out: &'d mut Vec<Diagnostic>,
    ) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self::new(fields, None, pointer, out)),
            other => {
                let found = name_of(&other);
                let message = format!("`{pointer}` is {found}, expected an object");
                let help = "write an object there, or remove it";
                out.push(Diagnostic::new(code::WRONG_SHAPE, message).field(pointer).help(help));
                None
            }
        }
    }

    /// Whatever is wrong from here on is the fault of this node.
    pub(super) fn name(&mut self, id: &str) {
        self.node = Some(id.to_owned());
    }

    /// Which of these fields there are.
    pub(super) fn given(&self, known: &[&'static str]) -> Vec<&'static str> {
        known.iter().copied().filter(|field| self.fields.contains_key(*field)).collect()
    }

    /// The fields that were not asked for and that are none of these, sorted.
    pub(super) fn rest(&self, known: &[&str]) -> Vec<String> {
        let rest = self.fields.keys().filter(|field| !known.contains(&field.as_str()));
        let mut rest: Vec<String> = rest.cloned().collect();
        rest.sort_unstable();
        rest
    }

    /// The field, unless it is absent or null.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            other => self.wrong(field, &name_of(&other), "a text"),
        }
    }

    pub(super) fn first_text(&mut self, fields: &[&str]) -> Option<String> {
        fields.iter().find_map(|field| self.text(field))
    }

    pub(super) fn required_text(&mut self, field: &str) -> Option<String> {
        if self.fields.get(field).is_none_or(Value::is_null) {
            return self.wrong(field, "missing", "a text");
        }
        self.text(field)
    }

    pub(super) fn required_list(&mut self, field: &str) -> Option<Vec<Value>> {
        match self.optional_list(field)? {
            Some(list) => Some(list),
            None => self.wrong(field, "missing", "a list"),
        }
    }

    /// A list, or nothing; `None` where it is something else.
    #[expect(clippy::option_option, reason = "wrong and absent are two things")]
    pub(super) fn optional_list(&mut self, field: &str) -> Option<Option<Vec<Value>>> {
        match self.take(field) {
            Some(Value::Array(list)) => Some(Some(list)),
            Some(other) => self.wrong(field, &name_of(&other), "a list"),
            None => Some(None),
        }
    }

    /// An object; empty where it is absent and not required.
    pub(super) fn object(&mut self, field: &str, required: bool) -> Option<Map<String, Value>> {
        match self.take(field) {
            Some(Value::Object(map)) => Some(map),
            Some(other) => self.wrong(field, &name_of(&other), "an object"),
            None if required => self.wrong(field, "missing", "an object"),
            None => Some(Map::new()),
        }
    }

    /// A bool; false where it is absent.
    pub(super) fn flag(&mut self, field: &str) -> bool {
        match self.take(field) {
            Some(Value::Bool(flag)) => flag,
            Some(other) => self.wrong(field, &name_of(&other), "true or false").unwrap_or(false),
            None => false,
        }
    }

    /// One of some texts.
    pub(super) fn one_of<'a>(&mut self, field: &str, texts: &[&'a str]) -> Option<&'a str> {
        let found = self.text(field)?;
        if let Some(text) = texts.iter().find(|text| **text == found) {
            return Some(text);
        }
        let nearest = nearest(&found, texts.iter().copied());
        let help = nearest.map(|text| format!("did you mean `{text}`?"));
        let expected: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
        let _: Option<()> = self.wrong(field, &quoted(&found), &expected.join(" or "));
        if let (Some(help), Some(last)) = (help, self.out.last_mut()) {
            last.help = Some(harmless(help));
        }
        None
    }

    /// Reports the field, and gives no value.
    fn wrong<T>(&mut self, field: &str, found: &str, expected: &str) -> Option<T> {
        // What stands in a node's `data` is pointed at from there; the rest from the document.
        let in_data = self.node.is_some() && !self.pointer.starts_with("/nodes");
        let pointer = format!("{}/{field}", self.pointer);
        let what = match &self.node {
            Some(node) => format!("`{field}` of node {}", quoted(node)),
            None if self.pointer.is_empty() => format!("`{field}`"),
            None => format!("`{pointer}`"),
        };
        let mut diagnostic =
            Diagnostic::new(code::WRONG_SHAPE, format!("{what} is {found}, expected {expected}"))
                .help(format!("write {expected} there"));
        diagnostic.node.clone_from(&self.node);
        if in_data || self.node.is_none() {
            diagnostic.field = Some(pointer);
        }
        self.out.push(diagnostic);
        None
    }
}

/// What a JSON value is, with its article.
pub(super) fn name_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A JSON value for a message.
pub(super) fn short(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => name_of(other),
    }
}
