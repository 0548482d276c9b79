//! The command line: what was asked for, and the help that says what can be.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

/// Where `serve` listens unless told otherwise.
pub(super) const DEFAULT_LISTEN: &str = "127.0.0.1:7800";
/// The directory of the journal unless told otherwise.
const DEFAULT_DATA: &str = ".flowcrate";
/// The environment variable that replaces it.
const DATA_VARIABLE: &str = "FLOWCRATE_DATA";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Start a run, or join the one that has its key, and drive it to its end.
    Run {
        input: PathBuf,
        key: Option<String>,
    },
    /// Drive every unfinished run until it ends or only waits.
    Resume,
    /// Ask something of one run.
    Control {
        run: String,
        control: Control,
        reason: Option<String>,
    },
    /// Start a run that shares the beginning of another.
    Fork {
        run: String,
        path: String,
        input: Option<String>,
    },
    /// All runs.
    List {
        json: bool,
    },
    /// One run with its journal.
    Show {
        run: String,
        json: bool,
    },
    Explain {
        run: String,
        json: bool,
    },
    /// Send an event.
    Event {
        run: String,
        name: String,
        payload: String,
        key: Option<String>,
        id: Option<String>,
    },
    /// Read the whole journal and say what is wrong with it.
    CheckJournal,
    /// Serve triggers and drive runs until told to stop.
    Serve {
        listen: String,
    },
    /// Print the help.
    Help,
    /// Print name and version.
    Version,
}

/// What is asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Cancel,
    Terminate,
    Pause,
    Resume,
}

/// A command and where its journal lies.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) command: Command,
    pub(super) data: PathBuf,
}

/// Every option that any command takes; which of them fit is decided per command.
#[derive(Default)]
struct Options {
    positional: Vec<String>,
    data: Option<OsString>,
    directory: Option<PathBuf>,
    input: Option<PathBuf>,
    key: Option<String>,
    id: Option<String>,
    listen: Option<String>,
    reason: Option<String>,
    json: bool,
}

/// Reads the arguments that follow the program's name.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, String> {
    let mut parser = lexopt::Parser::from_args(args);
    let name = match parser.next().map_err(message)? {
        Some(Long("help") | Short('h')) | None => return Ok(bare(Command::Help)),
        Some(Long("version") | Short('V')) => return Ok(bare(Command::Version)),
        Some(Value(name)) => text(name)?,
        Some(other) => return Err(message(other.unexpected())),
    };
    if name == "help" {
        return Ok(bare(Command::Help));
    }
    let accepted = accepted(&name).ok_or_else(|| unknown_command(&name))?;
    let Some(options) = options(&mut parser, &name, accepted)? else {
        return Ok(bare(Command::Help));
    };
    command(&name, options)
}

fn bare(command: Command) -> Invocation {
    Invocation { command, data: PathBuf::new() }
}

/// The commands, and the options of each.
const COMMANDS: [(&str, &[&str]); 12] = [
    ("run", &["input", "key"]),
    ("resume", &[]),
    ("list", &["json"]),
    ("show", &["json"]),
    ("explain", &["json"]),
    ("event", &["key", "id"]),
    ("check-journal", &[]),
    ("cancel", &["reason"]),
    ("terminate", &["reason"]),
    ("pause", &["reason"]),
    ("fork", &["input"]),
    ("serve", &["listen"]),
];

fn accepted(name: &str) -> Option<&'static [&'static str]> {
    COMMANDS.iter().find(|(command, _)| *command == name).map(|(_, options)| *options)
}

fn unknown_command(name: &str) -> String {
    let names: Vec<&str> = COMMANDS.iter().map(|(command, _)| *command).collect();
    format!("unknown command `{name}`, expected one of {}", names.join(", "))
}

/// Collects options and positionals; `None` where help is asked for.
fn options(
    parser: &mut lexopt::Parser,
    name: &str,
    accepted: &[&str],
) -> Result<Option<Options>, String> {
    let mut options = Options::default();
    while let Some(argument) = parser.next().map_err(message)? {
        let option = match argument {
            Long("help") | Short('h') => return Ok(None),
            Value(value) => {
                options.positional.push(text(value)?);
                continue;
            }
            Long(option) => option.to_owned(),
            Short(_) => return Err(message(argument.unexpected())),
        };
        let known =
            ["data", "dir"].contains(&option.as_str()) || accepted.contains(&option.as_str());
        if !known {
            return Err(format!("`{name}` takes no option `--{option}`; see --help"));
        }
        if option == "json" {
            options.json = true;
            continue;
        }
        let value = parser.value().map_err(message)?;
        match option.as_str() {
            "data" => options.data = Some(value),
            "dir" => options.directory = Some(value.into()),
            "input" => options.input = Some(value.into()),
            "reason" => options.reason = Some(text(value)?),
            "key" => options.key = Some(text(value)?),
            "id" => options.id = Some(text(value)?),
            _ => options.listen = Some(text(value)?),
        }
    }
    Ok(Some(options))
}

