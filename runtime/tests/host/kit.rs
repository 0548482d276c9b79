//! Starts the program, talks to it, looks at its journal from outside.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A directory with a journal, a ledger and an input.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn ledger_file(&self) -> PathBuf {
        self.directory.path().join("ledger")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// An order of some items; `more` adds fields.
    pub(crate) fn order(&self, items: usize, more: &Value) -> Value {
        let items: Vec<Value> = (0..items).map(|at| json!({"cents": at * 100})).collect();
        let mut order = json!({"ledger": self.ledger_file(), "items": items});
        for (name, value) in more.as_object().into_iter().flatten() {
            order[name] = value.clone();
        }
        order
    }

    /// Writes an input file.
    pub(crate) fn input(&self, input: &Value) -> PathBuf {
        let file = self.directory.path().join("input.json");
        std::fs::write(&file, input.to_string()).unwrap();
        file
    }

    /// Writes the input file of an order.
    pub(crate) fn ordered(&self, items: usize, more: &Value) -> PathBuf {
        self.input(&json!({"received": self.order(items, more)}))
    }

    /// The program with some arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("program").args(arguments).env("FLOWCRATE_DATA", self.data());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the program to a good end, and gives what it printed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the program and lets it go on.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Program {
        let mut child = self.command(arguments).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, errors) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Program { child, errors }
    }

    /// How often each step was begun, by path.
    pub(crate) fn ledger(&self) -> BTreeMap<String, usize> {
        let text = std::fs::read_to_string(self.ledger_file()).unwrap_or_default();
        let mut counts = BTreeMap::new();
        for line in text.lines() {
            *counts.entry(line.to_owned()).or_insert(0) += 1;
        }
        counts
    }

    /// All runs, as `list --json` shows them.
    pub(crate) fn runs(&self) -> Vec<Value> {
        let runs: Value = serde_json::from_str(&self.ok(&["list", "--json"])).unwrap();
        runs.as_array().unwrap().clone()
    }

    /// A run, as `show --json` shows it.
    pub(crate) fn run(&self, id: &str) -> Value {
        serde_json::from_str(&self.ok(&["show", id, "--json"])).unwrap()
    }

    /// The only run's id.
    pub(crate) fn only_run(&self) -> String {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0]["id"].as_str().unwrap().to_owned()
    }
}

/// A program that runs; killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    errors: std::sync::mpsc::Receiver<String>,
}

impl Program {
    /// Waits for a line on standard error that contains some text.
    pub(crate) fn says(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.errors.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("the program never says `{text}`"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// SIGKILL: nothing in the program learns of it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for the program's end.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the program does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        (self.child.wait().unwrap().code(), text)
    }

    /// Where a serving program listens.
    pub(crate) fn address(&self) -> String {
        let line = self.says("listens on http://");
        line.split("http://").nth(1).unwrap().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends one HTTP request and reads the answer: status, head, body.
pub(crate) fn http(address: &str, head: &str, body: &str) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let request =
        format!("{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n");
    // A head may end in headers of its own.
    let request = match head.split_once("\r\n") {
        None => request,
        Some((line, headers)) => format!(
            "{line} HTTP/1.1\r\n{headers}\r\nhost: x\r\nconnection: close\r\n\
             content-length: {length}\r\n"
        ),
    };
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
}

/// Waits until something is there.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: never");
        std::thread::sleep(Duration::from_millis(20));
    }
}
