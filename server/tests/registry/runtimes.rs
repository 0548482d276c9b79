//! Crates that were emitted against one version of the runtime, under later ones.
//!
//! To cargo a runtime is what the server packed from its sources. Two further builds of the server
//! are played here: they have other sources, one of them with another major number, and leave
//! their crates in the same database.

use std::fs;
use std::path::Path;
use std::process::Command;

use flowcrate_server::registry::{Address, Build, release_support};
use flowcrate_server::store::Store;
use flowcrate_server::vendor::{self, Packages};
use flowcrate_tests::emitted;
use serde_json::Value;

use crate::support::{World, built, succeeded};

/// What each build says of itself, so that a program can tell which one it has.
fn marked(index: &str, version: &str, mark: u32) -> Packages {
    let mut packages = vendor::packages(index, version);
    let library = packages.get_mut("flowcrate").unwrap().get_mut("src/lib.rs").unwrap();
    library.extend(format!("\n/// Which build this is.\npub const BUILD: u32 = {mark};\n").bytes());
    packages
}

const LATER: Build =
    Build { version: "0.1.0", packages: |index, version| marked(index, version, 2) };
const NEXT_MAJOR: Build =
    Build { version: "0.2.0", packages: |index, version| marked(index, version, 3) };

/// Starts a run that waits, or tells the one that waits, with the journal in a file.
const PROGRAM: &str = r#"//! Starts a delivery, or ends it.

use delivery::{Delivery, new::Parcel};
use flowcrate::{Engine, SendEvent, sqlite::SqliteStore};

async fn go(file: &str, signed_by: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::builder().store(SqliteStore::open(file)?).register(Delivery).build().await?;
    let parcel = Parcel { id: "A-17".to_owned(), to: "Ada".to_owned() };
    let run = engine.start(Delivery, parcel.into()).key("A-17").await?;
    if let Some(name) = signed_by {
        let payload = serde_json::json!({ "signed_by": name });
        engine.client().send_event(run.id(), "delivered", payload, SendEvent::default()).await?;
        println!("{}", run.result().await?.signed_by);
    }
    engine.shutdown().await;
    Ok(())
}

fn main() {
    let signed_by = std::env::args().nth(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(go("first.db", signed_by.as_deref())).expect("a delivery");
}
"#;

/// The same crate twice, each on the engine of its own runtime.
const BOTH: &str = r#"//! Two runtimes in one program.

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    println!("{} {}", flowcrate::BUILD, flowcrate_2::BUILD);
    println!("{}", runtime.block_on(old("Bob")).expect("a delivery"));
    println!("{}", runtime.block_on(new("Eve")).expect("a delivery"));
}

async fn old(name: &str) -> Result<String, Box<dyn std::error::Error>> {
    use delivery::{Delivery, new::Parcel};
    use flowcrate::{Engine, SendEvent, sqlite::SqliteStore};
BODY}

async fn new(name: &str) -> Result<String, Box<dyn std::error::Error>> {
    use delivery_2::{Delivery, new::Parcel};
    use flowcrate_2::{Engine, SendEvent, sqlite::SqliteStore};
BODY}
"#;

const BODY: &str = r#"    let file = format!("{name}.db");
    let engine = Engine::builder().store(SqliteStore::open(file)?).register(Delivery).build().await?;
    let parcel = Parcel { id: "A-17".to_owned(), to: "Ada".to_owned() };
    let run = engine.start(Delivery, parcel.into()).await?;
    let payload = serde_json::json!({ "signed_by": name });
    engine.client().send_event(run.id(), "delivered", payload, SendEvent::default()).await?;
    let signed_by = run.result().await?.signed_by;
    engine.shutdown().await;
    Ok(signed_by)
"#;

#[test]
fn a_crate_runs_on_later_runtimes_and_two_majors_stand_side_by_side() {
    let world = World::new();
    let graph = fs::read(emitted::root().join("examples/consumer/flows/delivery-1.json")).unwrap();
    world.server.ok("POST", "/api/v1/workflows", &graph);
    world.publish("delivery");
    let before = package(&world, "flowcrate", "0.1.0");
    let project = world.project("deliverer", PROGRAM);
    world.cargo(&project, &[&["add", "delivery"], &LIBRARY[..]].concat());
    world.cargo(&project, &[&["add", "flowcrate", "--features", "sqlite"], &LIBRARY[..]].concat());
    world.cargo(&project, &["add", "serde_json", "--no-default-features", "--features", "std"]);
    world.cargo(
        &project,
        &["add", "tokio", "--no-default-features", "--features", "rt-multi-thread"],
    );
    world.cargo(&project, &["build"]);
    assert_eq!(run(&project, &[]), "", "the run waits");
    // Two builds later the first one serves again: all that was served is there as it was.
    let address = world.server.address().to_owned();
    let world = world.restarted(|data| play(data, &address));
    assert_eq!(package(&world, "flowcrate", "0.1.0"), before);
    assert_eq!(versions(&world, "fl/ow/flowcrate"), ["0.1.0", "0.1.1", "0.2.0"]);
    world.login(&world.token("publish", "ada"));
    unified(&world, &project);
    side_by_side(&world, &project);
}

