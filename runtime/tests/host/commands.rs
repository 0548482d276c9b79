//! Each command, and what it says.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::kit::{Place, until};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn path(path: &std::path::Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn a_run_prints_its_output() {
    let place = Place::new();
    let input = place.ordered(3, &json!({}));
    let printed = place.ok(&["run", "--input", path(&input)]);
    assert_eq!(parsed(&printed), json!({"charged": [0, 200, 400], "parcel": null}));
    let ledger = place.ledger();
    assert_eq!(ledger.len(), 8, "{ledger:?}");
    assert!(ledger.values().all(|count| *count == 1), "{ledger:?}");

    // From standard input, the same.
    let mut command = place.command(&["run", "--input", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(&input).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), printed);
}

pub(crate) fn a_journal_is_checked() {
    let place = Place::new();
    assert_eq!(place.call(&["check-journal"]).status.code(), Some(1), "there is none yet");
    let input = place.ordered(1, &json!({}));
    place.ok(&["run", "--input", path(&input)]);
    assert!(place.ok(&["check-journal"]).contains("nothing is wrong"));
}

pub(crate) fn ended_runs_are_purged() {
    let place = Place::new();
    assert_eq!(place.ok(&["purge", "--older-than", "0s"]), "0\n", "there is no journal yet");
    let input = place.ordered(1, &json!({}));
    place.ok(&["run", "--input", path(&input)]);
    place.ok(&["run", "--input", path(&input), "--key", "k"]);
    let fails = place.ordered(1, &json!({"fail": true}));
    assert_eq!(place.call(&["run", "--input", path(&fails)]).status.code(), Some(1));
    assert_eq!(place.ok(&["purge", "--older-than", "1h"]), "0\n");
    assert_eq!(place.ok(&["purge", "--older-than", "0s", "--workflow", "other"]), "0\n");
    assert_eq!(place.ok(&["purge", "--older-than", "0s", "--state", "failed"]), "1\n");
    // A start with a key may be sent again for a day.
    assert_eq!(place.ok(&["purge", "--older-than", "0s"]), "1\n");
    assert_eq!(place.runs().len(), 1);
    assert!(place.ok(&["check-journal"]).contains("nothing is wrong"));
}

