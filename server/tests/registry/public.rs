//! A public registry, through all that a user of a published workflow does.

use std::fs;
use std::path::Path;
use std::process::Command;

use flowcrate_tests::readme;
use serde_json::Value;

use crate::support::{World, binary, built, succeeded, text};

/// Runs the workflow inside its own process, without any file.
pub(crate) const CONSUMER: &str = r#"//! A program that runs a published workflow.

use flowcrate::{Engine, Result, store::MemoryStore};
use hello::{Hello, new::Person};

async fn greet() -> Result<String> {
    let engine = Engine::builder().store(MemoryStore::new()).register(Hello).build().await?;
    let person = Person { name: "Ada".to_owned() };
    Ok(engine.start(Hello, person.into()).await?.result().await?.greeting)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    println!("{}", runtime.block_on(greet()).expect("a greeting"));
}
"#;

/// With default features, and with the address that the server itself has.
#[test]
fn the_readme_holds_word_for_word_and_the_binary_is_installed() {
    let world = World::new();
    the_readme(&world);
    installed(&world);
}

#[test]
fn what_is_published_is_added_built_searched_and_shown() {
    let world = World::shared();
    publish(&world);
    let project = world.project("greeter", CONSUMER);
    added_and_built(&world, &project);
    found(&world, &project);
    updated(&world, &project);
    added_without_configuration(&world);
    with_plugins(&world);
    tightened(&world);
}

/// The section of the README, word for word, but for the port.
fn the_readme(world: &World) {
    let main = readme::block("registry main");
    let project = world.project("readme", &format!("//! The README's program.\n{main}\n"));
    world.cargo(&project, &["add", "tokio", "--features", "macros,rt-multi-thread"]);
    let config = readme::block("registry config").replace("127.0.0.1:7700", world.server.address());
    fs::create_dir(project.join(".cargo")).unwrap();
    fs::write(project.join(".cargo/config.toml"), config).unwrap();
    let mut command = Command::new("bash");
    world.home.settle(&mut command, &project);
    let bin = binary().parent().unwrap().display().to_string();
    let out = command
        .args(["-euxo", "pipefail", "-c", &readme::block("registry commands")])
        .env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap()))
        .env("FLOWCRATE_SERVER", format!("http://{}", world.server.address()))
        .output()
        .unwrap();
    let said = succeeded(&out, &["the README"]);
    assert!(said.contains("hello 1.0.0 published"), "{said}");
    assert!(said.contains("\nHello, Ada!\n") || said.starts_with("Hello, Ada!"), "{said}");
    assert!(project.join("greetings.db").exists());
    // And from git, in a project that knows nothing of the registry.
    let git = readme::block("registry git").replace("127.0.0.1:7700", world.server.address());
    let other = world.project("readme-git", "//! Nothing.\nfn main() {}\n");
    let args: Vec<&str> = git.split_whitespace().skip(1).collect();
    world.cargo(&other, &args);
    let tree = world.cargo(&other, &["tree", "-e", "normal", "--depth", "1"]);
    assert!(tree.contains("hello v1.0.0 (http://"), "{tree}");
}

fn publish(world: &World) {
    let args = ["publish", "hello"];
    let first = succeeded(&world.flowcrate(&args), &args);
    assert!(first.contains("hello 1.0.0 published"), "{first}");
    let again = succeeded(&world.flowcrate(&args), &args);
    assert!(again.contains("hello 1.0.0 unchanged"), "{again}");
    let args = ["publish", "site-watch"];
    let other = succeeded(&world.flowcrate(&args), &args);
    assert!(other.contains("site-watch 1.0.0 published"), "{other}");
    let args = ["publish", "absent"];
    let absent = text(&world.flowcrate(&args));
    assert!(absent.contains("there is no workflow \"absent\""), "{absent}");
}

fn added_and_built(world: &World, project: &Path) {
    world.cargo(project, &["add", "hello", "--registry", "flows", "--no-default-features"]);
    world.cargo(project, &["add", "flowcrate", "--registry", "flows", "--no-default-features"]);
    world.cargo(project, &["add", "tokio", "--no-default-features", "--features", "rt"]);
    world.cargo(project, &["build"]);
    let out = Command::new(built("greeter")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "Hello, Ada!\n");
    let tree = world.cargo(project, &["tree", "-e", "normal"]);
    assert!(tree.contains("hello v1.0.0 (registry `flows`)"), "{tree}");
    assert!(!tree.contains("rusqlite"), "the library brings a database driver:\n{tree}");
    let lock = fs::read_to_string(project.join("Cargo.lock")).unwrap();
    assert!(lock.contains(&format!("source = \"{}\"", world.index())), "{lock}");
}

