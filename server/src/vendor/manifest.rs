//! Resolves what a manifest inherits from its workspace.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, TomlError, Value};

/// Where a resolved package finds its siblings of this workspace.
#[derive(Clone, Copy, Debug)]
pub(super) enum Siblings<'a> {
    /// Beside it, in `vendor/`.
    Beside,
    /// In a registry, all in this one version.
    Released { index: &'a str, version: &'a str },
}

/// The manifest of a member as a package that stands on its own.
pub(super) fn resolve(
    member: &str,
    workspace: &str,
    siblings: Siblings<'_>,
) -> Result<String, TomlError> {
    let mut manifest: DocumentMut = member.parse()?;
    let workspace: DocumentMut = workspace.parse()?;
    for part in ["dev-dependencies", "lints", "bench", "test", "example"] {
        manifest.remove(part);
    }
    if let Some(package) = manifest.get_mut("package").and_then(Item::as_table_mut) {
        inherit_fields(package, &workspace);
        if let Siblings::Released { version, .. } = siblings {
            package.insert("version", version.into());
        }
    }
    inherit_tables(manifest.as_table_mut(), &workspace, siblings);
    if let Some(targets) = manifest.get_mut("target").and_then(Item::as_table_like_mut) {
        for (_, target) in targets.iter_mut() {
            if let Some(target) = target.as_table_mut() {
                target.remove("dev-dependencies");
                inherit_tables(target, &workspace, siblings);
            }
        }
    }
    Ok(manifest.to_string().trim_start().to_owned())
}

/// `version.workspace = true` becomes `version = "0.1.0"`.
fn inherit_fields(package: &mut Table, workspace: &DocumentMut) {
    let from = workspace.get("workspace").and_then(|table| table.get("package"));
    let names: Vec<String> = package.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        if !package.get(&name).is_some_and(is_inherited) {
            continue;
        }
        // The formatted key carries the dotted `.workspace`; a fresh one does not.
        package.remove(&name);
        if let Some(value) = from.and_then(|table| table.get(&name)).and_then(Item::as_value) {
            package.insert(&name, Item::Value(value.clone()));
        }
    }
}

fn inherit_tables(table: &mut Table, workspace: &DocumentMut, siblings: Siblings<'_>) {
    let from = workspace.get("workspace").and_then(|table| table.get("dependencies"));
    for part in ["dependencies", "build-dependencies"] {
        let Some(list) = table.get_mut(part).and_then(Item::as_table_mut) else { continue };
        let names: Vec<String> = list.iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let Some(own) = list.get(&name).filter(|item| is_inherited(item)) else { continue };
            let Some(shared) = from.and_then(|table| table.get(&name)) else { continue };
            let merged = merge(shared, own.as_table_like(), siblings);
            list.remove(&name);
            list.insert(&name, Item::Value(Value::InlineTable(merged)));
        }
        // Removing and inserting moved the resolved ones to the end.
        list.sort_values();
    }
}

fn is_inherited(item: &Item) -> bool {
    item.as_table_like()
        .and_then(|table| table.get("workspace"))
        .and_then(Item::as_bool)
        .unwrap_or_default()
}

/// The workspace's entry, with the member's features and `optional` on top.
fn merge(shared: &Item, own: Option<&dyn TableLike>, siblings: Siblings<'_>) -> InlineTable {
    let mut merged = InlineTable::new();
    if let Some(version) = shared.as_str() {
        merged.insert("version", version.into());
    }
    for (key, item) in shared.as_table_like().into_iter().flat_map(TableLike::iter) {
        if let Some(value) = item.as_value() {
            merged.insert(key, value.clone());
        }
    }
    if let Some(folder) = merged.get("path").and_then(Value::as_str).map(str::to_owned) {
        match siblings {
            Siblings::Beside => {
                merged.insert("path", vendored(&folder).into());
            }
            Siblings::Released { index, version } => {
                merged.remove("path");
                // They are released together, and so they go together.
                merged.insert("version", format!("={version}").into());
                merged.insert("registry-index", index.into());
            }
        }
    }
    for (key, item) in own.into_iter().flat_map(TableLike::iter) {
        match (key, item.as_value()) {
            ("features", Some(Value::Array(more))) => {
                let mut all =
                    merged.get("features").and_then(Value::as_array).cloned().unwrap_or_default();
                all.extend(more.iter().cloned());
                all.fmt();
                merged.insert("features", all.into());
            }
            ("workspace", _) | (_, None) => {}
            (key, Some(value)) => {
                merged.insert(key, value.clone());
            }
        }
    }
    merged.fmt();
    merged
}

/// Where the sibling in a folder of the workspace lies, seen from another one in `vendor/`.
fn vendored(folder: &str) -> String {
    match folder {
        "runtime" => "../flowcrate".to_owned(),
        other => format!("../flowcrate-{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = r#"
[workspace.package]
version = "0.1.0"
[workspace.dependencies]
flowcrate = { path = "runtime", version = "0.1.0", default-features = false }
serde = { version = "1", default-features = false, features = ["std"] }
plain = "2"
"#;

    #[test]
    fn inherited_parts_are_written_out() {
        let released = Siblings::Released { index: "sparse+http://h/index/", version: "0.1.7" };
        assert_eq!(resolve(MEMBER, WORKSPACE, Siblings::Beside).unwrap(), VENDORED);
        let text = resolve(MEMBER, WORKSPACE, released).unwrap();
        let expected = VENDORED
            .replace("\nversion = \"0.1.0\"\n", "\nversion = \"0.1.7\"\n")
            .replace("path = \"../flowcrate\", version = \"0.1.0\", default-features = false", "version = \"=0.1.7\", default-features = false, registry-index = \"sparse+http://h/index/\"");
        assert_eq!(text, expected);
    }

    const MEMBER: &str = r#"
[package]
name = "a"
version.workspace = true

[features]
default = ["serde"]

[dependencies]
flowcrate = { workspace = true, features = ["engine"] }
plain.workspace = true
serde = { workspace = true, optional = true, features = ["derive"] }
own = "3"

[target.'cfg(unix)'.dependencies]
plain.workspace = true

[dev-dependencies]
trybuild.workspace = true

[lints]
workspace = true
"#;
    const VENDORED: &str = r#"[package]
name = "a"
version = "0.1.0"

[features]
default = ["serde"]

[dependencies]
flowcrate = { path = "../flowcrate", version = "0.1.0", default-features = false, features = ["engine"] }
own = "3"
plain = { version = "2" }
serde = { version = "1", default-features = false, features = ["std", "derive"], optional = true }

[target.'cfg(unix)'.dependencies]
plain = { version = "2" }
"#;
}
