//! Versions that emitted manifests ask for: the workspace's own table, so that emitted code is
//! built against what this repository tests. `tests/tests/tidy.rs` holds the two together.

/// Our own crates' version; all are released together.
pub(crate) const OURS: &str = env!("CARGO_PKG_VERSION");

/// Outside crates that emitted code may name, with the version that the workspace uses.
pub const OUTSIDE: [(&str, &str); 3] = [("serde", "1"), ("serde_json", "1"), ("tokio", "1")];

/// The requirement on an outside crate; ours where the crate is not an outside one.
pub(crate) fn requirement(package: &str) -> &'static str {
    OUTSIDE.iter().find(|(name, _)| *name == package).map_or(OURS, |(_, version)| version)
}

/// Features that every use of an outside crate needs.
pub(crate) fn base_features(package: &str) -> &'static [&'static str] {
    match package {
        "serde" => &["derive", "std"],
        "serde_json" => &["std"],
        _ => &[],
    }
}
