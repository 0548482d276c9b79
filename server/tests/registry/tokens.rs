//! Crates that people write and send: login, publish, yank, owners, and who may not.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::World;

/// A library that nobody drew.
fn library(world: &World, version: &str) -> PathBuf {
    let folder = world.scratch.path().join("tiny");
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"tiny\"\nversion = \"{version}\"\nedition = \"2024\"\n\
         description = \"Written by hand\"\nlicense = \"MIT\"\n\n[dependencies]\n\
         flowcrate = {{ version = \"0.1\", registry = \"flows\", default-features = false }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/lib.rs"), "//! Tiny.\n").unwrap();
    folder
}

const PUBLISH: [&str; 4] = ["publish", "--registry", "flows", "--no-verify"];

#[test]
fn a_crate_written_by_hand_is_published_yanked_and_owned() {
    let world = World::new();
    let library = library(&world, "1.0.0");
    let (ada, bob) = (world.token("publish", "ada"), world.token("publish", "bob"));
    let reader = world.token("read", "eve");
    let nobody = world.refused(&library, &PUBLISH);
    assert!(nobody.contains("no token found"), "{nobody}");
    world.login(&reader);
    let refused = world.refused(&library, &PUBLISH);
    assert!(refused.contains("lets its holder read, not publish"), "{refused}");
    world.login(&ada);
    world.cargo(&library, &PUBLISH);
    let twice = world.refused(&library, &PUBLISH);
    assert!(twice.contains("already exists"), "{twice}");
    let line = &world.server.ok("GET", "/index/ti/ny/tiny", b"").json();
    assert_eq!(line["deps"][0]["name"], "flowcrate");
    assert_eq!(line["deps"][0]["registry"], Value::Null, "it is of this registry");
    yanked(&world);
    owned(&world, &library, &bob);
    ours(&world, &library);
    revoked(&world, &library);
    large(&world);
    searched(&world, &library);
    logged_out(&world, &library);
    hashed(&world, &[&ada, &bob, &reader]);
}

/// The server's own crates are nobody's: what all others need is not taken from them.
fn ours(world: &World, library: &Path) {
    for args in [
        &["owner", "flowcrate", "--registry", "flows", "--add", "bob"][..],
        &["yank", "flowcrate@0.1.0", "--registry", "flows"],
    ] {
        let refused = world.refused(library, args);
        assert!(refused.contains("flowcrate is this server's own"), "{refused}");
    }
    let absent = world.refused(library, &["owner", "nonesuch", "--registry", "flows", "--list"]);
    assert!(absent.contains("there is no crate \"nonesuch\""), "{absent}");
}

/// What does not fit on the page is counted.
fn searched(world: &World, library: &Path) {
    let search = |limit: &str| {
        let args = ["search", "flowcrate", "--registry", "flows", "--limit", limit];
        world.cargo(library, &args)
    };
    let all = search("10");
    for name in ["flowcrate", "flowcrate-macros", "flowcrate-plugins"] {
        assert!(all.lines().any(|line| line.starts_with(&format!("{name} = \"0.1.0\""))), "{all}");
    }
    assert!(!all.contains("... and"), "{all}");
    let one = search("1");
    assert!(one.starts_with("flowcrate = ") && !one.contains("flowcrate-macros ="), "{one}");
    assert!(one.contains("... and 2 crates more"), "{one}");
    // More than a page has cargo does not ask for.
    assert!(search("1000").contains("flowcrate-plugins = "));
}

/// Without its token cargo is nobody again.
fn logged_out(world: &World, library: &Path) {
    self::library(world, "3.0.0");
    world.login(&world.token("publish", "bob"));
    let said = world.cargo(library, &["logout", "--registry", "flows"]);
    assert!(said.contains("has been removed"), "{said}");
    let refused = world.refused(library, &PUBLISH);
    assert!(refused.contains("no token found"), "{refused}");
    let credentials = fs::read_to_string(world.home.path().join("credentials.toml")).unwrap();
    assert!(!credentials.contains("flowcrate_"), "the token is still there");
    // Twice is no mistake.
    world.cargo(library, &["logout", "--registry", "flows"]);
    // On the server it lives on, until it is revoked.
    let known = world.token("publish", "bob");
    let token = ["--token", known.as_str()];
    world.cargo(library, &[&PUBLISH[..], &token].concat());
}

/// Packages are larger than what most servers take unasked, and say nothing of what they are.
fn large(world: &World) {
    let library = library(world, "2.0.0");
    let mut number = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        number.to_be_bytes()[0]
    })
    .take(5_000_000)
    .collect();
    fs::write(library.join("noise.bin"), noise).unwrap();
    world.login(&world.token("publish", "bob"));
    world.cargo(&library, &PUBLISH);
    let path = "/api/v1/crates/tiny/2.0.0/download";
    assert!(world.server.ok("GET", path, b"").body.len() > 5_000_000);
    fs::remove_file(library.join("noise.bin")).unwrap();
}

/// Whoever steals the database has no token.
fn hashed(world: &World, tokens: &[&str]) {
    let data = world.scratch.path().join("data");
    let files = fs::read_dir(data).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|file| file.is_file()) {
        let bytes = fs::read(&file).unwrap();
        for token in tokens {
            let there = bytes.windows(token.len()).any(|part| part == token.as_bytes());
            assert!(!there, "a token stands in {}", file.display());
        }
    }
}

