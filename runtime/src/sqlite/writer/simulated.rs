//! The writer on a thread that does only what it is told: for tests that choose what happens when,
//! and kill it between any two commits.
#![allow(clippy::unwrap_used, reason = "this is a test")]

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use super::Writer;
use crate::Timestamp;
use crate::driver::simulation::{active_defect, with_defect};
use crate::sqlite::read::Reader;
use crate::sqlite::values::{Codec, scale_down};
use crate::sqlite::{Role, Shared, SqliteOptions, open};
use crate::store::{Query, Store, Transaction};
use crate::testkit::SimClock;

/// How much smaller than in earnest the values are that lie in blobs, and the parts of those.
const SCALE: usize = 1024;

/// A journal in a file, whose commits are made one by one.
pub(crate) struct Disk {
    commands: Sender<(Command, Sender<bool>)>,
    clock: SimClock,
    _directory: tempfile::TempDir,
}

enum Command {
    Submit(Transaction),
    Query(Query),
    GoOn,
    Sweep(Timestamp),
    Crash,
}

impl Disk {
    pub(crate) fn new(clock: SimClock) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let (commands, served) = channel();
        let (defect, its_clock) = (active_defect(), clock.clone());
        std::thread::spawn(move || {
            scale_down(SCALE);
            let lives = || while live(&path, &its_clock, &served) {};
            match defect {
                Some(defect) => with_defect(defect, lives),
                None => lives(),
            }
        });
        Self { commands, clock, _directory: directory }
    }

    fn tell(&self, command: Command) -> bool {
        let (done, answer) = channel();
        self.commands.send((command, done)).unwrap();
        answer.recv().unwrap()
    }

    /// Makes one commit for a transaction that waits for its large values; whether one waits.
    pub(crate) fn go_on(&self) -> bool {
        self.tell(Command::GoOn)
    }

    /// Sweeps what nothing points to, as if it had lain there for a day.
    pub(crate) fn sweep(&self) {
        self.tell(Command::Sweep(Timestamp(self.now().0 + 86_400_000)));
    }

    /// The process dies: what was not committed is lost.
    pub(crate) fn crash(&self) {
        self.tell(Command::Crash);
    }
}

impl Store for Disk {
    fn submit(&self, transaction: Transaction) {
        self.tell(Command::Submit(transaction));
    }

    fn query(&self, query: Query) {
        self.tell(Command::Query(query));
    }

    fn now(&self) -> Timestamp {
        crate::clock::Clock::now(&self.clock)
    }

    fn on_hint(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

/// One life of the process; whether another one follows.
fn live(path: &Path, clock: &SimClock, served: &Receiver<(Command, Sender<bool>)>) -> bool {
    let connection = open::writer(path, Role::Driver, &SqliteOptions::new()).unwrap();
    // Processes die here, machines do not.
    connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
    let other = open::reader(path).unwrap();
    let shared = shared(path, clock.clone());
    let mut writer = Writer::new(&connection, &shared).unwrap();
    let mut reader = Reader::new(&other, Codec::default()).unwrap();
    while let Ok((command, done)) = served.recv() {
        let answer = match command {
            Command::Submit(transaction) => {
                let batch = writer.large.hold_back(vec![transaction]);
                if !batch.is_empty() {
                    writer.commit(batch);
                }
                true
            }
            Command::Query(query) => {
                reader.answer(vec![query]);
                true
            }
            Command::GoOn => {
                let waits = !writer.large.is_empty();
                writer.go_on_with_large();
                // Threads take their time: that is none of the choices.
                while writer.large.nap().is_some_and(|nap| nap > Duration::ZERO) {
                    std::thread::sleep(Duration::from_micros(50));
                    writer.go_on_with_large();
                }
                waits
            }
            Command::Sweep(now) => {
                while writer.sweeper.step(now).unwrap() {}
                true
            }
            Command::Crash => {
                done.send(true).unwrap();
                return true;
            }
        };
        // Whoever asked may be gone with a failed test.
        done.send(answer).unwrap_or_default();
    }
    false
}

/// What the writer shares with its store.
pub(super) fn shared(path: &Path, clock: SimClock) -> Shared {
    Shared {
        role: Role::Driver,
        path: path.to_owned(),
        clock: Box::new(clock),
        hints: Mutex::default(),
        closed: OnceLock::new(),
        commits: AtomicU64::new(0),
        codec: Codec::default(),
        gate: crate::sqlite::gate::Gate::default(),
        max_payload: usize::MAX,
        waiting: AtomicUsize::new(0),
        max_waiting: usize::MAX,
    }
}
