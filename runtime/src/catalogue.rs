//! The catalogue: every kind with its schemas, read by editor, compiler and AI.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::types::Type;

/// All plugin actions that a compiler or server knows, by kind (`http.request@1`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The actions, sorted by kind.
    pub actions: BTreeMap<String, ActionManifest>,
}

/// What a plugin says of one action. Its types derive from the Rust input and output structs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionManifest {
    /// `http.request@1`.
    pub kind: String,
    /// What the palette shows, `HTTP request`.
    pub label: String,
    /// One sentence, then more if needed. Markdown.
    pub description: String,
    /// The palette's group, `Network`.
    pub category: String,
    /// The input record; a field whose type is optional may be left out.
    pub input: Type,
    /// The output as the plugin's struct has it. Where `generic_output` is set, that field is
    /// `Any` here and takes the type that the node's `config.response` declares.
    pub output: Type,
    /// The field of `output` whose type the node declares (`body` of `http.request`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generic_output: Option<String>,
    /// Whether a second execution may have a second effect.
    pub effects: bool,
    /// Whether it gives signs of life while it runs, as a policy's `heartbeat` asks for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub heartbeats: bool,
    /// Where the Rust items live.
    pub rust: RustItems,
}

/// Where an action's Rust items live, for emitted code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RustItems {
    /// Crate name as in a manifest, `flowcrate-plugins`.
    pub package: String,
    /// The package's feature that holds the action, `http`.
    pub feature: String,
    /// Path of the module within the crate, `flowcrate_plugins::http`.
    pub module: String,
    /// The async function `(StepContext, Input) -> Result<Output, StepError>`, `request`.
    pub function: String,
    /// The input struct's name, `Request`; it implements `Default` unless every field is required.
    pub input: String,
    /// The output struct's name, `Response`; generic over one type where the manifest says so.
    pub output: String,
}