fn yanked(world: &World) {
    let project = world.project("user", "//! Nothing.\nfn main() {}\n");
    world.cargo(&project, &["add", "tiny", "--registry", "flows"]);
    world.cargo(&project, &["tree"]);
    let yank = ["yank", "tiny@1.0.0", "--registry", "flows"];
    world.cargo(&project, &yank);
    // Whoever has it in a lock file goes on; nobody else gets it.
    world.cargo(&project, &["tree", "--locked"]);
    let other = world.project("newcomer", "//! Nothing.\nfn main() {}\n");
    let refused = world.refused(&other, &["add", "tiny", "--registry", "flows"]);
    assert!(refused.contains("yanked") || refused.contains("could not be found"), "{refused}");
    let search = world.cargo(&project, &["search", "tiny", "--registry", "flows"]);
    assert!(!search.contains("tiny"), "{search}");
    world.cargo(&project, &[&yank[..], &["--undo"]].concat());
    world.cargo(&other, &["add", "tiny", "--registry", "flows"]);
    let absent = world.refused(&project, &["yank", "tiny@9.9.9", "--registry", "flows"]);
    assert!(absent.contains("there is no tiny 9.9.9"), "{absent}");
}

fn owner<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["owner", "tiny", "--registry", "flows"], more].concat()
}

fn owned(world: &World, library: &Path, bob: &str) {
    assert!(world.cargo(library, &owner(&["--list"])).contains("ada"));
    let last = world.refused(library, &owner(&["--remove", "ada"]));
    assert!(last.contains("no owner left"), "{last}");
    let stranger = world.refused(library, &owner(&["--add", "nobody"]));
    assert!(stranger.contains("holds a token"), "{stranger}");
    let stranger = world.refused(library, &owner(&["--remove", "nobody"]));
    assert!(stranger.contains("\"nobody\" is no owner of tiny"), "{stranger}");
    // An owner twice is one.
    world.cargo(library, &owner(&["--add", "ada"]));
    assert_eq!(world.cargo(library, &owner(&["--list"])).matches("ada").count(), 1);
    self::library(world, "1.1.0");
    world.login(bob);
    let refused = world.refused(library, &PUBLISH);
    assert!(refused.contains("\"bob\" is no owner of tiny"), "{refused}");
    let refused = world.refused(library, &["yank", "tiny@1.0.0", "--registry", "flows"]);
    assert!(refused.contains("is no owner"), "{refused}");
    world.login(&world.token("publish", "ada"));
    world.cargo(library, &owner(&["--add", "bob"]));
    world.login(bob);
    world.cargo(library, &PUBLISH);
    world.cargo(library, &owner(&["--remove", "ada"]));
    let owners = world.cargo(library, &owner(&["--list"]));
    assert!(owners.contains("bob") && !owners.contains("ada"), "{owners}");
}

fn revoked(world: &World, library: &Path) {
    let listed = world.flowcrate(&["token", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let bobs = listed.as_array().unwrap().iter().find(|token| token["name"] == "bob").unwrap();
    assert_eq!(bobs["scope"], "publish");
    assert_eq!(bobs["token"], Value::Null, "a token is shown once");
    let id = bobs["id"].as_str().unwrap();
    assert!(world.flowcrate(&["token", "revoke", id]).status.success());
    assert!(!world.flowcrate(&["token", "revoke", id]).status.success());
    self::library(world, "1.2.0");
    let refused = world.refused(library, &PUBLISH);
    assert!(
        refused.contains("unknown, or revoked") || refused.contains("token rejected"),
        "{refused}"
    );
}

/// What somebody changed by hand in an exported crate is a version of the workflow's crate.
#[test]
fn a_workflow_changed_by_hand_is_the_next_version_of_its_crate() {
    let world = World::new();
    world.publish("hello");
    let ada = world.token("publish", "ada");
    world.login(&ada);
    let folder = world.scratch.path().join("hello");
    let graph = flowcrate_tests::emitted::root().join("examples/hello.json");
    let args = ["compile", &graph.display().to_string(), "--out", "hello"];
    assert!(world.flowcrate(&args).status.success());
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let manifest = manifest
        .replace("version = \"0.1.0\"", "version = \"1.0.1\"")
        .replace("publish = false\n", "")
        .replace("path = \"vendor/flowcrate\"", "version = \"0.1\", registry = \"flows\"");
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    world.cargo(&folder, &PUBLISH);
    let index = world.server.ok("GET", "/index/he/ll/hello", b"");
    assert!(String::from_utf8_lossy(&index.body).contains("\"vers\":\"1.0.1\""));
    // The server's own next version comes after it.
    let graph = world.server.get("/api/v1/workflows/hello")["graph"].to_string();
    let graph = graph.replace("Hello, {{", "Good day, {{");
    world.server.ok_with("PUT", "/api/v1/workflows/hello", &[("if-match", "*")], graph.as_bytes());
    assert_eq!(world.publish_as(&ada, "hello")["version"], "1.0.2");
    // Our own crates are nobody else's.
    let said = json!({ "name": "flowcrate", "vers": "9.0.0" }).to_string();
    let length = u32::try_from(said.len()).unwrap().to_le_bytes();
    let body = [&length, said.as_bytes(), &[0; 4]].concat();
    let token = world.token("publish", "ada");
    let headers = [("authorization", token.as_str())];
    let reply = world.server.request("PUT", "/api/v1/crates/new", &headers, &body).unwrap();
    assert_eq!(reply.status, 422);
}
