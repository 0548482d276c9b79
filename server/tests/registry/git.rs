//! The same versions from git: by the real cargo, which brings its own git, and by the real git.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::read::GzDecoder;

use crate::public::CONSUMER;
use crate::support::{World, succeeded, text};

impl World {
    fn repository(&self, name: &str) -> String {
        format!("http://{}/git/{name}.git", self.name)
    }

    /// Another version: what the greeting says is in the crate and not in its API.
    fn greet(&self, with: &str) {
        let graph = self.server.get("/api/v1/workflows/hello")["graph"].to_string();
        let from = graph.find("{{").and_then(|end| graph[..end].rfind('"')).unwrap() + 1;
        let end = graph[from..].find("{{").unwrap() + from;
        let graph = format!("{}{with}, {}", &graph[..from], &graph[end..]);
        let headers = [("if-match", "*")];
        self.server.ok_with("PUT", "/api/v1/workflows/hello", &headers, graph.as_bytes());
        self.publish("hello");
    }

    fn run_git(&self, folder: &Path, args: &[&str]) -> Output {
        // A checkout of this repository was made by git, so that there is one.
        Command::new("git")
            .args(args)
            .current_dir(folder)
            .env("HOME", self.scratch.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .output()
            .expect("git is needed to test what git sees")
    }

    #[track_caller]
    fn git(&self, folder: &Path, args: &[&str]) -> String {
        succeeded(&self.run_git(folder, args), args)
    }

    #[track_caller]
    fn git_refused(&self, folder: &Path, args: &[&str]) -> String {
        let out = self.run_git(folder, args);
        assert!(!out.status.success(), "git {args:?} succeeded:\n{}", text(&out));
        text(&out)
    }

    /// The files of a package by path.
    fn package(&self, name: &str, version: &str) -> BTreeMap<String, Vec<u8>> {
        let path = format!("/api/v1/crates/{name}/{version}/download");
        let package = self.server.ok("GET", &path, b"").body;
        let mut archive = tar::Archive::new(GzDecoder::new(&*package));
        let mut files = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let (_, path) = path.split_once('/').unwrap();
            let (path, mut bytes) = (path.to_owned(), Vec::new());
            entry.read_to_end(&mut bytes).unwrap();
            files.insert(path, bytes);
        }
        files
    }
}

/// The files of a checkout by path.
fn checked_out(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut open) = (BTreeMap::new(), vec![PathBuf::new()]);
    while let Some(below) = open.pop() {
        for entry in fs::read_dir(folder.join(&below)).unwrap() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            if entry.file_type().unwrap().is_file() {
                files.insert(path.display().to_string(), fs::read(entry.path()).unwrap());
            } else if entry.file_name() != ".git" {
                open.push(path);
            }
        }
    }
    files
}

#[test]
fn cargo_takes_a_version_from_git() {
    let world = World::shared();
    world.publish("hello");
    world.greet("Good day");
    let repository = world.repository("hello");
    let project = world.project("git-greeter", CONSUMER);
    let add = ["add", "hello", "--no-default-features", "--git", &repository];
    world.cargo(&project, &[&add[..], &["--tag", "v1.0.0"]].concat());
    // The manifest that git shows names the registry by its address: there is one runtime.
    world.cargo(&project, &["add", "flowcrate", "--registry", "flows", "--no-default-features"]);
    world.cargo(&project, &["add", "tokio", "--no-default-features", "--features", "rt"]);
    world.cargo(&project, &["build"]);
    let tree = world.cargo(&project, &["tree", "-e", "normal", "--depth", "1"]);
    assert!(tree.contains(&format!("hello v1.0.0 ({repository}?tag=v1.0.0#")), "{tree}");
    // Without configuration, too, and without a tag the latest.
    let config = world.home.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let (public, _) = text.split_once("[registries.flows]").unwrap();
    fs::write(&config, public).unwrap();
    let plain = world.project("git-plain", "//! Nothing.\nfn main() {}\n");
    world.cargo(&plain, &add);
    let tree = world.cargo(&plain, &["tree", "-e", "normal", "--depth", "1"]);
    assert!(tree.contains("hello v1.0.1 (") && tree.contains(&repository), "{tree}");
    // The next one comes with an update, and not before.
    world.greet("Good night");
    assert!(world.cargo(&plain, &["tree", "--locked"]).contains("hello v1.0.1 "));
    world.cargo(&plain, &["update", "hello"]);
    assert!(world.cargo(&plain, &["tree", "--locked"]).contains("hello v1.0.2 "));
}

#[test]
fn git_sees_a_commit_and_a_tag_for_each_version() {
    let world = World::new();
    world.publish("hello");
    world.greet("Good day");
    let (folder, repository) = (world.scratch.path(), world.repository("hello"));
    world.git(folder, &["clone", &repository, "whole"]);
    let whole = folder.join("whole");
    world.git(&whole, &["fsck", "--strict"]);
    let tags = world.git(&whole, &["tag", "--list"]);
    assert_eq!(tags, "v1.0.0\nv1.0.1\n");
    let log = world.git(&whole, &["log", "--format=%s"]);
    assert_eq!(log, "hello 1.0.1\nhello 1.0.0\n");
    assert_eq!(checked_out(&whole), world.package("hello", "1.0.1"));
    world.git(&whole, &["checkout", "-q", "v1.0.0"]);
    assert_eq!(checked_out(&whole), world.package("hello", "1.0.0"));
    fetched_and_yanked(&world, &whole);
    shallow(&world, folder, &repository);
    // Of our own crates there are repositories as well, and their files may be many.
    world.git(folder, &["clone", "-q", &world.repository("flowcrate"), "runtime"]);
    assert!(folder.join("runtime/src/lib.rs").exists());
    refused(&world, folder, &whole);
}