fn command(name: &str, mut options: Options) -> Result<Invocation, String> {
    let positional = std::mem::take(&mut options.positional);
    let mut positional = positional.into_iter().peekable();
    let is_bare = positional.peek().is_none();
    let mut take =
        |what: &str| positional.next().ok_or_else(|| format!("`{name}` needs {what}; see --help"));
    let command = match name {
        "run" => Command::Run {
            input: options
                .input
                .take()
                .ok_or("`run` needs `--input FILE` (`-` is standard input)")?,
            key: options.key.take(),
        },
        "resume" if is_bare => Command::Resume,
        "list" => Command::List { json: options.json },
        "show" => Command::Show { run: take("the id of a run")?, json: options.json },
        "explain" => Command::Explain { run: take("the id of a run")?, json: options.json },
        "event" => Command::Event {
            run: take("the id of a run")?,
            name: take("the name of the event")?,
            // Here `--data` is the event's payload; the directory goes by `--dir` alone.
            payload: text(options.data.take().ok_or("`event` needs `--data JSON`")?)?,
            key: options.key.take(),
            id: options.id.take(),
        },
        "cancel" | "terminate" | "pause" | "resume" => {
            let control = match name {
                "cancel" => Control::Cancel,
                "terminate" => Control::Terminate,
                "pause" => Control::Pause,
                _ => Control::Resume,
            };
            Command::Control {
                run: take("the id of a run")?,
                control,
                reason: options.reason.take(),
            }
        }
        "fork" => Command::Fork {
            run: take("the id of a run")?,
            path: take("the path of an entry")?,
            // JSON on the command line, unlike the input file of `run`.
            input: options.input.take().map(|input| text(input.into_os_string())).transpose()?,
        },
        "check-journal" => Command::CheckJournal,
        _ => Command::Serve {
            listen: options.listen.take().unwrap_or_else(|| DEFAULT_LISTEN.to_owned()),
        },
    };
    if let Some(surplus) = positional.next() {
        return Err(format!("`{name}` has no use for `{surplus}`; see --help"));
    }
    let data = options
        .directory
        .or(options.data.map(PathBuf::from))
        .or_else(|| std::env::var_os(DATA_VARIABLE).map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA));
    Ok(Invocation { command, data })
}

fn text(value: OsString) -> Result<String, String> {
    value.into_string().map_err(|value| format!("`{}` is not UTF-8", value.to_string_lossy()))
}

#[allow(clippy::needless_pass_by_value, reason = "it is used as a function of map_err")]
fn message(error: lexopt::Error) -> String {
    format!("{error}; see --help")
}

/// The help text.
pub(super) fn help(workflow: &str) -> String {
    format!(
        "\
Runs the workflow {workflow} durably: what it has done is journaled, and a run that was
interrupted, even by kill -9, goes on where it stood.

Usage: {workflow} COMMAND

  run --input FILE [--key K]      start a run and drive it to its end; prints its output as JSON.
                                  FILE is JSON, `-` is standard input. With the same key and
                                  input again, the run that has this key goes on
  resume                          drive all unfinished runs until they end or only wait
  resume RUN                      let a paused run go on
  list [--json]                   all runs, newest first
  show RUN [--json]               a run and its journal
  explain RUN [--json]            what a run waits for, and how it came there
  event RUN NAME --data JSON      send an event to a run; `-` is standard input
        [--key K] [--id ID]       key: which wait is meant; id: sent again, it counts once
  cancel RUN [--reason TEXT]      cancel a run: it cleans up after itself
  terminate RUN [--reason TEXT]   end a run at once: nothing is cleaned up
  pause RUN [--reason TEXT]       let a run stand still, once what runs has finished
  fork RUN PATH [--input JSON]    start a run that shares what RUN had done before PATH, and goes on
                                  from there; with another input for the step at PATH, if given
  check-journal                   read the whole journal; prints what is wrong with it
  serve [--listen ADDR]           take webhooks, fire schedules and drive runs, until SIGTERM;
                                  ADDR is {DEFAULT_LISTEN} unless given

Every command takes --data DIR, the journal's directory ({DEFAULT_DATA} unless given here or in
{DATA_VARIABLE}); for `event`, where --data is the payload, it is --dir DIR.
Exit codes: 0 fine, 1 the run failed, 2 wrong use.
"
    )
}

#[cfg(test)]
mod tests {
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
        let fork = Command::Fork { run: "r1".into(), path: "a/b".into(), input: Some("3".into()) };
        assert_eq!(command("fork r1 a/b --input 3"), fork);
        assert_eq!(command("serve"), Command::Serve { listen: DEFAULT_LISTEN.into() });
        assert_eq!(command("serve --listen [::1]:0"), Command::Serve { listen: "[::1]:0".into() });
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
        assert!(refusal("run --input").contains("missing argument"));
        assert!(refusal("--json list").contains("--json"));
        assert!(refusal("run -i x").contains("-i"));
    }
}