const LIBRARY: [&str; 3] = ["--registry", "flows", "--no-default-features"];

/// What two other builds leave in a database.
fn play(data: &Path, address: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = Address::new(&format!("http://{address}")).unwrap();
    runtime.block_on(async {
        let store = Store::open(&data.join("server.db")).await.unwrap();
        for (build, version) in [(LATER, "0.1.1"), (NEXT_MAJOR, "0.2.0"), (LATER, "0.1.1")] {
            let released = release_support(&store, &address, build, 0).await.unwrap();
            assert_eq!(released, version);
        }
        store.close().await;
    });
}

fn package(world: &World, name: &str, version: &str) -> Vec<u8> {
    world.server.ok("GET", &format!("/api/v1/crates/{name}/{version}/download"), b"").body
}

fn versions(world: &World, path: &str) -> Vec<String> {
    let lines = world.server.ok("GET", &format!("/index/{path}"), b"").body;
    let version = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["vers"].as_str().unwrap().to_owned()
    };
    String::from_utf8(lines).unwrap().lines().map(version).collect()
}

/// One runtime serves a crate that was emitted against an earlier one and a crate that needs the
/// later one; the run that waited goes on.
fn unified(world: &World, project: &Path) {
    republish(world, ("courier", "1.0.0"), "0.1.1");
    world.cargo(project, &[&["add", "courier"], &LIBRARY[..]].concat());
    let main = PROGRAM
        .replace("fn main() {", "fn main() {\n    print!(\"{} \", flowcrate::BUILD);")
        .replace(".register(Delivery)", ".register(Delivery).register(courier::Delivery)");
    fs::write(project.join("src/main.rs"), main).unwrap();
    world.cargo(project, &["build"]);
    let tree = world.cargo(project, &["tree", "-e", "normal"]);
    assert!(tree.contains("flowcrate v0.1.1") && !tree.contains("flowcrate v0.1.0"), "{tree}");
    assert_eq!(run(project, &["Bob"]), "2 Bob\n");
}

/// Each engine drives the crates of its own runtime, on a journal of its own.
fn side_by_side(world: &World, project: &Path) {
    republish(world, ("delivery", "2.0.0"), "0.2.0");
    let rename = ["--rename", "delivery-2"];
    world.cargo(project, &[&["add", "delivery@2"], &rename[..], &LIBRARY[..]].concat());
    let rename = ["--rename", "flowcrate-2", "--features", "sqlite"];
    world.cargo(project, &[&["add", "flowcrate@0.2"], &rename[..], &LIBRARY[..]].concat());
    fs::write(project.join("src/main.rs"), BOTH.replace("BODY", BODY)).unwrap();
    world.cargo(project, &["build"]);
    assert_eq!(run(project, &[]), "2 3\nBob\nEve\n");
}

/// The published crate, changed by hand: under another name or number, against another runtime.
fn republish(world: &World, (name, version): (&str, &str), runtime: &str) {
    let published = package(world, "delivery", "1.0.0");
    let folder = world.scratch.path().join(format!("{name}-{version}"));
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(published.as_slice()));
    archive.unpack(&folder).unwrap();
    let folder = folder.join("delivery-1.0.0");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let manifest = manifest
        .replace("name = \"delivery\"", &format!("name = \"{name}\""))
        .replace("version = \"1.0.0\"", &format!("version = \"{version}\""))
        .replace("{ version = \"0.1.0\"", &format!("{{ version = \"{runtime}\""));
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    world.cargo(&folder, &["publish", "--registry", "flows", "--no-verify", "--allow-dirty"]);
}

fn run(project: &Path, args: &[&str]) -> String {
    let out = Command::new(built("deliverer")).args(args).current_dir(project).output().unwrap();
    succeeded(&out, args);
    String::from_utf8(out.stdout).unwrap()
}
