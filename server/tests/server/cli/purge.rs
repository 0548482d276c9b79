//! `flowcrate purge`, beside a server; and a server that tidies by itself.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::process::{ServerProcess, run};

async fn greet(server: &ServerProcess) {
    let path = "/api/v1/workflows/hello/runs?wait=30s";
    let run = server.post(path, &json!({ "input": { "name": "Ada" } })).await.expect(200);
    assert_eq!(run["status"], "completed", "{run}");
}

async fn runs(server: &ServerProcess) -> usize {
    let listed = server.get("/api/v1/runs").await.expect(200);
    listed["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn runs_that_ended_long_ago_are_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let none = run(folder.path(), &["purge", "--older-than", "1d"]).await;
    assert_eq!(none.code, 2, "{}", none.stderr);
    let server = ServerProcess::start(folder.path()).await;
    for _ in 0..3 {
        greet(&server).await;
    }
    let purge = async |args: &[&str]| -> Value {
        let args = [&["purge", "--json", "--older-than"], args].concat();
        run(folder.path(), &args).await.json()["purged"].clone()
    };
    assert_eq!(purge(&["1d"]).await, 0);
    assert_eq!(purge(&["0s", "--state", "failed", "--state", "cancelled"]).await, 0);
    assert_eq!(purge(&["0s", "--workflow", "another"]).await, 0);
    assert_eq!(runs(&server).await, 3);
    assert_eq!(purge(&["0s", "--workflow", "hello", "--state", "completed"]).await, 3);
    assert_eq!(runs(&server).await, 0);
    let wrong = run(folder.path(), &["purge", "--older-than", "soon"]).await;
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("soon"), "{}", wrong.stderr);
    greet(&server).await;
    server.stop().await;

    // One that was told to keep them for a moment finds it gone, though nothing is registered.
    std::fs::write(folder.path().join("flowcrate.toml"), "retention = \"20ms\"\n").unwrap();
    let server = ServerProcess::start(folder.path()).await;
    for _ in 0..200 {
        if runs(&server).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(runs(&server).await, 0);
    server.stop().await;
}
