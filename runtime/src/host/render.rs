//! Runs and journals as text and as JSON.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::{Value, json};

use super::Trouble;
use crate::client::{Client, EntryView, EventView, LimitView, RunView, WaitingFor};
use crate::error::Result;
use crate::ids::RunId;
use crate::store::RunState;

/// The most of a value that a line of a table shows, in characters.
const WIDTH: usize = 100;

/// Writes to standard output. A reader that went away, such as `head`, is no failure.
pub(super) fn print(text: &str) -> std::result::Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Trouble::failed(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a value as indented JSON.
pub(super) fn print_json(value: &Value) -> std::result::Result<(), Trouble> {
    print(&format!("{value:#}\n"))
}

/// Everything that there is to show of a run.
pub(super) struct Shown {
    pub(super) run: RunView,
    pub(super) entries: Vec<EntryView>,
    /// What it last let others see of itself.
    pub(super) published: Option<Value>,
    /// Events that no wait of it has taken.
    pub(super) unconsumed: Vec<EventView>,
}

impl Shown {
    /// What there is to show of a run, if it is there.
    pub(super) async fn of(client: &Client, run: RunId) -> Result<Option<Self>> {
        let Some(view) = client.run(run).await? else { return Ok(None) };
        Ok(Some(Self {
            run: view,
            entries: client.journal(run).await?,
            published: client.published(run).await?,
            unconsumed: client.unconsumed(run).await?,
        }))
    }
}

/// A run as JSON, with all that there is to show of it.
pub(super) fn shown_json(shown: &Shown) -> Value {
    let mut value = run_json(&shown.run);
    value["response"] = json!(shown.run.response);
    value["published"] = json!(shown.published);
    value["unconsumed"] = json!(shown.unconsumed);
    value["steps"] = json!(shown.entries);
    value
}

/// A run as JSON.
pub(super) fn run_json(run: &RunView) -> Value {
    json!({
        "id": run.id,
        "workflow": run.workflow,
        "revision": run.revision,
        "key": run.key,
        "status": run.state,
        "input": run.input,
        "output": run.output,
        "error": run.failure,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "limit": run.limit,
        "waiting_for": run.waiting_for,
    })
}

/// A table of runs.
pub(super) fn runs(runs: &[RunView]) -> String {
    let row = |run: &RunView| {
        vec![
            run.id.to_string(),
            run.state.as_str().to_owned(),
            run.started_at.to_string(),
            detail(run),
        ]
    };
    table(&runs.iter().map(row).collect::<Vec<_>>())
}

/// A run and its journal.
pub(super) fn run(Shown { run, entries, published, unconsumed }: &Shown) -> String {
    let mut text = format!("run {} of {}\n", run.id, run.workflow);
    let mut line = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<9} {value}");
    };
    line("revision", run.revision.clone());
    run.key.iter().for_each(|key| line("key", key.clone()));
    line("status", run.state.as_str().to_owned());
    line("started", run.started_at.to_string());
    run.ended_at.iter().for_each(|at| line("ended", at.to_string()));
    line("input", run.input.to_string());
    run.output.iter().for_each(|output| line("output", output.to_string()));
    run.failure.iter().for_each(|failure| line("error", failure.to_string()));
    run.limit.iter().for_each(|limit| line("limit", self::limit(limit)));
    run.waiting_for.iter().for_each(|waiting| line("now", self::waiting(waiting)));
    run.response.iter().for_each(|response| line("answered", response.to_string()));
    if let Some(published) = published {
        line("published", published.to_string());
    }
    for event in unconsumed {
        line("unread", self::event(event));
    }
    text.push('\n');
    let row = |entry: &EntryView| {
        let value = match (&entry.error, &entry.output) {
            (Some(error), _) => format!("{} [{}]", error.message, error.code),
            (None, Some(output)) => shortened(&output.to_string()),
            (None, None) => String::new(),
        };
        let status = format!("{:?}", entry.status).to_lowercase();
        let attempts = match entry.attempts {
            0 | 1 => String::new(),
            many => format!("{many} attempts"),
        };
        vec![entry.path.clone(), entry.kind.clone(), status, attempts, value]
    };
    text.push_str(&table(&entries.iter().map(row).collect::<Vec<_>>()));
    text
}

/// An event that nobody has taken.
fn event(event: &EventView) -> String {
    let key = event.key.as_ref().map(|key| format!(", key `{key}`")).unwrap_or_default();
    format!("event `{}`{key}: {}", event.name, shortened(&event.payload.to_string()))
}

/// What there is to say of a run in one line, by its state.
pub(super) fn detail(run: &RunView) -> String {
    let failure = || run.failure.as_ref().map(ToString::to_string).unwrap_or_default();
    match run.state {
        RunState::Completed => {
            shortened(&run.output.as_ref().map(Value::to_string).unwrap_or_default())
        }
        RunState::Failed => failure(),
        RunState::Paused => format!("paused: {}", failure()),
        _ => {
            let in_line = run.limit.iter().filter(|limit| limit.waits).map(limit);
            let waits = in_line.chain(run.waiting_for.iter().map(waiting));
            waits.collect::<Vec<_>>().join("; ")
        }
    }
}

/// How a run stands with its limit, as a sentence.
fn limit(limit: &LimitView) -> String {
    let key = if limit.key.is_empty() { String::new() } else { format!(", key `{}`", limit.key) };
    let stands = match limit.slot {
        _ if limit.waits => "waits for a slot",
        Some(_) => "has a slot",
        None => "has no slot",
    };
    format!("{stands} of `{}`{key}", limit.name)
}

/// That a run cannot go on here.
pub(super) fn stranded(run: &RunView) -> String {
    let mut text = format!("run {} waits for a program with revision {}", run.id, run.revision);
    if let Some(refusal) = &run.refusal {
        // Writing to a String cannot fail.
        let _ = write!(text, "; revision {} cannot: {}", refusal.revision, refusal.failure);
    }
    text
}

/// What a run waits for, as a sentence.
pub(super) fn waiting(waiting: &WaitingFor) -> String {
    let mut text = match (&waiting.event, &waiting.error) {
        (Some(event), _) => format!("waits for event `{event}` at {}", waiting.path),
        (None, Some(error)) => {
            format!("will try {} again after: {} [{}]", waiting.path, error.message, error.code)
        }
        (None, None) => format!("waits at {}", waiting.path),
    };
    if let Some(key) = &waiting.key {
        let _ = write!(text, ", key `{key}`");
    }
    if let Some(due) = &waiting.due {
        let _ = write!(text, ", until {due}");
    }
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Rows with their columns aligned; the last one runs free.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "é", "free text"], ["bbb", "cc", ""]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(table(&rows), "a    é   free text\nbbb  cc\n");
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn a_wait_says_what_for() {
        let mut waiting_for = WaitingFor {
            path: "ship/wait".into(),
            kind: "wait_event@1".into(),
            event: Some("shipped".into()),
            key: Some("42".into()),
            due: Some(crate::Timestamp(0)),
            ..WaitingFor::default()
        };
        let text = waiting(&waiting_for);
        assert_eq!(
            text,
            "waits for event `shipped` at ship/wait, key `42`, until 1970-01-01T00:00:00.000Z"
        );
        waiting_for.event = None;
        waiting_for.key = None;
        assert_eq!(waiting(&waiting_for), "waits at ship/wait, until 1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn long_values_are_shortened_between_characters() {
        assert_eq!(shortened("short"), "short");
        let long = "é".repeat(200);
        assert_eq!(shortened(&long).chars().count(), WIDTH + 1);
    }
}
