//! Hosts that bring a database of their own: of libraries that link `sqlite3` there is one in a
//! program, and a published library brings none.

use std::path::Path;
use std::process::Command;

use crate::support::{World, built};

/// Asks another driver than ours for its version, and runs a workflow in memory.
const HOST: &str = r#"//! A program with another driver than ours.

use flowcrate::{Engine, Result, store::MemoryStore};
use hello::{Hello, new::Person};

async fn greet() -> Result<String> {
    let engine = Engine::builder().store(MemoryStore::new()).register(Hello).build().await?;
    let person = Person { name: "Ada".to_owned() };
    Ok(engine.start(Hello, person.into()).await?.result().await?.greeting)
}

fn main() {
    let database = rusqlite::Connection::open_in_memory().expect("a database");
    let sum: i64 = database.query_row("select 40 + 2", [], |row| row.get(0)).expect("a sum");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    println!("{} {sum}", runtime.block_on(greet()).expect("a greeting"));
}
"#;

#[test]
fn a_host_keeps_its_own_driver_and_the_command_line_says_why_it_cannot_come_along() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/registry/other-driver/Cargo.lock");
    let world = World::shared_with_lock(Some(&lock));
    world.publish("hello");
    let project = world.project("other-driver-host", HOST);
    let driver = ["rusqlite@=0.37.0", "--no-default-features", "--features", "bundled"];
    world.cargo(&project, &[&["add"], &driver[..]].concat());
    let library = ["--registry", "flows", "--no-default-features"];
    world.cargo(&project, &[&["add", "hello", "flowcrate"], &library[..]].concat());
    world.cargo(&project, &["add", "tokio", "--no-default-features", "--features", "rt"]);
    world.cargo(&project, &["build"]);
    let out = Command::new(built("other-driver-host")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "Hello, Ada! 42\n");
    let tree = world.cargo(&project, &["tree", "-e", "normal"]);
    assert!(tree.contains("rusqlite v0.37.0") && !tree.contains("rusqlite v0.39"), "{tree}");
    // The command line's journal is another driver, and cargo says so before it builds anything.
    let both = world.project("two-drivers", "//! Nothing.\nfn main() {}\n");
    world.cargo(&both, &[&["add"], &driver[..]].concat());
    let refused = world.refused(&both, &["add", "hello", "--registry", "flows"]);
    assert!(refused.contains("links to the native library `sqlite3`"), "{refused}");
    assert!(refused.contains("hello v1.0.0"), "it names who brought it: {refused}");
}
