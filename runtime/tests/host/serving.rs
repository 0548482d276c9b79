//! `serve`: webhooks, events, schedules, and its end.

use flowcrate::Timestamp;
use flowcrate::sqlite::SqliteStore;
use flowcrate::store::{Fire, Fired, Firing};
use flowcrate::testkit::conformance::Probe;
use serde_json::{Value, json};

use super::kit::{Place, http, until};

fn serving(place: &Place) -> (super::kit::Program, String) {
    let program = place.spawn(&["serve", "--listen", "127.0.0.1:0"]);
    let address = program.address();
    (program, address)
}

fn finished(address: &str, run: &str) -> Value {
    until("the run ends", || {
        let (status, _, run) = http(address, &format!("GET /runs/{run}"), "");
        assert_eq!(status, 200);
        (run["status"] == "completed").then_some(run)
    })
}

pub(crate) fn a_webhook_starts_a_run() {
    let place = Place::new();
    let (program, address) = serving(&place);
    assert_eq!(http(&address, "GET /healthz", "").2, json!({"status": "ok"}));
    let body = place.order(2, &json!({"wait": true})).to_string();
    let hook = "POST /hooks/new/orders\r\nidempotency-key: h1";
    let (status, _, started) = http(&address, hook, &body);
    assert_eq!(status, 202, "{started}");
    let run = started["run"].as_str().unwrap();
    assert_eq!(http(&address, hook, &body).2, started);
    until("it waits", || {
        let run = http(&address, &format!("GET /runs/{run}"), "").2;
        (run["waiting_for"][0]["event"] == "shipped").then_some(())
    });
    let event = format!("POST /runs/{run}/events/shipped\r\nidempotency-key: e1");
    assert_eq!(http(&address, &event, "\"P\"").0, 202);
    let run = finished(&address, run);
    assert_eq!(run["output"], json!({"charged": [0, 200], "parcel": "P"}));
    assert_eq!(run["key"], "hook/received/h1");
    assert!(place.ledger().values().all(|count| *count == 1));

    program.terminate();
    assert_eq!(program.end().0, Some(0));
    assert_eq!(place.runs().len(), 1);
}

pub(crate) fn a_server_keeps_runs_for_a_time() {
    let place = Place::new();
    place.ok(&["run", "--input", place.ordered(1, &json!({})).to_str().unwrap()]);
    let kept = place.spawn(&["serve", "--listen", "127.0.0.1:0", "--retention", "1h"]);
    kept.address();
    assert_eq!(place.runs().len(), 1);
    kept.terminate();
    kept.end();
    let program = place.spawn(&["serve", "--listen", "127.0.0.1:0", "--retention", "10ms"]);
    program.address();
    until("it is gone", || place.runs().is_empty().then_some(()));
    program.terminate();
    assert_eq!(program.end().0, Some(0));
}

pub(crate) fn a_request_that_makes_no_sense_is_refused() {
    let place = Place::new();
    let (_program, address) = serving(&place);
    let refusal = |head: &str, body: &str| {
        let (status, head, problem) = http(&address, head, body);
        assert!(head.contains("application/problem+json"), "{head}");
        assert_eq!(problem["status"], status);
        (status, problem["detail"].as_str().unwrap().to_owned())
    };
    let (status, detail) = refusal("POST /hooks/new/orders", "{\"ledger\": \"l\", \"items\": 3}");
    assert_eq!(status, 422);
    assert!(detail.contains("expected a list, found the number 3 (at `items`)"), "{detail}");
    assert_eq!(refusal("POST /hooks/new/orders", "{").0, 400);
    assert_eq!(refusal("POST /hooks/orders", "{}").0, 404);
    assert_eq!(refusal("GET /hooks/new/orders", "").0, 405);
    assert_eq!(refusal("GET /runs/x", "").0, 404);
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(refusal(&format!("GET /runs/{unknown}"), "").0, 404);
    assert_eq!(refusal(&format!("POST /runs/{unknown}/events/shipped"), "1").0, 404);
    assert_eq!(refusal("GET /", "").0, 404);
    let body = place.order(1, &json!({"wait": true})).to_string();
    let run = http(&address, "POST /hooks/new/orders", &body).2["run"].clone();
    let run = run.as_str().unwrap();
    assert_eq!(refusal(&format!("POST /runs/{run}/events/returned"), "1").0, 422);
    let long = format!("\"{}\"", "p".repeat(31));
    let (status, _, problem) = http(&address, &format!("POST /runs/{run}/events/shipped"), &long);
    assert_eq!((status, &problem["code"]), (422, &json!("misfit")));
    assert_eq!(problem["detail"], "expected at most 30 characters, found 31");
    assert_eq!(place.runs().len(), 1);
}

pub(crate) fn a_schedule_fires_what_it_missed() {
    let place = Place::new();
    std::fs::create_dir_all(place.data()).unwrap();
    // As if the program had last been up long ago.
    let store = Probe::new(SqliteStore::open(place.data().join("orders.db")).unwrap());
    let schedule = "orders/nightly".to_owned();
    let next = Firing { rule: "0 3 * * * UTC".to_owned(), at: Some(Timestamp(3 * 3_600_000)) };
    let told = store.fire(Fire { schedule, expected: None, next, start: None });
    assert_eq!(told, Fired::Done(None));
    drop(store);
    let (program, address) = serving(&place);
    let run = until("it fires", || place.runs().pop());
    let run = finished(&address, run["id"].as_str().unwrap());
    let key = run["key"].as_str().unwrap();
    assert!(key.starts_with("schedule/2") && key.ends_with("T03:00:00.000Z"), "{key}");
    assert_eq!(key, format!("schedule/{}", run["output"]["parcel"].as_str().unwrap()));
    program.kill();
    // Neither this instant nor any that was missed fires again.
    let (program, _) = serving(&place);
    program.terminate();
    assert_eq!(program.end().0, Some(0));
    assert_eq!(place.runs().len(), 1);
}

pub(crate) fn a_run_joins_the_process_that_serves() {
    let place = Place::new();
    let (program, _) = serving(&place);
    let input = place.ordered(2, &json!({}));
    let printed = place.ok(&["run", "--input", input.to_str().unwrap(), "--key", "k"]);
    let output: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(output["charged"], json!([0, 200]));
    let resumed = place.call(&["resume"]);
    assert_eq!(resumed.status.code(), Some(1), "{resumed:?}");
    let second = place.call(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    program.terminate();
    assert_eq!(program.end().0, Some(0));
}

pub(crate) fn a_killed_server_loses_nothing() {
    let place = Place::new();
    let mut runs = Vec::new();
    for round in 0..3 {
        let (program, address) = serving(&place);
        for at in 0..4 {
            let body = place.order(2, &json!({})).to_string();
            let hook = format!("POST /hooks/new/orders\r\nidempotency-key: {round}-{at}");
            let (status, _, started) = http(&address, &hook, &body);
            assert_eq!(status, 202);
            runs.push(started["run"].as_str().unwrap().to_owned());
        }
        program.kill();
    }
    place.ok(&["resume"]);
    for run in runs {
        let run = place.run(&run);
        assert_eq!(run["output"], json!({"charged": [0, 200], "parcel": null}));
    }
}
