//! What is read of the tables, however much lies in them.

use std::time::Duration;

use flowcrate::postgres::PostgresStore;
use flowcrate::store::Query;
use flowcrate::testkit::Cluster;
use flowcrate::{Engine, RunCursor, RunFilter, RunId, RunState, Timestamp};

use crate::kit::{block_on, options};
use crate::ledger::{Busy, ask};

/// Finished runs in the tables; `FLOWCRATE_ROWS=1000000` fills them further.
fn finished() -> u64 {
    std::env::var("FLOWCRATE_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(50_000)
}

/// Twenty workflows of three revisions, every tenth run tagged, each with two entries.
fn fill(cluster: &Cluster, schema: &str) {
    let rows = finished();
    cluster.sql(&format!(
        "SET search_path TO \"{schema}\";
         INSERT INTO definition (workflow, revision, fingerprint, events)
           SELECT 'w' || i % 20, 'r' || i / 20, '', '[]' FROM generate_series(0, 59) AS i;
         INSERT INTO run (id, definition, state, epoch, ready, started_at, ended_at, key, seed,
                          input, input_hash)
           SELECT gen_random_uuid(), i % 60 + 1, CASE WHEN i % 100 = 0 THEN 5 ELSE 4 END, 1, false,
                  i / 3, i / 3 + 9, 'k' || i, decode(md5(i::text), 'hex'), '{{}}',
                  decode(md5(''), 'hex') FROM generate_series(1, {rows}) AS i;
         INSERT INTO start_key SELECT workflow, key, id, input_hash
           FROM run JOIN definition ON definition.n = run.definition;
         INSERT INTO tag SELECT 'customer', n % 50, started_at, id FROM run WHERE n % 10 = 0;
         INSERT INTO tag SELECT 'region', n % 3, started_at, id FROM run WHERE n % 10 = 0;
         INSERT INTO entry (run, path, sealed, kind, status, seq, attempts, forgiven, issued,
                            started_at)
           SELECT n, 'step' || i, i = 1, 'step', 3, i, 1, 0, 0, 0
           FROM run CROSS JOIN generate_series(0, 1) AS i;
         INSERT INTO event (run, seq, consumed, name, payload, at)
           SELECT n, 1, n % 2 = 0, 'a', '1', 0 FROM run WHERE n % 5 = 0;
         ANALYZE;"
    ));
}

/// Rows that were read of a journal's tables so far, by any way, as far as connections that have
/// ended have said.
fn read(cluster: &Cluster, schema: &str) -> (u64, u64) {
    // One that ends tells what it has counted, and takes a moment.
    std::thread::sleep(Duration::from_millis(80));
    let rows = cluster.sql(&format!(
        "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = '{schema}'
         UNION ALL
         SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = '{schema}'"
    ));
    let number = |at: usize| rows[at][0].as_deref().and_then(|text| text.parse().ok());
    (number(0).unwrap_or(0), number(1).unwrap_or(0))
}

/// What a journal's tables have been read so far.
struct Meter<'c> {
    cluster: &'c Cluster,
    schema: &'c str,
    read: (u64, u64),
}

impl<'c> Meter<'c> {
    fn new(cluster: &'c Cluster, schema: &'c str) -> Self {
        Self { cluster, schema, read: read(cluster, schema) }
    }

    /// Rows that something reads, by indexes and without.
    fn cost<F: Future<Output = ()>>(
        &mut self,
        work: impl FnOnce(PostgresStore) -> F,
    ) -> (u64, u64) {
        block_on(async {
            let store = options(self.schema).open().await.unwrap();
            work(store).await;
        });
        let before = std::mem::replace(&mut self.read, read(self.cluster, self.schema));
        (self.read.0 - before.0, self.read.1 - before.1)
    }
}

fn filters() -> Vec<RunFilter> {
    let page = RunFilter { limit: 20, ..RunFilter::default() };
    let cursor = RunCursor { started_at: Timestamp(5_000), id: RunId::new() };
    let narrow = |filter: &RunFilter| {
        let workflow = RunFilter { workflow: Some("w3".into()), ..filter.clone() };
        let state = RunFilter { states: vec![RunState::Failed], ..filter.clone() };
        let both = RunFilter { states: vec![RunState::Failed], ..workflow.clone() };
        [filter.clone(), workflow, state, both]
    };
    let mut all = Vec::new();
    for base in [
        page.clone(),
        page.clone().tag("customer", "10"),
        page.clone().tag("customer", "10").tag("region", "1"),
        RunFilter { key: Some("k77".into()), ..page },
    ] {
        let from = RunFilter { started_from: Some(Timestamp(4_000)), ..base.clone() };
        let range = RunFilter { started_before: Some(Timestamp(6_000)), ..from };
        let next = RunFilter { cursor: Some(cursor), ..range.clone() };
        all.extend([base, range, next].iter().flat_map(narrow));
    }
    all
}

#[test]
fn what_is_finished_is_not_read() {
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    drop(block_on(options(&schema).open()).unwrap());
    fill(cluster, &schema);
    let place = tempfile::tempdir().unwrap();

    let mut meter = Meter::new(cluster, &schema);
    let mut worst = [0, 0];
    for filter in filters() {
        let asked = filter.clone();
        let (by_index, in_sequence) = meter.cost(|store| async move {
            ask(&store, |reply| Query::Runs(Box::new(asked), reply)).await;
        });
        // Pages of twenty, merged from as many ranges as there are definitions and states; under a
        // tag, what is filed there until the page is full: its tags, its run, its definition.
        let most = match filter.tags.len() as u64 {
            0 => 60 * 7 * 20,
            tags => (finished() / 50) * (3 + 2 * tags) + 200,
        };
        assert!(by_index <= most, "{by_index} rows are read for {filter:?}, not {most}");
        // There are sixty definitions, and one worker or none.
        assert!(in_sequence < 200, "{in_sequence} rows are read in sequence for {filter:?}");
        let of_its_sort = &mut worst[usize::from(!filter.tags.is_empty())];
        *of_its_sort = by_index.max(*of_its_sort);
    }

    let runs = 40;
    let transactions = std::sync::atomic::AtomicU64::new(0);
    let counted = &transactions;
    let busy = place.path().to_owned();
    let (by_index, in_sequence) = meter.cost(|store| async move {
        let builder = Engine::builder().store(store.clone()).register(Busy);
        let engine = builder.linger(Duration::ZERO).build().await.unwrap();
        let mut handles = Vec::new();
        for _ in 0..runs {
            handles.push(engine.start(Busy, busy.clone()).await.unwrap());
        }
        for handle in handles {
            handle.result().await.unwrap();
        }
        engine.shutdown().await;
        counted.store(store.transactions(), std::sync::atomic::Ordering::Relaxed);
    });
    let transactions = transactions.into_inner();
    println!(
        "{} finished runs; lists without and with tags read {worst:?} rows at most; {transactions} transactions of {runs} runs \
         read {by_index} rows by indexes, {in_sequence} without",
        finished()
    );
    // Small tables (workers, definitions) have no index for all that is asked of them.
    assert!(in_sequence < 200 * transactions, "{in_sequence} rows read in sequence");
    assert!(by_index < 100 * transactions, "{by_index} rows for {transactions} transactions");
}
