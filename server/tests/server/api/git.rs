//! Git's protocol, spoken badly. The real git and cargo are in `tests/registry/git.rs`.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use flowcrate_server::store::Scope;
use serde_json::Value;

use crate::support::graphs::double;
use crate::support::server::{Reply, TestServer};

const PACK: &str = "/git/twice.git/git-upload-pack";
const REFS: &str = "/git/twice.git/info/refs?service=git-upload-pack";
const NOBODYS: &str = "ce013625030ba8dba906f756967f9e9ca394464a";

async fn published() -> TestServer {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    server.post("/api/v1/workflows/twice/publish", &Value::Null).await.expect(201);
    server
}

fn line(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

async fn ask(server: &TestServer, body: impl Into<Vec<u8>>) -> Reply {
    server.send("POST", PACK, &[], body.into()).await
}

async fn head(server: &TestServer) -> String {
    let refs = server.get(REFS).await;
    assert_eq!(refs.status, 200, "{}", refs.text());
    assert_eq!(refs.header("content-type"), "application/x-git-upload-pack-advertisement");
    let text = refs.text();
    let (_, from) = text.split_once("00000").unwrap();
    from.get(3..43).unwrap().to_owned()
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "text/plain");
    assert!(reply.text().ends_with(&format!("({code})\n")), "{}", reply.text());
}

#[tokio::test]
async fn a_pack_is_the_same_each_time_and_on_each_start() {
    let server = published().await;
    let id = head(&server).await;
    let want = [line(&format!("want {id}")), "0000".to_owned(), line("done\n")].concat();
    let first = ask(&server, want.clone()).await;
    assert_eq!(first.header("content-type"), "application/x-git-upload-pack-result");
    assert!(first.body.starts_with(b"0008NAK\nPACK\0\0\0\x02"), "{:?}", first.body.get(..20));
    let server = server.restart().await;
    assert_eq!(head(&server).await, id);
    assert_eq!(ask(&server, want.clone()).await.body, first.body);
    // A long request comes packed; and whoever wants nothing gets nothing.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(want.as_bytes()).unwrap();
    let gzip = [("content-encoding", "gzip")];
    let again = server.send("POST", PACK, &gzip, packed.finish().unwrap()).await;
    assert_eq!(again.body, first.body);
    assert!(ask(&server, "0000").await.body.is_empty());
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_a_code() {
    let server = published().await;
    for body in ["zzzz", "00", "0003", "fff1x", "000bwant x\n0000"] {
        refused(&ask(&server, body).await, 400, "git_malformed");
    }
    let since = [line("deepen-since 12"), "0000".to_owned()].concat();
    refused(&ask(&server, since).await, 400, "git_unsupported");
    refused(&ask(&server, vec![b'0'; 2 * 1024 * 1024]).await, 413, "git_too_large");
    let unknown = [line(&format!("want {NOBODYS}")), "0000".to_owned(), line("done\n")].concat();
    let reply = ask(&server, unknown).await;
    assert_eq!(reply.status, 200, "git shows this error itself");
    assert!(reply.text().contains(&format!("ERR upload-pack: not our ref {NOBODYS}")));
    // A few bytes that become many.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b'0'; 64 * 1024 * 1024]).unwrap();
    let gzip = [("content-encoding", "gzip")];
    let reply = server.send("POST", PACK, &gzip, bomb.finish().unwrap()).await;
    refused(&reply, 413, "git_too_large");
    refused(&server.send("POST", PACK, &gzip, "no gzip").await, 400, "git_malformed");
    let coded = [("content-encoding", "br")];
    refused(&server.send("POST", PACK, &coded, "0000").await, 400, "git_unsupported");
}

#[tokio::test]
async fn there_is_nothing_to_write_and_nothing_to_guess() {
    let server = published().await;
    let push = "/git/twice.git/info/refs?service=git-receive-pack";
    refused(&server.get(push).await, 403, "git_read_only");
    let push = server.send("POST", "/git/twice.git/git-receive-pack", &[], "0000").await;
    refused(&push, 403, "git_read_only");
    refused(&server.get("/git/twice.git/info/refs").await, 403, "git_dumb");
    for name in ["nonesuch.git", "..", "Twice.git", "twice.git.git", "%2e%2e%2f"] {
        let path = format!("/git/{name}/info/refs?service=git-upload-pack");
        refused(&server.get(&path).await, 404, "git_unknown");
    }
    server.get("/git/twice.git/objects/info/packs").await.problem(404, "not_found");
    assert_eq!(server.get("/git/twice.git").await.header("location"), "/crates/twice");
    assert_eq!(server.get("/git/twice/info/refs?service=git-upload-pack").await.status, 200);
}

#[tokio::test]
async fn a_private_repository_asks_for_a_password() {
    let server = TestServer::private().await;
    server.store(&double("twice")).await;
    let (name, ada) = server.token("ada", Scope::Publish).await;
    server.send("POST", "/api/v1/workflows/twice/publish", &[(name, &ada)], "").await.expect(201);
    let refs = server.get(REFS).await;
    assert_eq!(refs.header("www-authenticate"), "Basic realm=\"flowcrate\"");
    refused(&refs, 401, "token");
    refused(&ask(&server, "0000").await, 401, "token");
    let nothing = server.get("/git/nonesuch.git/info/refs?service=git-upload-pack").await;
    refused(&nothing, 401, "token");
    assert_eq!(server.send("GET", REFS, &[(name, &ada)], "").await.status, 200);
}
