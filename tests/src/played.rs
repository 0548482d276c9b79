//! A running fixture's play: what it is given besides its graph, and what comes of it.
//!
//! `input.json` and `failure.json` may name the service that all fixtures share as `$SERVICE`: it
//! refuses what is sent to a path with `refuse` in it, is busy where that has `busy`, takes long
//! where it has `slow`, and answers all else with path and body. `events.json` holds what the run is
//! sent. `output.json` is the output that it gives, `failure.json` what it fails with, or is paused
//! for, and `calls.json` the calls that the service gets, in their order.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fixtures::Fixture;
use crate::service::{Answer, Service};

/// Longer than any machine takes to write down that a run has started.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It gave this.
    Output(Value),
    /// It failed, or was paused: status, code and message.
    Failure(Value),
}

/// The service that fixtures call.
///
/// # Errors
///
/// Where there is no port left on the loopback.
pub fn service() -> io::Result<Service> {
    Service::start(|call| {
        let body = json!({ "path": call.path, "got": call.body });
        let status = match call.path.as_str() {
            path if path.contains("refuse") => 422,
            path if path.contains("busy") => 503,
            _ => 200,
        };
        // Longer than a body that was given up may go on.
        let slow = call.path.contains("slow").then_some(Duration::from_secs(12));
        Answer { status, ..Answer::ok(body) }.after(slow.unwrap_or_default())
    })
}

impl Fixture {
    /// What a run starts with.
    pub fn input(&self, service: &Service) -> Value {
        self.with("input.json", service)
    }

    fn with(&self, file: &str, service: &Service) -> Value {
        let text = self.json(file).to_string().replace("$SERVICE", &service.url());
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What is expected to come of it.
    pub fn ending(&self, service: &Service) -> Ending {
        match self.with("failure.json", service) {
            Value::Null => Ending::Output(self.json("output.json")),
            failure => Ending::Failure(failure),
        }
    }

    /// The calls that are expected, if that is said.
    pub fn calls(&self) -> Option<Value> {
        Some(self.json("calls.json")).filter(|calls| !calls.is_null())
    }
}

/// The calls of a service from one on, each as its method and its path.
pub fn calls_since(service: &Service, first: usize) -> Value {
    let calls = service.calls().into_iter().skip(first);
    calls.map(|call| format!("{} {}", call.method, call.path)).collect()
}

/// A fixture's crate, built, with a journal of its own.
#[derive(Clone, Copy, Debug)]
pub struct Crate<'a> {
    /// The binary.
    pub program: &'a Path,
    /// The folder of the journal.
    pub data: &'a Path,
}

impl Crate<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    ///
    /// Where the program does not start, or says nothing that can be read.
    pub fn play(self, fixture: &Fixture, service: &Service) -> Result<Ending, String> {
        let input = self.data.join("input.json");
        fs::create_dir_all(self.data).map_err(text)?;
        fs::write(&input, fixture.input(service).to_string()).map_err(text)?;
        let running = Command::new(self.program)
            .args(["run", "--input"])
            .arg(input)
            .arg("--data")
            .arg(self.data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(text)?;
        let output = self.told(fixture, running)?;
        if output.status.success() {
            return serde_json::from_slice(&output.stdout).map(Ending::Output).map_err(text);
        }
        let shown = self.shown()?;
        match &shown["error"] {
            Value::Null => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            error => Ok(Ending::failed(&shown["status"], error)),
        }
    }

    /// Sends what the fixture says, and waits for the end.
    fn told(self, fixture: &Fixture, mut running: Child) -> Result<Output, String> {
        let told = fixture.json("events.json");
        for event in told.as_array().into_iter().flatten() {
            if let Err(error) = self.send(event) {
                running.kill().map_err(text)?;
                let said = running.wait_with_output().map_err(text)?.stderr;
                return Err(format!("{error}; {}", String::from_utf8_lossy(&said)));
            }
        }
        running.wait_with_output().map_err(text)
    }

    fn send(self, event: &Value) -> Result<(), String> {
        let run = self.run()?;
        let name = event["event"].as_str().unwrap_or_default();
        let mut command = Command::new(self.program);
        // Here `--data` is the payload.
        let payload = event["payload"].to_string();
        command.args(["event", &run, name, "--data", &payload, "--dir"]).arg(self.data);
        if let Some(key) = event["key"].as_str() {
            command.args(["--key", key]);
        }
        let output = command.output().map_err(text)?;
        let errors = || String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(errors()) }
    }

    /// The id of the run, once it has started; those that it calls come later.
    fn run(self) -> Result<String, String> {
        let since = Instant::now();
        loop {
            if let Some(first) = self.runs().last() {
                return Ok(first.clone());
            }
            if since.elapsed() > PATIENCE {
                return Err("no run has started".to_owned());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The ids of all runs, newest first.
    fn runs(self) -> Vec<String> {
        let listed = self.printed(&["list"]);
        let ids = listed.as_array().into_iter().flatten();
        ids.filter_map(|run| run["id"].as_str()).map(str::to_owned).collect()
    }

    /// All runs as they stand, with their journals.
    pub fn all_shown(self) -> Vec<Value> {
        self.runs().iter().map(|run| self.printed(&["show", run])).collect()
    }

    /// The run as it stands, with its journal.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub fn shown(self) -> Result<Value, String> {
        let run = self.run()?;
        Ok(self.printed(&["show", &run]))
    }

    /// What a command prints, as JSON; null where that is none.
    fn printed(self, args: &[&str]) -> Value {
        let mut command = Command::new(self.program);
        let output = command.args(args).args(["--json", "--data"]).arg(self.data).output();
        let printed = output.map(|output| output.stdout).unwrap_or_default();
        serde_json::from_slice(&printed).unwrap_or_default()
    }
}

impl Ending {
    /// Of a run that stands like this, with this failure.
    pub fn failed(status: &Value, failure: &Value) -> Self {
        let (code, message) = (&failure["code"], &failure["message"]);
        Self::Failure(json!({ "status": status, "code": code, "message": message }))
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
