//! `Cargo.toml` of the emitted crate.

use std::collections::BTreeSet;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use super::{Dependencies, Support, versions};
use crate::diagnostic::harmless;

/// What the manifest says of the crate itself.
pub(super) struct Manifest<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    /// What the library needs.
    pub(super) dependencies: &'a Dependencies,
    /// Features of `flowcrate` that the binary adds (`host`, `sqlite`, `serve`, `schedule`).
    pub(super) standalone: &'a BTreeSet<String>,
    pub(super) support: &'a Support,
}

/// Renders the manifest.
pub(super) fn manifest(crate_: &Manifest<'_>) -> String {
    let mut document = DocumentMut::new();
    document.insert("package", Item::Table(package(crate_)));
    document.insert("features", Item::Table(features(crate_)));
    document.insert("dependencies", Item::Table(dependencies(crate_)));
    document.insert("dev-dependencies", Item::Table(dev_dependencies(crate_)));
    document.insert("bin", Item::ArrayOfTables([binary(crate_)].into_iter().collect()));
    if !matches!(crate_.support, Support::Registry(_)) {
        // Of a dependency cargo reads neither.
        document.insert("profile", Item::Table(profiles()));
        document.insert("workspace", Item::Table(workspace(crate_)));
    }
    document.to_string()
}

fn workspace(crate_: &Manifest<'_>) -> Table {
    let mut workspace = Table::new();
    workspace.decor_mut().set_prefix(
        "\n# The crate stands alone, wherever it is unpacked. Delete to join a workspace.\n",
    );
    if *crate_.support == Support::Vendored {
        // Our crates are dependencies here, not members: their tests stay at home.
        workspace.insert("exclude", value(strings(["vendor"])));
    }
    workspace
}

fn package(crate_: &Manifest<'_>) -> Table {
    let mut table = Table::new();
    table.insert("name", value(crate_.name));
    let version = match crate_.support {
        Support::Registry(published) => published.version.as_str(),
        Support::Vendored | Support::Path(_) => "0.1.0",
    };
    table.insert("version", value(version));
    table.insert("edition", value("2024"));
    table.insert("rust-version", value(env!("CARGO_PKG_RUST_VERSION")));
    let description = harmless(crate_.description.trim().to_owned());
    if !description.is_empty() {
        table.insert("description", value(description));
    }
    match crate_.support {
        Support::Registry(published) => {
            if let Some(license) = &published.license {
                table.insert("license", value(license));
            }
            table.insert("readme", value("README.md"));
            table.insert("keywords", value(strings(["durable", "flowcrate", "workflow"])));
            table.insert("categories", value(strings(["asynchronous"])));
        }
        Support::Vendored | Support::Path(_) => {
            table.insert("publish", value(false));
        }
    }
    table
}

/// `standalone` brings the binary and its journal; the library alone pulls in no database driver.
fn features(crate_: &Manifest<'_>) -> Table {
    let mut table = Table::new();
    table.insert("default", value(strings(["standalone"])));
    let standalone = crate_.standalone.iter().map(|feature| format!("flowcrate/{feature}"));
    table.insert("standalone", value(strings(standalone)));
    table
}

fn dependencies(crate_: &Manifest<'_>) -> Table {
    let mut table = Table::new();
    for (package, features) in crate_.dependencies {
        table.insert(package, value(dependency(package, features, crate_.support)));
    }
    table
}

fn dev_dependencies(crate_: &Manifest<'_>) -> Table {
    let mut table = Table::new();
    let testkit = BTreeSet::from(["testkit".to_owned()]);
    table.insert("flowcrate", value(dependency("flowcrate", &testkit, crate_.support)));
    table
}

fn dependency(package: &str, features: &BTreeSet<String>, support: &Support) -> InlineTable {
    let mut table = InlineTable::new();
    match (package.starts_with("flowcrate"), support) {
        (true, Support::Path(folder)) => {
            let folder = folder.get(package).map_or(package, String::as_str);
            table.insert("path", folder.into());
        }
        (true, Support::Vendored) => {
            table.insert("path", format!("vendor/{package}").into());
        }
        (true, Support::Registry(published)) => {
            table.insert("version", published.support.as_str().into());
            table.insert("registry-index", published.index.as_str().into());
        }
        (false, _) => {
            table.insert("version", versions::requirement(package).into());
        }
    }
    table.insert("default-features", false.into());
    let base = versions::base_features(package).iter().map(|feature| (*feature).to_owned());
    let features: BTreeSet<String> = base.chain(features.iter().cloned()).collect();
    if !features.is_empty() {
        table.insert("features", strings(features).into());
    }
    table
}

fn binary(crate_: &Manifest<'_>) -> Table {
    let mut table = Table::new();
    table.insert("name", value(crate_.name));
    table.insert("path", value("src/main.rs"));
    table.insert("required-features", value(strings(["standalone"])));
    table
}

/// Line tables are enough for a backtrace, and save a seventh of a cold build.
fn profiles() -> Table {
    let mut all = Table::new();
    let mut dev = Table::new();
    dev.insert("debug", value("line-tables-only"));
    let mut package = Table::new();
    let mut others = Table::new();
    others.insert("debug", value(false));
    package.insert("*", Item::Table(others));
    package.set_implicit(true);
    dev.insert("package", Item::Table(package));
    all.insert("dev", Item::Table(dev));
    all.set_implicit(true);
    all
}

fn strings<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Array {
    items.into_iter().map(|item| item.as_ref().to_owned()).collect()
}
