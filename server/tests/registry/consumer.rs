//! `examples/consumer`, as its README says: an application with published workflows in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use flowcrate_tests::emitted;
use flowcrate_tests::readme::block_of;
use flowcrate_tests::server::Server;
use serde_json::{Value, json};

use crate::support::{World, binary, built, succeeded};

const PAGE: &str = "examples/consumer/README.md";

#[test]
fn an_application_runs_published_workflows_and_two_revisions_of_one() {
    let world = World::shared();
    let folder = copied(&world);
    let published = shell(&world, &folder, "publish");
    assert!(published.contains("delivery 2.0.0 published"), "{published}");
    assert!(block_of(PAGE, "run").starts_with("cargo run -- "));
    world.cargo(&folder, &["build"]);
    let tree = world.cargo(&folder, &["tree", "-e", "normal", "--depth", "1"]);
    for version in ["delivery v1.0.0", "delivery v2.0.0", "hello v1.0.0", "flowcrate v0.1."] {
        assert!(tree.contains(version), "{tree}");
    }
    let app = start(&folder);
    let [old, new] = the_requests(&world, &folder, &app);
    until(&app, &old, "waiting");
    // Both go on in the process that comes after this one.
    app.kill();
    let app = start(&folder);
    let handed_over = |run: &str, by: &str| {
        let path = format!("/deliveries/{run}/delivered");
        app.ok("POST", &path, json!({ "signed_by": by }).to_string().as_bytes());
        until(&app, run, "completed")
    };
    let first = handed_over(&old, "Bob");
    assert_eq!(first["output"], json!({ "parcel": "A-17", "signed_by": "Bob" }));
    let second = handed_over(&new, "Eve");
    let output = json!({ "grams": 1200, "parcel": "A-18", "signed_by": "Eve" });
    assert_eq!(second["output"], output);
    assert_ne!(first["revision"], second["revision"]);
    let late = app.request("POST", &format!("/deliveries/{old}/delivered"), &[], b"{}").unwrap();
    assert!(late.status >= 400, "{}", late.status);
}

/// The example beside the home, with the name of this registry.
fn copied(world: &World) -> PathBuf {
    let folder = world.scratch.path().join("consumer");
    let from = emitted::root().join("examples/consumer");
    let files = [
        "Cargo.toml",
        ".cargo/config.toml",
        "src/main.rs",
        "flows/delivery-1.json",
        "flows/delivery-2.json",
    ];
    for file in files {
        let text = fs::read_to_string(from.join(file)).unwrap();
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("127.0.0.1:7700", &world.name)).unwrap();
    }
    folder
}

/// Runs a block of the README's commands.
fn shell(world: &World, folder: &Path, block: &str) -> String {
    let script = block_of(PAGE, block).replace("127.0.0.1:7700", world.server.address());
    run(world, folder, &script)
}

fn run(world: &World, folder: &Path, script: &str) -> String {
    let bin = binary().parent().unwrap().display().to_string();
    let out = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap()))
        .env("FLOWCRATE_SERVER", format!("http://{}", world.server.address()))
        .output()
        .unwrap();
    succeeded(&out, &[script])
}

fn start(folder: &Path) -> Server {
    let mut command = Command::new(built("consumer"));
    Server::spawn(command.current_dir(folder).arg("127.0.0.1:0")).unwrap()
}

/// The runs that the README's requests begin, of the first and of the second revision.
fn the_requests(world: &World, folder: &Path, app: &Server) -> [String; 2] {
    let requests = block_of(PAGE, "requests").replace("127.0.0.1:8080", app.address());
    let answers: Vec<Value> = requests
        .lines()
        .map(|line| serde_json::from_str(run(world, folder, line).trim()).unwrap())
        .collect();
    assert_eq!(answers[0]["greeting"], "Hello, Ada!");
    [1, 2].map(|at| answers[at]["run"].as_str().unwrap().to_owned())
}

fn until(app: &Server, run: &str, state: &str) -> Value {
    for _ in 0..1_000 {
        let view = app.get(&format!("/deliveries/{run}"));
        if view["state"] == state {
            return view;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{run} was never {state}")
}
