//! The `#[workflow]` and `#[step]` attribute macros of the `flowcrate` runtime.
