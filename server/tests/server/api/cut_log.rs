//! A publish that dies between any two of its writes.
//!
//! All that a publish writes goes to the end of one file, the database's log. Whatever moment the
//! process dies at, what it leaves is a beginning of what it would have written: so the log is cut
//! at the head, the middle and the end of each page, and a server is started on what is left.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::graphs::double;
use crate::support::server::{Reply, TestServer};

const PUBLISH: &str = "/api/v1/workflows/twice/publish";
/// Bytes of a log before its first page.
const HEAD: usize = 32;
/// Bytes before each page.
const FRAME: usize = 24;
/// Bytes of a page.
const PAGE: usize = 4096;

/// All that the server tells of version 1.1.0: index, package, and what pages show.
async fn told(server: &TestServer) -> [Reply; 3] {
    [
        server.get("/index/tw/ic/twice").await,
        server.get("/api/v1/crates/twice/1.1.0/download").await,
        server.get("/api/v1/registry/crates/twice/1.1.0").await,
    ]
}

/// A server on these bytes of database and log.
async fn opened(database: &[u8], log: &[u8]) -> TestServer {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("server.db"), database).unwrap();
    fs::write(data.join("server.db-wal"), log).unwrap();
    TestServer::on(folder).await
}

/// A folder in which the first version is published and the second one may be.
async fn prepared() -> TempDir {
    let server = TestServer::on(tempfile::tempdir().unwrap()).await;
    server.store(&double("twice")).await;
    server.post(PUBLISH, &Value::Null).await.expect(201);
    let mut wider = double("twice");
    wider["nodes"][0]["data"]["config"]["schema"]["properties"]["m"] = json!({ "type": "integer" });
    let any = [("if-match", "*")];
    server.send("PUT", "/api/v1/workflows/twice", &any, wider.to_string()).await.expect(200);
    server.stopped().await
}

#[tokio::test]
async fn a_log_that_is_cut_anywhere_has_the_whole_version_or_none() {
    let server = TestServer::on(prepared().await).await;
    let data = server.folder().join("data");
    let file = |name: &str| fs::read(data.join(name)).unwrap_or_default();
    let (database, before) = (file("server.db"), file("server.db-wal"));
    server.post(PUBLISH, &json!({ "note": "Takes `m`." })).await.expect(201);
    let log = file("server.db-wal");
    assert!(log.starts_with(&before) && log.len() > before.len() + 4 * PAGE, "{}", log.len());
    let whole = told(&server).await;
    let starts = (0..).map(|page| HEAD + page * (FRAME + PAGE));
    let starts = starts.take_while(|start| *start < log.len()).filter(|at| *at >= before.len());
    let within =
        starts.flat_map(|at| [at, at + FRAME, at + FRAME + PAGE / 2, at + FRAME + PAGE - 1]);
    let (mut none, mut all) = (0, 0);
    for cut in within.chain([log.len()]) {
        let server = opened(&database, &log[..cut]).await;
        let found = told(&server).await;
        let lines = found[0].text().lines().count();
        let statuses = found.each_ref().map(|reply| reply.status);
        match lines {
            1 => assert_eq!(statuses, [200, 404, 404], "cut at {cut}"),
            _ => assert_eq!(
                found.map(|reply| reply.body),
                whole.each_ref().map(|reply| reply.body.clone()),
                "cut at {cut}"
            ),
        }
        // Whoever heard no answer asks once more, and has the very same version.
        let again = server.post(PUBLISH, &json!({ "note": "Takes `m`." })).await;
        assert_eq!(again.status, if lines == 1 { 201 } else { 200 }, "{}", again.text());
        assert_eq!(again.json()["version"], "1.1.0");
        let [index, package, _] = told(&server).await;
        assert_eq!((&index.body, &package.body), (&whole[0].body, &whole[1].body), "cut at {cut}");
        *(if lines == 1 { &mut none } else { &mut all }) += 1;
    }
    println!("{none} cuts left nothing of the version, {all} left it whole");
    assert!(none > 4 && all > 0);
}
