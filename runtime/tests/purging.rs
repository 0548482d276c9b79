//! Runs that have ended are taken away: by engines that were given a retention, across crashes,
//! and so that the file stays as large as what it holds.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowcrate::sqlite::SqliteStore;
use flowcrate::store::{
    End, Entry, EntryStatus, MemoryStore, NewRun, Next, Purge, RunWrite, Store,
};
use flowcrate::testkit::conformance::Probe;
use flowcrate::testkit::{Fault, FaultStore, SimClock};
use flowcrate::{
    Client, Context, Definition, Engine, Payload, PurgeFilter, Result, Retention, RunFilter, RunId,
    RunState, StepContext, StepError, Timestamp, WaitEvent, WorkerId, Workflow, step,
};
use futures_util::future::{LocalBoxFuture, join_all};

#[step]
async fn repeat(_: StepContext, text: String) -> Result<String, StepError> {
    Ok(text)
}

/// Three steps over a text, under one of two names; `wait` waits for ever.
#[derive(Clone)]
struct Thrice(&'static str);

impl Workflow for Thrice {
    type Input = String;
    type Output = usize;

    fn definition(&self) -> Definition {
        let (name, revision) = (self.0.to_owned(), "1".to_owned());
        let events = vec![flowcrate::EventDef { name: "go".to_owned() }];
        Definition { name, revision, events, ..Definition::default() }
    }

    fn run(&self, ctx: Context, input: String) -> LocalBoxFuture<'static, Result<usize>> {
        Box::pin(async move {
            if input == "wait" {
                let _: usize = ctx.wait_event("go", WaitEvent::new("go")).received().await?;
            }
            let mut text = input;
            for _ in 0..3 {
                text = repeat(&ctx, text).await?;
            }
            Ok(text.len())
        })
    }
}

fn block_on<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap().block_on(test)
}

async fn run_all(engine: &Engine, workflow: &Thrice, input: &str, many: usize) -> Vec<RunId> {
    let starts = (0..many).map(|_| engine.start(workflow.clone(), input.to_owned()).into_future());
    let handles = join_all(starts).await.into_iter().map(Result::unwrap);
    let done = handles.map(|handle| async move {
        handle.result().await.unwrap();
        handle.id()
    });
    join_all(done).await
}

async fn listed(client: &Client) -> Vec<RunId> {
    let page = client.runs(RunFilter::default(), None).await.unwrap();
    page.items.iter().map(|run| run.id).collect()
}

