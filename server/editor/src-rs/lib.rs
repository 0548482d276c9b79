//! The web editor, built by `build.rs` and embedded as bytes.
