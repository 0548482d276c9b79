//! Commands that ask the journal or send to a run: `list`, `show`, `event`, `adopt` and the like.

use std::time::Duration;

use serde_json::{Value, json};

use super::args::Control;
use super::journal::{self, Journal};
use super::render::Shown;
use super::{Host, Trouble, input, render};
use crate::RunId;
use crate::client::{Answer, Client, Fork, SendEvent};
use crate::error::Error;
use crate::store::{Ask, RunFilter};

/// How long `adopt` waits for a worker that tries the run.
const TRIED_WITHIN: Duration = Duration::from_secs(10);

/// All runs, newest first.
pub(super) async fn list(journal: &Journal, json: bool) -> Result<(), Trouble> {
    let runs = match journal.client()? {
        Some(store) => journal::client(&store).runs(RunFilter::default(), None).await?.items,
        None => Vec::new(),
    };
    if json {
        let runs = runs.iter().map(render::run_json).collect();
        return render::print_json(&runs);
    }
    if runs.is_empty() {
        eprintln!("no runs in {}", journal.name());
    }
    render::print(&render::runs(&runs))
}

/// One run with its journal.
pub(super) async fn show(journal: &Journal, run: &str, json: bool) -> Result<(), Trouble> {
    let (client, id) = find(journal, run)?;
    let shown = Shown::of(&client, id).await?.ok_or(Error::UnknownRun(id))?;
    if json {
        return render::print_json(&render::shown_json(&shown));
    }
    render::print(&render::run(&shown))
}

/// Why a run stands where it stands.
pub(super) async fn explain(
    host: &Host,
    journal: &Journal,
    run: &str,
    json: bool,
) -> Result<(), Trouble> {
    let (client, id) = find(journal, run)?;
    let explanation = (host.check)(client).explain(id).await?;
    if json {
        return render::print_json(&serde_json::json!(explanation));
    }
    render::print(&explanation.to_string())
}

/// An event as it stands on the command line.
pub(super) struct Event {
    pub(super) run: String,
    pub(super) name: String,
    pub(super) payload: String,
    pub(super) key: Option<String>,
    pub(super) id: Option<String>,
}

/// Sends an event.
pub(super) async fn send(host: &Host, journal: &Journal, event: Event) -> Result<(), Trouble> {
    let text = match event.payload.as_str() {
        "-" => input::read("-".as_ref()).map_err(Trouble::misuse)?,
        text => text.as_bytes().to_vec(),
    };
    let payload = input::json(&text)
        .map_err(|refusal| Trouble::misuse(format!("the event's data is {refusal}")))?;
    let (client, run) = find(journal, &event.run)?;
    let options = SendEvent { key: event.key, event_id: event.id };
    (host.check)(client).send_event(run, &event.name, payload, options).await?;
    tell_if_idle(journal);
    Ok(())
}

/// Reads the whole journal and says what is wrong with it.
pub(super) fn check(journal: &Journal) -> Result<(), Trouble> {
    let found = journal.check()?;
    match found.len() {
        0 => render::print(&format!("{}: nothing is wrong", journal.name())),
        many => {
            render::print(&found.join("\n"))?;
            Err(Trouble::failed(format!("{}: {many} things are wrong", journal.name())))
        }
    }
}

/// Asks something of a run.
pub(super) async fn control(
    journal: &Journal,
    run: &str,
    control: Control,
    reason: Option<String>,
) -> Result<(), Trouble> {
    let (client, run) = find(journal, run)?;
    match control {
        Control::Cancel => client.cancel(run, reason).await?,
        Control::Pause => client.pause(run, reason).await?,
        Control::Resume => client.resume(run).await?,
        // Over at once, whoever drives it.
        Control::Terminate => return Ok(client.terminate(run, reason).await?),
    }
    tell_if_idle(journal);
    Ok(())
}

/// An answer as it stands on the command line.
pub(super) struct Answering {
    pub(super) run: String,
    pub(super) name: String,
    pub(super) approve: bool,
    pub(super) by: Option<String>,
    pub(super) form: Option<String>,
    pub(super) key: Option<String>,
    pub(super) id: Option<String>,
}

/// Approves or rejects what a run asks.
pub(super) async fn answer(
    host: &Host,
    journal: &Journal,
    answering: Answering,
) -> Result<(), Trouble> {
    let Answering { run, name, approve, by, form, key, id } = answering;
    let form = form.map(|form| input::json(form.as_bytes())).transpose();
    let form = form.map_err(|refusal| Trouble::misuse(format!("the form is {refusal}")))?;
    let answer = by.map_or_else(Answer::default, Answer::by).form(form.unwrap_or_default());
    let answer = key.into_iter().fold(answer, Answer::key);
    let answer = id.into_iter().fold(answer, Answer::event_id);
    let (client, run) = find(journal, &run)?;
    let client = (host.check)(client);
    if approve {
        client.approve(run, &name, answer).await?;
    } else {
        client.reject(run, &name, answer).await?;
    }
    tell_if_idle(journal);
    Ok(())
}

/// Lets a run go on in another revision; where some process drives it, waits for what comes of
/// that.
pub(super) async fn adopt(
    host: &Host,
    journal: &Journal,
    run: &str,
    revision: Option<String>,
) -> Result<(), Trouble> {
    let revision = revision.unwrap_or_else(|| host.definition.revision.clone());
    let (client, run) = find(journal, run)?;
    if !journal.is_driven() {
        client.ask(run, Ask::Adopt(revision.into()), ()).await?;
        tell_if_idle(journal);
        return Ok(());
    }
    let adopted = tokio::time::timeout(TRIED_WITHIN, client.adopt(run, revision.as_str())).await;
    let Ok(adopted) = adopted else {
        eprintln!("accepted; no worker has tried revision {revision} yet: `explain` tells");
        return Ok(());
    };
    Ok(adopted?)
}

/// What bodies have appended to a progress stream: an item a line, as JSON.
pub(super) async fn progress(
    journal: &Journal,
    run: &str,
    stream: &str,
    from: u64,
) -> Result<(), Trouble> {
    let (client, run) = find(journal, run)?;
    let items = client.stream(run, stream).from(from).items::<Value>().await?;
    items.iter().try_for_each(|item| render::print(&format!("{}\n", json!(item))))
}

/// Starts a fork; prints its id.
pub(super) async fn fork(
    journal: &Journal,
    run: &str,
    path: String,
    input: Option<String>,
) -> Result<(), Trouble> {
    let input = input.map(|text| input::json(text.as_bytes())).transpose();
    let input =
        input.map_err(|refusal| Trouble::misuse(format!("the step's input is {refusal}")))?;
    let (client, run) = find(journal, run)?;
    let id = client.fork(run, Fork { path, input }).await?;
    render::print(&format!("{id}\n"))?;
    tell_if_idle(journal);
    Ok(())
}

fn find(journal: &Journal, run: &str) -> Result<(Client, RunId), Trouble> {
    let id = run.parse().map_err(|_| {
        Trouble::misuse(format!("`{run}` is not the id of a run; `list` shows the ids"))
    })?;
    match journal.client()? {
        Some(store) => Ok((journal::client(&store), id)),
        None => Err(Error::UnknownRun(id).into()),
    }
}

fn tell_if_idle(journal: &Journal) {
    if !journal.is_driven() {
        eprintln!("accepted; no process drives this journal now: `resume` lets the run go on");
    }
}
