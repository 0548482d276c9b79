//! *Export as code*: the zip that the server hands out is a crate that stands alone.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Output;

use flowcrate_tests::emitted;
use flowcrate_tests::server::Server;

/// Unpacks an export below `folder`, as a person would.
fn unpack(zip: &[u8], folder: &Path) {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip");
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("an entry");
        let path = entry.enclosed_name().expect("no entry leaves the folder");
        if entry.is_dir() {
            continue;
        }
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("readable");
        std::fs::write(path, bytes).expect("written");
    }
    // Only so that the test fetches nothing: an export carries no lock file.
    std::fs::copy(emitted::root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("lock");
}

fn export(name: &str) -> Vec<u8> {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(Path::new(env!("CARGO_BIN_EXE_flowcrate")), data.path())
        .expect("the server starts");
    let reply = server.ok("GET", &format!("/api/v1/workflows/{name}/export"), b"");
    server.kill();
    reply.body
}

fn succeeds(out: &Output) {
    assert!(
        out.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn an_export_builds_alone_without_a_warning_and_serves_as_a_library() {
    // Outside this repository, so that nothing of it can help.
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let crate_ = scratch.path().join("order-intake");
    unpack(&export("order-intake"), &crate_);
    succeeds(&emitted::cargo(&crate_, &["build"]).expect("cargo runs"));
    succeeds(&emitted::cargo(&crate_, &["clippy", "--all-targets"]).expect("cargo runs"));
    succeeds(&emitted::cargo(&crate_, &["doc", "--no-deps"]).expect("cargo runs"));
    succeeds(&emitted::cargo(&crate_, &["test"]).expect("cargo runs"));
    library_use(scratch.path());
}

/// Typed input in, typed output out, and no database driver in the tree.
fn library_use(scratch: &Path) {
    let consumer = scratch.join("consumer");
    std::fs::create_dir_all(consumer.join("src")).expect("a folder");
    std::fs::write(
        consumer.join("Cargo.toml"),
        r#"[package]
name = "consumer"
version = "0.1.0"
edition = "2024"

[dependencies]
flowcrate = { path = "../order-intake/vendor/flowcrate", default-features = false, features = ["engine"] }
order-intake = { path = "../order-intake", default-features = false }
"#,
    )
    .expect("written");
    std::fs::write(consumer.join("src/lib.rs"), CONSUMER).expect("written");
    std::fs::copy(emitted::root().join("Cargo.lock"), consumer.join("Cargo.lock")).expect("lock");
    succeeds(&emitted::cargo(&consumer, &["build"]).expect("cargo runs"));
    let tree = emitted::cargo(&consumer, &["tree", "-e", "normal"]).expect("cargo runs");
    succeeds(&tree);
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    assert!(!tree.contains("rusqlite"), "the library alone pulls in a database driver:\n{tree}");
}

const CONSUMER: &str = r#"//! A program of its own that runs the workflow inside its process.

use flowcrate::{Engine, Result, store::MemoryStore};
use order_intake::{OrderIntake, OrderItem, OrderReceived};

/// Starts an order and waits for its outcome.
pub async fn take(api: String) -> Result<String> {
    let engine =
        Engine::builder().store(MemoryStore::new()).register(OrderIntake).build().await?;
    let order = OrderReceived {
        order_id: "1".to_owned(),
        email: "ada@example.com".to_owned(),
        api,
        items: vec![OrderItem { sku: "book".to_owned(), quantity: 1, price_cents: 100 }],
    };
    let run = engine.start(OrderIntake, order).key("1").await?;
    let receipt = run.result().await?;
    Ok(receipt.status)
}
"#;
