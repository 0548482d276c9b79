//! A real `flowcrate serve` process on a free loopback port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The process; it is stopped, by its own pid, when this is dropped.
pub struct Server {
    child: Child,
    address: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Server {
    /// Starts the binary with its data in a folder, and waits until it says where it listens.
    pub fn start(binary: &Path, data: &Path) -> std::io::Result<Self> {
        Self::start_with(binary, data, &[])
    }

    /// The same, with further flags.
    pub fn start_with(binary: &Path, data: &Path, flags: &[&str]) -> std::io::Result<Self> {
        Self::start_at(binary, data, "127.0.0.1:0", flags)
    }

    /// The same on a given address, such as the one that an earlier process had.
    pub fn start_at(
        binary: &Path,
        data: &Path,
        listen: &str,
        flags: &[&str],
    ) -> std::io::Result<Self> {
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", listen, "--data"])
            .arg(data)
            .args(flags)
            .env("FLOWCRATE_ALLOW_PRIVATE", "1");
        Self::spawn(&mut command)
    }

    /// The same of any program that prints where it listens: `… http://127.0.0.1:8080 …`.
    pub fn spawn(command: &mut Command) -> std::io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(stdout).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            Some(rest.split_whitespace().next()?.trim_end_matches('/').to_owned())
        });
        // The rest is read, so that the server never waits for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.ok_or_else(|| std::io::Error::other("the server ended at once"))?;
        Ok(Self { child, address })
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        // Both fail only where the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// One request, on a connection of its own.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Reply> {
        request(&self.address, (method, path), headers, body)
    }

    /// GET, as JSON; fails the test on anything but success.
    pub fn get(&self, path: &str) -> Value {
        self.ok("GET", path, b"").json()
    }

    /// POST of JSON, as JSON; fails the test on anything but success.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.ok("POST", path, body.to_string().as_bytes()).json()
    }

    /// The raw answer; fails the test on anything but success.
    pub fn ok(&self, method: &str, path: &str, body: &[u8]) -> Reply {
        self.ok_with(method, path, &[], body)
    }

    /// The same, with headers.
    pub fn ok_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let reply = self.request(method, path, headers, body);
        let reply = reply.unwrap_or_else(|error| fail(&format!("{method} {path}: {error}")));
        if !(200..300).contains(&reply.status) {
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            fail(&format!("{method} {path} answered {}: {text}", reply.status));
        }
        reply
    }

    /// The run, once it has ended.
    pub fn finished(&self, id: &str) -> Value {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let run = self.get(&format!("/api/v1/runs/{id}"));
            if ["completed", "failed", "cancelled"].iter().any(|end| run["status"] == *end) {
                return run;
            }
            if Instant::now() > deadline {
                fail(&format!("run {id} did not end: {run:#}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn fail(message: &str) -> ! {
    panic!("{message}")
}

/// One request to whoever listens at an address, such as a server that dies meanwhile.
pub fn request(
    address: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_mins(2)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    )?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    stream.write_all(b"\r\n")?;
    stream.write_all(body)?;
    read(stream)
}

fn read(stream: TcpStream) -> std::io::Result<Reply> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other(format!("no status: {line}")))?;
    let mut chunked = false;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
        if line.is_empty() {
            break;
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
            if size == 0 {
                break;
            }
            let start = body.len();
            body.resize(start + size + 2, 0);
            reader.read_exact(&mut body[start..])?;
            body.truncate(start + size);
        }
    } else {
        reader.read_to_end(&mut body)?;
    }
    Ok(Reply { status, body })
}