pub(crate) fn a_run_that_fails_says_so() {
    let place = Place::new();
    let input = place.ordered(1, &json!({"fail": true}));
    let output = place.call(&["run", "--input", path(&input)]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let said = stderr(&output);
    assert!(said.contains("error: finish: the bank says no [refused]"), "{said}");
}

pub(crate) fn an_input_that_does_not_fit_is_refused_by_its_path() {
    let place = Place::new();
    let refusal = |text: &str| {
        let file = place.input(&Value::Null);
        std::fs::write(&file, text).unwrap();
        let output = place.call(&["run", "--input", path(&file)]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        stderr(&output)
    };
    let misfit = r#"{"received": {"ledger": "l", "items": [{"cents": 1}, {"cents": "two"}]}}"#;
    let said = refusal(misfit);
    assert!(
        said.contains("expected an int, found the string \"two\" (at `received.items[1].cents`)"),
        "{said}"
    );
    assert!(refusal("{").contains("not JSON: EOF"), "{}", refusal("{"));
    let output = place.call(&["run", "--input", "no-such-file.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!place.data().exists(), "nothing is begun for an input that is refused");
}

pub(crate) fn wrong_use_is_told_from_failure() {
    let place = Place::new();
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    for arguments in [
        &["walk"][..],
        &["run"],
        &["show", "x"],
        &["show", unknown],
        &["cancel", unknown],
        &["event", unknown, "shipped", "--data", "1"],
        &["list", "--key", "k"],
    ] {
        let output = place.call(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(stderr(&output).starts_with("error: "), "{arguments:?}: {output:?}");
    }
    assert!(place.ok(&["--help"]).contains("run --input FILE"));
    assert!(place.ok(&["--version"]).starts_with("orders revision 1 (flowcrate "));
    assert_eq!(place.ok(&["list"]), "");
    assert_eq!(place.ok(&["list", "--json"]), "[]\n");
}

pub(crate) fn a_key_gives_the_same_run() {
    let place = Place::new();
    let input = place.ordered(2, &json!({}));
    let first = place.ok(&["run", "--input", path(&input), "--key", "k"]);
    let second = place.ok(&["run", "--input", path(&input), "--key", "k"]);
    assert_eq!(first, second);
    assert!(place.ledger().values().all(|count| *count == 1));
    assert_eq!(place.runs().len(), 1);
    let other = place.ordered(1, &json!({}));
    let output = place.call(&["run", "--input", path(&other), "--key", "k"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("key `k` belongs to run"), "{output:?}");
}

pub(crate) fn runs_are_listed_and_shown() {
    let place = Place::new();
    let input = place.ordered(1, &json!({}));
    place.ok(&["run", "--input", path(&input), "--key", "k"]);
    let id = place.only_run();
    let list = place.ok(&["list"]);
    assert!(list.starts_with(&format!("{id}  completed  ")), "{list}");
    let shown = place.ok(&["show", &id]);
    for part in ["run ", "status    completed", "each_item[0]/charge", "note@1", "key       k"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let explained = place.ok(&["explain", &id]);
    for part in [": completed", "timeline", "started", "each_item[0]/charge"] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    let run = place.run(&id);
    assert_eq!(run["status"], "completed");
    assert_eq!(run["output"]["charged"], json!([0]));
    let steps = run["steps"].as_array().unwrap();
    let charge = steps.iter().find(|step| step["path"] == "each_item[0]/charge").unwrap();
    assert_eq!((&charge["status"], &charge["output"]), (&json!("completed"), &json!(0)));
}

pub(crate) fn an_event_wakes_the_run_of_another_process() {
    let place = Place::new();
    let input = place.ordered(1, &json!({"wait": true}));
    let program = place.spawn(&["run", "--input", path(&input)]);
    program.says("waits for event `shipped` at await_parcel");
    let id = place.only_run();
    let run = place.run(&id);
    assert_eq!(run["status"], "waiting");
    assert_eq!(run["waiting_for"][0]["event"], "shipped");
    let bad = place.call(&["event", &id, "returned", "--data", "1"]);
    assert_eq!(bad.status.code(), Some(2), "{bad:?}");
    let bad = place.call(&["event", &id, "shipped", "--data", "{"]);
    assert_eq!(bad.status.code(), Some(2), "{bad:?}");
    place.ok(&["event", &id, "shipped", "--data", "\"P1\"", "--id", "e1"]);
    place.ok(&["event", &id, "shipped", "--data", "\"P2\"", "--id", "e1"]);
    let (code, printed) = program.end();
    assert_eq!((code, &parsed(&printed)["parcel"]), (Some(0), &json!("P1")));
    let late = place.call(&["event", &id, "shipped", "--data", "\"P3\""]);
    assert_eq!(late.status.code(), Some(2), "{late:?}");
}

pub(crate) fn a_run_that_only_waits_is_left_waiting() {
    let place = Place::new();
    let input = place.ordered(1, &json!({"wait": true}));
    let program = place.spawn(&["run", "--input", path(&input)]);
    program.says("waits for event");
    program.kill();
    let resumed = place.ok(&["resume"]);
    assert!(resumed.contains("waiting") && resumed.contains("event `shipped`"), "{resumed}");
    let id = place.only_run();
    let output = place.call(&["event", &id, "shipped", "--data", "\"P\""]);
    assert!(stderr(&output).contains("`resume` lets the run go on"), "{output:?}");
    let resumed = place.ok(&["resume"]);
    assert!(resumed.contains("completed"), "{resumed}");
    assert_eq!(place.run(&id)["output"]["parcel"], "P");
    assert!(place.ledger().values().all(|count| *count == 1));
    assert_eq!(place.ok(&["resume"]), "");
}

pub(crate) fn a_cancel_ends_the_run_of_another_process() {
    let place = Place::new();
    let input = place.ordered(1, &json!({"wait": true}));
    let program = place.spawn(&["run", "--input", path(&input)]);
    program.says("waits for event");
    let id = place.only_run();
    place.ok(&["cancel", &id]);
    assert_eq!(program.end().0, Some(1));
    assert_eq!(place.run(&id)["status"], "cancelled");
    assert_eq!(place.call(&["cancel", &id]).status.code(), Some(2));
}

pub(crate) fn a_stopped_run_goes_on() {
    let place = Place::new();
    let input = place.ordered(1, &json!({"wait": true}));
    let program = place.spawn(&["run", "--input", path(&input)]);
    program.says("waits for event");
    program.terminate();
    program.says("stopped; `resume` lets the run go on");
    assert_eq!(program.end().0, Some(1));
    let id = place.only_run();
    let again = place.spawn(&["resume"]);
    assert_eq!(again.end().0, Some(0));
    place.ok(&["event", &id, "shipped", "--data", "\"P\""]);
    place.ok(&["resume"]);
    until("the end", || (place.run(&id)["status"] == "completed").then_some(()));
}
