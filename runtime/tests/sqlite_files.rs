//! Journal files: what is opened, what is refused and why, and who may write.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flowcrate::sqlite::{OpenError, Origin, SqliteStore};
use flowcrate::store::{
    Ask, Claim, Delivered, EventKey, NewEvent, NewRun, Reply, Request, Requested, RunFilter,
    RunState, Started, Store, StoreError, Transaction,
};
use flowcrate::testkit::conformance::Probe;
use flowcrate::{Payload, RunId, Timestamp, WorkerId};
use rusqlite::Connection;
use tempfile::TempDir;

fn place() -> (PathBuf, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (directory.path().join("journal.db"), directory)
}

fn run() -> NewRun {
    let input = Payload::from_json("{}");
    let hash = input.hash();
    NewRun {
        key: Some("k".into()),
        events: vec!["shipped".into()],
        ..NewRun::new("orders", "r1", input, hash, Timestamp(0))
    }
}

fn event(run: RunId) -> NewEvent {
    NewEvent {
        run,
        event: EventKey { name: "shipped".into(), key: None },
        event_id: None,
        payload: Payload::from_json("1"),
        at: Timestamp(1),
    }
}

fn refusal(path: &Path) -> OpenError {
    SqliteStore::open(path).unwrap_err()
}

/// Opens a fresh journal, closes it, and changes it with plain SQL.
fn doctored(path: &Path, sql: &str) {
    drop(SqliteStore::open(path).unwrap());
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    let (path, _directory) = place();
    let run = run();
    let store = Probe::new(SqliteStore::open(&path).unwrap());
    assert_eq!(store.start(run.clone()), Started::New);
    assert_eq!(store.event(event(run.id)), Delivered::Accepted);
    let before = store.load(run.id);
    drop(store);
    let store = Probe::new(SqliteStore::open(&path).unwrap());
    assert_eq!(store.load(run.id), before);
    assert!(matches!(store.start(run), Started::Existing { .. }));
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let (path, _directory) = place();
    let text = "this is no database, but long enough to look like one could have been. ".repeat(20);
    std::fs::write(&path, &text).unwrap();
    assert_eq!(refusal(&path).code(), "foreign_file");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let (path, _directory) = place();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)").unwrap();
    drop(other);
    let error = refusal(&path);
    assert_eq!(error.code(), "foreign_file");
    assert!(error.to_string().ends_with("a SQLite database of another program [foreign_file]"));
    let other = Connection::open(&path).unwrap();
    let tables = "SELECT count(*) FROM sqlite_schema";
    assert_eq!(other.query_row(tables, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[test]
fn a_later_format_is_refused() {
    let (path, _directory) = place();
    doctored(&path, "PRAGMA user_version = 99");
    let error = refusal(&path);
    assert_eq!(error.code(), "newer_format");
    assert!(error.to_string().contains("has format 99, this program knows 4"), "{error}");
}

#[test]
fn a_damaged_file_is_refused() {
    let (path, _directory) = place();
    drop(SqliteStore::open(&path).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    // The marks on the first page stay; the schema after them goes.
    bytes[100..4096].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(refusal(&path).code(), "corrupt");
}

#[test]
fn a_journal_without_its_tables_is_refused() {
    let (path, _directory) = place();
    doctored(&path, "DROP TABLE entry");
    assert!(matches!(refusal(&path).code(), "corrupt" | "cannot_open"));
}

#[test]
fn damage_deep_in_the_file_closes_the_journal_after_an_unclean_end() {
    let (path, directory) = place();
    let store = Probe::new(SqliteStore::open(&path).unwrap());
    for _ in 0..300 {
        let input = Payload::from_json(format!("\"{}\"", "x".repeat(2_000)));
        store.start(NewRun { key: None, input, ..run() });
    }
    // Copied while open, as a kill would leave it: with its log.
    let copy = directory.path().join("copy.db");
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0);
    std::fs::write(&copy, bytes).unwrap();
    std::fs::write(directory.path().join("copy.db-wal"), [0; 64]).unwrap();
    let store = SqliteStore::options().origin(Origin::Moved).open(&copy).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (sender, receiver) = std::sync::mpsc::channel();
        let reply = Reply::new(move |answer| sender.send(answer).unwrap());
        let nobody = Request::new(RunId::new(), Ask::Cancel, Timestamp(0));
        store.submit(Transaction::Request(nobody, reply));
        match receiver.recv().unwrap() {
            Err(StoreError::Closed(reason)) => {
                assert!(reason.contains("[corrupt]"), "{reason}");
                break;
            }
            _ => assert!(Instant::now() < deadline, "the damage goes unnoticed"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let (path, directory) = place();
    let missing = directory.path().join("no/such/journal.db");
    assert_eq!(refusal(&missing).code(), "cannot_open");
    assert_eq!(refusal(directory.path()).code(), "cannot_open");
    assert!(!path.exists());
    assert_eq!(SqliteStore::client(&missing).unwrap_err().code(), "cannot_open");
}

#[test]
fn a_read_only_file_is_refused() {
    let (path, directory) = place();
    drop(SqliteStore::open(&path).unwrap());
    let read_only = std::fs::Permissions::from_mode(0o555);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    std::fs::set_permissions(directory.path(), read_only).unwrap();
    // Root may write whatever the mode says; then there is nothing to see.
    let obeyed = std::fs::File::options().write(true).open(&path).is_err();
    let opened = SqliteStore::open(&path);
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    if obeyed {
        assert_eq!(opened.unwrap_err().code(), "read_only");
    }
}

/// A small disk of its own; gone with the test. Only root can make one: see [`as_root`].
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new(kilobytes: u32) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let size = format!("size={kilobytes}k");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path());
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then_some(Self(directory))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(self.0.path()).status());
    }
}

