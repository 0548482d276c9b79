//! Hostile text, the places of a document where text may stand, and what an emitted crate must hold
//! whatever stands there (S42, design 10.6).

mod judge;
mod lexed;
mod mutate;

use serde_json::Value;

use crate::random::Rng;

pub use judge::faults;
pub use lexed::{Part, lexed};
pub use mutate::mutate;

/// Stands in every hostile text. No case that the allocator of names writes gives this word, so that
/// as code it can only be text that broke out.
pub const MARK: &str = "qZZq";

/// Texts that break whatever is built by putting strings together.
const TEXTS: [&str; 40] = [
    "*/ qZZq /*",
    "/* qZZq",
    "// qZZq",
    "qZZq\n```\nqZZq\n```rust\nqZZq();",
    "~~~\nqZZq",
    "{{ 'qZZq' }}",
    "{{ qZZq",
    "}} qZZq {{",
    "{% raw %}qZZq{% endraw %}",
    "{# qZZq #}",
    "{{ \"qZZq\\\" \\u{0}\" }}",
    "\u{202E}qZZq\u{2066}",
    "\u{200B}qZZq\u{FEFF}",
    "\0qZZq\0",
    "\u{1b}[31mqZZq\u{7}",
    "qZZq\r\n//! qZZq\r",
    "\"; fn qZZq() {} //",
    "\"#; fn qZZq() {} //",
    "\"##; qZZq!{} r##\"",
    "\\\" qZZq \\",
    "' qZZq '",
    "'\\u{41}' qZZq 'static",
    "b\"qZZq\" c\"qZZq\"",
    "🦀qZZq👩‍👩‍👧é日本語",
    "<script>qZZq</script>",
    "](qZZq) ![qZZq](x)",
    "#![qZZq] #[qZZq]",
    "qZZq\u{2028}qZZq\u{2029}\u{85}qZZq",
    "\n    end\n    qZZq[\"x\"]\n",
    "\"]; qZZq --> qZZq",
    "$(qZZq) `qZZq` ; qZZq && 'qZZq'",
    "\n[dependencies]\nqZZq = \"1\"\n",
    "\"\"\"\nqZZq = 1\n",
    "---\nqZZq: 1\n---",
    "\n# qZZq\n\n- qZZq\n1. qZZq\n| qZZq |",
    "../../qZZq",
    "{} {0} {qZZq} {{}} %s",
    "&qZZq; &#x41; qZZq::qZZq<qZZq>",
    "https://qZZq.example/qZZq www.qZZq.example qZZq@qZZq.example",
    "   qZZq   ",
];

/// Words that mean something to Rust, to its prelude or to emitted code.
const WORDS: [&str; 48] = [
    "fn",
    "self",
    "Self",
    "crate",
    "super",
    "type",
    "match",
    "async",
    "await",
    "dyn",
    "gen",
    "try",
    "abstract",
    "final",
    "union",
    "macro_rules",
    "static",
    "true",
    "false",
    "_",
    "__",
    "r#fn",
    "String",
    "Vec",
    "Option",
    "Some",
    "None",
    "Ok",
    "Err",
    "Box",
    "Drop",
    "Copy",
    "Result",
    "str",
    "i64",
    "std",
    "core",
    "flowcrate",
    "serde",
    "ctx",
    "Context",
    "trigger",
    "Value",
    "main",
    "error",
    "Error",
    "toString",
    "constructor",
];

/// A hostile text.
pub fn text(rng: &mut Rng) -> &'static str {
    let of: &[&'static str] = if rng.percent(75) { &TEXTS } else { &WORDS };
    rng.pick(of).copied().unwrap_or_default()
}

/// Where text stands in a document: a pointer to a value, or the key of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A text.
    Value(String),
    /// A key.
    Key(String),
}

/// All places of a document that hold text.
pub fn places(document: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    walk(document, &mut String::new(), &mut found);
    found
}

fn walk(value: &Value, at: &mut String, found: &mut Vec<Place>) {
    let length = at.len();
    match value {
        Value::String(_) => found.push(Place::Value(at.clone())),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                at.push('/');
                at.push_str(&number.to_string());
                walk(item, at, found);
                at.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                at.push('/');
                at.push_str(&key.replace('~', "~0").replace('/', "~1"));
                found.push(Place::Key(at.clone()));
                walk(field, at, found);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts text into a place, if it is there still.
pub fn plant(document: &mut Value, place: &Place, text: &str) {
    match place {
        Place::Value(pointer) => {
            if let Some(value) = document.pointer_mut(pointer) {
                *value = text.into();
            }
        }
        Place::Key(pointer) => {
            let Some((parent, key)) = pointer.rsplit_once('/') else { return };
            let key = key.replace("~1", "/").replace("~0", "~");
            if let Some(fields) = document.pointer_mut(parent).and_then(Value::as_object_mut)
                && let Some(value) = fields.remove(&key)
            {
                fields.insert(text.to_owned(), value);
            }
        }
    }
}
