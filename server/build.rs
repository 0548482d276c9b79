//! Lists the sources of our own crates, so that exports carry them in `vendor/`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folder in the workspace and name of each package that an emitted crate may need.
const PACKAGES: [(&str, &str); 3] =
    [("macros", "flowcrate-macros"), ("plugins", "flowcrate-plugins"), ("runtime", "flowcrate")];

/// The licence files that stand beside each vendored manifest.
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let mut table = String::from("pub(super) static SOURCES: &[(&str, &[u8])] = &[\n");
    for (folder, name) in PACKAGES {
        let folder = root.join(folder);
        entry(&mut table, &format!("{name}/Cargo.toml"), &folder.join("Cargo.toml"));
        for licence in LICENCES {
            entry(&mut table, &format!("{name}/{licence}"), &root.join(licence));
        }
        // Documentation may include it.
        let readme = folder.join("README.md");
        if readme.exists() {
            entry(&mut table, &format!("{name}/README.md"), &readme);
        }
        walk(&folder.join("src"), &format!("{name}/src"), &mut table)?;
    }
    table.push_str("];\n");
    let manifest = root.join("Cargo.toml");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let _ = writeln!(
        table,
        "pub(super) static WORKSPACE: &str = include_str!({:?});",
        manifest.display().to_string()
    );
    let index = public_index(&root.join("Cargo.lock"))?;
    let _ = writeln!(table, "pub(super) static PUBLIC_INDEX: &str = {index:?};");
    fs::write(PathBuf::from(variable("OUT_DIR")?).join("vendor.rs"), table)
}

/// The registry that the lock file takes outside crates from.
fn public_index(lock: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(lock)?;
    let source = text.lines().find_map(|line| line.strip_prefix("source = \"registry+"));
    let source = source.and_then(|source| source.strip_suffix('"'));
    source.map(str::to_owned).ok_or_else(|| io::Error::other("Cargo.lock names no registry"))
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

/// Adds all files below `folder`, in order of their names. Cargo watches the folder whole.
fn walk(folder: &Path, name: &str, table: &mut String) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|found| Ok(found?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
        let name = format!("{name}/{file}");
        if path.is_dir() {
            // Test modules serve nobody who only builds the crate; they need its dev-dependencies.
            if file != "tests" {
                walk(&path, &name, table)?;
            }
        } else if file != "tests.rs" {
            entry(table, &name, &path);
        }
    }
    Ok(())
}

fn entry(table: &mut String, name: &str, path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
    let _ = writeln!(table, "    ({name:?}, include_bytes!({:?})),", path.display().to_string());
}
