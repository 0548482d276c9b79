//! A server, a fresh home for cargo, and what both say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use flowcrate_server::registry::digest;
use flowcrate_tests::cargo_home::CargoHome;
use flowcrate_tests::emitted;
use flowcrate_tests::server::Server;
use serde_json::Value;

/// A registry and somebody who uses it.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) home: CargoHome,
    pub(crate) scratch: tempfile::TempDir,
    /// By which name cargo knows the server: `127.0.0.1:7700`.
    pub(crate) name: String,
}

impl World {
    /// A fresh server, and a home that knows it as `flows`.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The same, with further flags of the server.
    pub(crate) fn with(flags: &[&str]) -> Self {
        let server = |data: &Path| Server::start_with(binary(), data, flags).unwrap();
        Self::around(server, None, None)
    }

    /// The same under a name that all tests of these very binaries share. To cargo they have one
    /// registry, wherever the server of each listens: what one of them compiled serves the others.
    /// [`World::cargo`] sees to it that no two mean different crates by one version.
    pub(crate) fn shared() -> Self {
        Self::shared_with_lock(None)
    }

    /// The same, where cargo has the public crates of a lock file besides those of the workspace's.
    pub(crate) fn shared_with_lock(lock: Option<&Path>) -> Self {
        let name = shared_name();
        let server = |data: &Path| {
            let flags = ["--public-url", &format!("http://{name}")];
            Server::start_with(binary(), data, &flags).unwrap()
        };
        let world = Self::around(server, lock, Some(&name));
        Self { home: world.home.behind(world.server.address()), ..world }
    }

    fn around(
        start: impl FnOnce(&Path) -> Server,
        lock: Option<&Path>,
        name: Option<&str>,
    ) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let server = start(&scratch.path().join("data"));
        let name = name.unwrap_or(server.address()).to_owned();
        let index = format!("sparse+http://{name}/index/");
        let home = CargoHome::with(scratch.path(), &index, lock).unwrap();
        Self { server, home, scratch, name }
    }

    /// Kills the server, lets `meanwhile` at its data, and starts it again where it was, under the
    /// same name.
    pub(crate) fn restarted(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let Self { server, home, scratch, name } = self;
        let (address, data) = (server.address().to_owned(), scratch.path().join("data"));
        server.kill();
        meanwhile(&data);
        let flags = ["--public-url", &format!("http://{name}")];
        let server = Server::start_at(binary(), &data, &address, &flags).unwrap();
        Self { server, home, scratch, name }
    }

    pub(crate) fn index(&self) -> String {
        format!("sparse+http://{}/index/", self.name)
    }

    /// `flowcrate` with these arguments, asking this server.
    pub(crate) fn flowcrate(&self, args: &[&str]) -> Output {
        Command::new(binary())
            .args(args)
            .current_dir(self.scratch.path())
            .env("FLOWCRATE_SERVER", format!("http://{}", self.server.address()))
            .env("FLOWCRATE_DATA", self.scratch.path().join("data"))
            .output()
            .unwrap()
    }

    /// Cargo in a folder; fails the test where cargo fails.
    #[track_caller]
    pub(crate) fn cargo(&self, folder: &Path, args: &[&str]) -> String {
        let said = succeeded(&self.home.cargo(folder, args).unwrap(), args);
        if self.name == shared_name() {
            one_content_a_version(&folder.join("Cargo.lock"), &self.index());
        }
        said
    }

    /// What cargo says where it must fail.
    #[track_caller]
    pub(crate) fn refused(&self, folder: &Path, args: &[&str]) -> String {
        let out = self.home.cargo(folder, args).unwrap();
        assert!(!out.status.success(), "cargo {args:?} succeeded:\n{}", text(&out));
        text(&out)
    }

    /// A new project that prints what `main` does.
    pub(crate) fn project(&self, name: &str, main: &str) -> PathBuf {
        self.home.project(name, main).unwrap()
    }

    /// Makes a token, as its operator does while the server runs.
    #[track_caller]
    pub(crate) fn token(&self, scope: &str, name: &str) -> String {
        token_for(&self.scratch.path().join("data"), scope, name)
    }

    /// `cargo login` with a token.
    #[track_caller]
    pub(crate) fn login(&self, token: &str) {
        let args = ["login", "--registry", "flows"];
        let out = self.home.cargo_with(self.scratch.path(), &args, token).unwrap();
        succeeded(&out, &args);
    }

    /// Publishes a workflow of the server.
    #[track_caller]
    pub(crate) fn publish(&self, name: &str) -> Value {
        let path = format!("/api/v1/workflows/{name}/publish");
        self.server.post(&path, &Value::Null)
    }

    /// The same by the command line, with a token.
    #[track_caller]
    pub(crate) fn publish_as(&self, token: &str, name: &str) -> Value {
        let args = ["publish", name, "--json", "--token", token];
        let out = self.flowcrate(&args);
        succeeded(&out, &args);
        serde_json::from_slice(&out.stdout).unwrap()
    }
}

/// A name for the registry that these very binaries are, the server and the test: what others
/// published by it another time may have been something else.
fn shared_name() -> String {
    let built = |path: &Path| {
        let metadata = std::fs::metadata(path).unwrap();
        let at = metadata.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
        (at.as_nanos(), metadata.len())
    };
    let builds = format!("{:?}{:?}", built(binary()), built(&std::env::current_exe().unwrap()));
    format!("flows-{}.test", &digest(builds.as_bytes())[..12])
}

/// Fails where a lock file has a version of the shared registry with another content than one that
/// was seen before: cargo would take what it compiled of the one for the other.
fn one_content_a_version(lock: &Path, index: &str) {
    static SEEN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let Ok(text) = std::fs::read_to_string(lock) else { return };
    let lock: toml::Table = text.parse().unwrap();
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    for package in packages.into_iter().flatten() {
        let part = |key: &str| package.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        if part("source") == index {
            let version = format!("{} {}", part("name"), part("version"));
            let known = seen.entry(version.clone()).or_insert_with(|| part("checksum").to_owned());
            assert_eq!(known, part("checksum"), "two tests mean different crates by {version}");
        }
    }
}

pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_flowcrate"))
}

/// Makes a token in a server's data.
#[track_caller]
pub(crate) fn token_for(data: &Path, scope: &str, name: &str) -> String {
    let args = ["token", "create", "--scope", scope, "--name", name];
    let out = Command::new(binary()).args(args).env("FLOWCRATE_DATA", data).output().unwrap();
    succeeded(&out, &args);
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// Both streams of a command that must have succeeded.
#[track_caller]
pub(crate) fn succeeded(out: &Output, args: &[&str]) -> String {
    assert!(out.status.success(), "{args:?}:\n{}", text(out));
    text(out)
}

pub(crate) fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// The built binary of a project.
pub(crate) fn built(name: &str) -> PathBuf {
    emitted::target().join("debug").join(name)
}
