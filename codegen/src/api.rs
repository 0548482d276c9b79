//! What a published crate promises to those who use it, and what a change of it costs them.
//!
//! The model is read from the emitted Rust, not from the graph: what a consumer's program can name
//! is what counts, and two graphs that emit the same items promise the same.

mod compare;
mod constraints;
mod demands;
mod places;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use compare::{Bump, Change, changes, least_bump};
pub use read::{api, constraints};
pub(crate) use read::{given, reachable};

/// What a crate promises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// The workflow's function.
    pub function: String,
    /// The struct that names it to an engine.
    pub structure: String,
    /// The types of the function's inputs behind the context: none or one.
    pub input: Vec<String>,
    /// What it gives.
    pub output: String,
    /// Payloads by the names of their events.
    pub events: BTreeMap<String, String>,
    /// The types that input, output and events are made of.
    pub types: BTreeMap<String, ApiType>,
    /// What starts runs from outside, in words: `webhook /hooks/orders`.
    pub triggers: BTreeSet<String>,
    /// Codes of failures that the graph itself gives.
    pub errors: BTreeSet<String>,
    /// What is asked beyond types. None in the model of a version that was published before models
    /// said so of events, too: then [`constraints()`] reads it from the crate's source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Constraints>,
    /// The version of our own crates, whose types stand in its signatures.
    pub support: String,
}

/// What inputs and events must be beyond their types, as JSON Schemas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraints {
    /// Of an input; an empty schema where nothing is asked.
    pub input: Value,
    /// Of the payloads of those events of which something is asked, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub events: BTreeMap<String, Value>,
}

/// A type of the crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiType {
    /// A struct.
    Struct {
        /// Its fields by their names in Rust.
        fields: BTreeMap<String, ApiField>,
        /// What it derives.
        derives: BTreeSet<String>,
        /// Whether it takes no fields but these from JSON.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        closed: bool,
    },
    /// An enum.
    Enum {
        /// Names in JSON by those of its variants in Rust, each with what it holds, if anything:
        /// `card (PaymentCard)`.
        variants: BTreeMap<String, String>,
        /// What it derives.
        derives: BTreeSet<String>,
        /// The field that says in JSON which one it is, where one does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tag: Option<String>,
    },
    /// Another name of a type.
    Alias(String),
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiField {
    /// Its Rust type.
    pub ty: String,
    /// Its name in JSON.
    pub json: String,
}

impl Api {
    /// The types that users of the crate give it: in inputs and events.
    pub fn given(&self) -> BTreeSet<&str> {
        compare::given(self)
    }
}

/// A variant's name in JSON, and what it holds: `(PaymentCard)`, or nothing.
pub(crate) fn variant_parts(variant: &str) -> (&str, &str) {
    variant.find(" (").map_or((variant, ""), |at| (&variant[..at], variant[at..].trim_start()))
}

impl ApiField {
    /// Whether it may be left out.
    pub fn is_optional(&self) -> bool {
        self.ty.starts_with("Option <")
    }
}
