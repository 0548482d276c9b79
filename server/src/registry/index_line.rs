//! Lines of the index: all that cargo knows of a version before it downloads it.
//!
//! A line is made from the manifest in the very package, so that the two cannot disagree: resolution
//! reads the line alone, and `cargo install` the manifest alone.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::address::Address;
use crate::error::Error;
use crate::vendor;

/// A version as the index tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexLine {
    /// The crate's name.
    pub name: String,
    /// Its version.
    pub vers: String,
    /// What it depends on.
    pub deps: Vec<IndexDependency>,
    /// SHA-256 of the package.
    pub cksum: String,
    /// Features in the old syntax.
    pub features: BTreeMap<String, Vec<String>>,
    /// Whether no new lock file may take it.
    pub yanked: bool,
    /// The native library that it links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<String>,
    /// The format of this line.
    pub v: u32,
    /// Features in the newer syntax (`dep:`, `?/`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub features2: BTreeMap<String, Vec<String>>,
    /// The oldest Rust that builds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rust_version: Option<String>,
}

impl IndexLine {
    /// As the store keeps it.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(corrupt)
    }

    /// What the store keeps, read.
    pub fn from_json(line: &str) -> Result<Self, Error> {
        serde_json::from_str(line).map_err(corrupt)
    }
}

fn corrupt(source: serde_json::Error) -> Error {
    Error::Corrupt { what: "a line of the index", source }
}

