//! What is synchronised by hand, under a scheduler that tries the interleavings of its threads:
//! the wake map ([`hub`]), the commit queue ([`queue`]), the waker of a run ([`waker`]).
//!
//! The files are the runtime's own, included over a `sync` that is `shuttle`'s. A failing schedule
//! is printed with the way to replay it.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a test fails by panicking, and does not use all of what it includes"
)]

/// In place of `flowcrate`'s own.
mod sync {
    pub(crate) use shuttle::sync::{Mutex, MutexGuard, PoisonError, atomic, mpsc};
    pub(crate) use shuttle::thread;
}

mod ids {
    pub(crate) use flowcrate::RunId;
}

mod payload {
    pub(crate) use flowcrate::Payload;
}

#[path = "../../src/driver/hub.rs"]
mod hub;
#[path = "../../src/sqlite/queue.rs"]
mod queue;
#[path = "../../src/engine/waker.rs"]
mod waker;

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use flowcrate::RunId;
use hub::Hub;
use queue::{Next, queue};
use shuttle::future::block_on;
use sync::Mutex;
use sync::atomic::{AtomicUsize, Ordering};
use sync::thread;
use tokio::sync::watch::Receiver;
use waker::RootWaker;

/// Schedules per test; `FLOWCRATE_SCHEDULES` asks for more.
fn schedules() -> usize {
    let asked = std::env::var("FLOWCRATE_SCHEDULES").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(3_000)
}

/// Random schedules find what many small steps make, probabilistic ones what a few late ones do.
fn explore(test: impl Fn() + Send + Sync + 'static) {
    let test = Arc::new(test);
    let again = Arc::clone(&test);
    shuttle::check_random(move || test(), schedules());
    shuttle::check_pct(move || again(), schedules(), 3);
}

fn run(number: u8) -> RunId {
    format!("00000000-0000-0000-0000-0000000000{number:02}").parse().unwrap()
}

fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Looks at a row until it says `end`, as `Watch::next` does.
async fn watch(hub: &Hub, row: &Mutex<u32>, stops: bool, end: u32) -> u32 {
    if stops {
        follow(hub.watch_stops(run(1)), row, end).await
    } else {
        follow(hub.watch(run(1)), row, end).await
    }
}

async fn follow<T>(mut changes: Receiver<T>, row: &Mutex<u32>, end: u32) -> u32 {
    loop {
        changes.mark_unchanged();
        let seen = *row.lock().unwrap();
        // The look is answered by another thread, some time later.
        thread::yield_now();
        if seen == end || changes.changed().await.is_err() {
            return seen;
        }
    }
}

#[test]
fn whoever_watches_a_run_sees_its_end() {
    sees_its_end(|hub| hub.stopped(run(1)));
}

#[test]
fn whoever_watches_a_run_sees_it_complete() {
    sees_its_end(|hub| hub.completed(run(1), flowcrate::Payload::null()));
}

#[test]
fn whoever_watched_from_the_start_has_the_output() {
    explore(|| {
        let hub = Arc::new(Hub::default());
        let mut stops = hub.watch_stops(run(1));
        let driver = {
            let hub = Arc::clone(&hub);
            thread::spawn(move || {
                hub.stopped(run(1));
                hub.completed(run(1), flowcrate::Payload::null());
                hub.stopped(run(1));
                hub.close();
            })
        };
        block_on(async move {
            while stops.borrow_and_update().is_none() {
                stops.changed().await.expect("it is told before the hub is closed");
            }
        });
        driver.join().unwrap();
    });
}

fn sees_its_end(tell: fn(&Hub)) {
    explore(move || {
        let (hub, row) = (Arc::new(Hub::default()), Arc::new(Mutex::new(0)));
        let watchers: Vec<_> = [false, true, true]
            .into_iter()
            .map(|stops| {
                let (hub, row) = (Arc::clone(&hub), Arc::clone(&row));
                thread::spawn(move || block_on(watch(&hub, &row, stops, 3)))
            })
            .collect();
        for state in 1..=2 {
            *row.lock().unwrap() = state;
            hub.changed(run(1));
        }
        // Another run's watcher comes and goes meanwhile.
        drop(hub.watch(run(2)));
        hub.changed(run(2));
        *row.lock().unwrap() = 3;
        tell(&hub);
        for watcher in watchers {
            assert_eq!(watcher.join().unwrap(), 3);
        }
    });
}

