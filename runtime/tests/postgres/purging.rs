//! Purges beside what lives: nobody waits for one, one is at work at a time, and the tables stay as
//! large as what they hold.

use std::sync::Arc;
use std::time::Duration;

use flowcrate::postgres::PostgresStore;
use flowcrate::store::{Purge, Reply, Store, StoreError, Transaction};
use flowcrate::testkit::Cluster;
use flowcrate::testkit::conformance::Probe;
use flowcrate::{
    Client, Context, Engine, PurgeFilter, Result, StepContext, StepError, Timestamp, step, workflow,
};
use futures_util::future::join_all;

use crate::kit::{block_on, options};

#[step]
async fn repeat(_: StepContext, text: String) -> Result<String, StepError> {
    Ok(text)
}

/// Three steps over a text.
#[workflow(name = "thrice", revision = "1")]
async fn thrice(ctx: Context, text: String) -> Result<usize> {
    let text = repeat(&ctx, text).key("a").await?;
    let text = repeat(&ctx, text).key("b").await?;
    Ok(repeat(&ctx, text).key("c").await?.len())
}

async fn engine(store: &PostgresStore) -> Engine {
    let builder = Engine::builder().store(store.clone()).register(Thrice);
    builder.linger(Duration::ZERO).build().await.unwrap()
}

async fn run_all(engine: &Engine, text: &str, many: usize) {
    let runs = (0..many).map(|number| {
        let start = engine.start(Thrice, text.to_owned()).tag("part", (number % 7).to_string());
        async { start.await.unwrap().result().await.unwrap() }
    });
    join_all(runs).await;
}

fn all() -> PurgeFilter {
    PurgeFilter { keys: Duration::ZERO, ..PurgeFilter::older_than(Duration::ZERO) }
}

async fn purge(store: &PostgresStore) -> Result<flowcrate::store::Purged, StoreError> {
    let (reply, purged) = Reply::channel();
    store.submit(Transaction::Purge(Box::new(Purge::before(Timestamp(i64::MAX))), reply));
    purged.await
}

