//! A private registry tells nobody anything without a token.

use std::fs;

use crate::support::{self, World};

#[test]
fn without_a_token_there_is_nothing_and_with_one_there_is_all() {
    let world = World::with(&["--private-registry"]);
    let config = world.home.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}credential-provider = \"cargo:token\"\n")).unwrap();
    let nobody = world.flowcrate(&["publish", "hello"]);
    assert!(
        !nobody.status.success() && support::text(&nobody).contains("needs a token"),
        "{nobody:?}"
    );
    world.publish_as(&world.token("publish", "ada"), "hello");
    for path in [
        "/index/config.json",
        "/index/he/ll/hello",
        "/index/no/ne/nonesuch",
        "/api/v1/crates?q=hello",
        "/api/v1/crates/hello/owners",
        "/api/v1/crates/hello/1.0.0/download",
    ] {
        let reply = world.server.request("GET", path, &[], b"").unwrap();
        assert_eq!(reply.status, 401, "{path}");
    }
    let project = world.project("user", "//! Nothing.\nfn main() {}\n");
    let add = ["add", "hello", "--registry", "flows", "--no-default-features"];
    let refused = world.refused(&project, &add);
    assert!(refused.contains("no token found") && refused.contains("cargo login"), "{refused}");
    world.login("flowcrate_0123");
    let refused = world.refused(&project, &add);
    assert!(refused.contains("token rejected") || refused.contains("401"), "{refused}");
    world.login(&world.token("read", "ada"));
    world.cargo(&project, &add);
    world.cargo(&project, &["tree"]);
    world.cargo(&project, &["info", "hello", "--registry", "flows"]);
    let search = world.cargo(&project, &["search", "hello", "--registry", "flows"]);
    assert!(search.contains("hello = \"1.0.0\""), "{search}");
    let refused = world.refused(&project, &["yank", "hello@1.0.0", "--registry", "flows"]);
    assert!(refused.contains("read, not publish"), "{refused}");
    let unknown = world.refused(&project, &["add", "helo", "--registry", "flows"]);
    assert!(unknown.contains("could not be found"), "{unknown}");
}
