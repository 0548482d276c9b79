//! The built binary as a server process.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::client::{self, Answer};

/// The binary under test, in a folder of its own, unless the caller says otherwise.
pub(crate) fn flowcrate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowcrate"));
    for name in ["FLOWCRATE_LISTEN", "FLOWCRATE_DATA", "FLOWCRATE_CONFIG", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.kill_on_drop(true);
    command
}

/// What a command printed, and its exit code.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// Runs a command in `folder` to its end.
pub(crate) async fn run(folder: &Path, args: &[&str]) -> Ran {
    let command = flowcrate().args(args).current_dir(folder).stdin(Stdio::null()).output();
    let output = command.await.unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A server process.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) address: String,
}

impl ServerProcess {
    /// Starts it in `folder` on a free port.
    pub(crate) async fn start(folder: &Path) -> Self {
        let mut child = flowcrate()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("FLOWCRATE_ALLOW_PRIVATE", "1")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("the server ended before it listened");
        let address = line.rsplit("http://").next().unwrap().to_owned();
        Self { child, address }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        client::call(&self.address, "GET", path, "").await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        client::call(&self.address, "POST", path, &body.to_string()).await.unwrap()
    }

    pub(crate) async fn until(&self, run: &str, status: &str) -> Value {
        for _ in 0..800 {
            let now = self.get(&format!("/api/v1/runs/{run}")).await.expect(200);
            if now["status"] == status {
                return now;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        let now = self.get(&format!("/api/v1/runs/{run}")).await;
        panic!("run {run} never became {status}: {}", String::from_utf8_lossy(&now.body));
    }

    /// Kills it without a word (SIGKILL).
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop (SIGTERM), and says how it ended.
    pub(crate) async fn stop(mut self) -> std::process::ExitStatus {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(sent.success());
        self.child.wait().await.unwrap()
    }
}
