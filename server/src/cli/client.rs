//! One request to a running server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use axum::http::Uri;
use serde_json::Value;

use crate::config::LISTEN;
use crate::error::Error;

/// How long a server may take: it may have to pack its own crates first.
const PATIENCE: Duration = Duration::from_mins(2);

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct ServerArgs {
    /// The running server [default: <http://127.0.0.1:7700>]
    #[arg(long, value_name = "URL", env = "FLOWCRATE_SERVER")]
    server: Option<String>,
    /// A token of the server, where it wants one
    #[arg(long, value_name = "TOKEN", env = "FLOWCRATE_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body; null where it is no JSON.
    pub(super) body: Value,
}

impl ServerArgs {
    /// Posts JSON.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Answer, Error> {
        let url = self.server.clone().unwrap_or_else(|| format!("http://{LISTEN}"));
        let failed = |source| Error::io(format!("cannot ask {url}"), source);
        let (address, host) = address(&url)?;
        let mut stream = TcpStream::connect(&address).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let body = body.to_string();
        let authorization = match &self.token {
            Some(token) if token.chars().all(|c| c.is_ascii_graphic()) => {
                format!("authorization: Bearer {token}\r\n")
            }
            Some(_) => return Err(Error::Config("--token: this is no token".to_owned())),
            None => String::new(),
        };
        // Of a caller of 1.0 the answer ends with the connection, and comes in one piece.
        let head = format!(
            "POST {path} HTTP/1.0\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             {authorization}content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).map_err(failed)?;
        stream.write_all(body.as_bytes()).map_err(failed)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(failed)?;
        answer(&bytes).ok_or_else(|| failed(std::io::Error::other("the answer is not HTTP")))
    }
}

/// What to connect to, and what to say to whom one speaks.
fn address(url: &str) -> Result<(String, String), Error> {
    let wrong =
        || Error::Config(format!("--server {url}: expected an address like http://{LISTEN}"));
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    let authority = authority.ok_or_else(wrong)?;
    let port = authority.port_u16().unwrap_or(80);
    Ok((format!("{}:{port}", authority.host()), authority.to_string()))
}

fn answer(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = serde_json::from_slice(bytes.get(end + 4..)?).unwrap_or_default();
    Some(Answer { status, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_http() {
        let (connect, host) = address("http://localhost:81").unwrap();
        assert_eq!((connect.as_str(), host.as_str()), ("localhost:81", "localhost:81"));
        assert_eq!(address("http://a").unwrap().0, "a:80");
        assert!(address("127.0.0.1:7700").is_err());
        assert!(address("https://a").is_err());
    }

    #[test]
    fn an_answer_has_a_status_and_perhaps_a_body() {
        let read = answer(b"HTTP/1.0 201 Created\r\na: b\r\n\r\n{\"a\":1}").unwrap();
        assert_eq!((read.status, read.body["a"].as_i64()), (201, Some(1)));
        assert!(answer(b"hello").is_none());
    }
}