/// What a transaction holds that has stopped in the middle.
struct Held(&'static Cluster, String);

impl Held {
    fn new(cluster: &'static Cluster, takes: &str) -> Self {
        let mark = Cluster::schema();
        let text = format!("BEGIN; {takes}; SELECT pg_sleep(60), '{mark}'");
        // It ends by being cut.
        std::thread::spawn(move || std::panic::catch_unwind(|| cluster.sql(&text)));
        let held = Self(cluster, mark);
        while held.sessions("pid").is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        held
    }

    fn sessions(&self, of: &str) -> Vec<Vec<Option<String>>> {
        let mark = &self.1;
        self.0.sql(&format!(
            "SELECT {of} FROM pg_stat_activity
             WHERE query LIKE '%{mark}%' AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()"
        ))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.sessions("pg_terminate_backend(pid)");
        while !self.sessions("pid").is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_purge_passes_over_what_others_hold() {
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    block_on(async {
        let store = options(&schema).open().await.unwrap();
        let engine = engine(&store).await;
        run_all(&engine, "a", 3).await;
        let first = format!("SELECT 1 FROM \"{schema}\".run ORDER BY n LIMIT 1 FOR UPDATE");
        let held = Held::new(cluster, &first);
        assert_eq!(purge(&store).await.unwrap().runs, 2);
        drop(held);
        // Nor does a run wait while another one is at it.
        let held = Held::new(
            cluster,
            &format!(
                "SELECT pg_advisory_xact_lock(hashtext('flowcrate purge'), hashtext('{schema}'))"
            ),
        );
        assert_eq!(purge(&store).await, Err(StoreError::Busy));
        run_all(&engine, "b", 2).await;
        drop(held);
        assert_eq!(engine.client().purge(all()).await.unwrap(), 3);
        engine.shutdown().await;
    });
}

/// Two ask for the same, while others run: each run goes once, and nothing of it is left.
#[test]
fn two_purges_share_the_work() {
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    block_on(async {
        let store = options(&schema).open().await.unwrap();
        let other = options(&schema).open().await.unwrap();
        let engine = engine(&store).await;
        run_all(&engine, "a", 300).await;
        let client = |store: &PostgresStore| Client::new(Arc::new(store.clone()));
        let (one, two) = (client(&store), client(&other));
        let (one, two, ()) = futures_util::future::join3(
            one.purge(all()),
            two.purge(all()),
            run_all(&engine, "b", 40),
        )
        .await;
        let rest = engine.client().purge(all()).await.unwrap();
        assert_eq!(one.unwrap() + two.unwrap() + rest, 340);
        engine.shutdown().await;
    });
    for table in ["run", "entry", "event", "progress", "tag", "start_key", "purged"] {
        let left = cluster.sql(&format!("SELECT count(*) FROM \"{schema}\".{table}"));
        assert_eq!(left[0][0].as_deref(), Some("0"), "{table}");
    }
}

/// A run of ten thousand entries goes in parts, and is gone with the first.
#[test]
fn a_large_run_goes_in_parts() {
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    let store = block_on(options(&schema).open()).unwrap();
    block_on(async {
        let engine = engine(&store).await;
        run_all(&engine, "a", 2).await;
        engine.shutdown().await;
    });
    cluster.sql(&format!(
        "INSERT INTO \"{schema}\".entry (run, path, sealed, kind, status, attempts, forgiven, issued,
                                         started_at)
         SELECT 1, 'i' || i, true, 'step', 3, 1, 0, 0, 0 FROM generate_series(1, 10000) AS i"
    ));
    let probe = Probe::new(store);
    let mut turns = 0;
    let mut asked = Purge::before(Timestamp(i64::MAX));
    loop {
        let purged = probe.purge(asked.clone());
        turns += 1;
        assert_eq!(purged.runs, if turns == 1 { 2 } else { 0 });
        asked.after = purged.next;
        if purged.next.is_none() {
            break;
        }
    }
    assert!((4..10).contains(&turns), "{turns} turns");
}

/// Bytes of all tables and of all their indexes.
fn sizes(cluster: &Cluster, schema: &str) -> (u64, u64) {
    let rows = cluster.sql(&format!(
        "SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid)) FROM pg_class
         WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r'"
    ));
    let number = |at: usize| rows[0][at].as_deref().unwrap().parse().unwrap();
    (number(0), number(1))
}

/// What the database would do by itself within a minute or two.
fn vacuum(cluster: &Cluster, schema: &str) {
    for table in ["run", "entry", "event", "progress", "tag", "start_key", "purged"] {
        cluster.sql(&format!("VACUUM \"{schema}\".{table}"));
    }
}

/// `FLOWCRATE_ROUNDS=60` looks longer.
#[test]
fn tables_with_a_purge_behind_stay_as_large_as_what_they_hold() {
    let rounds: usize =
        std::env::var("FLOWCRATE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(8);
    // A server of its own: what is gone is not free as long as anybody may still look at it.
    let (cluster, schema) = (&Cluster::start(), Cluster::schema());
    let large: String =
        (0..3_000).map(|n: u32| n.wrapping_mul(2_654_435_761).to_string()).collect();
    let mut all_sizes = Vec::new();
    block_on(async {
        let options = PostgresStore::options(cluster.address()).schema(&schema);
        let store = options.open().await.unwrap();
        let engine = engine(&store).await;
        for _ in 0..rounds {
            let before = store.now();
            run_all(&engine, "small", 200).await;
            run_all(&engine, &large, 10).await;
            // All but those of this round.
            let mut asked = Purge { keys_before: before, ..Purge::before(before) };
            loop {
                let (reply, purged) = Reply::channel();
                store.submit(Transaction::Purge(Box::new(asked.clone()), reply));
                asked.after = purged.await.unwrap().next;
                if asked.after.is_none() {
                    break;
                }
            }
            vacuum(cluster, &schema);
            all_sizes.push(sizes(cluster, &schema));
        }
        engine.shutdown().await;
    });
    println!("bytes of tables, of indexes: {all_sizes:?}");
    let (settled, last) = (all_sizes[3], all_sizes[rounds - 1]);
    assert!(last.0 * 10 <= settled.0 * 12, "the tables grew from {} to {}", settled.0, last.0);
    assert!(last.1 * 10 <= settled.1 * 12, "the indexes grew from {} to {}", settled.1, last.1);
}