/// A dependency in the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDependency {
    /// Its name here.
    pub name: String,
    /// The versions that will do.
    pub req: String,
    /// The features that it needs.
    pub features: Vec<String>,
    /// Whether a feature brings it.
    pub optional: bool,
    /// Whether its own default features come along.
    pub default_features: bool,
    /// The platform that it is for.
    pub target: Option<String>,
    /// `normal`, `dev` or `build`.
    pub kind: String,
    /// Where it comes from; none where from this registry.
    pub registry: Option<String>,
    /// Its name there, if it has another one here.
    pub package: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    package: Package,
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
    #[serde(flatten)]
    tables: Tables,
    #[serde(default)]
    target: BTreeMap<String, Tables>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: String,
    version: String,
    links: Option<String>,
    rust_version: Option<String>,
    description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Tables {
    #[serde(default)]
    dependencies: BTreeMap<String, Entry>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Entry>,
    #[serde(default)]
    build_dependencies: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Version(String),
    Detailed(Box<Detailed>),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detailed {
    version: Option<String>,
    registry_index: Option<String>,
    registry: Option<String>,
    package: Option<String>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    optional: bool,
    default_features: Option<bool>,
}

/// What a manifest says of its package.
#[derive(Clone, Debug)]
pub(super) struct Described {
    /// Its line, without a checksum yet.
    pub line: IndexLine,
    /// What it is for.
    pub description: String,
}

/// Reads a manifest that stands on its own; says what is wrong with it.
pub(super) fn describe(manifest: &str, address: &Address) -> Result<Described, String> {
    let manifest: Manifest =
        toml::from_str(manifest).map_err(|error| format!("Cargo.toml: {}", error.message()))?;
    let Manifest { package, features, tables, target } = manifest;
    Version::parse(&package.version)
        .map_err(|error| format!("{:?} is no version: {error}", package.version))?;
    let mut deps = Vec::new();
    tables.collect(None, address, &mut deps)?;
    for (platform, tables) in target {
        tables.collect(Some(&platform), address, &mut deps)?;
    }
    let is_new =
        |values: &[String]| values.iter().any(|v| v.starts_with("dep:") || v.contains('?'));
    let (features2, features): (BTreeMap<_, _>, BTreeMap<_, _>) =
        features.into_iter().partition(|(_, values)| is_new(values));
    let line = IndexLine {
        name: package.name,
        vers: package.version,
        deps,
        cksum: String::new(),
        features,
        yanked: false,
        links: package.links,
        v: 2,
        features2,
        rust_version: package.rust_version,
    };
    Ok(Described { line, description: package.description.unwrap_or_default() })
}

impl Tables {
    fn collect(
        self,
        target: Option<&str>,
        address: &Address,
        deps: &mut Vec<IndexDependency>,
    ) -> Result<(), String> {
        let kinds = [
            ("normal", self.dependencies),
            ("dev", self.dev_dependencies),
            ("build", self.build_dependencies),
        ];
        for (kind, table) in kinds {
            for (name, entry) in table {
                deps.push(dependency(name, entry, (kind, target), address)?);
            }
        }
        Ok(())
    }
}

fn dependency(
    name: String,
    entry: Entry,
    (kind, target): (&str, Option<&str>),
    address: &Address,
) -> Result<IndexDependency, String> {
    let entry = match entry {
        Entry::Version(version) => Detailed { version: Some(version), ..Detailed::default() },
        Entry::Detailed(entry) => *entry,
    };
    if let Some(registry) = entry.registry {
        return Err(format!(
            "the dependency {name:?} names the registry {registry:?}, which means nothing to \
             others: give its address, as `registry-index`"
        ));
    }
    let Some(req) = entry.version else {
        return Err(format!("the dependency {name:?} has no version"));
    };
    semver::VersionReq::parse(&req)
        .map_err(|error| format!("the dependency {name:?} asks for {req:?}: {error}"))?;
    let registry = match entry.registry_index {
        None => Some(vendor::public_index().to_owned()),
        Some(index) if address.is_own(&index) => None,
        Some(index) => Some(index),
    };
    Ok(IndexDependency {
        name,
        req,
        features: entry.features,
        optional: entry.optional,
        default_features: entry.default_features.unwrap_or(true),
        target: target.map(str::to_owned),
        kind: kind.to_owned(),
        registry,
        package: entry.package,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address::new("http://127.0.0.1:7700").unwrap()
    }

    #[test]
    fn a_line_says_what_the_manifest_says() {
        let manifest = r#"
[package]
name = "a"
version = "1.2.3"
links = "z"
rust-version = "1.95"

[features]
default = ["b"]
b = ["dep:other"]

[dependencies]
ours = { version = "1", registry-index = "sparse+http://127.0.0.1:7700/index/", default-features = false }
other = { version = "2", package = "real", optional = true, features = ["x"] }

[target.'cfg(unix)'.build-dependencies]
plain = "3"
"#;
        let line = describe(manifest, &address()).unwrap().line;
        let public = vendor::public_index();
        let expected = serde_json::json!({
            "name": "a", "vers": "1.2.3", "cksum": "", "yanked": false, "links": "z", "v": 2,
            "rust_version": "1.95",
            "features": { "default": ["b"] }, "features2": { "b": ["dep:other"] },
            "deps": [
                { "name": "other", "req": "2", "features": ["x"], "optional": true,
                  "default_features": true, "target": null, "kind": "normal",
                  "registry": public, "package": "real" },
                { "name": "ours", "req": "1", "features": [], "optional": false,
                  "default_features": false, "target": null, "kind": "normal",
                  "registry": null, "package": null },
                { "name": "plain", "req": "3", "features": [], "optional": false,
                  "default_features": true, "target": "cfg(unix)", "kind": "build",
                  "registry": public, "package": null },
            ],
        });
        assert_eq!(serde_json::to_value(line).unwrap(), expected);
    }

    #[test]
    fn what_others_could_not_resolve_is_refused() {
        let with = |dependency: &str| {
            format!("[package]\nname = \"a\"\nversion = \"1.0.0\"\n[dependencies]\n{dependency}\n")
        };
        let refused = |dependency: &str| describe(&with(dependency), &address()).unwrap_err();
        assert!(refused("b = { path = \"../b\" }").contains("no version"));
        assert!(
            refused("b = { version = \"1\", registry = \"flows\" }").contains("registry-index")
        );
        assert!(refused("b = \"one\"").contains("asks for"));
        let manifest = "[package]\nname = \"a\"\nversion = \"1\"\n";
        assert!(describe(manifest, &address()).unwrap_err().contains("no version"));
    }
}
