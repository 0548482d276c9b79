//! Workers that are processes of their own: stopped, continued, killed at random.
//!
//! The process is this test's own binary, started again for the one test that is the program.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flowcrate::postgres::{self, PostgresStore};
use flowcrate::store::{Query, Store, Work};
use flowcrate::testkit::Cluster;
use flowcrate::{Context, Engine, Result, RunFilter, RunState, StepError, workflow};

use crate::engines::start;
use crate::kit::{block_on, options};
use crate::ledger::{Busy, Slow, ask, balance, effect, executions, latest};
use crate::outages::settle;

/// Where the program's journal is; only a program has it.
const PLACE: &str = "FLOWCRATE_TEST_DATABASE";

/// A run that has not ended.
const OPEN: [RunState; 3] = [RunState::Pending, RunState::Running, RunState::Waiting];

const LEASE: Duration = Duration::from_millis(1_500);

#[test]
#[ignore = "the program that the other tests start, stop and kill"]
fn the_program() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let (address, schema) = place.split_once('|').unwrap();
    block_on(async {
        let store = PostgresStore::options(address).schema(schema).lease(LEASE);
        let store = store.open().await.unwrap();
        let builder = Engine::builder().store(store).register(Busy).register(Slow);
        let builder = builder.register(Paid).register(TwoAtATime);
        let _engine = builder.linger(Duration::ZERO).build().await.unwrap();
        std::future::pending::<()>().await;
    });
}

/// A worker; killed with the test.
struct Worker(Child);

impl Worker {
    fn new(schema: &str) -> Self {
        let place = format!("{}|{schema}", Cluster::shared().address());
        let program = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::the_program", "--ignored"])
            .env(PLACE, place)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(program)
    }

    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SIGKILL: nothing of it runs any more.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Everything that a run's rows say.
async fn rows(store: &PostgresStore, run: flowcrate::RunId) -> String {
    let loaded = ask(store, |reply| Query::Load(run, reply)).await;
    let journal = ask(store, |reply| Query::Journal(run, reply)).await;
    format!("{loaded:?} {journal:?}")
}

/// (e) A worker that is stopped past its lease and continued writes nothing of what was taken
/// over, though its body comes to its end.
#[test]
fn promise_e_a_worker_that_was_stopped_writes_nothing_after_the_takeover() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let schema = Cluster::schema();
    block_on(async {
        let store = options(&schema).lease(LEASE).open().await.unwrap();
        let zombie = Worker::new(&schema);
        // Long enough that the stop falls into it, however late it comes.
        let run = start_slow(&store, place, 2_500).await;
        until(|| executions(place).len() >= 2).await;
        zombie.signal("-STOP");
        let heir = Worker::new(&schema);
        let handle = flowcrate::Client::new(std::sync::Arc::new(store.clone())).handle::<Slow>(run);
        handle.result().await.unwrap();
        let before = rows(&store, run).await;
        zombie.signal("-CONT");
        tokio::time::sleep(LEASE * 2).await;
        assert_eq!(rows(&store, run).await, before);
        // Both began the body, with one key; one of them told of its outcome.
        let long: Vec<_> =
            executions(place).into_iter().filter(|one| one.path.contains("long")).collect();
        assert!(long.len() >= 2, "{long:?}");
        assert!(long.iter().all(|one| one.key == long[0].key), "{long:?}");
        assert_eq!(long[0].process, zombie.0.id());
        assert!(long[1..].iter().all(|one| one.process == heir.0.id()), "{long:?}");
        // It is a worker like any other again.
        drop(heir);
        let next = start(&store, place).await;
        let next = flowcrate::Client::new(std::sync::Arc::new(store.clone())).handle::<Busy>(next);
        next.result().await.unwrap();
        drop(zombie);
    });
}

/// Pays in the application's table, says so, and takes its time before the commit.
fn pay(place: PathBuf, app: String) -> Work<u32> {
    postgres::work(async move |tx| {
        let process = std::process::id();
        let insert = format!("INSERT INTO \"{app}\".payment VALUES ($1)");
        tx.execute(&insert, &[&i64::from(process)]).await?;
        std::fs::write(place.join(process.to_string()), "")
            .map_err(|error| StepError::fatal("place", "it cannot be written").caused_by(&error))?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(process)
    })
}

#[workflow(name = "paid", revision = "1")]
async fn paid(ctx: Context, (place, app): (PathBuf, String)) -> Result<u32> {
    ctx.transaction("pay", pay(place, app)).await
}

/// (e) A worker that is stopped between BEGIN and COMMIT, past its lease: its heir goes on, and
/// what the stopped one had written in that transaction never comes to be.
#[test]
fn promise_e_a_worker_that_was_stopped_amid_a_transaction_commits_nothing() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    let app = format!("{schema}_app");
    cluster.sql(&format!("CREATE SCHEMA \"{app}\"; CREATE TABLE \"{app}\".payment (by bigint)"));
    let payments = || cluster.sql(&format!("SELECT by FROM \"{app}\".payment"));
    block_on(async {
        let store = options(&schema).lease(LEASE).open().await.unwrap();
        let zombie = Worker::new(&schema);
        let run = start_as(&store, "paid", &(place, &app)).await;
        let began = |worker: &Worker| place.join(worker.0.id().to_string()).exists();
        until(|| began(&zombie)).await;
        zombie.signal("-STOP");
        assert!(payments().is_empty(), "it was stopped too late");
        let heir = Worker::new(&schema);
        let client = flowcrate::Client::new(std::sync::Arc::new(store.clone()));
        assert_eq!(client.handle::<Paid>(run).result().await.unwrap(), heir.0.id());
        let (before, paid) = (rows(&store, run).await, payments());
        assert_eq!(paid, [[Some(heir.0.id().to_string())]]);
        zombie.signal("-CONT");
        tokio::time::sleep(LEASE * 2).await;
        assert_eq!((rows(&store, run).await, payments()), (before, paid));
        drop(heir);
        // It is a worker like any other again.
        let next = start_as(&store, "paid", &(place, &app)).await;
        assert_eq!(client.handle::<Paid>(next).result().await.unwrap(), zombie.0.id());
        assert_eq!(payments().len(), 2);
    });
}

