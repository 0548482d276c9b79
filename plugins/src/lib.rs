//! Typed steps for real services, one feature each.
//!
//! An action is an async function from a typed input to a typed output under [`macro@action`]:
//! everything else (its manifest, its JSON Schema, its form in the editor, the code that calls
//! it) follows from the types. How to write one stands in the README.
//!
//! | feature | kinds |
//! |---|---|
//! | `http` | [`http.request@1`](http) |
//! | `catalogue` | none: manifests and calls by kind, for compilers and servers |

// The attribute writes `::flowcrate_plugins`, here as in any other crate.
extern crate self as flowcrate_plugins;

#[cfg(feature = "catalogue")]
mod catalogue;
#[cfg(feature = "http")]
pub mod http;

#[cfg(feature = "catalogue")]
pub use catalogue::{
    Action, Actions, Described, Running, actions, catalogue, json_schema, manifest, run,
};
pub use flowcrate::catalogue::ActionManifest;
pub use flowcrate::types::Typed;
pub use flowcrate::{StepContext, StepError, action};
pub use serde_json::Value;

/// The items, where the catalogue is wanted; [`macro@action`] puts what only it needs in here.
#[cfg(feature = "catalogue")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_catalogue {
    ($($items:tt)*) => { $($items)* };
}

/// Nothing: emitted crates do not pay for a catalogue.
#[cfg(not(feature = "catalogue"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_catalogue {
    ($($items:tt)*) => {};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
