//! The index as cargo reads it: with cargo's own types.

use std::collections::BTreeMap;
use std::io::Read as _;

use cargo_util_schemas::index::IndexPackage;
use cargo_util_schemas::manifest::{InheritableDependency, TomlDependency, TomlManifest};
use serde_json::Value;

use crate::support::server::TestServer;

/// The lines below a path of the index, as they are.
async fn lines(server: &TestServer, path: &str) -> Vec<String> {
    let reply = server.get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text().lines().map(str::to_owned).collect()
}

/// The files of a package by their paths within it, as text.
async fn unpacked(server: &TestServer, name: &str, version: &str) -> BTreeMap<String, String> {
    let package = server.get(&format!("/api/v1/crates/{name}/{version}/download")).await;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(package.body.as_slice()));
    let folder = format!("{name}-{version}/");
    let file = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let path = path.strip_prefix(&folder).unwrap().to_owned();
        (path, String::from_utf8_lossy(&bytes).into_owned())
    };
    archive.entries().unwrap().map(file).collect()
}

/// What a dependency asks for: package, version, whether it is optional and whether its default
/// features come along.
type Asked = (String, String, bool, bool);

/// The dependencies of one table of a manifest.
fn asked(
    table: Option<&BTreeMap<cargo_util_schemas::manifest::PackageName, InheritableDependency>>,
) -> Vec<Asked> {
    let dependency = |(name, dependency): (&_, &InheritableDependency)| {
        let name: &cargo_util_schemas::manifest::PackageName = name;
        let InheritableDependency::Value(dependency) = dependency else {
            panic!("{name} leans on a workspace")
        };
        match dependency {
            TomlDependency::Simple(version) => (name.to_string(), version.clone(), false, true),
            TomlDependency::Detailed(one) => {
                assert!(
                    one.registry.is_none() && one.path.is_none(),
                    "{name} means something here"
                );
                let package = one.package.as_ref().map_or(name, |package| package);
                let version = one.version.clone().unwrap();
                let optional = one.optional.unwrap_or_default();
                (package.to_string(), version, optional, one.default_features.unwrap_or(true))
            }
        }
    };
    let mut asked: Vec<Asked> = table.into_iter().flatten().map(dependency).collect();
    asked.sort();
    asked
}

/// A line says what cargo's types have room for, and what the manifest in the package says.
async fn agrees(server: &TestServer, line: &str) {
    let package: IndexPackage<'_> = serde_json::from_str(line).unwrap();
    let ours: Value = serde_json::from_str(line).unwrap();
    let theirs = serde_json::to_value(&package).unwrap();
    for (key, value) in ours.as_object().unwrap() {
        if key != "deps" {
            assert_eq!(&theirs[key], value, "{key} of {line}");
        }
    }
    for (at, dependency) in ours["deps"].as_array().unwrap().iter().enumerate() {
        for (key, value) in dependency.as_object().unwrap() {
            assert_eq!(&theirs["deps"][at][key], value, "{key} of {dependency}");
        }
    }
    assert_eq!(package.v, Some(2));
    let files = unpacked(server, &package.name, &package.vers.to_string()).await;
    assert!(!files.contains_key("Cargo.lock"), "who installs it would be held to it");
    let manifest: TomlManifest = toml::from_str(&files["Cargo.toml"]).unwrap();
    let of_kind = |kind: &str| {
        let deps = package.deps.iter().filter(|dep| dep.kind.as_deref() == Some(kind));
        let deps = deps.filter(|dep| dep.target.is_none()).map(|dep| {
            let name = dep.package.as_ref().unwrap_or(&dep.name);
            (name.to_string(), dep.req.to_string(), dep.optional, dep.default_features)
        });
        let mut deps: Vec<Asked> = deps.collect();
        deps.sort();
        deps
    };
    assert_eq!(of_kind("normal"), asked(manifest.dependencies.as_ref()));
    assert_eq!(of_kind("dev"), asked(manifest.dev_dependencies()));
    assert_eq!(of_kind("build"), asked(manifest.build_dependencies()));
    let features = manifest.features.iter().flatten();
    let features: Vec<String> = features.map(|(name, _)| name.to_string()).collect();
    let newer = package.features2.iter().flatten().map(|(name, _)| name);
    let mut listed: Vec<String> =
        package.features.keys().chain(newer).map(ToString::to_string).collect();
    listed.sort();
    assert_eq!(listed, features);
}