#[test]
fn nobody_waits_for_a_hub_that_is_closed() {
    explore(|| {
        let (hub, row) = (Arc::new(Hub::default()), Arc::new(Mutex::new(0)));
        let watchers: Vec<_> = (0..2)
            .map(|_| {
                let (hub, row) = (Arc::clone(&hub), Arc::clone(&row));
                thread::spawn(move || block_on(watch(&hub, &row, true, 1)))
            })
            .collect();
        hub.all_changed();
        hub.close();
        for watcher in watchers {
            assert_eq!(watcher.join().unwrap(), 0);
        }
    });
}

#[test]
fn every_transaction_is_served_once_and_in_its_senders_order() {
    explore(|| {
        let (queue, served) = queue::<(u8, u8)>();
        let queue = Arc::new(queue);
        let senders: Vec<_> = (0..3)
            .map(|sender| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || (0..3).for_each(|number| queue.push((sender, number))))
            })
            .collect();
        drop(queue);
        let writer = thread::spawn(move || {
            let mut got = Vec::new();
            while let Next::Batch(batch) = served.next(2, Duration::MAX) {
                assert!((1..=2).contains(&batch.len()));
                got.extend(batch);
            }
            got
        });
        join(senders);
        let got = writer.join().unwrap();
        for sender in 0..3 {
            let of = |(by, number): &(u8, u8)| (*by == sender).then_some(*number);
            assert_eq!(got.iter().filter_map(of).collect::<Vec<_>>(), [0, 1, 2]);
        }
    });
}

#[test]
fn a_full_queue_refuses_and_takes_again_once_it_is_served() {
    explore(|| {
        const LIMIT: usize = 2;
        let (queue, served) = queue::<u8>();
        let (queue, taken) = (Arc::new(queue), Arc::new(AtomicUsize::new(0)));
        let senders: Vec<_> = (0..3)
            .map(|number| {
                let (queue, taken) = (Arc::clone(&queue), Arc::clone(&taken));
                thread::spawn(move || {
                    if queue.push_below(LIMIT, number).is_ok() {
                        taken.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        join(senders);
        let mut left = taken.load(Ordering::SeqCst);
        assert!(left >= LIMIT, "refused with room");
        while left > 0 {
            let Next::Batch(batch) = served.next(9, Duration::MAX) else { panic!("lost") };
            left -= batch.len();
        }
        // All that was counted in was counted out.
        assert!(queue.push_below(1, 9).is_ok(), "full though empty");
        assert!(queue.push_below(1, 9).is_err(), "room though full");
    });
}

#[test]
fn a_wake_from_elsewhere_is_told_once_and_one_of_our_own_is_not() {
    explore(|| {
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let root = RootWaker::new(Box::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        }));
        assert!(root.take_woken(), "a new run is polled");
        let foreign: Vec<_> = (0..2)
            .map(|_| {
                let waker = Waker::from(Arc::clone(&root));
                thread::spawn(move || waker.wake())
            })
            .collect();
        {
            let _driving = root.driving();
            Waker::from(Arc::clone(&root)).wake();
            assert!(root.take_woken(), "a wake of our own is not lost");
        }
        join(foreign);
        assert!(root.was_woken_from_outside());
        assert_eq!(told.load(Ordering::SeqCst), 1);
    });
    let alone = || {
        let root = RootWaker::new(Box::new(|| panic!("nobody else woke it")));
        let _driving = root.driving();
        Waker::from(Arc::clone(&root)).wake();
        assert!(!root.was_woken_from_outside());
    };
    shuttle::check_random(alone, 1);
}
