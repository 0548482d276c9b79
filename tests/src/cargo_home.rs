//! A fresh home for cargo: nothing is known in it but the registry under test and, for ordinary
//! public crates, what this machine's own cargo has at hand.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::emitted;

/// The profile of emitted crates, so that what these were built with serves again.
const PROFILE: &str = "[profile.dev]\ndebug = \"line-tables-only\"\n\n\
                       [profile.dev.package.\"*\"]\ndebug = false\n";

/// The home, and the projects beside it.
pub struct CargoHome {
    folder: PathBuf,
    proxy: Option<String>,
}

impl CargoHome {
    /// A home in an empty folder, in which the registry `flows` has this index.
    pub fn fresh(folder: &Path, index: &str) -> io::Result<Self> {
        Self::with(folder, index, None)
    }

    /// The same, with the public crates of a lock file besides those of the workspace's.
    pub fn with(folder: &Path, index: &str, lock: Option<&Path>) -> io::Result<Self> {
        let home = folder.join("cargo-home");
        fs::create_dir_all(&home)?;
        let mut locked = locked(&emitted::root().join("Cargo.lock"))?;
        if let Some(lock) = lock {
            at_hand(lock)?;
            locked.extend(self::locked(lock)?);
        }
        let config = format!(
            "{}\n{PROFILE}\n[registries.flows]\nindex = \"{index}\"\n",
            public_crates(&folder.join("public"), &locked)?
        );
        fs::write(home.join("config.toml"), config)?;
        Ok(Self { folder: folder.to_owned(), proxy: None })
    }

    /// The same home, whose cargo asks everything of whoever listens here, by whatever address it
    /// knows a registry.
    #[must_use]
    pub fn behind(self, listening: &str) -> Self {
        Self { proxy: Some(format!("http://{listening}")), ..self }
    }

    /// The folder that is `CARGO_HOME`.
    pub fn path(&self) -> PathBuf {
        self.folder.join("cargo-home")
    }

    /// A new binary package beside the home, with this `main.rs`.
    pub fn project(&self, name: &str, main: &str) -> io::Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(folder.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), main)?;
        Ok(folder)
    }

    /// The real cargo with this home, in the target folder of emitted crates.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO"));
        self.settle(&mut command, folder);
        command
    }

    /// Lets a command that calls cargo do so with this home.
    pub fn settle(&self, command: &mut Command, folder: &Path) {
        command
            .current_dir(folder)
            .env("CARGO_HOME", self.path())
            .env("CARGO_TARGET_DIR", emitted::target())
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TERM_COLOR", "never")
            .env("RUSTFLAGS", "-D warnings")
            .env_remove("CARGO_REGISTRIES_FLOWS_TOKEN")
            .env_remove("CARGO_HTTP_PROXY")
            .envs(self.proxy.iter().map(|proxy| ("CARGO_HTTP_PROXY", proxy)))
            .stdin(Stdio::null());
    }

    /// Runs it.
    pub fn cargo(&self, folder: &Path, args: &[&str]) -> io::Result<Output> {
        self.command(folder).args(args).output()
    }

    /// Runs it with this standard input.
    pub fn cargo_with(&self, folder: &Path, args: &[&str], input: &str) -> io::Result<Output> {
        let mut command = self.command(folder);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        child.wait_with_output()
    }
}

/// Configuration by which cargo takes public crates from this machine alone: from a registry in a
/// folder, made of the index and the packages that its own cargo has; else as its own cargo does.
fn public_crates(folder: &Path, locked: &BTreeSet<(String, String)>) -> io::Result<String> {
    let machine = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let machine = machine.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let machine = machine.ok_or_else(|| io::Error::other("neither CARGO_HOME nor HOME is set"))?;
    let (caches, indices) = (machine.join("registry/cache"), machine.join("registry/index"));
    if !caches.exists() {
        // Vendored sources, say.
        return Ok(fs::read_to_string(machine.join("config.toml")).unwrap_or_default());
    }
    let index = folder.join("index");
    fs::create_dir_all(&index)?;
    for cache in entries(&caches)? {
        for package in entries(&cache)? {
            if package.extension() == Some(OsStr::new("crate")) {
                link(&package, folder)?;
            }
        }
    }
    for registry in entries(&indices)? {
        copy_index(&registry.join(".cache"), &index, locked)?;
    }
    Ok(format!(
        "[source.crates-io]\nreplace-with = \"machine\"\n\n\
         [source.machine]\nlocal-registry = '{}'\n",
        folder.display()
    ))
}

/// Lets this machine's own cargo fetch the packages of a lock file, unless it has them.
fn at_hand(lock: &Path) -> io::Result<()> {
    let folder = lock.parent().unwrap_or(Path::new("."));
    let fetched = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["fetch", "--quiet", "--locked"]).args(more).current_dir(folder);
        command.stdin(Stdio::null()).output()
    };
    if fetched(&["--offline"])?.status.success() {
        return Ok(());
    }
    let out = fetched(&[])?;
    let said = || format!("cargo fetch: {}", String::from_utf8_lossy(&out.stderr));
    out.status.success().then_some(()).ok_or_else(|| io::Error::other(said()))
}

/// Names and versions of a lock file. Those of the workspace's every machine has that got here.
fn locked(lock: &Path) -> io::Result<BTreeSet<(String, String)>> {
    let lock = fs::read_to_string(lock)?;
    let value = |line: Option<&str>, key: &str| {
        let value = line?.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?;
        Some(value.to_owned())
    };
    let packages = lock.split("[[package]]\n").skip(1);
    let packages = packages.filter_map(|package| {
        let mut lines = package.lines();
        Some((value(lines.next(), "name")?, value(lines.next(), "version")?))
    });
    Ok(packages.collect())
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The same file below another folder.
fn link(file: &Path, folder: &Path) -> io::Result<()> {
    let Some(name) = file.file_name() else { return Ok(()) };
    let target = folder.join(name);
    if target.exists() {
        return Ok(());
    }
    #[cfg(unix)]
    return std::os::unix::fs::symlink(file, target);
    #[cfg(not(unix))]
    fs::copy(file, target).map(drop)
}

/// Copies the lines of locked versions out of cargo's cache of an index. A file of it has, after
/// its head, version and line in turn, each with a zero behind it.
fn copy_index(from: &Path, to: &Path, locked: &BTreeSet<(String, String)>) -> io::Result<()> {
    for path in entries(from)? {
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_index(&path, &to.join(name), locked)?;
            continue;
        }
        let bytes = fs::read(&path)?;
        let mut kept = Vec::new();
        for line in bytes.split(|byte| *byte == 0).filter(|line| line.starts_with(b"{")) {
            let entry: serde_json::Value = serde_json::from_slice(line)?;
            let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            if locked.contains(&(text("name"), text("vers"))) {
                kept.extend_from_slice(line);
                kept.push(b'\n');
            }
        }
        if !kept.is_empty() {
            fs::create_dir_all(to)?;
            fs::write(to.join(name), kept)?;
        }
    }
    Ok(())
}
