//! Many who add a crate at once, and how soon after its release one has it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{World, succeeded};

const ADD: [&str; 4] = ["add", "hello", "--registry", "flows"];

/// A process for each, and a home: within one home cargo lets one after the other.
#[test]
fn a_hundred_add_a_crate_at_once() {
    const MANY: usize = 100;
    let world = World::new();
    world.publish("hello");
    let config = fs::read(world.home.path().join("config.toml")).unwrap();
    let adders: Vec<(Command, std::path::PathBuf)> = (0..MANY)
        .map(|at| {
            let project = world.project(&format!("user{at}"), "//! Nothing.\nfn main() {}\n");
            let home = world.scratch.path().join(format!("home{at}"));
            fs::create_dir(&home).unwrap();
            fs::write(home.join("config.toml"), &config).unwrap();
            let mut command = world.home.command(&project);
            command.args(ADD).env("CARGO_HOME", home);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            (command, project)
        })
        .collect();
    let begun = Instant::now();
    let adding: Vec<_> = adders
        .into_iter()
        .map(|(mut command, project)| (command.spawn().unwrap(), project))
        .collect();
    // Each is waited for by a thread of its own, which sees its end when it comes.
    let waiting = adding.into_iter().map(|(child, project)| {
        thread::spawn(move || (child.wait_with_output().unwrap(), begun.elapsed(), project))
    });
    let waiting: Vec<_> = waiting.collect();
    let mut took: Vec<Duration> = Vec::new();
    for waiting in waiting {
        let (out, elapsed, project) = waiting.join().unwrap();
        succeeded(&out, &ADD);
        added(&project, "1.0.0");
        took.push(elapsed);
    }
    took.sort();
    println!("{MANY} at once: half in {:?}, 99 in {:?}", took[MANY / 2], took[MANY - 2]);
}

fn added(project: &Path, version: &str) {
    let manifest = fs::read_to_string(project.join("Cargo.toml")).unwrap();
    let expected = format!("hello = {{ version = \"{version}\", registry = \"flows\" }}");
    assert!(manifest.contains(&expected), "{manifest}");
}

/// What a person waits for: from the word "publish" until the version stands in her manifest.
#[test]
fn a_version_is_there_for_others_as_soon_as_it_is_published() {
    let world = World::new();
    let project = world.project("user", "//! Nothing.\nfn main() {}\n");
    // The first publish also packs our own crates.
    for (version, word) in [("1.0.0", "Hello"), ("1.0.1", "Good day"), ("1.0.2", "Good evening")] {
        let mut graph = world.server.get("/api/v1/workflows/hello")["graph"].clone();
        graph["nodes"][1]["data"]["inputs"]["value"] =
            format!("{word}, {{{{ trigger.name }}}}!").into();
        let any = [("if-match", "*")];
        let path = "/api/v1/workflows/hello";
        world.server.ok_with("PUT", path, &any, graph.to_string().as_bytes());
        let begun = Instant::now();
        assert_eq!(world.publish("hello")["version"], version);
        let published = begun.elapsed();
        let latest = format!("hello@{version}");
        world.cargo(&project, &["add", &latest, "--registry", "flows"]);
        println!("{version}: published in {published:?}, added after {:?}", begun.elapsed());
        added(&project, version);
    }
}
