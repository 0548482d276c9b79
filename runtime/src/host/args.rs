//! The command line: what was asked for, and the help that says what can be.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use words::{Word, Words};

use crate::store::RunState;

mod words;

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
    /// Approve or reject what a run asks.
    Answer {
        run: String,
        name: String,
        approve: bool,
        by: Option<String>,
        form: Option<String>,
        key: Option<String>,
        id: Option<String>,
    },
    /// Let a run go on in another revision, this program's unless one is named.
    Adopt {
        run: String,
        revision: Option<String>,
    },
    /// What bodies have appended to one of a run's progress streams.
    Progress {
        run: String,
        stream: String,
        from: u64,
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
    /// Take away runs that ended long ago.
    Purge {
        older_than: Duration,
        workflow: Option<String>,
        states: Vec<RunState>,
    },
    /// Read the whole journal and say what is wrong with it.
    CheckJournal,
    /// Serve triggers and drive runs until told to stop.
    Serve {
        listen: String,
        retention: Option<Duration>,
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
    by: Option<String>,
    form: Option<String>,
    from: Option<String>,
    reason: Option<String>,
    older_than: Option<String>,
    workflow: Option<String>,
    states: Vec<String>,
    retention: Option<String>,
    json: bool,
}

/// Reads the arguments that follow the program's name.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, String> {
    let mut words = Words::new(args);
    let name = match words.next()? {
        Some(Word::Short('h')) | None => return Ok(bare(Command::Help)),
        Some(Word::Short('V')) => return Ok(bare(Command::Version)),
        Some(Word::Long(name)) if name == "help" => return Ok(bare(Command::Help)),
        Some(Word::Long(name)) if name == "version" => return Ok(bare(Command::Version)),
        Some(Word::Value(name)) => text(name)?,
        Some(Word::Long(option)) => return Err(misplaced(&format!("--{option}"))),
        Some(Word::Short(option)) => return Err(misplaced(&format!("-{option}"))),
    };
    if name == "help" {
        return Ok(bare(Command::Help));
    }
    let accepted = accepted(&name).ok_or_else(|| unknown_command(&name))?;
    let Some(options) = options(&mut words, &name, accepted)? else {
        return Ok(bare(Command::Help));
    };
    command(&name, options)
}

fn bare(command: Command) -> Invocation {
    Invocation { command, data: PathBuf::new() }
}

