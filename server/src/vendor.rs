//! The sources of our own crates, packed at build time, so that an exported crate builds with
//! the server gone.
//!
//! The manifests lean on this workspace; [`files`] resolves what they inherit and drops what only
//! development needs, so that each vendored package stands on its own.

mod manifest;

use std::collections::BTreeMap;
use std::sync::LazyLock;

mod packed {
    include!(concat!(env!("OUT_DIR"), "/vendor.rs"));
}

static FILES: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    packed::SOURCES
        .iter()
        .map(|(path, bytes)| (format!("vendor/{path}"), resolved(path, bytes)))
        .collect()
});

/// All files by path: `vendor/flowcrate/Cargo.toml`, `vendor/flowcrate/src/lib.rs`, …
pub fn files() -> &'static BTreeMap<String, Vec<u8>> {
    &FILES
}

fn resolved(path: &str, bytes: &[u8]) -> Vec<u8> {
    if !path.ends_with("/Cargo.toml") {
        return bytes.to_vec();
    }
    let text = String::from_utf8_lossy(bytes);
    // Both manifests are our own, packed by the build; a test resolves each of them.
    manifest::resolve(&text, packed::WORKSPACE).map_or_else(|_| bytes.to_vec(), String::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_stands_on_its_own() {
        for name in ["flowcrate", "flowcrate-macros", "flowcrate-plugins"] {
            let manifest = &files()[&format!("vendor/{name}/Cargo.toml")];
            let text = String::from_utf8(manifest.clone()).unwrap();
            assert!(!text.contains("workspace"), "{name} still leans on the workspace:\n{text}");
            assert!(!text.contains("dev-dependencies"), "{text}");
            assert!(files().contains_key(&format!("vendor/{name}/src/lib.rs")));
            assert!(files().contains_key(&format!("vendor/{name}/LICENSE-MIT")));
        }
    }

    #[test]
    fn no_test_comes_along() {
        let is_test = |path: &String| {
            path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
        };
        assert!(!files().keys().any(is_test));
    }
}