/// What comes later is fetched alone; a yank takes nothing away.
fn fetched_and_yanked(world: &World, whole: &Path) {
    let before = world.git(whole, &["ls-remote", "origin"]);
    world.greet("Good night");
    world.server.ok("POST", "/api/v1/registry/crates/hello/1.0.1/yank", b"");
    world.git(whole, &["fetch", "--quiet"]);
    world.git(whole, &["fsck", "--strict"]);
    assert_eq!(world.git(whole, &["tag", "--list"]), "v1.0.0\nv1.0.1\nv1.0.2\n");
    let objects = world.git(whole, &["rev-list", "--objects", "v1.0.1..v1.0.2"]);
    assert!(objects.lines().count() < 12, "one line of the drawing changed:\n{objects}");
    let after = world.git(whole, &["ls-remote", "origin"]);
    for line in before.lines().filter(|line| line.contains("refs/tags/")) {
        assert!(after.contains(line), "{line} is not there any more:\n{after}");
    }
    world.git(whole, &["fetch", "--quiet", "origin", "main"]);
    let old = ["-c", "protocol.version=0", "ls-remote", "origin"];
    assert_eq!(world.git(whole, &old), after, "both protocols show the same");
}

fn shallow(world: &World, folder: &Path, repository: &str) {
    world.git(folder, &["clone", "-q", "--depth", "1", repository, "shallow"]);
    let shallow = folder.join("shallow");
    let count = |rev: &str| world.git(&shallow, &["rev-list", "--count", rev]).trim().to_owned();
    assert_eq!(count("HEAD"), "1");
    world.greet("Good evening");
    world.git(&shallow, &["pull", "-q", "--ff-only"]);
    assert_eq!(count("HEAD"), "2", "a shallow clone fetches what is new alone");
    world.git(&shallow, &["fetch", "-q", "--depth", "3"]);
    assert_eq!(count("HEAD"), "3");
    world.git(&shallow, &["fetch", "-q", "--unshallow"]);
    assert_eq!(count("HEAD"), "4");
    world.git(&shallow, &["fsck", "--strict"]);
    let branch = ["clone", "-q", "--depth", "1", "--branch", "v1.0.0", repository, "first"];
    world.git(folder, &branch);
    assert_eq!(checked_out(&folder.join("first")), world.package("hello", "1.0.0"));
    let first = world.git(&folder.join("first"), &["rev-parse", "HEAD"]);
    // One commit by its id alone.
    let one = folder.join("one");
    world.git(folder, &["init", "-q", "one"]);
    world.git(&one, &["fetch", "-q", "--depth", "1", repository, first.trim()]);
    world.git(&one, &["checkout", "-q", "FETCH_HEAD"]);
    assert_eq!(checked_out(&one), world.package("hello", "1.0.0"));
}

fn refused(world: &World, folder: &Path, whole: &Path) {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    let commit = ["commit", "--allow-empty", "-qm", "Mine"];
    world.git(whole, &[&identity[..], &commit].concat());
    let push = world.git_refused(whole, &["push", "origin", "HEAD:main"]);
    assert!(push.contains("this repository is read-only"), "{push}");
    let absent = world.git_refused(folder, &["clone", &world.repository("nonesuch")]);
    assert!(absent.contains("there is no crate") && absent.contains("git_unknown"), "{absent}");
    let blobs = ["clone", "-q", "--filter=blob:none", &world.repository("hello"), "filtered"];
    let filtered = world.git(folder, &blobs);
    assert!(filtered.contains("filtering not recognized by server"), "{filtered}");
}

#[test]
fn a_private_repository_takes_a_token_for_a_password() {
    let world = World::with(&["--private-registry"]);
    world.publish_as(&world.token("publish", "ada"), "hello");
    let (folder, repository) = (world.scratch.path(), world.repository("hello"));
    let nobody = world.git_refused(folder, &["clone", &repository]);
    assert!(nobody.contains("could not read Username"), "{nobody}");
    let reader = world.token("read", "eve");
    let known = repository.replace("http://", &format!("http://eve:{reader}@"));
    world.git(folder, &["clone", "-q", &known, "known"]);
    assert!(folder.join("known/src/lib.rs").exists());
    let unknown = repository.replace("http://", "http://eve:flowcrate_0123@");
    let unknown = world.git_refused(folder, &["clone", &unknown, "unknown"]);
    assert!(unknown.contains("Authentication failed"), "{unknown}");
    // Cargo's own git goes by what git keeps; the crates that it needs are of the registry.
    let home = world.home.path().join("config.toml");
    let text = fs::read_to_string(&home).unwrap();
    fs::write(&home, format!("{text}credential-provider = \"cargo:token\"\n")).unwrap();
    world.login(&reader);
    let login = world.scratch.path().join(".git-credentials");
    fs::write(&login, format!("http://eve:{reader}@{}\n", world.server.address())).unwrap();
    let config = "[credential]\n\thelper = store\n";
    fs::write(world.scratch.path().join(".gitconfig"), config).unwrap();
    let project = world.project("git-private", "//! Nothing.\nfn main() {}\n");
    let add = ["add", "hello", "--no-default-features", "--git", &repository];
    let out = world.home.command(&project).args(add).env("HOME", folder).output().unwrap();
    succeeded(&out, &add);
}