async fn until_listed(client: &Client, wanted: &[RunId]) {
    let since = Instant::now();
    loop {
        let mut listed = listed(client).await;
        listed.sort_unstable();
        if listed == wanted {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{listed:?} instead of {wanted:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn an_engine_keeps_runs_for_as_long_as_it_was_told() {
    let instant = Duration::from_millis(1);
    let directory = tempfile::tempdir().unwrap();
    let file: Arc<dyn Store> = Arc::new(SqliteStore::open(directory.path().join("j.db")).unwrap());
    let shared = MemoryStore::new().shared(Duration::from_mins(1));
    for store in [file, Arc::new(shared)] {
        let store = &store;
        let with = |retention| {
            let builder = Engine::builder().shared_store(Arc::clone(store));
            let builder = builder.register(Thrice("audit")).register(Thrice("orders"));
            builder.retention(retention).build()
        };
        block_on(async {
            // Nothing goes unless somebody says so.
            let engine = with(Retention::default()).await.unwrap();
            let audit = run_all(&engine, &Thrice("audit"), "a", 2).await;
            run_all(&engine, &Thrice("orders"), "b", 20).await;
            let open = engine.start(Thrice("orders"), "wait".to_owned()).await.unwrap().id();
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(listed(&engine.client()).await.len(), 23);
            engine.shutdown().await;

            let retention = Retention::of(instant).for_ever("audit").workflow("orders", instant);
            let engine = with(retention).await.unwrap();
            let mut kept = [audit.clone(), vec![open]].concat();
            kept.sort_unstable();
            until_listed(&engine.client(), &kept).await;
            // It goes on, whoever looks; and what ends later goes later.
            run_all(&engine, &Thrice("orders"), "c", 3).await;
            until_listed(&engine.client(), &kept).await;
            engine.shutdown().await;

            let engine = with(Retention::of(instant).of_the_whole_store()).await.unwrap();
            until_listed(&engine.client(), &[open]).await;
            engine.shutdown().await;
        });
    }
}

#[test]
fn one_of_many_engines_looks() {
    let shared = MemoryStore::new().shared(Duration::from_mins(1));
    let counted: Vec<FaultStore> =
        (0..4).map(|_| FaultStore::new(Arc::new(shared.clone()))).collect();
    block_on(async {
        let mut engines = Vec::new();
        for store in &counted {
            // Looked for once an hour.
            let retention = Retention::of(Duration::from_hours(24));
            let builder = Engine::builder().store(store.clone()).register(Thrice("orders"));
            engines.push(builder.retention(retention).build().await.unwrap());
        }
        let probe = Probe::new(shared.clone());
        let next = loop {
            if let Some(next) = probe.next_fire("!retention/orders") {
                break next.at.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        // The others have time to look, too.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let ahead = next.0 - shared.now().0;
        assert!((3_500_000..=3_600_000).contains(&ahead), "{ahead}");
        for engine in engines {
            engine.kill();
        }
    });
}

/// A run of many entries, in a file or elsewhere.
fn large_run<S: Store>(store: &Probe<S>, worker: WorkerId, key: &str) -> RunId {
    let input = Payload::from_json(format!("\"{}\"", "x".repeat(100_000)));
    let hash = input.hash();
    let run = NewRun {
        owner: Some(worker),
        key: Some(key.to_owned()),
        tags: [("a".to_owned(), "b".to_owned())].into(),
        ..NewRun::new("orders", "1", input, hash, Timestamp(1_000))
    };
    store.start(run.clone());
    let entry = |n: u64| Entry {
        status: EntryStatus::Completed,
        seq: Some(n),
        ended_at: Some(Timestamp(1_000)),
        ..Entry::new(format!("i[{n}]").as_str(), "step", EntryStatus::Completed, Timestamp(1_000))
    };
    let end = End {
        state: RunState::Completed,
        output: None,
        failure: None,
        at: Timestamp(2_000),
        may_undo: false,
    };
    let entries = (0..4_500).map(entry).collect();
    store.write(RunWrite { entries, ..RunWrite::new(run.id, 1, Next::End(end)) });
    run.id
}

/// So many purges as there are, from where the last one stopped; how many runs went.
async fn purge_all(store: &Arc<dyn Store>) -> Result<u64> {
    let client = Client::new(Arc::clone(store));
    let filter = PurgeFilter { keys: Duration::ZERO, ..PurgeFilter::older_than(Duration::ZERO) };
    client.purge(filter).await
}

#[test]
fn a_crash_amid_a_purge_leaves_no_half_of_a_run() {
    let mut point = 1;
    let mut points = 0;
    loop {
        let mut crashed = false;
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("journal.db");
            let worker = WorkerId::new();
            let (runs, live) = {
                let store = Probe::new(SqliteStore::open(&path).unwrap());
                store.open(worker);
                let runs: Vec<RunId> =
                    ["k1", "k2"].map(|key| large_run(&store, worker, key)).to_vec();
                let live = NewRun {
                    owner: Some(worker),
                    ..NewRun::new(
                        "orders",
                        "1",
                        Payload::null(),
                        Payload::null().hash(),
                        Timestamp(1),
                    )
                };
                store.start(live.clone());
                (runs, live.id)
            };
            block_on(async {
                let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path).unwrap());
                let faulty = FaultStore::new(store).with(point, fault);
                let through: Arc<dyn Store> = Arc::new(faulty.clone());
                let purged = std::pin::pin!(purge_all(&through));
                let dead = std::pin::pin!(faulty.crashed());
                crashed = matches!(
                    futures_util::future::select(purged, dead).await,
                    futures_util::future::Either::Right(_)
                );
            });
            until_closed(&path);
            assert_eq!(SqliteStore::check(&path).unwrap(), Vec::<String>::new());
            let store = Probe::new(SqliteStore::open(&path).unwrap());
            // What is there is whole, and what is gone is gone for good.
            for (run, key) in runs.iter().zip(["k1", "k2"]) {
                let journal = store.journal(*run).map(|entries| entries.len());
                assert!(journal.is_none_or(|entries| entries == 4_500), "{journal:?}");
                let by_key = RunFilter { key: Some(key.to_owned()), ..RunFilter::default() };
                assert_eq!(store.runs(by_key).len(), usize::from(journal.is_some()));
            }
            assert!(store.run(live).is_some());
            let mut left = Purge::before(Timestamp(10_000));
            loop {
                left.after = store.purge(left.clone()).next;
                if left.after.is_none() {
                    break;
                }
            }
            assert!(runs.iter().all(|run| store.run(*run).is_none()));
            assert_eq!(store.runs(RunFilter::default()).len(), 1);
            drop(store);
            assert_eq!(SqliteStore::check(&path).unwrap(), Vec::<String>::new());
            assert_eq!(rows(&path), [1, 0, 0, 0, 0, 0], "run, entry, tag, key, use, purged");
        }
        if !crashed {
            break;
        }
        points += 1;
        point += 1;
    }
    // Two runs of 4,500 entries, 2,000 rows at a time.
    assert!(points >= 4, "{points} points");
}

/// Waits until nobody drives a file: the thread of a purge that is given up ends a moment later.
fn until_closed(path: &Path) {
    let since = Instant::now();
    while SqliteStore::is_driven(path) {
        assert!(since.elapsed() < Duration::from_secs(10), "the file is held");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until nothing lies there that nobody points to.
async fn until_swept(path: &Path) {
    let since = Instant::now();
    let unused = "SELECT count(*) FROM blob WHERE address NOT IN (SELECT address FROM blob_use)";
    loop {
        let file = rusqlite::Connection::open(path).unwrap();
        if file.query_row(unused, [], |row| row.get::<_, u64>(0)).unwrap() == 0 {
            return;
        }
        assert!(since.elapsed() < Duration::from_mins(1), "nobody sweeps");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn rows(path: &Path) -> [u64; 6] {
    let file = rusqlite::Connection::open(path).unwrap();
    ["run", "entry", "tag", "start_key", "blob_use", "purged"].map(|table| {
        let count = format!("SELECT count(*) FROM {table}");
        file.query_row(&count, [], |row| row.get(0)).unwrap()
    })
}

/// Pages of a file, and how many of them are free.
fn pages(path: &Path) -> (u64, u64) {
    let file = rusqlite::Connection::open(path).unwrap();
    let number = |pragma| file.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
    (number("page_count"), number("freelist_count"))
}

#[test]
fn a_file_with_a_purge_behind_stays_as_large_as_what_it_holds() {
    let rounds: usize =
        std::env::var("FLOWCRATE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(8);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let clock = SimClock::at(Timestamp(1_700_000_000_000));
    let options = SqliteStore::options().clock(clock.clone());
    let store = options.synchronous(flowcrate::sqlite::Synchronous::Normal).open(&path).unwrap();
    let large = "x".repeat(70_000);
    let mut sizes = Vec::new();
    block_on(async {
        let builder = Engine::builder().store(store).register(Thrice("orders"));
        let engine = builder.linger(Duration::ZERO).build().await.unwrap();
        for _ in 0..rounds {
            run_all(&engine, &Thrice("orders"), "small", 200).await;
            // Each in a blob of its own.
            let text = format!("{large}{}", sizes.len());
            run_all(&engine, &Thrice("orders"), &text, 10).await;
            clock.advance(Duration::from_hours(2));
            engine.client().purge(PurgeFilter::older_than(Duration::from_hours(3))).await.unwrap();
            until_swept(&path).await;
            sizes.push(pages(&path));
        }
        engine.shutdown().await;
    });
    println!("pages, free pages: {sizes:?}");
    // Two rounds' worth is there at a time, and one more until its purge.
    // A leak would be a blob (18 pages) each round.
    let (settled, last) = (sizes[3].0, sizes[rounds - 1].0);
    assert!(last <= settled + 40, "it grew from {settled} to {last} pages");
    assert_eq!(SqliteStore::check(&path).unwrap(), Vec::<String>::new());
}
