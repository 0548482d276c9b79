//! `flowcrate compile`: a graph becomes a crate on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use flowcrate_codegen::inspect::View;
use flowcrate_codegen::package::{self, CrateFile, CrateFiles, Owner};
use flowcrate_codegen::{Compiled, Diagnostic};
use serde_json::json;

use super::callees::CalleeArgs;
use super::output::{self, OutputArgs};
use super::watch::watch;
use super::{Outcome, read, write};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::export;

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The graph document; - is standard input
    graph: PathBuf,
    /// The crate's folder; what a person wrote there stays
    #[arg(long, value_name = "DIR", required_unless_present = "emit")]
    out: Option<PathBuf>,
    /// Print what the compiler thinks of the graph instead of writing a crate
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with = "out")]
    emit: Option<Emit>,
    /// The folder holds this workflow's crate under an earlier name
    #[arg(long)]
    renamed: bool,
    /// Compile again whenever the graph changes
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    callees: CalleeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// What `--emit` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Emit {
    /// When each node runs
    Guards,
    /// The type of each node's output
    Types,
    /// The lowered program
    Ir,
}

fn print(args: &Args, source: &[u8]) -> Result<Outcome, Error> {
    let view = match args.emit {
        Some(Emit::Guards) => View::Guards,
        Some(Emit::Types) => View::Types,
        Some(Emit::Ir) | None => View::Ir,
    };
    let (text, diagnostics) = Compiler::new().inspect(source, &args.callees.read()?, view);
    if args.output.json {
        output::say_json(&json!({ "diagnostics": diagnostics, "text": text }));
    } else {
        output::report(&args.graph.display().to_string(), source, &diagnostics, args.output.color);
        output::say(text.as_deref().unwrap_or_default().trim_end());
    }
    Ok(if text.is_some() { Outcome::Fine } else { Outcome::Failed })
}

/// Compiles and writes; writes nothing where the graph has an error.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    if args.watch {
        return watch(&args.graph, || once(args));
    }
    once(args)
}

fn once(args: &Args) -> Result<Outcome, Error> {
    let source = read(&args.graph)?;
    let Some(out) = &args.out else { return print(args, &source) };
    refuse_foreign(out)?;
    let Compiled { files, mut diagnostics } =
        Compiler::new().compile(&source, &args.callees.read()?);
    if let Some(files) = &files {
        if !args.renamed {
            refuse_another(out, files)?;
        }
        diagnostics.extend(misfits(out, files));
    }
    if !args.output.json {
        output::report(&args.graph.display().to_string(), &source, &diagnostics, args.output.color);
    }
    let written = match files {
        Some(files) => Some(write_crate(out, &export::with_vendor(files))?),
        None => None,
    };
    if args.output.json {
        output::say_json(&json!({ "diagnostics": diagnostics, "files": written }));
    } else if let Some(written) = &written {
        output::say(&format!("{}: {} files written", out.display(), written.len()));
    }
    Ok(if written.is_some() { Outcome::Fine } else { Outcome::Failed })
}

/// A folder with somebody else's crate in it is not ours to write to.
fn refuse_foreign(out: &Path) -> Result<(), Error> {
    if out.join("Cargo.toml").exists() && !out.join("src/generated").exists() {
        let out = out.display();
        return Err(Error::Config(format!(
            "{out} holds a crate that flowcrate did not write: choose another --out"
        )));
    }
    Ok(())
}

/// Nor is a folder with the crate of another workflow: what a person wrote for that one stays
/// there, and does not fit this one.
fn refuse_another(out: &Path, files: &CrateFiles) -> Result<(), Error> {
    let held = fs::read_to_string(out.join("Cargo.toml")).ok();
    let held = held.as_deref().and_then(package_name);
    let fresh = files.files.get("Cargo.toml");
    let fresh = fresh.and_then(|file| package_name(std::str::from_utf8(&file.bytes).ok()?));
    match (held, fresh) {
        (Some(held), Some(fresh)) if held != fresh => {
            let out = out.display();
            Err(Error::Config(format!(
                "{out} holds the crate `{held}`, and this is `{fresh}`: choose another --out, or \
                 say --renamed if it is the same workflow under a new name"
            )))
        }
        _ => Ok(()),
    }
}

