//! Commands that drive runs: `run` and `resume`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::journal::{self, Journal};
use super::stop::Stop;
use super::{Host, Trouble, render};
use crate::RunId;
use crate::client::{Client, RunView};
use crate::driver::Engine;
use crate::error::{Error, Result};
use crate::sqlite::SqliteStore;
use crate::store::{Query, Refusal, Reply, RunFilter, RunState, Store as _};

/// What is due within this time is worked for by `resume`; what is due later is waited for.
const SOON: Duration = Duration::from_mins(1);
/// How often `resume` looks whether anything is left to do.
const LOOK: Duration = Duration::from_millis(100);

/// Starts a run, or joins the one that has its key, and follows it to its end.
pub(super) async fn run(
    host: Host,
    journal: &Journal,
    input: Value,
    key: Option<String>,
) -> Result<(), Trouble> {
    let stop = Stop::listen();
    let definition = host.definition.clone();
    let Some(store) = journal.driver()? else {
        return run_as_client(&host, journal, &input, key, stop).await;
    };
    let engine = journal::engine(host, &store).await?;
    let handle = engine.start_value(&definition.name, &definition.revision, input, key).await;
    let handle = match handle {
        Ok(handle) => handle,
        Err(error) => {
            engine.shutdown().await;
            return Err(error.into());
        }
    };
    eprintln!("run {}", handle.id());
    let followed = stop.unless_told(follow(&engine.client(), handle.id())).await;
    engine.shutdown().await;
    report(followed)
}

/// Another process drives the journal: the run is started through it, and watched from here.
async fn run_as_client(
    host: &Host,
    journal: &Journal,
    input: &Value,
    key: Option<String>,
    stop: Stop,
) -> Result<(), Trouble> {
    let gone = || Trouble::failed(format!("{}: the journal is gone", journal.name()));
    let store = journal.client()?.ok_or_else(gone)?;
    let at = store.now();
    let mut run = journal::new_run((&host.definition, host.fingerprint), input, key, at)?;
    run.limit_key = (host.limit_key)(input);
    let id = journal::start(&store, run).await?;
    eprintln!("run {id} (driven by the process that has the journal open)");
    report(stop.unless_told(follow(&journal::client(&store), id)).await)
}

/// Follows a run until it ends or pauses, and says what it waits for meanwhile.
async fn follow(client: &Client, run: RunId) -> Result<RunView> {
    let mut watch = client.watch(run);
    let mut said = Vec::new();
    let mut last = None;
    let mut forgiven = false;
    while let Some(view) = watch.next().await? {
        if last.is_none() {
            journal::tell_of_changes([&view]);
        }
        if !forgiven && is_crash_loop(&view) {
            forgiven = true;
            client.resume(run).await?;
            continue;
        }
        if view.state.is_final() || view.state == RunState::Paused {
            return Ok(view);
        }
        if view.waiting_for != said {
            for waiting in &view.waiting_for {
                eprintln!("{}", render::waiting(waiting));
            }
            said.clone_from(&view.waiting_for);
        }
        last = Some(view);
    }
    last.ok_or(Error::UnknownRun(run))
}

/// Whether a run is paused because its worker died again and again. Whoever starts the program by
/// hand has seen that, and asks for one more try.
fn is_crash_loop(view: &RunView) -> bool {
    view.state == RunState::Paused
        && view.failure.as_ref().is_some_and(|failure| failure.code == "crash_loop")
}

/// Prints how a run ended.
fn report(followed: Option<Result<RunView>>) -> Result<(), Trouble> {
    let Some(view) = followed.transpose()? else {
        return Err(Trouble::failed("stopped; `resume` lets the run go on"));
    };
    match view.state {
        RunState::Completed => render::print_json(&view.output.unwrap_or_default()),
        RunState::Cancelled => Err(Trouble::failed("the run was cancelled")),
        _ => Err(Trouble::failed(render::detail(&view))),
    }
}

