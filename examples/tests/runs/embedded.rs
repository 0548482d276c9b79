//! The web application: its routes, its refusals, its two ways to end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::program::{Folder, Program};

/// The application, and where it listens.
struct App {
    program: Program,
    address: String,
}

impl App {
    fn start(folder: &Folder) -> Self {
        let mut program = folder.start(env!("CARGO_BIN_EXE_embedded"), &["127.0.0.1:0"]);
        let line = program.line("listening on ");
        let address = line.trim_start_matches("listening on ").to_owned();
        Self { program, address }
    }

    /// The status and the body of an answer.
    fn request(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let body = body.to_string();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    fn order(&self, order: &Value) -> String {
        let (status, body) = self.request("POST", "/orders", order);
        assert_eq!(status, 202, "{body}");
        body["run"].as_str().unwrap().to_owned()
    }

    fn until(&self, run: &str, state: &str) -> Value {
        let begun = Instant::now();
        loop {
            let (_, view) = self.request("GET", &format!("/orders/{run}"), &Value::Null);
            if view["state"] == state {
                return view;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "never {state}: {view}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn an_order_outlives_a_stop_and_a_kill() {
    let folder = Folder::new();
    let app = App::start(&folder);
    let order = json!({ "id": "A-17", "cents": 4200 });
    let run = app.order(&order);
    assert_eq!(app.order(&order), run, "the same order is the same run");
    let view = app.until(&run, "waiting");
    assert_eq!(view["waiting_for"][0]["event"], "paid");
    assert!(app.program.terminate().contains(&"stopped".to_owned()));

    let app = App::start(&folder);
    let paid = json!({ "payment": "p-1" });
    let path = format!("/orders/{run}/paid");
    assert_eq!(app.request("POST", &path, &paid).0, 204);
    // Acknowledged is durable, whatever happens now.
    app.program.kill();

    let app = App::start(&folder);
    let view = app.until(&run, "completed");
    let output = view["output"].as_str().unwrap();
    assert!(output.starts_with("parcel for A-17 under "), "{view}");
    assert_eq!(app.request("POST", &path, &paid).0, 204, "the same message once more");
    let other = json!({ "payment": "p-2" });
    assert_eq!(app.request("POST", &path, &other).0, 409, "it has ended");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = Folder::new();
    let app = App::start(&folder);
    let run = app.order(&json!({ "id": "A-18", "cents": 1 }));
    let (status, body) = app.request("POST", "/orders", &json!({ "id": "A-18", "cents": 2 }));
    assert_eq!((status, &body["code"]), (409, &json!("key_reused")));
    let (status, body) = app.request("POST", &format!("/orders/{run}/paid"), &json!({ "paid": 1 }));
    assert_eq!((status, &body["code"]), (422, &json!("codec")));
    let unknown = "/orders/018f0000-0000-7000-8000-000000000000";
    let (status, body) = app.request("GET", unknown, &Value::Null);
    assert_eq!((status, &body["code"]), (404, &json!("unknown_run")));
}
