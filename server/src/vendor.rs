//! The sources of our own crates, packed at build time, so that an exported crate builds with
//! the server gone, and a published one from this server alone.
//!
//! The manifests lean on this workspace; [`files`] and [`packages`] resolve what they inherit and
//! drop what only development needs, so that each package stands on its own.

mod manifest;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use manifest::Siblings;

mod packed {
    include!(concat!(env!("OUT_DIR"), "/vendor.rs"));
}

static FILES: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    packed::SOURCES
        .iter()
        .map(|(path, bytes)| (format!("vendor/{path}"), resolved(path, bytes, Siblings::Beside)))
        .collect()
});

/// All files by path: `vendor/flowcrate/Cargo.toml`, `vendor/flowcrate/src/lib.rs`, …
pub fn files() -> &'static BTreeMap<String, Vec<u8>> {
    &FILES
}

/// Address of the registry that outside dependencies of this build come from, as its lock file
/// names it: what cargo takes for the place of ordinary public crates.
pub fn public_index() -> &'static str {
    packed::PUBLIC_INDEX
}

/// The version that the workspace gives our crates.
pub fn workspace_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Files by path within the package, by the package's name.
pub type Packages = BTreeMap<&'static str, BTreeMap<String, Vec<u8>>>;

/// Our packages as a registry with this index serves them in this version.
pub fn packages(index: &str, version: &str) -> Packages {
    let siblings = Siblings::Released { index, version };
    let mut packages = Packages::new();
    for (path, bytes) in packed::SOURCES {
        let Some((package, file)) = path.split_once('/') else { continue };
        let bytes = resolved(path, bytes, siblings);
        packages.entry(package).or_default().insert(file.to_owned(), bytes);
    }
    packages
}

fn resolved(path: &str, bytes: &[u8], siblings: Siblings<'_>) -> Vec<u8> {
    if !path.ends_with("/Cargo.toml") {
        return bytes.to_vec();
    }
    let text = String::from_utf8_lossy(bytes);
    // All manifests are our own, packed by the build; a test resolves each of them.
    manifest::resolve(&text, packed::WORKSPACE, siblings)
        .map_or_else(|_| bytes.to_vec(), String::into_bytes)
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
