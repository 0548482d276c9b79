//! Publishing, and the index that it shows in.

use serde_json::{Value, json};

use crate::support::graphs::{double, graph, manual, node};
use crate::support::server::TestServer;

async fn publish(server: &TestServer, name: &str) -> crate::support::server::Reply {
    server.post(&format!("/api/v1/workflows/{name}/publish"), &Value::Null).await
}

async fn lines(server: &TestServer, path: &str) -> Vec<Value> {
    let reply = server.get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_version_is_immutable_and_in_the_index_when_the_answer_comes() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    let first = publish(&server, "twice").await.expect(201);
    assert_eq!(first["crate"], "twice");
    assert_eq!(first["version"], "1.0.0");
    let found = lines(&server, "/index/tw/ic/twice").await;
    assert_eq!(found[0]["vers"], "1.0.0");
    assert_eq!(found[0]["cksum"], first["checksum"]);
    let package = server.get("/api/v1/crates/twice/1.0.0/download").await;
    assert_eq!(package.header("content-type"), "application/gzip");
    // The very same content is no second version.
    let again = publish(&server, "twice").await.expect(200);
    assert_eq!((&again["version"], &again["fresh"]), (&json!("1.0.0"), &json!(false)));
    let mut changed = double("twice");
    changed["nodes"][1]["data"]["inputs"]["value"] = json!("{{ trigger.n * 3 }}");
    let headers = [("if-match", "*")];
    let stored = server.send("PUT", "/api/v1/workflows/twice", &headers, changed.to_string()).await;
    stored.expect(200);
    assert_eq!(publish(&server, "twice").await.expect(201)["version"], "1.0.1");
    let server = server.restart().await;
    let found = lines(&server, "/index/tw/ic/twice").await;
    assert_eq!(found.iter().map(|line| &line["vers"]).collect::<Vec<_>>(), ["1.0.0", "1.0.1"]);
    let later = server.get("/api/v1/crates/twice/1.0.0/download").await;
    assert_eq!(later.body, package.body);
}

