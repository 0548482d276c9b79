//! Graphs of other tools, translated into ours: bytes in, a graph document and diagnostics out.
//!
//! What can be said in our language is translated; an action that we do not have becomes a
//! `custom@1` node with its inputs kept and a warning. What has no translation is an error that
//! quotes the original: nothing is guessed, nothing turns silently false.

mod ids;
mod vercel;

use serde_json::Value;

use crate::Diagnostic;

pub use vercel::vercel;

/// What an import gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The graph document in our format; `None` where anything could not be translated.
    pub graph: Option<Value>,
    /// All findings. Where there is a graph they name its nodes and point into it; where there
    /// is none they name the nodes of the original and point into that.
    pub diagnostics: Vec<Diagnostic>,
}