/// Runs a test again as the root of a namespace of its own, where the system lets anybody be that.
fn as_root(test: &str) {
    const AGAIN: &str = "FLOWCRATE_AS_ROOT";
    let namespace = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount"]);
        unshare
    };
    let may = namespace().arg("true").stderr(Stdio::null()).status().is_ok_and(|it| it.success());
    if may && std::env::var_os(AGAIN).is_none() {
        let mut again = namespace();
        again.arg(std::env::current_exe().unwrap()).args([test, "--exact"]).env(AGAIN, "1");
        assert!(again.status().unwrap().success(), "{test} failed as root of a namespace");
    }
}

#[test]
fn a_store_that_cannot_keep_up_is_busy() {
    let (path, _directory) = place();
    let store = SqliteStore::open(&path).unwrap();
    // Another process that holds the journal for a while.
    let blocker = Connection::open(&path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (sender, answers) = std::sync::mpsc::channel();
    let total = 20_000;
    for _ in 0..total {
        let sender = sender.clone();
        let reply = Reply::new(move |answer| sender.send(answer).unwrap());
        let start = Transaction::Start(Box::new(NewRun { key: None, ..run() }), reply);
        store.submit(start);
    }
    let first = answers.recv_timeout(Duration::from_mins(1)).unwrap();
    assert_eq!(first, Err(StoreError::Busy));
    blocker.execute_batch("ROLLBACK").unwrap();
    drop(sender);
    let (mut started, mut busy) = (0, 1);
    for answer in answers {
        match answer {
            Ok(Started::New) => started += 1,
            Err(StoreError::Busy) => busy += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(started + busy, total);
    assert!(started > 10_000 && busy > 1_000, "{started} started, {busy} refused");
    assert_eq!(Probe::new(store).runs(RunFilter::default()).len(), started);
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let Some(disk) = SmallDisk::new(3_000) else {
        return as_root("a_full_disk_refuses_and_loses_nothing");
    };
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let path = disk.0.path().join("journal.db");
    let store = SqliteStore::open(&path).unwrap();
    let start = || {
        let input = Payload::from_json(format!("\"{}\"", "x".repeat(20_000)));
        let run = NewRun { key: None, input, ..run() };
        let id = run.id;
        let (sender, receiver) = std::sync::mpsc::channel();
        let reply = Reply::new(move |answer| sender.send(answer).unwrap());
        store.submit(Transaction::Start(Box::new(run), reply));
        receiver.recv().unwrap().map(|started| (id, started))
    };
    let mut acknowledged = Vec::new();
    let refused = loop {
        match start() {
            Ok((id, _)) => acknowledged.push(id),
            Err(error) => break error,
        }
        assert!(acknowledged.len() < 1_000, "the disk is never full");
    };
    assert!(refused.to_string().contains("[disk_full]"), "{refused}");
    assert!(!acknowledged.is_empty());
    assert!(start().is_err());
    std::fs::remove_file(ballast).unwrap();
    let (id, started) = start().unwrap();
    assert_eq!(started, Started::New);
    acknowledged.push(id);
    drop(store);
    let store = Probe::new(SqliteStore::open(&path).unwrap());
    let mut there: Vec<RunId> = store.runs(RunFilter::default()).iter().map(|run| run.id).collect();
    there.reverse();
    assert_eq!(there, acknowledged);
}

#[test]
fn one_drives_and_others_are_clients() {
    let (path, _directory) = place();
    let driver = Probe::new(SqliteStore::open(&path).unwrap());
    assert_eq!(refusal(&path).code(), "driven");
    let worker = WorkerId::new();
    driver.open(worker);
    let hints = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&hints);
    driver.store().on_hint(Box::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));

    let client = Probe::new(SqliteStore::client(&path).unwrap());
    let run = run();
    assert_eq!(client.start(run.clone()), Started::New);
    let deadline = Instant::now() + Duration::from_mins(1);
    while hints.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline, "the driver does not notice");
        std::thread::sleep(Duration::from_millis(5));
    }
    let claim = Claim {
        adopts: Vec::new(),
        worker,
        definitions: vec![("orders".into(), "r1".into())],
        limit: 10,
        now: Timestamp(0),
    };
    assert_eq!(driver.claim(claim).runs, [(run.id, 1)]);
    assert_eq!(client.event(event(run.id)), Delivered::Accepted);
    assert_eq!(client.cancel(run.id), Requested::Accepted);
    let row = driver.run(run.id).unwrap().0;
    assert!(row.ready && row.is_cancel_requested() && row.inbox_seq == 2);
    assert_eq!(client.runs(RunFilter::default()).len(), 1);

    drop(driver);
    let next = Probe::new(SqliteStore::open(&path).unwrap());
    assert_eq!(next.run(run.id).unwrap().0.state, RunState::Pending);
}