#[tokio::test]
async fn the_index_has_strong_tags_and_knows_nothing_that_is_not_there() {
    let server = TestServer::start().await;
    let config = server.get("/index/config.json").await.expect(200);
    let base = config["api"].as_str().unwrap();
    assert_eq!(config["dl"], format!("{base}/api/v1/crates"));
    // Our own crates are there before anything is published.
    let own = server.get("/index/fl/ow/flowcrate").await;
    let tag = own.header("etag").to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let same = [("if-none-match", tag.as_str()), ("accept-encoding", "gzip")];
    let unchanged = server.send("GET", "/index/fl/ow/flowcrate", &same, "").await;
    assert_eq!(unchanged.status, 304);
    let plain = server.send("GET", "/index/fl/ow/flowcrate", &same[1..], "").await;
    assert_eq!(plain.header("content-encoding"), "");
    for path in [
        "/index/he/ll/hello",
        "/index/fl/ow/Flowcrate",
        "/index/fl/ow/../flowcrate",
        "/index/",
        "/index/x",
        "/index/3/a/ab%2Fc",
        "/api/v1/crates/flowcrate/9.9.9/download",
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_name_belongs_to_the_workflow_that_had_it_first() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    publish(&server, "twice").await.expect(201);
    let headers = [("if-match", "*")];
    let renamed = double("double").to_string();
    server.send("PUT", "/api/v1/workflows/twice", &headers, renamed).await.expect(200);
    assert_eq!(publish(&server, "double").await.expect(201)["version"], "1.0.0");
    assert_eq!(lines(&server, "/index/tw/ic/twice").await.len(), 1, "the old crate stays");
    server.store(&double("twice")).await;
    let taken = publish(&server, "twice").await.problem(409, "crate_taken");
    assert!(taken["detail"].as_str().unwrap().contains("twice-2"), "{taken}");
    server.store(&double("con")).await;
    let reserved = publish(&server, "con").await.problem(422, "crate_name");
    assert!(reserved["detail"].as_str().unwrap().contains("workflow-con"), "{reserved}");
    publish(&server, "absent").await.problem(404, "not_found");
    let wishes = json!({ "bumb": "major" });
    let misspelt = server.post("/api/v1/workflows/double/publish", &wishes).await;
    misspelt.problem(400, "bad_request");
}

#[tokio::test]
async fn a_crate_whose_functions_nobody_wrote_is_not_published() {
    let server = TestServer::start().await;
    let output = json!({ "type": "object", "properties": {} });
    let custom = node("look", "custom@1", &json!({ "config": { "output": output } }));
    let nodes = [manual(&json!({ "n": { "type": "integer" } })), custom];
    server.store(&graph("own", &nodes, &["start>look"])).await;
    let refused = publish(&server, "own").await.problem(422, "unfit");
    assert!(refused["detail"].as_str().unwrap().contains("src/custom.rs"), "{refused}");
}

#[tokio::test]
async fn a_version_says_what_it_changes_and_is_not_lowered() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    let first = publish(&server, "twice").await.expect(201);
    assert_eq!((&first["changes"], &first["survives"]), (&json!([]), &Value::Null));
    let mut wider = double("twice");
    wider["nodes"][0]["data"]["config"]["schema"]["properties"]["m"] = json!({ "type": "integer" });
    let put = |graph: &Value| graph.to_string();
    let headers = [("if-match", "*")];
    server.send("PUT", "/api/v1/workflows/twice", &headers, put(&wider)).await.expect(200);
    let wishes = |bump: &str| json!({ "bump": bump, "note": "Takes `m`." });
    let path = "/api/v1/workflows/twice/publish";
    let lowered = server.post(path, &wishes("patch")).await.problem(422, "unfit");
    assert!(lowered["detail"].as_str().unwrap().contains("`Start.m` is new"), "{lowered}");
    let second = server.post(path, &wishes("minor")).await.expect(201);
    assert_eq!(second["version"], "1.1.0");
    assert_eq!(second["changes"][0]["bump"], "minor");
    assert!(second["survives"].is_boolean(), "{second}");
    wider["nodes"][0]["data"]["config"]["schema"]["required"] = json!(["n", "m"]);
    server.send("PUT", "/api/v1/workflows/twice", &headers, put(&wider)).await.expect(200);
    assert_eq!(publish(&server, "twice").await.expect(201)["version"], "2.0.0");
    // What changed nothing for anybody may be raised all the same.
    wider["description"] = json!("Other words.");
    server.send("PUT", "/api/v1/workflows/twice", &headers, put(&wider)).await.expect(200);
    let raised = server.post(path, &wishes("major")).await.expect(201);
    assert_eq!((&raised["version"], &raised["survives"]), (&json!("3.0.0"), &json!(true)));
}

#[tokio::test]
async fn a_preview_says_what_publishing_would_do_and_does_nothing() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    let path = "/api/v1/workflows/twice/publish";
    let first = server.get(path).await.expect(200);
    assert_eq!((&first["crate"], &first["latest"]), (&json!("twice"), &Value::Null));
    assert_eq!(first["choices"], json!([{ "bump": null, "version": "1.0.0" }]));
    assert_eq!(server.get("/index/tw/ic/twice").await.status, 404, "nothing was published");
    publish(&server, "twice").await.expect(201);
    let same = server.get(path).await.expect(200);
    assert_eq!((&same["unchanged"], &same["survives"]), (&json!(true), &json!(true)));
    let mut wider = double("twice");
    wider["nodes"][0]["data"]["config"]["schema"]["properties"]["m"] = json!({ "type": "integer" });
    let any = [("if-match", "*")];
    server.send("PUT", "/api/v1/workflows/twice", &any, wider.to_string()).await.expect(200);
    let reply = server.get(path).await;
    let (tag, second) = (reply.header("etag").to_owned(), reply.expect(200));
    let choices =
        json!([{ "bump": "minor", "version": "1.1.0" }, { "bump": "major", "version": "2.0.0" }]);
    assert_eq!((&second["choices"], &second["unchanged"]), (&choices, &json!(false)));
    assert_eq!(second["changes"][0]["bump"], "minor");
    assert!(second["upgrade"]["nodes"].is_object(), "{second}");
    // What was shown is published, or nothing is.
    wider["description"] = json!("Other words.");
    server.send("PUT", "/api/v1/workflows/twice", &any, wider.to_string()).await.expect(200);
    let shown = [("if-match", tag.as_str())];
    server.send("POST", path, &shown, "{}").await.problem(412, "stale");
    let tag = server.get(path).await.header("etag").to_owned();
    let shown = [("if-match", tag.as_str())];
    let published = server.send("POST", path, &shown, "{}").await.expect(201);
    assert_eq!(published["version"], "1.1.0");
    assert!(published["add"]["command"].as_str().unwrap().contains("--no-default-features"));
    server.send("POST", path, &shown, "{}").await.problem(412, "stale");
}