/// The commands, and the options of each.
const COMMANDS: [(&str, &[&str]); 17] = [
    ("run", &["input", "key"]),
    ("resume", &[]),
    ("list", &["json"]),
    ("show", &["json"]),
    ("explain", &["json"]),
    ("progress", &["from"]),
    ("event", &["key", "id"]),
    ("approve", &["by", "form", "key", "id"]),
    ("reject", &["by", "form", "key", "id"]),
    ("purge", &["older-than", "state", "workflow"]),
    ("check-journal", &[]),
    ("cancel", &["reason"]),
    ("terminate", &["reason"]),
    ("pause", &["reason"]),
    ("fork", &["input"]),
    ("adopt", &[]),
    ("serve", &["listen", "retention"]),
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
    words: &mut Words<impl Iterator<Item = OsString>>,
    name: &str,
    accepted: &[&str],
) -> Result<Option<Options>, String> {
    let mut options = Options::default();
    while let Some(word) = words.next()? {
        let option = match word {
            Word::Short('h') => return Ok(None),
            Word::Long(option) if option == "help" => return Ok(None),
            Word::Value(value) => {
                options.positional.push(text(value)?);
                continue;
            }
            Word::Long(option) => option,
            Word::Short(option) => return Err(misplaced(&format!("-{option}"))),
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
        let value = words.value()?;
        match option.as_str() {
            "data" => options.data = Some(value),
            "dir" => options.directory = Some(value.into()),
            "input" => options.input = Some(value.into()),
            "reason" => options.reason = Some(text(value)?),
            "key" => options.key = Some(text(value)?),
            "id" => options.id = Some(text(value)?),
            "by" => options.by = Some(text(value)?),
            "form" => options.form = Some(text(value)?),
            "from" => options.from = Some(text(value)?),
            "older-than" => options.older_than = Some(text(value)?),
            "workflow" => options.workflow = Some(text(value)?),
            "state" => options.states.push(text(value)?),
            "retention" => options.retention = Some(text(value)?),
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
        "approve" | "reject" => Command::Answer {
            run: take("the id of a run")?,
            name: take("the name of the event by which the run asks")?,
            approve: name == "approve",
            by: options.by.take(),
            form: options.form.take(),
            key: options.key.take(),
            id: options.id.take(),
        },
        "progress" => Command::Progress {
            run: take("the id of a run")?,
            stream: take("the name of a stream")?,
            from: index(options.from.as_deref())?,
        },
        "adopt" => Command::Adopt { run: take("the id of a run")?, revision: take("").ok() },
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
        "purge" => Command::Purge {
            older_than: period(options.older_than.as_deref())?
                .ok_or("`purge` needs `--older-than TIME`, such as 30d")?,
            workflow: options.workflow.take(),
            states: options
                .states
                .iter()
                .map(|name| final_state(name))
                .collect::<Result<_, _>>()?,
        },
        "check-journal" => Command::CheckJournal,
        _ => Command::Serve {
            listen: options.listen.take().unwrap_or_else(|| DEFAULT_LISTEN.to_owned()),
            retention: period(options.retention.as_deref())?,
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

/// The index of an item of a stream.
fn index(text: Option<&str>) -> Result<u64, String> {
    text.map_or(Ok(0), |text| text.parse().map_err(|_| format!("`{text}` is no index of an item")))
}

/// A length of time, such as `30d` or `1h 30m`.
fn period(text: Option<&str>) -> Result<Option<Duration>, String> {
    let parse = |text: &str| {
        text.parse::<crate::Duration>()
            .map(|period| period.0)
            .map_err(|error| format!("`{text}` is no time, such as `30d`: {error}"))
    };
    text.map(parse).transpose()
}

/// The state of runs that have ended.
fn final_state(name: &str) -> Result<RunState, String> {
    RunState::from_name(name).filter(|state| state.is_final()).ok_or_else(|| {
        format!("runs in state `{name}` are not purged, but `completed`, `failed` and `cancelled`")
    })
}

fn text(value: OsString) -> Result<String, String> {
    value.into_string().map_err(|value| format!("`{}` is not UTF-8", value.to_string_lossy()))
}

fn misplaced(option: &str) -> String {
    format!("no option `{option}` here; see --help")
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
  show RUN [--json]               a run and its journal, what it answered and published, and the
                                  events that it has not taken
  explain RUN [--json]            what a run waits for, and how it came there
  progress RUN STREAM [--from N]  what steps have appended to a progress stream, from item N on
  event RUN NAME --data JSON      send an event to a run; `-` is standard input
        [--key K] [--id ID]       key: which wait is meant; id: sent again, it counts once
  approve RUN NAME [--by WHO]     approve what a run asks by the event NAME
        [--form JSON] [--key K] [--id ID]
  reject RUN NAME                 reject it; with the same options
  cancel RUN [--reason TEXT]      cancel a run: it cleans up after itself
  terminate RUN [--reason TEXT]   end a run at once: nothing is cleaned up
  pause RUN [--reason TEXT]       let a run stand still, once what runs has finished
  fork RUN PATH [--input JSON]    start a run that shares what RUN had done before PATH, and goes on
                                  from there; with another input for the step at PATH, if given
  adopt RUN [REVISION]            let a run go on in another revision, if its journal fits that one:
                                  in that of this program unless REVISION says otherwise
  purge --older-than TIME         take away runs that ended so long ago, such as 30d; prints how many
        [--state S]... [--workflow W]  only completed, failed or cancelled ones; only of W
  check-journal                   read the whole journal; prints what is wrong with it
  serve [--listen ADDR]           take webhooks, fire schedules and drive runs, until SIGTERM;
        [--retention TIME]        ADDR is {DEFAULT_LISTEN} unless given; runs that ended are kept
                                  for so long, for ever unless it is given

Every command takes --data DIR, the journal's directory ({DEFAULT_DATA} unless given here or in
{DATA_VARIABLE}); for `event`, where --data is the payload, it is --dir DIR.
Exit codes: 0 fine, 1 the run failed, 2 wrong use.
"
    )
}

#[cfg(test)]
mod tests;