#[test]
fn a_client_pokes_the_driver() {
    let (path, _directory) = place();
    let driver = SqliteStore::open(&path).unwrap();
    let (sender, hints) = std::sync::mpsc::channel();
    driver.on_hint(Box::new(move || {
        // The test may be over.
        let _ = sender.send(());
    }));
    let client = Probe::new(SqliteStore::client(&path).unwrap());
    let middle = || {
        let mut times = Vec::new();
        for _ in 0..15 {
            while hints.try_recv().is_ok() {}
            let begun = Instant::now();
            client.start(NewRun { key: None, ..run() });
            hints.recv_timeout(Duration::from_mins(1)).unwrap();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        times[7]
    };
    // Looks alone would take an eighth of a second in the middle; so may a machine's bad moment.
    let is_poked = (0..10).any(|_| middle() < Duration::from_millis(40));
    assert!(is_poked, "nobody pokes the driver");
    drop(driver);
    // With nobody to poke a client works on, and the next driver hears again.
    client.start(NewRun { key: None, ..run() });
    drop(SqliteStore::open(&path).unwrap());
}

#[test]
fn a_client_cannot_drive() {
    let (path, _directory) = place();
    let client = SqliteStore::client(&path).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let reply = Reply::new(move |answer| sender.send(answer).unwrap());
    client.submit(Transaction::Open(WorkerId::new(), reply));
    assert!(matches!(receiver.recv().unwrap(), Err(StoreError::Failed(_))));
}

#[test]
fn two_processes_worth_of_writers_share_a_file() {
    let (path, _directory) = place();
    let driver = Probe::new(SqliteStore::open(&path).unwrap());
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || {
                let client = Probe::new(SqliteStore::client(&path).unwrap());
                for _ in 0..40 {
                    assert_eq!(client.start(NewRun { key: None, ..run() }), Started::New);
                }
            })
        })
        .collect();
    for _ in 0..40 {
        assert_eq!(driver.start(NewRun { key: None, ..run() }), Started::New);
    }
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(driver.runs(RunFilter::default()).len(), 160);
}