#[tokio::test]
async fn a_preview_tells_everything_that_forbids_it() {
    let server = TestServer::start().await;
    let output = json!({ "type": "object", "properties": {} });
    let custom = node("look", "custom@1", &json!({ "config": { "output": output } }));
    let nodes = [manual(&json!({ "n": { "type": "integer" } })), custom];
    server.store(&graph("con", &nodes, &["start>look"])).await;
    let preview = server.get("/api/v1/workflows/con/publish").await.expect(200);
    let refusals = preview["refusals"].as_array().unwrap();
    assert_eq!(refusals.len(), 2, "{preview}");
    assert_eq!(refusals[0]["code"], "crate_name");
    assert_eq!(refusals[0]["suggestion"], "workflow-con");
    assert_eq!((&refusals[1]["code"], &refusals[1]["nodes"]), (&json!("unfit"), &json!(["look"])));
    // Another workflow had the name first: its versions are none of this one's.
    server.store(&double("twice")).await;
    publish(&server, "twice").await.expect(201);
    let any = [("if-match", "*")];
    let renamed = double("other").to_string();
    server.send("PUT", "/api/v1/workflows/twice", &any, renamed).await.expect(200);
    server.store(&double("twice")).await;
    let preview = server.get("/api/v1/workflows/twice/publish").await.expect(200);
    assert_eq!(preview["refusals"][0]["suggestion"], "twice-2");
    assert_eq!(preview["latest"], Value::Null);
}

/// The schema of the number that `twice` takes.
async fn takes(server: &TestServer, number: &Value) {
    let mut graph = double("twice");
    graph["nodes"][0]["data"]["config"]["schema"]["properties"]["n"] = number.clone();
    let any = [("if-match", "*")];
    server.send("PUT", "/api/v1/workflows/twice", &any, graph.to_string()).await.expect(200);
}

#[tokio::test]
async fn what_asks_more_of_an_input_is_a_major_version_by_policy() {
    let server = TestServer::on(tempfile::tempdir().unwrap()).await;
    server.store(&double("twice")).await;
    publish(&server, "twice").await.expect(201);
    takes(&server, &json!({ "type": "integer", "minimum": 1 })).await;
    let path = "/api/v1/workflows/twice/publish";
    let preview = server.get(path).await.expect(200);
    let what = "`n` of the input has to be at least 1, which nothing asked before";
    let expected = json!({ "bump": "major", "what": what, "by_policy": true });
    assert_eq!(preview["changes"][0], expected, "{preview}");
    assert_eq!(preview["choices"], json!([{ "bump": "major", "version": "2.0.0" }]));
    let lowered = server.post(path, &json!({ "bump": "minor" })).await.problem(422, "unfit");
    assert!(lowered["detail"].as_str().unwrap().contains(what), "{lowered}");
    let second = publish(&server, "twice").await.expect(201);
    assert_eq!((&second["version"], &second["changes"][0]), (&json!("2.0.0"), &expected));
    let shown = server.get("/api/v1/registry/crates/twice/2.0.0").await.expect(200);
    assert_eq!(shown["api"]["asked"]["input"]["properties"]["n"]["minimum"], 1);
    assert!(shown["changelog"].as_str().unwrap().contains(&format!("{what} (major, by policy)")));
    takes(&server, &json!({ "type": "integer", "minimum": 0 })).await;
    let third = publish(&server, "twice").await.expect(201);
    assert_eq!(third["version"], "2.1.0");
    let what = "`n` of the input had to be at least 1, and has to be at least 0";
    assert_eq!(third["changes"][0], json!({ "bump": "minor", "what": what }));
}

