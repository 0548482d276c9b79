//! The registry has one name. To cargo `localhost` and `127.0.0.1` are two registries.

use std::fs;

use flowcrate_tests::cargo_home::CargoHome;
use flowcrate_tests::server::Server;

use crate::support::{World, binary};

const MAIN: &str = "//! Nothing.\nfn main() {}\n";
const ADD: [&str; 5] = ["add", "hello", "--registry", "flows", "--no-default-features"];

/// Whoever wrote another name is told the right one, and gets no second registry.
#[test]
fn another_name_of_this_machine_is_told_the_right_one() {
    let world = World::new();
    world.publish("hello");
    let port = world.server.address().rsplit(':').next().unwrap().to_owned();
    told(&world, "by-name", (&format!("localhost:{port}"), world.server.address()));
    // And the other way, for somebody who never asked before.
    let (address, name) = (world.server.address().to_owned(), format!("localhost:{port}"));
    let World { server, scratch, .. } = world;
    server.kill();
    let other = scratch.path().join("other");
    let flags = ["--public-url", &format!("http://{name}")];
    let server = Server::start_at(binary(), &other.join("data"), &address, &flags).unwrap();
    let home = CargoHome::fresh(&other, &format!("sparse+http://{name}/index/")).unwrap();
    let world = World { server, home, scratch, name };
    world.publish("hello");
    told(&world, "by-address", (&address, &world.name));
}

/// Asks by the wrong name and then by the right one.
fn told(world: &World, project: &str, (wrong, right): (&str, &str)) {
    let config = world.home.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let (public, _) = text.split_once("[registries.flows]").unwrap();
    let index = |name: &str| format!("sparse+http://{name}/index/");
    let known_as = |name: &str| {
        let flows = format!("[registries.flows]\nindex = \"{}\"\n", index(name));
        fs::write(&config, format!("{public}{flows}")).unwrap();
    };
    known_as(wrong);
    let project = world.project(project, MAIN);
    let refused = world.refused(&project, &ADD);
    let hint = format!("this registry goes by http://{right}, and to cargo {wrong} is another one");
    assert!(refused.contains(&hint) && refused.contains(&index(right)), "{refused}");
    // By its address in a manifest as well.
    let manifest = project.join("Cargo.toml");
    let empty = fs::read_to_string(&manifest).unwrap();
    let wish = format!("hello = {{ version = \"1\", registry-index = \"{}\" }}\n", index(wrong));
    fs::write(&manifest, format!("{empty}{wish}")).unwrap();
    let refused = world.refused(&project, &["tree"]);
    assert!(refused.contains(&hint), "{refused}");
    fs::write(&manifest, empty).unwrap();
    known_as(right);
    world.cargo(&project, &ADD);
    world.cargo(&project, &["tree"]);
    let lock = fs::read_to_string(project.join("Cargo.lock")).unwrap();
    assert!(lock.contains(&index(right)) && !lock.contains(wrong), "{lock}");
}
