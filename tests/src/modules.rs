//! The libraries of many emitted crates as the modules of one, so that rustc reads all of them in
//! the time of one: what is asked of them is whether they compile, not what they do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use flowcrate_codegen::package::CrateFiles;

use crate::emitted;

/// Compiles the library of each crate, with warnings as errors. What rustc says against it, and
/// nothing where it has nothing to say.
pub fn check(name: &str, members: &BTreeMap<String, CrateFiles>) -> Result<String, String> {
    let folder = write(name, members).map_err(|error| error.to_string())?;
    let done = emitted::cargo(&folder, &["check", "--quiet"]).map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.success() { Ok(said) } else { Err(said) }
}

fn write(name: &str, members: &BTreeMap<String, CrateFiles>) -> std::io::Result<PathBuf> {
    let folder = emitted::folder(name)?;
    let source = folder.join("src");
    let mut modules = String::new();
    for (module, files) in members {
        writeln!(modules, "pub mod {module};").unwrap_or_default();
        for (path, file) in &files.files {
            let Some(path) = path.strip_prefix("src/").filter(|path| *path != "main.rs") else {
                continue;
            };
            let path = if path == "lib.rs" { "mod.rs" } else { path };
            let path = source.join(module).join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(&source))?;
            let text = String::from_utf8_lossy(&file.bytes);
            std::fs::write(path, within(module, &text))?;
        }
    }
    std::fs::create_dir_all(&source)?;
    std::fs::write(source.join("lib.rs"), modules)?;
    std::fs::write(folder.join("Cargo.toml"), manifest(name, members))?;
    std::fs::copy(emitted::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(folder)
}

/// A source in which what names the crate that it stands in names its module.
fn within(module: &str, text: &str) -> String {
    let mut moved = String::new();
    for (at, part) in text.split("crate::").enumerate() {
        if at > 0 {
            let other = moved.ends_with(|last: char| last.is_alphanumeric() || last == '_');
            moved.push_str("crate::");
            if !other {
                moved.push_str(module);
                moved.push_str("::");
            }
        }
        moved.push_str(part);
    }
    moved
}

/// One manifest with what all of them depend on, the binaries' part left out.
fn manifest(name: &str, members: &BTreeMap<String, CrateFiles>) -> String {
    let mut needs: BTreeMap<String, (toml::Value, BTreeSet<String>)> = BTreeMap::new();
    for files in members.values() {
        let Some(file) = files.files.get("Cargo.toml") else { continue };
        let text = String::from_utf8_lossy(&file.bytes);
        let Ok(manifest) = toml::from_str::<toml::Table>(&text) else { continue };
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        for (package, wanted) in dependencies.into_iter().flatten() {
            let features = wanted.get("features").and_then(toml::Value::as_array);
            let features = features.into_iter().flatten().filter_map(toml::Value::as_str);
            let (_, all) =
                needs.entry(package.clone()).or_insert_with(|| (wanted.clone(), BTreeSet::new()));
            all.extend(features.map(str::to_owned));
        }
    }
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [features]\nstandalone = []\n\n[workspace]\n"
    );
    for (package, (wanted, features)) in needs {
        let mut table = wanted.as_table().cloned().unwrap_or_default();
        let features = features.into_iter().map(toml::Value::String).collect();
        table.insert("features".to_owned(), toml::Value::Array(features));
        let table = toml::to_string(&table).unwrap_or_default();
        writeln!(text, "\n[dependencies.{package}]\n{table}").unwrap_or_default();
    }
    text
}
