//! The database goes away, and comes back.

use std::time::{Duration, Instant};

use flowcrate::postgres::PostgresStore;
use flowcrate::testkit::Cluster;
use flowcrate::{Engine, Error};

use crate::kit::block_on;
use crate::ledger::{Busy, balance};

async fn engine(cluster: &Cluster) -> (Engine, PostgresStore) {
    let options = PostgresStore::options(cluster.address()).lease(Duration::from_secs(3));
    let store = options.open().await.unwrap();
    let builder = Engine::builder().store(store.clone()).register(Busy);
    (builder.linger(Duration::ZERO).build().await.unwrap(), store)
}

/// The server dies every few seconds under load, as by a crash of its own: what was acknowledged
/// is there, starts are refused meanwhile, and everything comes to its end.
#[test]
fn a_database_that_dies_under_load_loses_nothing() {
    let long = std::env::var_os("FLOWCRATE_LONG").is_some();
    let time = Duration::from_secs(if long { 300 } else { 12 });
    let place = tempfile::tempdir().unwrap();
    let cluster = Cluster::start();
    block_on(async {
        let (one, store) = engine(&cluster).await;
        let (two, _) = engine(&cluster).await;
        let mut latest = Instant::now();
        let (begun, mut runs, mut busy, mut crashes) = (Instant::now(), 0, 0, 0);
        let mut unknown = 0;
        // A busy machine takes longer for as much, but not for ever.
        let is_enough = |crashes, runs| begun.elapsed() > time && crashes >= 3 && runs > 100;
        while !is_enough(crashes, runs) && begun.elapsed() < time * 10 {
            let engine = if runs % 2 == 0 { &one } else { &two };
            match engine.start(Busy, place.path().to_owned()).await {
                Ok(_) => runs += 1,
                Err(Error::Busy) => busy += 1,
                // Written or not: the caller is to look by its key.
                Err(Error::Store(_)) => unknown += 1,
                Err(other) => panic!("{other}"),
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
            if latest.elapsed() > Duration::from_secs(3) {
                std::thread::scope(|scope| scope.spawn(|| cluster.crash()).join().unwrap());
                (latest, crashes) = (Instant::now(), crashes + 1);
            }
        }
        let all = settle(&store).await;
        assert!((runs..=runs + unknown).contains(&all), "{runs} and {unknown} starts, {all} runs");
        let again = balance(&store, place.path(), all).await;
        println!("{crashes} crashes, {all} runs, {busy} busy, {unknown} unknown, {again} again");
        assert!(crashes >= 3 && all > 100, "{crashes} crashes, {all} runs");
    });
}

/// Waits until every run has ended; how many there are.
pub(crate) async fn settle(store: &PostgresStore) -> usize {
    use flowcrate::store::{Ask, Query, Reply, Request, RunRow, Store, Transaction};
    let limit = Instant::now() + Duration::from_mins(5);
    loop {
        let (reply, rows) = Reply::channel();
        store.query(Query::Runs(Box::default(), reply));
        // Not all are read while the server is away.
        let rows = rows.await.unwrap_or_default();
        if !rows.is_empty() && rows.iter().all(|row| row.state.is_final()) {
            return rows.len();
        }
        // Taken over five times without an entry: on a busy machine that is the killers' doing.
        let loops = |row: &&RunRow| {
            row.failure.as_ref().is_some_and(|failure| failure.code == "crash_loop")
        };
        for row in rows.iter().filter(loops) {
            let resume = Request::new(row.id, Ask::Resume, store.now());
            store.submit(Transaction::Request(resume, Reply::new(drop)));
        }
        if Instant::now() > limit {
            let open: Vec<_> = rows.into_iter().filter(|row| !row.state.is_final()).collect();
            panic!("{} runs do not end: {:?}", open.len(), open.first());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// While the server is away starts are turned away at once; runs wait, and go on afterwards.
#[test]
fn starts_are_busy_while_the_database_is_away() {
    let place = tempfile::tempdir().unwrap();
    let cluster = Cluster::start();
    block_on(async {
        let (engine, store) = engine(&cluster).await;
        let run = engine.start(Busy, place.path().to_owned()).await.unwrap();
        std::thread::scope(|scope| scope.spawn(|| cluster.stop()).join().unwrap());
        let mut refused = None;
        for _ in 0..500 {
            match engine.start(Busy, place.path().to_owned()).await {
                Err(Error::Busy) => {
                    refused = Some(Error::Busy);
                    break;
                }
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        assert_eq!(refused, Some(Error::Busy));
        std::thread::scope(|scope| scope.spawn(|| cluster.go_on()).join().unwrap());
        let client = engine.client();
        run.result().await.unwrap();
        assert!(client.run(run.id()).await.unwrap().unwrap().state.is_final());
        settle(&store).await;
    });
}