/// Models of versions that were published before they said what is asked: their packages say it.
#[tokio::test]
async fn a_model_without_constraints_is_completed_from_the_package() {
    let server = TestServer::on(tempfile::tempdir().unwrap()).await;
    server.store(&double("twice")).await;
    takes(&server, &json!({ "type": "integer", "minimum": 1 })).await;
    publish(&server, "twice").await.expect(201);
    let folder = server.stopped().await;
    let database = folder.path().join("data/server.db").display().to_string();
    let pool = sqlx::SqlitePool::connect(&database).await.unwrap();
    let forget = "update releases set api = json_remove(api, '$.asked') where name = 'twice'";
    assert_eq!(sqlx::query(forget).execute(&pool).await.unwrap().rows_affected(), 1);
    pool.close().await;
    let server = TestServer::on(folder).await;
    let shown = server.get("/api/v1/registry/crates/twice/1.0.0").await.expect(200);
    assert_eq!(shown["api"]["asked"], Value::Null, "{shown}");
    takes(&server, &json!({ "type": "integer", "minimum": 2 })).await;
    let second = publish(&server, "twice").await.expect(201);
    assert_eq!(second["version"], "2.0.0");
    let what = "`n` of the input had to be at least 1, and has to be at least 2";
    assert_eq!(second["changes"][0]["what"], what);
}

#[tokio::test]
async fn a_licence_is_said_once_and_kept() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    let path = "/api/v1/workflows/twice/publish";
    let license = async |version: &str| {
        let page = format!("/api/v1/registry/crates/twice/{version}");
        server.get(&page).await.expect(200)["license"].clone()
    };
    let wrong = server.post(path, &json!({ "license": "MIT/Apache" })).await.problem(422, "unfit");
    assert!(wrong["detail"].as_str().unwrap().contains("MIT OR Apache-2.0"), "{wrong}");
    publish(&server, "twice").await.expect(201);
    assert_eq!(license("1.0.0").await, Value::Null, "nothing is claimed");
    let said = server.post(path, &json!({ "license": "MIT" })).await.expect(201);
    assert_eq!(said["version"], "1.0.1");
    assert_eq!(said["changes"][0]["what"], "the licence is MIT; none was named before");
    assert_eq!(license("1.0.1").await, "MIT");
    assert_eq!(server.get(path).await.expect(200)["license"], "MIT");
    assert_eq!(server.get(path).await.expect(200)["unchanged"], true);
    assert_eq!(server.post(path, &json!({ "license": " MIT " })).await.expect(200)["fresh"], false);
    takes(&server, &json!({ "type": "integer", "description": "How many." })).await;
    assert_eq!(publish(&server, "twice").await.expect(201)["version"], "1.0.2");
    assert_eq!(license("1.0.2").await, "MIT", "it is kept");
    let none = server.post(path, &json!({ "license": "" })).await.expect(201);
    assert_eq!(none["changes"][0]["what"], "no licence is named any more; it was MIT");
    assert_eq!(license("1.0.3").await, Value::Null);
    let ours = server.get("/api/v1/registry/crates/flowcrate/0.1.0").await.expect(200);
    assert_eq!(ours["license"], "MIT OR Apache-2.0");
}
