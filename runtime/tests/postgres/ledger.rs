//! Effects as the world sees them: a file to which every body that begins appends a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flowcrate::store::{Query, Reply, Store};
use flowcrate::{
    Context, EntryStatus, Result, RunId, RunState, StepContext, StepError, join, step, workflow,
};
use serde_json::Value;

/// Where bodies append.
pub(crate) fn file(place: &Path) -> PathBuf {
    place.join("ledger")
}

/// Appends a line in one write: they do not mix. A kill amid it leaves a part of one where it comes
/// to the end of a page; so each begins on a line of its own, and says where it is whole.
fn note(place: &Path, line: &str) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new().create(true).append(true).open(file(place))?;
    file.write_all(format!("\n{line}").as_bytes())
}

/// Notes that it has begun, and takes its time. A clock that jumps ends an attempt early.
#[step(retry(max_attempts = 10, initial = "5ms"))]
pub(crate) async fn effect(
    step: StepContext,
    (place, lasts): (PathBuf, u64),
) -> Result<String, StepError> {
    let key = step.idempotency_key();
    let (run, path) = (step.run_id(), step.path());
    let (epoch, attempt, process) = (step.epoch(), step.attempt(), std::process::id());
    note(&place, &format!("{run} {path} {key} {epoch} {attempt} {process} .\n"))
        .map_err(|error| StepError::fatal("ledger", "it cannot be written").caused_by(&error))?;
    tokio::time::sleep(Duration::from_millis(lasts)).await;
    Ok(outcome(run, path, (epoch, attempt)))
}

/// What an execution of [`effect`] comes to: it tells which one it was.
fn outcome(run: RunId, path: &str, (epoch, attempt): (u64, u32)) -> String {
    format!("{run}/{path} in epoch {epoch}, attempt {attempt}")
}

/// Effects one after the other and side by side, with a pause between, after which whoever comes
/// first goes on.
#[workflow(name = "busy", revision = "1")]
pub(crate) async fn busy(ctx: Context, place: PathBuf) -> Result<Vec<String>> {
    let mut all = vec![effect(&ctx, (place.clone(), 30)).key("first").await?];
    ctx.sleep("pause", Duration::from_millis(20)).await?;
    let both = (
        effect(&ctx, (place.clone(), 50)).key("left"),
        effect(&ctx, (place.clone(), 1)).key("right"),
    );
    let (left, right) = join(both).await?;
    all.extend([left, right]);
    let body = async |ctx: Context, place: PathBuf, _| effect(&ctx, (place, 20)).await;
    all.extend(ctx.for_each("each", vec![place.clone(), place.clone()], 2, body).await?);
    all.push(effect(&ctx, (place, 10)).key("last").await?);
    Ok(all)
}

/// What a run of [`busy`] begins.
pub(crate) const EFFECTS: usize = 6;

/// One that lasts, between two that do not.
#[workflow(name = "slow", revision = "1")]
pub(crate) async fn slow(ctx: Context, (place, lasts): (PathBuf, u64)) -> Result<String> {
    effect(&ctx, (place.clone(), 0)).key("first").await?;
    effect(&ctx, (place.clone(), lasts)).key("long").await?;
    effect(&ctx, (place, 0)).key("last").await
}

/// An execution of a body.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) run: RunId,
    pub(crate) path: String,
    pub(crate) key: String,
    /// The epoch of the run when it began, and which attempt it is.
    pub(crate) life: (u64, u32),
    pub(crate) process: u32,
}

impl Execution {
    /// Whether an output is what this one came to.
    fn made(&self, output: Option<&Value>) -> bool {
        let outcome = outcome(self.run, &self.path, self.life);
        output.and_then(Value::as_str) == Some(&*outcome)
    }
}

/// All that have begun.
pub(crate) fn executions(place: &Path) -> Vec<Execution> {
    let text = std::fs::read_to_string(file(place)).unwrap_or_default();
    let execution = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        // Whoever was killed as it wrote the line has not come to its effect.
        let [run, path, key, epoch, attempt, process, "."] = words[..] else { return None };
        Some(Execution {
            run: run.parse().unwrap(),
            path: path.to_owned(),
            key: key.to_owned(),
            life: (epoch.parse().unwrap(), attempt.parse().unwrap()),
            process: process.parse().unwrap(),
        })
    };
    text.lines().filter_map(execution).collect()
}

/// The process in which a body began last. It reads the end of the file alone.
pub(crate) fn latest(place: &Path) -> Option<u32> {
    let mut file = File::open(file(place)).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(512))).ok()?;
    let mut tail = String::new();
    file.read_to_string(&mut tail).ok()?;
    tail.lines().next_back()?.rsplit(' ').nth(1)?.parse().ok()
}

/// Asks a store and waits.
pub(crate) async fn ask<T: Send + 'static>(
    store: &dyn Store,
    query: impl FnOnce(Reply<T>) -> Query,
) -> T {
    let (reply, answer) = Reply::channel();
    store.query(query(reply));
    answer.await.unwrap()
}

/// Holds journals against the ledger: each run has completed, each effect happened, and none began
/// again once its outcome was recorded. How many executions there were beyond the first.
///
/// No clock is asked. A worker that was taken over may begin a body at any later time, since it is
/// stopped where its machine stops it, and fencing stops writes alone (R21); but in the epoch that
/// it had. So an outcome is that of the last attempt in the latest epoch in which its body began,
/// which was once.
pub(crate) async fn balance(store: &dyn Store, place: &Path, runs: usize) -> usize {
    let rows = ask(store, |reply| Query::Runs(Box::default(), reply)).await;
    assert_eq!(rows.len(), runs, "runs are lost");
    let mut by_step: BTreeMap<(RunId, String), Vec<Execution>> = BTreeMap::new();
    for execution in executions(place) {
        by_step.entry((execution.run, execution.path.clone())).or_default().push(execution);
    }
    let mut effects = 0;
    for row in rows {
        assert_eq!(row.state, RunState::Completed, "{row:?}");
        let run = row.id;
        let journal = ask(store, |reply| Query::Journal(run, reply)).await.unwrap();
        let steps = journal.iter().filter(|entry| entry.path.contains("effect"));
        for entry in steps {
            assert_eq!(entry.status, EntryStatus::Completed);
            let of_step = by_step.remove(&(run, entry.path.to_string())).unwrap_or_default();
            let output = entry.output.as_ref().and_then(|output| output.decode().ok());
            is_of_the_last(&of_step, output.as_ref());
            effects += of_step.len() - 1;
        }
    }
    assert!(by_step.is_empty(), "effects without an outcome: {by_step:?}");
    effects
}

/// Makes sure that an outcome is that of the last of its executions, and that no two are one.
pub(crate) fn is_of_the_last(executions: &[Execution], output: Option<&Value>) {
    let lives: BTreeSet<_> = executions.iter().map(|one| one.life).collect();
    assert_eq!(lives.len(), executions.len(), "it began twice in one attempt: {executions:?}");
    let last = executions.iter().max_by_key(|one| one.life);
    let Some(last) = last else { panic!("an outcome without its effect: {output:?}") };
    assert!(last.made(output), "it began again: {executions:?} beside {output:?}");
    assert!(executions.iter().all(|one| one.key == last.key), "{executions:?}");
}
