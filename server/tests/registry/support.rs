//! A server, a fresh home for cargo, and what both say.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flowcrate_tests::cargo_home::CargoHome;
use flowcrate_tests::emitted;
use flowcrate_tests::server::Server;
use serde_json::Value;

/// A registry and somebody who uses it.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) home: CargoHome,
    pub(crate) scratch: tempfile::TempDir,
}

impl World {
    /// A fresh server, and a home that knows it as `flows`.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The same, with further flags of the server.
    pub(crate) fn with(flags: &[&str]) -> Self {
        Self::with_lock(flags, None)
    }

    /// The same, where cargo has the public crates of a lock file besides those of the workspace's.
    pub(crate) fn with_lock(flags: &[&str], lock: Option<&Path>) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let data = scratch.path().join("data");
        let server = Server::start_with(binary(), &data, flags).unwrap();
        let index = format!("sparse+http://{}/index/", server.address());
        let home = CargoHome::with(scratch.path(), &index, lock).unwrap();
        Self { server, home, scratch }
    }

    /// Kills the server, lets `meanwhile` at its data, and starts it again where it was.
    pub(crate) fn restarted(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let Self { server, home, scratch } = self;
        let (address, data) = (server.address().to_owned(), scratch.path().join("data"));
        server.kill();
        meanwhile(&data);
        let server = Server::start_at(binary(), &data, &address, &[]).unwrap();
        Self { server, home, scratch }
    }

    pub(crate) fn index(&self) -> String {
        format!("sparse+http://{}/index/", self.server.address())
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
        succeeded(&self.home.cargo(folder, args).unwrap(), args)
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