/// Two effects; two such runs of a key are at work at a time.
#[workflow(name = "two-at-a-time", revision = "1", limit(concurrency = 2))]
async fn two_at_a_time(ctx: Context, place: PathBuf) -> Result<String> {
    effect(&ctx, (place.clone(), 5)).key("first").await?;
    effect(&ctx, (place, 10)).key("last").await
}

/// How many lanes of such runs there are.
const LANES: usize = 3;

/// The most slots that are taken of a lane just now.
fn slots(schema: &str) -> u64 {
    let asked = format!(
        "SELECT coalesce(max(taken), 0) FROM (
           SELECT count(DISTINCT slot) AS taken FROM \"{schema}\".run
           WHERE slot IS NOT NULL GROUP BY lane) AS lanes"
    );
    let rows = tokio::task::block_in_place(|| Cluster::shared().sql(&asked));
    rows[0][0].as_deref().and_then(|text| text.parse().ok()).unwrap()
}

async fn until(is_so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < limit, "it does not come so far");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn start_slow(store: &PostgresStore, place: &Path, lasts: u64) -> flowcrate::RunId {
    start_as(store, "slow", &(place, lasts)).await
}

async fn start_as(
    store: &PostgresStore,
    workflow: &str,
    input: &impl serde::Serialize,
) -> flowcrate::RunId {
    start_in_lane(store, workflow, input, None).await.0
}

/// Starts a run that no worker owns yet; whether it stands in line.
async fn start_in_lane(
    store: &PostgresStore,
    workflow: &str,
    input: &impl serde::Serialize,
    lane: Option<usize>,
) -> (flowcrate::RunId, bool) {
    use flowcrate::store::{NewRun, Reply, Started, Transaction};
    let input = flowcrate::Payload::encode(input).unwrap();
    let hash = input.canonical().unwrap().hash();
    let limit_key = lane.map(|lane| lane.to_string());
    let run = NewRun { limit_key, ..NewRun::new(workflow, "1", input, hash, store.now()) };
    let id = run.id;
    let (reply, started) = Reply::channel();
    store.submit(Transaction::Start(Box::new(run), reply));
    let started = started.await.unwrap();
    assert!(matches!(started, Started::New | Started::InLine), "{started:?}");
    (id, started == Started::InLine)
}

/// Four workers are killed at random, and others come in their place: no run is lost, no outcome
/// is there twice, no effect begins after its outcome, no limit is passed, no slot is lost. A minute, or ten with `FLOWCRATE_LONG=1`.
#[test]
fn four_workers_killed_at_random_lose_nothing() {
    let long = std::env::var_os("FLOWCRATE_LONG").is_some();
    let time = Duration::from_secs(if long { 600 } else { 60 });
    let place = tempfile::tempdir().unwrap();
    let schema = Cluster::schema();
    block_on(async {
        let store = options(&schema).lease(LEASE).open().await.unwrap();
        let mut workers: Vec<Worker> = (0..4).map(|_| Worker::new(&schema)).collect();
        let (begun, mut runs, mut kills, mut dice) = (Instant::now(), 0, 0, 7_u64);
        let mut in_line = 0;
        while begun.elapsed() < time {
            // No more than get on: what only waits for a worker shows nothing.
            let open = RunFilter { states: OPEN.to_vec(), limit: 150, ..RunFilter::default() };
            if ask(&store, |reply| Query::Runs(Box::new(open), reply)).await.len() < 150 {
                for _ in 0..24 {
                    start(&store, place.path()).await;
                    runs += 1;
                }
                for lane in 0..LANES {
                    let place = place.path();
                    let (_, waits) =
                        start_in_lane(&store, "two-at-a-time", &place, Some(lane)).await;
                    in_line += usize::from(waits);
                    runs += 1;
                }
            }
            assert!(slots(&schema) <= 2, "{} slots are taken", slots(&schema));
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            tokio::time::sleep(Duration::from_millis((dice >> 33) % 120)).await;
            // Every other one dies amid a body, the rest wherever it is: a quick machine has
            // nothing under way most of the time.
            let latest = latest(place.path()).filter(|_| (dice >> 41).is_multiple_of(2));
            let amid = latest.and_then(|one| workers.iter().position(|of| of.0.id() == one));
            let victim = amid.unwrap_or_else(|| usize::try_from((dice >> 50) % 4).unwrap());
            workers[victim] = Worker::new(&schema);
            kills += 1;
            tokio::time::sleep(Duration::from_millis(150 + (dice >> 45) % 300)).await;
        }
        assert_eq!(settle(&store).await, runs);
        let again = balance(&store, place.path(), runs).await;
        println!("{kills} kills, {runs} runs ({in_line} in line), {again} effects begun again");
        assert_eq!(slots(&schema), 0, "somebody has a slot still");
        // But for those that came before the first worker had said that there is a limit.
        assert!(in_line * 2 > runs / (24 + LANES) * LANES, "{in_line} of {runs} stood in line");
        assert!(kills >= 20, "only {kills} kills");
        // Kills cut bodies short, or the test shows nothing; each what was under way in one process.
        assert!(again > 0, "no kill has cut anything short");
        assert!(again <= kills * 100, "{again} effects begun again after {kills} kills");
    });
}
