//! Runs npm: one at a time on a machine, and no more often than the lock file asks.

use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::INPUTS;
use crate::table::fnv128;

/// Whether an npm can be started.
pub(crate) fn available() -> bool {
    npm()
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Builds the app into `out/dist` and returns that folder.
pub(crate) fn build(source: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let root = if writable(source) { source.to_path_buf() } else { stage(source, out)? };
    // Concurrent cargo invocations share `node_modules`: the second waits here, then finds it ready.
    let lock = File::create(root.join(".npm.lock"))?;
    lock.lock()?;
    install(&root)?;
    let dist = out.join("dist");
    run(
        &root,
        ["run", "build", "--", "--emptyOutDir", "--outDir"]
            .map(OsStr::new)
            .into_iter()
            .chain([dist.as_os_str()]),
    )?;
    Ok(dist)
}

/// `npm ci`, where `node_modules` is missing or was made from another lock file.
fn install(root: &Path) -> Result<(), Box<dyn Error>> {
    let mut manifest = fs::read(root.join("package-lock.json"))?;
    manifest.extend(fs::read(root.join("package.json"))?);
    let wanted = fnv128(&manifest);
    let stamp = root.join("node_modules").join(".flowcrate-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    run(root, ["ci", "--no-audit", "--no-fund"].map(OsStr::new))?;
    fs::write(stamp, wanted)?;
    Ok(())
}

/// Whether the checkout takes files; a read-only one is built from a copy.
fn writable(source: &Path) -> bool {
    let probe = source.join(format!(".flowcrate-probe-{}", std::process::id()));
    let writable = File::create(&probe).is_ok();
    let _ = fs::remove_file(probe);
    writable
}

/// Copies the app's sources into `out/app`, keeping `node_modules` from an earlier build.
fn stage(source: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let root = out.join("app");
    fs::create_dir_all(&root)?;
    let src = root.join("src");
    if src.exists() {
        fs::remove_dir_all(src)?;
    }
    for input in INPUTS {
        copy(&source.join(input), &root.join(input))?;
    }
    Ok(root)
}

fn copy(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else {
        // Not fs::copy: it would carry the read-only mode along.
        fs::write(to, fs::read(from)?)?;
    }
    Ok(())
}

fn run<'a>(root: &Path, args: impl IntoIterator<Item = &'a OsStr>) -> Result<(), Box<dyn Error>> {
    let mut command = npm();
    // npm's chatter on stdout would be read as instructions to cargo.
    command.args(args).current_dir(root).stdin(Stdio::null());
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?} failed in {} ({}); FLOWCRATE_SKIP_EDITOR=1 builds without the editor\n{}{}",
        root.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    )
    .into())
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}
