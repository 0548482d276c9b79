//! A server that is killed with SIGKILL amid publishes, at moments that nobody chose.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use flowcrate_server::registry::digest;
use flowcrate_tests::random::Rng;
use flowcrate_tests::server::{Server, request};
use serde_json::{Value, json};

use crate::support::{binary, token_for};

/// How often it is killed where nobody says how often (`FLOWCRATE_KILLS`).
const KILLS: usize = 12;
/// One address for all that it publishes, wherever it listens: or the next process would have other
/// content to tell.
const FLAGS: [&str; 2] = ["--public-url", "http://127.0.0.1:7700"];

/// What was ever published: digests by the path of the download.
type Known = BTreeMap<String, String>;

#[test]
fn a_killed_publish_leaves_the_whole_version_or_none() {
    let kills = std::env::var("FLOWCRATE_KILLS").ok().and_then(|kills| kills.parse().ok());
    let kills: usize = kills.unwrap_or(KILLS);
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let mut server = start(&data);
    let token = token_for(&data, "publish", "ada");
    let mut known = Known::new();
    let begun = Instant::now();
    published(&server, 0, &token, &mut known);
    let took = begun.elapsed();
    let mut rng = Rng::new(7);
    let (mut none, mut whole) = (0, 0);
    for kill in 1..=kills {
        let after = took.mul_f64(f64::from(u32::try_from(rng.below(1300)).unwrap()) / 1000.0);
        if kill % 2 == 1 {
            store(&server, kill);
        }
        let (address, sent) = (server.address().to_owned(), wanted(kill, &token));
        let sender = thread::spawn(move || sent.to(&address));
        thread::sleep(after);
        server.kill();
        // An answer was given only where the version is there.
        let answered = sender.join().unwrap().is_ok_and(|reply| reply.status < 300);
        server = start(&data);
        let (name, version) = asked(kill);
        let there = agrees(&server, &name, &version, &mut known);
        assert!(there || !answered, "{name} {version} was answered and is gone");
        *(if there { &mut whole } else { &mut none }) += 1;
        unchanged(&server, &known);
        published(&server, kill, &token, &mut known);
        assert!(agrees(&server, &name, &version, &mut known), "{name} {version}");
    }
    println!("{kills} kills within 1.3 of {took:?}: {none} left no version, {whole} a whole one");
}

/// A server that has its own crates at hand: to pack them takes longer than all that follows.
fn start(data: &Path) -> Server {
    let server = Server::start_with(binary(), data, &FLAGS).unwrap();
    server.ok("GET", "/index/fl/ow/flowcrate", b"");
    server
}

/// Odd rounds publish a workflow, even ones send a package.
fn asked(round: usize) -> (String, String) {
    match round % 2 {
        1 => ("hello".to_owned(), format!("1.0.{}", round.div_ceil(2))),
        _ if round == 0 => ("hello".to_owned(), "1.0.0".to_owned()),
        _ => ("tiny".to_owned(), format!("1.0.{round}")),
    }
}

/// A request to publish.
struct Wanted {
    method: &'static str,
    path: &'static str,
    token: String,
    body: Vec<u8>,
}

impl Wanted {
    fn to(&self, address: &str) -> std::io::Result<flowcrate_tests::server::Reply> {
        let headers = [("authorization", self.token.as_str())];
        request(address, (self.method, self.path), &headers, &self.body)
    }
}

fn wanted(round: usize, token: &str) -> Wanted {
    let (token, (name, version)) = (token.to_owned(), asked(round));
    if name == "hello" {
        let body = json!({ "note": format!("Round {round}.") }).to_string().into_bytes();
        let (method, path) = ("POST", "/api/v1/workflows/hello/publish");
        return Wanted { method, path, token, body };
    }
    let (method, path) = ("PUT", "/api/v1/crates/new");
    Wanted { method, path, token, body: upload(&version) }
}

/// The body of a `cargo publish`: metadata and package, each after its length.
fn upload(version: &str) -> Vec<u8> {
    let manifest = format!("[package]\nname = \"tiny\"\nversion = \"{version}\"\n");
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    let noise = vec![7; 200_000];
    for (path, bytes) in [("Cargo.toml", manifest.as_bytes()), ("noise.bin", &noise)] {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, format!("tiny-{version}/{path}"), bytes).unwrap();
    }
    let package = archive.into_inner().unwrap().finish().unwrap();
    let said = json!({ "name": "tiny", "vers": version }).to_string();
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap().to_le_bytes();
    [&length(said.as_bytes()), said.as_bytes(), &length(&package), &package].concat()
}

/// Changes what the workflow says, so that there is something to publish.
fn store(server: &Server, round: usize) {
    let mut graph = server.get("/api/v1/workflows/hello")["graph"].clone();
    graph["nodes"][1]["data"]["inputs"]["value"] =
        json!(format!("Hello {round}, {{{{ trigger.name }}}}!"));
    let any = [("if-match", "*")];
    server.ok_with("PUT", "/api/v1/workflows/hello", &any, graph.to_string().as_bytes());
}

/// Publishes, or is told that this very version is there.
fn published(server: &Server, round: usize, token: &str, known: &mut Known) {
    let reply = wanted(round, token).to(server.address()).unwrap();
    let (name, version) = asked(round);
    if name == "hello" {
        assert!(reply.status < 300, "{}", String::from_utf8_lossy(&reply.body));
        assert_eq!(reply.json()["version"], version);
    } else if reply.status >= 300 {
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(said.contains("already"), "{said}");
    }
    assert!(agrees(server, &name, &version, known));
}

/// Whether a version is there; if so, index, package, model and changelog say the same of it, and
/// its bytes are those that it ever had.
fn agrees(server: &Server, name: &str, version: &str, known: &mut Known) -> bool {
    let folder = if name == "tiny" { "ti/ny" } else { "he/ll" };
    let index = server.request("GET", &format!("/index/{folder}/{name}"), &[], b"").unwrap();
    let index = String::from_utf8(index.body).unwrap();
    let lines = index.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = lines.into_iter().find(|line| line["vers"] == version);
    let path = format!("/api/v1/crates/{name}/{version}/download");
    let package = server.request("GET", &path, &[], b"").unwrap();
    let page = format!("/api/v1/registry/crates/{name}/{version}");
    let page = server.request("GET", &page, &[], b"").unwrap();
    let Some(line) = line else {
        assert_eq!((package.status, page.status), (404, 404), "{name} {version} is there in part");
        return false;
    };
    assert_eq!(line["cksum"], digest(&package.body), "{name} {version}");
    let page = page.json();
    assert_eq!(page["version"], version);
    if name == "hello" {
        assert_eq!(page["api"]["function"], "hello");
        let changelog = page["changelog"].as_str().unwrap();
        assert!(changelog.contains(&format!("## {version}\n")), "{changelog}");
    }
    let found = digest(&package.body);
    assert_eq!(*known.entry(path).or_insert_with(|| found.clone()), found, "{name} {version}");
    true
}

/// What was published is as it was.
fn unchanged(server: &Server, known: &Known) {
    for (path, expected) in known {
        assert_eq!(digest(&server.ok("GET", path, b"").body), *expected, "{path}");
    }
}
