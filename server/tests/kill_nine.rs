//! The promise itself: an exported crate, killed with SIGKILL again and again at moments that
//! nobody chose, comes to the same output, and no step whose outcome was recorded runs twice.
//! And the same drawing, interpreted by the server's engine, leaves the same journal.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use flowcrate_tests::service::Service;
use flowcrate_tests::{emitted, order_intake};
use serde_json::Value;

const KEY: &str = "order-4711";
/// How long one answer of the shop takes: long enough that kills fall into the middle of calls.
const ANSWER: Duration = Duration::from_millis(25);

/// One emitted binary with its journal's folder.
struct Crate {
    binary: PathBuf,
    data: PathBuf,
}

impl Crate {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(args)
            .env("FLOWCRATE_DATA", &self.data)
            .env("FLOWCRATE_ALLOW_PRIVATE", "1")
            .stdin(Stdio::null());
        command
    }

    fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the emitted binary starts")
    }

    fn json(&self, args: &[&str]) -> Option<Value> {
        let out = self.output(args);
        out.status.success().then(|| serde_json::from_slice(&out.stdout).expect("JSON"))
    }

    fn run(&self, input: &Path) -> Child {
        let input = input.display().to_string();
        self.command(&["run", "--input", &input, "--key", KEY])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the emitted binary starts")
    }

    /// Id of the one run, once its start is acknowledged.
    fn run_id(&self) -> Option<String> {
        let runs = self.json(&["list", "--json"])?;
        let runs = runs.as_array()?;
        assert!(runs.len() <= 1, "one key, one run: {runs:?}");
        runs.first()?["id"].as_str().map(str::to_owned)
    }

    /// The journal by path.
    fn journal(&self, run: &str) -> BTreeMap<String, Value> {
        let shown = self.json(&["show", run, "--json"]).expect("the run can be shown");
        by_path(&shown["steps"])
    }
}

fn by_path(steps: &Value) -> BTreeMap<String, Value> {
    let steps = steps.as_array().expect("steps are a list");
    steps
        .iter()
        .map(|step| (step["path"].as_str().expect("a path").to_owned(), step.clone()))
        .collect()
}

/// Calls that belong to a step's path: an unsafe method carries the idempotency key, which ends
/// in the path; the one GET of the flow is told by its route.
fn calls_of(service: &Service, path: &str) -> usize {
    let counts = service.counts();
    let of_path = |identity: &str| match path {
        "customer" => identity.starts_with("GET /customers"),
        _ => identity.ends_with(&format!("/{path}")),
    };
    counts.iter().filter(|(identity, _)| of_path(identity)).map(|(_, count)| count).sum()
}

/// Small, seeded, good enough to choose when to kill.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn built() -> PathBuf {
    let folder = emitted::folder("kill-nine").expect("a folder");
    let graph = std::fs::read(emitted::root().join("examples/order-intake.json")).expect("graph");
    let files = emitted::compile(&graph);
    emitted::write(&files, &folder).expect("written");
    let out = emitted::cargo(&folder, &["build"]).expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    emitted::target().join("debug/order-intake")
}

#[test]
fn a_killed_run_ends_as_if_nothing_had_happened_and_as_the_server_would_have_run_it() {
    let binary = built();
    let scratch = tempfile::tempdir().expect("a temporary folder");
    for seed in [1, 2] {
        let data = scratch.path().join(seed.to_string());
        std::fs::create_dir(&data).expect("a folder");
        killed_until_done(&Crate { binary: binary.clone(), data }, seed);
    }
}

fn killed_until_done(crate_: &Crate, seed: u64) {
    let shop = order_intake::shop(ANSWER).expect("a local service");
    let input = crate_.data.join("order.json");
    let order = order_intake::order(&shop.url());
    std::fs::write(&input, order.to_string()).expect("written");
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut recorded: BTreeMap<String, usize> = BTreeMap::new();
    let mut kills = 0;
    while kills < 8 {
        let mut child = crate_.run(&input);
        std::thread::sleep(Duration::from_millis(chance.below(120)));
        child.kill().expect("SIGKILL");
        child.wait().expect("it died");
        kills += 1;
        let Some(run) = crate_.run_id() else { continue };
        for (path, entry) in crate_.journal(&run) {
            if entry["status"] == "completed" {
                let calls = calls_of(&shop, &path);
                let before = *recorded.entry(path.clone()).or_insert(calls);
                assert_eq!(calls, before, "seed {seed}: {path} ran again after it was recorded");
            }
        }
    }
    let output = finish(crate_, &input);
    assert_eq!(output, order_intake::receipt(), "seed {seed}");
    for (path, before) in &recorded {
        assert_eq!(calls_of(&shop, path), *before, "seed {seed}: {path} ran after its record");
    }
    for (identity, count) in shop.counts() {
        assert!(count <= 2 + kills, "seed {seed}: {identity} was called {count} times");
    }
    let run = crate_.run_id().expect("a run");
    assert_same_journal(&crate_.journal(&run), &interpreted(&crate_.data, &shop));
}

/// Lets the run come to its end; the parcel is on its way by then.
fn finish(crate_: &Crate, input: &Path) -> Value {
    let child = crate_.run(input);
    let deadline = Instant::now() + Duration::from_mins(1);
    let run = loop {
        if let Some(run) = crate_.run_id() {
            break run;
        }
        assert!(Instant::now() < deadline, "the start was never acknowledged");
        std::thread::sleep(Duration::from_millis(20));
    };
    let shipped = order_intake::shipped().to_string();
    let sent = crate_.output(&["event", &run, "shipped", "--data", &shipped]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let out = child.wait_with_output().expect("it ends");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("the output is JSON")
}

/// The journal of the same graph and input, run by a `flowcrate serve` process.
fn interpreted(data: &Path, shop: &Service) -> BTreeMap<String, Value> {
    let server = flowcrate_tests::server::Server::start(
        Path::new(env!("CARGO_BIN_EXE_flowcrate")),
        &data.join("server"),
    )
    .expect("the server starts");
    let order = serde_json::json!({ "input": order_intake::order(&shop.url()) });
    let run = server.post("/api/v1/workflows/order-intake/runs", &order);
    let id = run["id"].as_str().expect("an id").to_owned();
    server.post(&format!("/api/v1/runs/{id}/events/shipped"), &order_intake::shipped());
    let run = server.finished(&id);
    assert_eq!(run["output"], order_intake::receipt());
    by_path(&run["steps"])
}

/// S41: path to kind and outcome. Attempts differ (the tea is refused once, in whichever run
/// comes first), and so do instants.
fn assert_same_journal(emitted: &BTreeMap<String, Value>, server: &BTreeMap<String, Value>) {
    let meaning = |journal: &BTreeMap<String, Value>| -> BTreeMap<String, Value> {
        let entry = |step: &Value| {
            serde_json::json!({
                "kind": step["kind"], "status": step["status"], "input": step["input"],
                "output": without_headers(&step["output"]), "error": step["error"],
            })
        };
        journal.iter().map(|(path, step)| (path.clone(), entry(step))).collect()
    };
    pretty_assertions::assert_eq!(meaning(emitted), meaning(server));
}

/// A response's headers hold its date.
fn without_headers(output: &Value) -> Value {
    let mut output = output.clone();
    if let Some(object) = output.as_object_mut() {
        object.remove("headers");
    }
    output
}
