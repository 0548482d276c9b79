//! What the command line means.

use super::*;

fn parsed(line: &str) -> Result<Invocation, String> {
    parse(line.split_whitespace().map(OsString::from))
}

fn refusal(line: &str) -> String {
    parsed(line).unwrap_err()
}

#[test]
fn run_takes_input_key_and_directory() {
    let invocation = parsed("run --input=order.json --key k1 --data /tmp/j").unwrap();
    let command = Command::Run { input: "order.json".into(), key: Some("k1".into()) };
    assert_eq!(invocation, Invocation { command, data: "/tmp/j".into() });
    let invocation = parsed("run --input - --data d").unwrap();
    assert_eq!(invocation.command, Command::Run { input: "-".into(), key: None });
}

#[test]
fn the_data_of_an_event_is_its_payload() {
    let invocation =
        parsed(r#"event r1 shipped --data {"a":1} --id e1 --key k --dir elsewhere"#).unwrap();
    let command = Command::Event {
        run: "r1".into(),
        name: "shipped".into(),
        payload: r#"{"a":1}"#.into(),
        key: Some("k".into()),
        id: Some("e1".into()),
    };
    assert_eq!(invocation, Invocation { command, data: "elsewhere".into() });
    assert_eq!(refusal("event r1 shipped"), "`event` needs `--data JSON`");
}

#[test]
fn the_other_commands() {
    let command = |line: &str| parsed(line).unwrap().command;
    assert_eq!(command("resume"), Command::Resume);
    assert_eq!(command("check-journal"), Command::CheckJournal);
    assert_eq!(command("list --json"), Command::List { json: true });
    assert_eq!(command("show r1"), Command::Show { run: "r1".into(), json: false });
    assert_eq!(command("explain r1"), Command::Explain { run: "r1".into(), json: false });
    let control = |control, reason: Option<&str>| {
        let reason = reason.map(str::to_owned);
        Command::Control { run: "r1".into(), control, reason }
    };
    assert_eq!(command("cancel r1"), control(Control::Cancel, None));
    assert_eq!(command("terminate r1 --reason x"), control(Control::Terminate, Some("x")));
    assert_eq!(command("pause --reason=x r1"), control(Control::Pause, Some("x")));
    assert_eq!(command("resume r1"), control(Control::Resume, None));
    let answer = Command::Answer {
        run: "r1".into(),
        name: "ok".into(),
        approve: false,
        by: Some("ada".into()),
        form: Some("3".into()),
        key: None,
        id: None,
    };
    assert_eq!(command("reject r1 ok --by ada --form 3"), answer);
    let adopt = |revision: Option<&str>| Command::Adopt {
        run: "r1".into(),
        revision: revision.map(str::to_owned),
    };
    assert_eq!(command("adopt r1"), adopt(None));
    assert_eq!(command("adopt r1 2"), adopt(Some("2")));
    let progress = Command::Progress { run: "r1".into(), stream: "log".into(), from: 7 };
    assert_eq!(command("progress r1 log --from 7"), progress);
    let fork = Command::Fork { run: "r1".into(), path: "a/b".into(), input: Some("3".into()) };
    assert_eq!(command("fork r1 a/b --input 3"), fork);
    let serve = |listen: &str, retention| Command::Serve { listen: listen.into(), retention };
    let day = Duration::from_hours(24);
    assert_eq!(command("serve"), serve(DEFAULT_LISTEN, None));
    assert_eq!(command("serve --listen [::1]:0 --retention 1d"), serve("[::1]:0", Some(day)));
    let purge = |workflow: Option<&str>, states| Command::Purge {
        older_than: day,
        workflow: workflow.map(str::to_owned),
        states,
    };
    assert_eq!(command("purge --older-than 24h"), purge(None, vec![]));
    let two = vec![RunState::Failed, RunState::Cancelled];
    let line = "purge --older-than 1day --state failed --state cancelled --workflow w";
    assert_eq!(command(line), purge(Some("w"), two));
    for help in ["", "help", "-h", "--help", "run --help", "event r1 -h"] {
        assert_eq!(command(help), Command::Help, "{help}");
    }
    assert_eq!(command("--version"), Command::Version);
    assert_eq!(command("-V"), Command::Version);
}

#[test]
fn wrong_use_says_what_is_right() {
    assert_eq!(refusal("run"), "`run` needs `--input FILE` (`-` is standard input)");
    assert_eq!(refusal("list --key k"), "`list` takes no option `--key`; see --help");
    assert_eq!(refusal("show"), "`show` needs the id of a run; see --help");
    assert_eq!(refusal("show a b"), "`show` has no use for `b`; see --help");
    assert!(refusal("walk").starts_with("unknown command `walk`, expected one of run, resume"));
    assert_eq!(refusal("adopt r1 2 3"), "`adopt` has no use for `3`; see --help");
    assert_eq!(refusal("progress r1 log --from x"), "`x` is no index of an item");
    assert!(refusal("purge").contains("needs `--older-than TIME`"));
    assert!(refusal("purge --older-than soon").contains("`soon` is no time, such as `30d`"));
    assert!(refusal("purge --older-than 1d --state running").contains("not purged"));
    assert!(refusal("run --input").contains("missing argument"));
    assert!(refusal("--json list").contains("--json"));
    assert!(refusal("run -i x").contains("-i"));
}