fn found(world: &World, project: &Path) {
    let info = world.cargo(project, &["info", "hello", "--registry", "flows"]);
    for part in ["version: 1.0.0", "Greets a person by name", "#workflow", "standalone"] {
        assert!(info.contains(part), "{part}:\n{info}");
    }
    // Nobody said a licence, and nothing is claimed.
    assert!(info.contains("license: unknown"), "{info}");
    let search = world.cargo(project, &["search", "greets", "--registry", "flows"]);
    assert!(search.starts_with("hello = \"1.0.0\""), "{search}");
    let none = world.cargo(project, &["search", "nothing-like-it", "--registry", "flows"]);
    assert!(!none.contains("hello"), "{none}");
    let unknown = world.refused(project, &["add", "helo", "--registry", "flows"]);
    assert!(unknown.contains("could not be found in registry index"), "{unknown}");
}

/// A new version reaches those who ask for updates, and nobody else.
fn updated(world: &World, project: &Path) {
    let mut workflow = world.server.get("/api/v1/workflows/hello");
    let graph = &mut workflow["graph"];
    let text = graph.to_string().replace("Hello, {{", "Good day, {{");
    world.server.ok_with("PUT", "/api/v1/workflows/hello", &[("if-match", "*")], text.as_bytes());
    let args = ["publish", "hello", "--license", "MIT OR Apache-2.0"];
    let said = succeeded(&world.flowcrate(&args), &args);
    assert!(said.contains("hello 1.0.1 published"), "{said}");
    assert!(said.contains("the licence is MIT OR Apache-2.0; none was named before"), "{said}");
    let latest = ["info", "hello@1.0.1", "--registry", "flows"];
    let info = world.cargo(project, &latest);
    assert!(info.contains("license: MIT OR Apache-2.0"), "{info}");
    let locked = |version: &str| {
        let lock = fs::read_to_string(project.join("Cargo.lock")).unwrap();
        lock.contains(&format!("name = \"hello\"\nversion = \"{version}\""))
    };
    world.cargo(project, &["tree", "--locked"]);
    assert!(locked("1.0.0"));
    world.cargo(project, &["update"]);
    assert!(locked("1.0.1"));
}

/// Programs compile as before, and what they give is refused: the command line says so.
fn tightened(world: &World) {
    let mut graph = world.server.get("/api/v1/workflows/hello")["graph"].clone();
    let name = graph.pointer_mut("/nodes/0/data/config/schema/properties/name").unwrap();
    name["minLength"] = 2.into();
    let any = [("if-match", "*")];
    let text = graph.to_string();
    world.server.ok_with("PUT", "/api/v1/workflows/hello", &any, text.as_bytes());
    let args = ["publish", "hello"];
    let said = succeeded(&world.flowcrate(&args), &args);
    let what = "major, by policy: `name` of the input has to have at least 2 characters, which \
                nothing asked before";
    assert!(said.contains("hello 2.0.0 published") && said.contains(what), "{said}");
}

/// The binary of the crate is the workflow's command line.
fn installed(world: &World) {
    let folder = world.scratch.path();
    let root = folder.join("installed").display().to_string();
    let install = ["install", "hello", "--registry", "flows", "--root", &root, "--debug"];
    world.cargo(folder, &[&install[..], &["--version", "1.0.0"]].concat());
    fs::write(folder.join("input.json"), "{\"name\": \"Ada\"}").unwrap();
    let out = Command::new(folder.join("installed/bin/hello"))
        .args(["run", "--input", "input.json"])
        .current_dir(folder)
        .output()
        .unwrap();
    let output: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(output["greeting"], "Hello, Ada!");
    assert!(folder.join(".flowcrate").exists(), "the journal is a file");
}

/// The address in the manifest is enough.
fn added_without_configuration(world: &World) {
    let config = world.home.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let (public, _) = text.split_once("[registries.flows]").unwrap();
    fs::write(&config, public).unwrap();
    let project = world.project("plain", "//! Nothing.\nfn main() {}\n");
    let manifest = project.join("Cargo.toml");
    let dependency =
        format!("hello = {{ version = \"1\", registry-index = \"{}\" }}\n", world.index());
    fs::write(&manifest, format!("{}{dependency}", fs::read_to_string(&manifest).unwrap()))
        .unwrap();
    let tree = world.cargo(&project, &["tree", "-e", "normal"]);
    assert!(tree.contains("hello v1.0.1") && tree.contains("rusqlite"), "{tree}");
    fs::write(&config, text).unwrap();
}

/// A workflow that calls services brings our plugins along.
fn with_plugins(world: &World) {
    world.publish("order-intake");
    let project = world.project("shop", "//! Nothing.\nfn main() {}\n");
    world.cargo(&project, &["add", "order-intake", "--registry", "flows", "--no-default-features"]);
    world.cargo(&project, &["build"]);
    let tree = world.cargo(&project, &["tree", "-e", "normal"]);
    assert!(tree.contains("flowcrate-plugins") && !tree.contains("rusqlite"), "{tree}");
}
