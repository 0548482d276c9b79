//! What is asked of runs from the command line.

use serde_json::{Value, json};

use super::kit::{Place, Program, until};

fn waiting(place: &Place, more: &Value) -> (Program, String) {
    let input = place.ordered(1, more);
    let program = place.spawn(&["run", "--input", input.to_str().unwrap()]);
    program.says("waits for event");
    let id = place.only_run();
    (program, id)
}

/// What a command says on standard error; it goes well.
fn says(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = place.command(arguments).envs(environment.to_vec()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

pub(crate) fn a_terminate_ends_the_run_of_another_process() {
    let place = Place::new();
    let (program, id) = waiting(&place, &json!({"wait": true}));
    place.ok(&["terminate", &id, "--reason", "stuck"]);
    assert_eq!(program.end().0, Some(1));
    let run = place.run(&id);
    assert_eq!(
        (&run["status"], &run["error"]["code"]),
        (&json!("cancelled"), &json!("terminated"))
    );
    assert_eq!(run["error"]["message"], "stuck");
    assert_eq!(place.call(&["terminate", &id]).status.code(), Some(2));
}

pub(crate) fn a_run_is_paused_and_resumed() {
    let place = Place::new();
    let (program, id) = waiting(&place, &json!({"wait": true}));
    place.ok(&["pause", &id, "--reason", "lunch"]);
    program.says("paused: lunch");
    assert_eq!(program.end().0, Some(1));
    assert_eq!(place.run(&id)["status"], "paused");
    let explained = place.ok(&["explain", &id]);
    assert!(explained.contains(": paused") && explained.contains("lunch"), "{explained}");
    assert!(says(&place, &["resume", &id], &[]).contains("`resume` lets the run go on"));
    assert_eq!(place.run(&id)["status"], "pending");
    place.ok(&["event", &id, "shipped", "--data", "\"P\""]);
    place.ok(&["resume"]);
    assert_eq!(place.run(&id)["status"], "completed");
}

pub(crate) fn a_failed_run_is_forked_with_another_input() {
    let place = Place::new();
    let input = place.ordered(1, &json!({"fail": true}));
    assert_eq!(place.call(&["run", "--input", input.to_str().unwrap()]).status.code(), Some(1));
    let id = place.only_run();
    let step = json!([place.ledger_file(), 21]).to_string();
    let fork = place.ok(&["fork", &id, "finish", "--input", &step]);
    let fork = fork.trim();
    place.ok(&["resume"]);
    let run = place.run(fork);
    assert_eq!(run["status"], "completed");
    let steps = run["steps"].as_array().unwrap();
    assert_eq!(steps.iter().find(|step| step["path"] == "finish").unwrap()["output"], 42);
    let ledger = place.ledger();
    assert_eq!((ledger["finish"], ledger["prepare"]), (2, 1));
    for (arguments, part) in [
        (&["fork", &id, "nothing"][..], "no_entry"),
        (&["fork", &id, "finish", "--input", "{"], "not JSON"),
    ] {
        let output = place.call(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(part), "{said}");
    }
}

pub(crate) fn a_run_says_what_it_waits_for() {
    let place = Place::new();
    let (program, id) = waiting(&place, &json!({"wait": true}));
    let explained = place.ok(&["explain", &id]);
    assert!(explained.contains("the event `shipped`"), "{explained}");
    let explained: Value = serde_json::from_str(&place.ok(&["explain", &id, "--json"])).unwrap();
    assert_eq!(explained["waits"][0]["event"], "shipped");
    program.kill();
}

pub(crate) fn a_run_is_adopted_by_another_revision() {
    let place = Place::new();
    let (program, id) = waiting(&place, &json!({"wait": true}));
    program.kill();
    let stranger = [("ORDERS_REVISION", "2")];
    assert!(says(&place, &["resume"], &stranger).contains("waits for a program with revision 1"));
    // One that would adopt it, and does not fit: it says so, and does not try again by itself.
    let misfit = [("ORDERS_REVISION", "2"), ("ORDERS_ADOPTS", "1"), ("ORDERS_MISFIT", "1")];
    for _ in 0..2 {
        let said = says(&place, &["resume"], &misfit);
        assert!(said.contains("revision 2 cannot: prepare: "), "{said}");
    }
    let newer = [("ORDERS_REVISION", "2"), ("ORDERS_ADOPTS", "1")];
    assert!(says(&place, &["resume"], &newer).contains("revision 2 cannot"));
    assert!(says(&place, &["adopt", &id], &newer).contains("`resume` lets the run go on"));
    assert_eq!(says(&place, &["resume"], &newer), "");
    let explained = place.ok(&["explain", &id]);
    assert!(explained.contains("adopted by revision 2"), "{explained}");
    // While some process drives it, what comes of it is waited for.
    let mut serving = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut serving = serving.envs(newer).spawn().unwrap();
    until("a driver", || {
        let output = place.command(&["adopt", &id]).envs(newer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        output.stderr.is_empty().then_some(())
    });
    serving.kill().unwrap();
    serving.wait().unwrap();
    place.ok(&["event", &id, "shipped", "--data", "\"P\""]);
    says(&place, &["resume"], &newer);
    let run = place.run(&id);
    assert_eq!((&run["status"], &run["revision"]), (&json!("completed"), &json!("2")));
}

pub(crate) fn a_changed_function_is_told_of() {
    let place = Place::new();
    let input = place.ordered(1, &json!({"wait": true}));
    let mut first = place.command(&["run", "--input", input.to_str().unwrap()]);
    let mut first = first.env("ORDERS_FINGERPRINT", "one").spawn().unwrap();
    until("the wait", || {
        let runs = place.runs();
        runs.iter().find(|run| run["status"] == "waiting").map(drop)
    });
    first.kill().unwrap();
    first.wait().unwrap();
    let id = place.only_run();
    for (fingerprint, told) in [("one", false), ("two", true)] {
        let known = [("ORDERS_FINGERPRINT", fingerprint)];
        let said = says(&place, &["resume"], &known);
        let part = format!("warning: run {id}: the function of `orders` was changed since");
        assert_eq!(said.contains(&part), told, "{said}");
        let explained = place.command(&["explain", &id]).envs(known).output().unwrap();
        let explained = String::from_utf8(explained.stdout).unwrap();
        assert_eq!(explained.contains("careful: the function"), told, "{explained}");
    }
}

pub(crate) fn a_question_is_answered() {
    let place = Place::new();
    let (program, id) = waiting(&place, &json!({"ask": true}));
    program.kill();
    let answer = ["approve", &id, "approved", "--by", "ada", "--form", "{\"limit\": 7}"];
    place.ok(&answer);
    assert_eq!(place.call(&["approve", &id, "approved", "--form", "{"]).status.code(), Some(2));
    place.ok(&["resume"]);
    let run = place.run(&id);
    assert_eq!(
        (&run["status"], &run["output"]["parcel"]),
        (&json!("completed"), &json!("{\"limit\":7}"))
    );
    let (other, id) = {
        let input = place.ordered(1, &json!({"ask": true}));
        let program = place.spawn(&["run", "--input", input.to_str().unwrap()]);
        program.says("waits for event");
        let runs = place.runs();
        let id = runs.iter().find(|run| run["status"] == "waiting").unwrap()["id"].clone();
        (program, id.as_str().unwrap().to_owned())
    };
    place.ok(&["reject", &id, "approved", "--by", "ada"]);
    assert_eq!(other.end().0, Some(0));
    assert_eq!(place.run(&id)["output"]["parcel"], "rejected");
}

pub(crate) fn what_a_run_says_and_has_not_read_is_shown() {
    let place = Place::new();
    let (program, id) = waiting(&place, &json!({"wait": true}));
    program.kill();
    let extra = ["event", &id, "shipped", "--data", "\"late\"", "--key", "k"];
    place.ok(&extra);
    let shown = place.ok(&["show", &id]);
    for part in [
        "  answered  \"taken\"",
        "  published {\"charged\":1}",
        "  unread    event `shipped`, key `k`: \"late\"",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let run = place.run(&id);
    assert_eq!((&run["response"], &run["published"]), (&json!("taken"), &json!({"charged": 1})));
    let left = json!([run["unconsumed"][0]["name"], run["unconsumed"][0]["payload"]]);
    assert_eq!(left, json!(["shipped", "late"]));
}

pub(crate) fn progress_is_read_from_an_item_on() {
    let place = Place::new();
    let input = place.ordered(1, &json!({}));
    place.ok(&["run", "--input", input.to_str().unwrap()]);
    let id = place.only_run();
    let lines = |from: &str| {
        let text = place.ok(&["progress", &id, "log", "--from", from]);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let all = lines("0");
    assert_eq!(all.len(), 4);
    assert_eq!((&all[0]["index"], &all[0]["value"]), (&json!(0), &json!("prepare")));
    assert_eq!(lines("3").len(), 1);
    assert_eq!(lines("9").len(), 0);
}
