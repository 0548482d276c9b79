//! Crates as pages show them, and who may read, publish and yank.

use flowcrate_server::store::Scope;
use serde_json::{Value, json};

use crate::support::graphs::double;
use crate::support::server::TestServer;

const PUBLISH: &str = "/api/v1/workflows/twice/publish";
const ANY: [(&str, &str); 1] = [("if-match", "*")];

/// Two versions of one crate; the second takes more.
async fn published() -> TestServer {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    server.post(PUBLISH, &json!({ "note": "The first." })).await.expect(201);
    let mut wider = double("twice");
    wider["nodes"][0]["data"]["config"]["schema"]["properties"]["m"] = json!({ "type": "integer" });
    server.send("PUT", "/api/v1/workflows/twice", &ANY, wider.to_string()).await.expect(200);
    server.post(PUBLISH, &json!({ "note": "Takes `m`." })).await.expect(201);
    server
}

#[tokio::test]
async fn a_list_a_crate_and_a_version() {
    let server = published().await;
    let list = server.get("/api/v1/registry/crates?q=twi").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let item = &list["items"][0];
    assert_eq!((&item["name"], &item["latest"]), (&json!("twice"), &json!("1.1.0")));
    assert_eq!((&item["origin"], &item["workflow"]), (&json!("workflow"), &json!("twice")));
    let first = server.get("/api/v1/registry/crates?limit=2").await.expect(200);
    assert_eq!(first["items"][0]["name"], "flowcrate");
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = server.get(&format!("/api/v1/registry/crates?cursor={cursor}")).await.expect(200);
    assert_eq!(rest["items"][1]["name"], "twice");

    let found = server.get("/api/v1/registry/crates/twice").await.expect(200);
    let releases = found["releases"].as_array().unwrap();
    assert_eq!((&releases[0]["version"], &releases[0]["bump"]), (&json!("1.1.0"), &json!("minor")));
    assert_eq!((&releases[1]["bump"], &releases[1]["note"]), (&Value::Null, &json!("The first.")));
    assert!(releases[0]["size"].as_i64().unwrap() > 1000);
    let package = server.get("/api/v1/crates/twice/1.1.0/download").await.body;
    assert_eq!(releases[0]["size"], package.len());
    let ours = server.get("/api/v1/registry/crates/flowcrate").await.expect(200);
    let dependants: Vec<&str> = ours["dependants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dependant| dependant["name"].as_str().unwrap())
        .collect();
    assert_eq!(dependants, ["flowcrate-plugins", "twice"]);

    let version = server.get("/api/v1/registry/crates/twice/1.1.0").await.expect(200);
    assert!(version["readme"].as_str().unwrap().contains("```mermaid"));
    assert!(version["changelog"].as_str().unwrap().contains("Takes `m`."));
    assert_eq!(version["api"]["function"], "twice");
    assert!(version["features"]["standalone"].is_array(), "{version}");
    let git = version["add"]["git"].as_str().unwrap();
    assert!(git.contains("/git/twice.git --tag v1.1.0"), "{git}");
    for path in ["/nonesuch", "/twice/9.9.9", "/Twice", "/twice/x"] {
        server.get(&format!("/api/v1/registry/crates{path}")).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_yank_shows_in_the_index_and_is_taken_back() {
    let server = published().await;
    let yanked = async |version: &str| {
        let crate_ = server.get("/api/v1/registry/crates/twice").await.expect(200);
        let releases = crate_["releases"].as_array().unwrap().clone();
        releases.into_iter().find(|release| release["version"] == version).unwrap()["yanked"]
            .clone()
    };
    let path = "/api/v1/registry/crates/twice/1.1.0";
    server.post(&format!("{path}/yank"), &Value::Null).await.expect(204);
    assert_eq!(yanked("1.1.0").await, true);
    let lines = server.get("/index/tw/ic/twice").await.text();
    assert!(lines.lines().last().unwrap().contains("\"yanked\":true"), "{lines}");
    let list = server.get("/api/v1/registry/crates?q=twice").await.expect(200);
    assert_eq!(list["items"][0]["latest"], "1.0.0");
    server.post(&format!("{path}/unyank"), &Value::Null).await.expect(204);
    assert_eq!(yanked("1.1.0").await, false);
    let absent = "/api/v1/registry/crates/twice/9.9.9/yank";
    server.post(absent, &Value::Null).await.problem(404, "not_found");
}

#[tokio::test]
async fn from_the_first_token_on_publishing_takes_one() {
    let server = published().await;
    let yank = "/api/v1/registry/crates/twice/1.0.0/yank";
    // A reader's says nothing of who may publish.
    let (name, reader) = server.token("eve", Scope::Read).await;
    server.post(PUBLISH, &Value::Null).await.expect(200);
    let refused = server.send("POST", PUBLISH, &[(name, &reader)], "{}").await;
    refused.problem(403, "forbidden");
    let (_, ada) = server.token("ada", Scope::Publish).await;
    let refused = server.post(PUBLISH, &Value::Null).await;
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    refused.problem(401, "token");
    server.post(yank, &Value::Null).await.problem(401, "token");
    let unknown = [(name, "Bearer flowcrate_0123")];
    server.send("POST", PUBLISH, &unknown, "{}").await.problem(401, "token");
    server.send("POST", PUBLISH, &[(name, &ada)], "{}").await.expect(200);
    server.get(PUBLISH).await.expect(200);
    // Whoever makes the first version of a crate owns it.
    server.store(&double("thrice")).await;
    let path = "/api/v1/workflows/thrice/publish";
    server.send("POST", path, &[(name, &ada)], "{}").await.expect(201);
    let owners = server.get("/api/v1/registry/crates/thrice").await.expect(200)["owners"].clone();
    assert_eq!(owners, json!(["ada"]));
    let (_, bob) = server.token("bob", Scope::Publish).await;
    let refused = server.send("POST", path, &[(name, &bob)], "{}").await.problem(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("owned by ada"), "{refused}");
    let yank = "/api/v1/registry/crates/thrice/1.0.0/yank";
    server.send("POST", yank, &[(name, &bob)], "").await.problem(403, "forbidden");
    server.send("POST", yank, &[(name, &ada)], "").await.expect(204);
    // Revoking them all opens nothing.
    let store = &server.app().store;
    for token in store.tokens().await.unwrap() {
        assert!(store.revoke_token(&token.id, 1).await.unwrap());
    }
    server.post(PUBLISH, &Value::Null).await.problem(401, "token");
}

#[tokio::test]
async fn a_private_registry_shows_nothing_to_strangers() {
    let server = TestServer::private().await;
    server.store(&double("twice")).await;
    let (name, reader) = server.token("eve", Scope::Read).await;
    let crates = "/api/v1/registry/crates";
    for path in [crates, "/api/v1/registry/crates/no", "/api/v1/registry/crates/no/1.0.0", PUBLISH]
    {
        server.get(path).await.problem(401, "token");
    }
    server.post(PUBLISH, &Value::Null).await.problem(401, "token");
    server.send("GET", crates, &[(name, &reader)], "").await.expect(200);
    server.send("POST", PUBLISH, &[(name, &reader)], "").await.problem(403, "forbidden");
    let (_, ada) = server.token("ada", Scope::Publish).await;
    let published = server.send("POST", PUBLISH, &[(name, &ada)], "").await.expect(201);
    let config = published["add"]["config"].as_str().unwrap();
    assert!(config.contains("credential-provider"), "{config}");
}

/// The body of a `cargo publish` whose package has this entry beside its manifest.
fn hostile(path: &[u8], kind: tar::EntryType) -> Vec<u8> {
    let manifest = b"[package]\nname = \"tiny\"\nversion = \"1.0.0\"\n";
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    let entries: [(&[u8], tar::EntryType, &[u8]); 2] =
        [(b"tiny-1.0.0/Cargo.toml", tar::EntryType::Regular, manifest), (path, kind, b"")];
    for (path, kind, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, bytes).unwrap();
    }
    let package = archive.into_inner().unwrap().finish().unwrap();
    let said = json!({ "name": "tiny", "vers": "1.0.0" }).to_string();
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap().to_le_bytes();
    [&length(said.as_bytes()), said.as_bytes(), &length(&package), &package].concat()
}

#[tokio::test]
async fn a_hostile_package_is_refused_and_leaves_nothing() {
    let server = TestServer::start().await;
    let (name, ada) = server.token("ada", Scope::Publish).await;
    for (path, kind) in [
        (&b"tiny-1.0.0/../../.bashrc"[..], tar::EntryType::Regular),
        (b"/etc/passwd", tar::EntryType::Regular),
        (b"other-1.0.0/lib.rs", tar::EntryType::Regular),
        (b"tiny-1.0.0/link", tar::EntryType::Symlink),
    ] {
        let body = hostile(path, kind);
        let refused = server.send("PUT", "/api/v1/crates/new", &[(name, &ada)], body).await;
        assert_eq!(refused.status, 422, "{}", refused.text());
        assert!(!refused.json()["errors"][0]["detail"].as_str().unwrap().is_empty());
        for path in ["/index/ti/ny/tiny", "/api/v1/crates/tiny/1.0.0/download"] {
            assert_eq!(server.get(path).await.status, 404, "{path}");
        }
    }
    // The same without malice is taken.
    let body = hostile(b"tiny-1.0.0/lib.rs", tar::EntryType::Regular);
    server.send("PUT", "/api/v1/crates/new", &[(name, &ada)], body).await.expect(200);
    assert_eq!(server.get("/index/ti/ny/tiny").await.status, 200);
}