#[tokio::test]
async fn every_line_is_one_of_cargos_own_and_agrees_with_the_manifest() {
    let server = TestServer::start().await;
    for name in ["hello", "order-intake", "site-watch"] {
        let path = format!("/api/v1/workflows/{name}/publish");
        server.post(&path, &Value::Null).await.expect(201);
    }
    let paths = [
        "he/ll/hello",
        "or/de/order-intake",
        "si/te/site-watch",
        "fl/ow/flowcrate",
        "fl/ow/flowcrate-macros",
        "fl/ow/flowcrate-plugins",
    ];
    for path in paths {
        let lines = lines(&server, &format!("/index/{path}")).await;
        assert_eq!(lines.len(), 1, "{path}");
        agrees(&server, &lines[0]).await;
    }
}

/// To cargo two addresses are two registries: whoever asks by another name of this machine is told
/// the one, and all that is published says it.
#[tokio::test]
async fn one_address_stands_in_all_that_is_said_whatever_name_is_asked() {
    let server = TestServer::start().await;
    server.post("/api/v1/workflows/hello/publish", &Value::Null).await.expect(201);
    let base = server.get("/index/config.json").await.expect(200)["api"].clone();
    let base = base.as_str().unwrap();
    for other in ["localhost", "localhost:7700", "[::1]:7700"] {
        let told = server.send("GET", "/index/config.json", &[("host", other)], "").await;
        assert_eq!(told.status, 421, "{other}");
        let detail = told.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        let right = format!("index = \"sparse+{base}/index/\"");
        assert!(detail.contains(other) && detail.contains(&right), "{detail}");
    }
    // Names that a proxy gives are nobody's mistake.
    let known = server.send("GET", "/index/config.json", &[("host", server.name())], "").await;
    assert_eq!(known.expect(200)["api"], base);
    let files = unpacked(&server, "hello", "1.0.0").await;
    assert!(!files["Cargo.toml"].contains("localhost"));
    let own = format!("registry-index = \"sparse+{base}/index/\"");
    assert!(files["Cargo.toml"].contains(&own), "{}", files["Cargo.toml"]);
    assert!(files["CHANGELOG.md"].contains("## 1.0.0"));
    assert!(files["README.md"].contains("```mermaid"), "{}", files["README.md"]);
}

/// What the workflow does otherwise costs programs nothing, and stands in the changelog all the
/// same, behind the publisher's note.
#[tokio::test]
async fn the_changelog_tells_of_the_drawing() {
    let server = TestServer::start().await;
    let publish = "/api/v1/workflows/hello/publish";
    server.post(publish, &Value::Null).await.expect(201);
    let mut graph = server.get("/api/v1/workflows/hello").await.expect(200)["graph"].clone();
    graph["nodes"][1]["data"]["inputs"]["value"] = "Good day, {{ trigger.name }}!".into();
    let any = [("if-match", "*")];
    let path = "/api/v1/workflows/hello";
    server.send("PUT", path, &any, graph.to_string()).await.expect(200);
    let said = server.post(publish, &serde_json::json!({ "note": "Politer." })).await.expect(201);
    assert_eq!(said["version"], "1.0.1");
    let changelog = &unpacked(&server, "hello", "1.0.1").await["CHANGELOG.md"];
    let expected = "## 1.0.1\n\nPoliter.\n\n- `Write the greeting` changed: inputs (patch)\n";
    assert!(changelog.contains(expected), "{changelog}");
}