/// The name of the package that a manifest describes.
fn package_name(manifest: &str) -> Option<String> {
    let manifest: toml::Table = toml::from_str(manifest).ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// What does not fit of the files that stay since a person owns them, and of those that an
/// earlier compilation handed over and this one knows nothing of.
fn misfits(out: &Path, files: &CrateFiles) -> Vec<Diagnostic> {
    let sources = fs::read_dir(out.join("src")).into_iter().flatten().flatten();
    let names = sources.filter_map(|entry| entry.file_name().into_string().ok());
    let paths = names.map(|name| format!("src/{name}"));
    let mut owned: Vec<String> =
        paths.filter(|path| path == "src/main.rs" || package::is_custom(path)).collect();
    owned.sort();
    let kept = |path: &str| fs::read_to_string(out.join(path)).ok();
    let kept = owned.iter().filter_map(|path| Some((path, kept(path)?)));
    kept.flat_map(|(path, text)| package::misfits(files, path, &text)).collect()
}

/// Writes the crate; gives the paths that it wrote. A file of a person's is written once; files
/// that an earlier compilation left in folders of the compiler's own are removed.
fn write_crate(out: &Path, files: &BTreeMap<String, CrateFile>) -> Result<Vec<String>, Error> {
    for own in ["src/generated", "vendor"] {
        remove_stale(out, own, files)?;
    }
    let mut written = Vec::new();
    for (path, file) in files {
        let target = out.join(path);
        let kept = match file.owner {
            Owner::Person => target.exists(),
            // An unchanged file keeps its time, so that cargo does not build it again.
            Owner::Compiler => fs::read(&target).is_ok_and(|bytes| bytes == file.bytes),
        };
        if !kept {
            write(&target, &file.bytes)?;
            written.push(path.clone());
        }
    }
    Ok(written)
}

fn remove_stale(
    out: &Path,
    folder: &str,
    files: &BTreeMap<String, CrateFile>,
) -> Result<(), Error> {
    let Ok(entries) = fs::read_dir(out.join(folder)) else { return Ok(()) };
    for entry in entries {
        let failed = |source| Error::io(format!("cannot tidy {folder}"), source);
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{folder}/{name}");
        if entry.file_type().map_err(failed)?.is_dir() {
            remove_stale(out, &path, files)?;
            // Fails, and rightly so, where something is left in it.
            let _ = fs::remove_dir(entry.path());
        } else if !files.contains_key(&path) {
            fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, owner: Owner) -> CrateFile {
        CrateFile { bytes: text.as_bytes().to_vec(), owner }
    }

    #[test]
    fn what_a_person_wrote_stays_and_what_is_stale_goes() {
        let out = tempfile::tempdir().unwrap();
        let mut files = BTreeMap::from([
            ("Cargo.toml".to_owned(), file("a", Owner::Compiler)),
            ("src/custom.rs".to_owned(), file("first", Owner::Person)),
            ("src/generated/old.rs".to_owned(), file("x", Owner::Compiler)),
            ("vendor/a/b.rs".to_owned(), file("x", Owner::Compiler)),
        ]);
        assert_eq!(write_crate(out.path(), &files).unwrap().len(), 4);
        fs::write(out.path().join("src/custom.rs"), "mine").unwrap();
        fs::write(out.path().join("src/other.rs"), "mine too").unwrap();
        files.remove("src/generated/old.rs");
        files.remove("vendor/a/b.rs");
        files.insert("Cargo.toml".to_owned(), file("b", Owner::Compiler));
        assert_eq!(write_crate(out.path(), &files).unwrap(), ["Cargo.toml"]);
        let read = |path: &str| fs::read_to_string(out.path().join(path));
        assert_eq!(read("src/custom.rs").unwrap(), "mine");
        assert_eq!(read("src/other.rs").unwrap(), "mine too");
        assert_eq!(read("Cargo.toml").unwrap(), "b");
        assert!(read("src/generated/old.rs").is_err());
        assert!(!out.path().join("vendor/a").exists());
    }

    #[test]
    fn a_foreign_crate_is_left_alone() {
        let out = tempfile::tempdir().unwrap();
        assert!(refuse_foreign(out.path()).is_ok());
        fs::write(out.path().join("Cargo.toml"), "").unwrap();
        assert!(refuse_foreign(out.path()).is_err());
        fs::create_dir_all(out.path().join("src/generated")).unwrap();
        assert!(refuse_foreign(out.path()).is_ok());
    }
}
