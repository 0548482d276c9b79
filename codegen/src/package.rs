//! The last stage: emitted Rust becomes the files of a crate.

mod example;
mod manifest;
mod mermaid;
mod readme;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

pub use versions::OUTSIDE;

/// Packages that code needs, each with its features.
pub type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// Where the emitted manifest finds our own crates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Support {
    /// In `vendor/` inside the crate; whoever writes the files adds them.
    #[default]
    Vendored,
    /// In folders of this machine, by package name; for tests and for work on flowcrate itself.
    Path(BTreeMap<String, String>),
}

/// The files of an emitted crate by path, `/` between parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrateFiles {
    /// Path to contents, sorted.
    pub files: BTreeMap<String, CrateFile>,
}

/// One file of an emitted crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrateFile {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether regeneration replaces it.
    pub owner: Owner,
}

/// Who owns a file once it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The compiler: replaced by each export.
    Compiler,
    /// The person: written where it is absent, never replaced.
    Person,
}