/// Drives all unfinished runs until each has ended or only waits.
pub(super) async fn resume(host: Host, journal: &Journal) -> Result<(), Trouble> {
    let stop = Stop::listen();
    let Some(store) = journal.driver()? else {
        let name = journal.name();
        return Err(Trouble::failed(format!("{name}: another process drives these runs already")));
    };
    // A run that only waits shows it by leaving memory, which need not take long here.
    let engine = journal::engine_with(host, &store, |builder| builder.linger(LOOK)).await?;
    let client = engine.client();
    let worked = async {
        let runs = unfinished(&client).await?;
        journal::tell_of_changes(runs.values());
        for run in runs.values().filter(|run| run.state == RunState::Paused) {
            client.resume(run.id).await?;
        }
        work_off(&engine, &store, runs).await
    };
    let worked = stop.unless_told(worked).await;
    engine.shutdown().await;
    let Some(runs) = worked.transpose()? else {
        return Err(Trouble::failed("stopped; `resume` lets the runs go on"));
    };
    let bad = |run: &RunView| {
        matches!(run.state, RunState::Failed | RunState::Cancelled | RunState::Paused)
    };
    let failed = runs.iter().filter(|run| bad(run)).count();
    render::print(&render::runs(&runs))?;
    match failed {
        0 => Ok(()),
        1 => Err(Trouble::failed("one run did not complete")),
        many => Err(Trouble::failed(format!("{many} runs did not complete"))),
    }
}

/// All unfinished runs, those that were called or started by others among them.
pub(super) async fn unfinished(client: &Client) -> Result<BTreeMap<RunId, RunView>> {
    use RunState::{Paused, Pending, Running, Waiting};
    let states = vec![Pending, Running, Waiting, Paused];
    let filter = RunFilter { states, ..RunFilter::default() };
    let page = client.runs(filter, None).await?;
    Ok(page.items.into_iter().map(|run| (run.id, run)).collect())
}

/// Waits until no run has anything to do within a minute, those that are called meanwhile among
/// them; gives the runs as they stand then. Those that others wait for are told of by these.
async fn work_off(
    engine: &Engine,
    store: &SqliteStore,
    runs: BTreeMap<RunId, RunView>,
) -> Result<Vec<RunView>> {
    let client = engine.client();
    let mut forgiven = BTreeSet::new();
    let mut told = BTreeSet::new();
    loop {
        let mut busy = false;
        for run in unfinished(&client).await?.into_values() {
            if !is_ours(engine, &run) {
                if told.insert(run.id) {
                    eprintln!("{}", render::stranded(&run));
                }
                continue;
            }
            if is_crash_loop(&run) && forgiven.insert(run.id) {
                client.resume(run.id).await?;
                busy = true;
            } else {
                busy |= is_busy(store, run.id).await?;
            }
        }
        if !busy {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let mut views = Vec::with_capacity(runs.len());
    for run in runs.into_values().filter(|run| !is_awaited(run)) {
        views.extend(client.run(run.id).await?);
    }
    Ok(views)
}

/// Whether a run can go on here: in its own revision, or in one that adopts it and has not been
/// found not to fit.
fn is_ours(engine: &Engine, run: &RunView) -> bool {
    let refuses = |refusal: &Refusal| engine.has(&run.workflow, &refusal.revision);
    engine.has(&run.workflow, &run.revision)
        || (engine.serves(&run.workflow, &run.revision)
            && !run.refusal.as_ref().is_some_and(refuses))
}

/// Whether another run waits for its end.
fn is_awaited(run: &RunView) -> bool {
    run.parent.as_ref().is_some_and(|parent| parent.awaited)
}

/// Whether a run has something to do now or soon. A run that only waits has no owner; it gives
/// its owner up only if it has seen all of its mail.
async fn is_busy(store: &SqliteStore, run: RunId) -> Result<bool> {
    let (reply, answer) = Reply::channel();
    store.query(Query::Run(run, reply));
    let (row, _) = answer.await?.ok_or(Error::UnknownRun(run))?;
    let soon = i64::try_from(SOON.as_millis()).unwrap_or(i64::MAX);
    let soon = store.now().0.saturating_add(soon);
    Ok(match row.state {
        RunState::Pending | RunState::Running => true,
        RunState::Waiting => {
            row.owner.is_some() || row.ready || row.wake_at.is_some_and(|at| at.0 <= soon)
        }
        _ => false,
    })
}
