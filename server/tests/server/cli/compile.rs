//! `flowcrate compile`, and the same crate from the server.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::graphs::{double, graph, manual, node};
use crate::support::process::run;
use crate::support::server::TestServer;

#[tokio::test]
async fn a_graph_becomes_a_crate_that_stands_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("g.json"), double("twice").to_string()).unwrap();
    let ran = run(folder.path(), &["compile", "g.json", "--out", "twice"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let out = folder.path().join("twice");
    let manifest = fs::read_to_string(out.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("vendor/flowcrate"), "{manifest}");
    for file in
        ["src/lib.rs", "src/main.rs", "src/generated/workflow.rs", "vendor/flowcrate/src/lib.rs"]
    {
        assert!(out.join(file).exists(), "{file}");
    }
    let main = out.join("src/main.rs");
    fs::write(&main, "// mine\n").unwrap();
    let again = run(folder.path(), &["compile", "g.json", "--out", "twice"]).await;
    assert_eq!((again.code, again.stdout.trim()), (0, "twice: 0 files written"));
    assert_eq!(fs::read_to_string(&main).unwrap(), "// mine\n");
}

#[tokio::test]
async fn the_crate_of_another_workflow_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), double("twice").to_string()).unwrap();
    fs::write(folder.path().join("b.json"), double("two-times").to_string()).unwrap();
    assert_eq!(run(folder.path(), &["compile", "a.json", "--out", "out"]).await.code, 0);
    let refused = run(folder.path(), &["compile", "b.json", "--out", "out"]).await;
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("holds the crate `twice`"), "{}", refused.stderr);
    let main = fs::read(folder.path().join("out/src/main.rs")).unwrap();
    let renamed = run(folder.path(), &["compile", "b.json", "--out", "out", "--renamed"]).await;
    assert_eq!(renamed.code, 0, "{}", renamed.stderr);
    assert_eq!(fs::read(folder.path().join("out/src/main.rs")).unwrap(), main);
    fs::write(folder.path().join("out/src/main.rs"), "use twice::triggers; fn main() {}").unwrap();
    let warned = run(folder.path(), &["compile", "b.json", "--out", "out"]).await;
    assert_eq!(warned.code, 0);
    assert!(warned.stderr.contains("warning[W701]"), "{}", warned.stderr);
}

#[tokio::test]
async fn a_faulty_graph_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("g.json"), "{}").unwrap();
    let ran = run(folder.path(), &["compile", "g.json", "--out", "out"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(!folder.path().join("out").exists());
    assert_eq!(run(folder.path(), &["compile", "g.json"]).await.code, 2);
}

#[tokio::test]
async fn the_server_exports_the_same_crate() {
    let folder = tempfile::tempdir().unwrap();
    let graph = double("twice");
    fs::write(folder.path().join("g.json"), graph.to_string()).unwrap();
    assert_eq!(run(folder.path(), &["compile", "g.json", "--out", "twice"]).await.code, 0);
    let server = TestServer::start().await;
    server.store(&graph).await;
    let reply = server.get("/api/v1/workflows/twice/export").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/zip"));
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"twice.zip\"");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(reply.body.as_slice())).unwrap();
    let mut names = BTreeSet::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        let name = entry.name().unwrap().into_owned();
        assert_eq!(fs::read(folder.path().join("twice").join(&name)).unwrap(), bytes, "{name}");
        names.insert(name);
    }
    assert_eq!(names, on_disk(&folder.path().join("twice")));
    let etag = reply.header("etag").to_owned();
    let path = "/api/v1/workflows/twice/export";
    assert_eq!(server.send("GET", path, &[("if-none-match", &etag)], "").await.status, 304);
    server.get("/api/v1/workflows/nothing/export").await.problem(404, "not_found");
}

fn on_disk(root: &Path) -> BTreeSet<String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn what_the_compiler_thinks_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("g.json"), double("twice").to_string()).unwrap();
    for (what, part) in
        [("guards", "start  always"), ("types", "(output)"), ("ir", "workflow twice on")]
    {
        let ran = run(folder.path(), &["compile", "g.json", "--emit", what]).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains(part), "{what}: {}", ran.stdout);
    }
    let both = run(folder.path(), &["compile", "g.json", "--emit", "ir", "--out", "x"]).await;
    assert_eq!(both.code, 2);
    fs::write(folder.path().join("bad.json"), "{}").unwrap();
    assert_eq!(run(folder.path(), &["compile", "bad.json", "--emit", "ir"]).await.code, 1);
}

#[tokio::test]
async fn workflows_that_are_called_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("shop")).unwrap();
    let inputs = json!({ "input": { "n": "{{ trigger.n }}" } });
    let config = json!({ "workflow": "twice" });
    let nodes = [
        manual(&json!({ "n": { "type": "integer" } })),
        node("other", "call_workflow@1", &json!({ "config": config, "inputs": inputs })),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ steps.other }}" } })),
    ];
    let caller = graph("outer", &nodes, &["start>other", "other>done"]);
    fs::write(folder.path().join("g.json"), caller.to_string()).unwrap();
    fs::write(folder.path().join("shop/t.json"), double("twice").to_string()).unwrap();
    fs::write(folder.path().join("in.json"), r#"{"n":4}"#).unwrap();
    let alone = run(folder.path(), &["check", "g.json"]).await;
    assert!(alone.code == 1 && alone.stderr.contains("E231"), "{}", alone.stderr);
    let args = ["run", "g.json", "--input", "in.json", "--workflows", "shop"];
    let ran = run(folder.path(), &args).await;
    assert_eq!((ran.code, ran.stdout.trim()), (0, "8"), "{}", ran.stderr);
    let args = ["compile", "g.json", "--out", "o", "--workflow", "twice=shop/t.json"];
    let ran = run(folder.path(), &args).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(folder.path().join("o/src/generated/twice/workflow.rs").exists());
    // The crate holds what it is made of.
    let again = ["compile", "o/graph.json", "--out", "o", "--workflows", "o/workflows"];
    let again = run(folder.path(), &again).await;
    assert_eq!((again.code, again.stdout.trim()), (0, "o: 0 files written"), "{}", again.stderr);
    let wrong = run(folder.path(), &["check", "g.json", "--workflow", "shop/t.json"]).await;
    assert!(wrong.code == 2 && wrong.stderr.contains("NAME=FILE"), "{}", wrong.stderr);
}
