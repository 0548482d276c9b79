//! Journal files after something went wrong: killed drivers, backups, damage.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use flowcrate::sqlite::{Origin, SqliteStore, Synchronous};
use flowcrate::store::{
    Ask, Claim, Fire, Firing, NewRun, Query, Reply, Request, RunFilter, RunState, Started, Store,
    StoreError, Transaction,
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
    NewRun::new("orders", "r1", input, hash, Timestamp(1))
}

fn big() -> NewRun {
    NewRun { input: Payload::from_json(format!("\"{}\"", "x".repeat(3_000))), ..run() }
}

fn claim(worker: WorkerId) -> Claim {
    let definitions = vec![("orders".into(), "r1".into())];
    Claim { worker, definitions, adopts: Vec::new(), limit: 10, now: Timestamp(i64::MAX) }
}

fn opened(path: &Path) -> Probe<SqliteStore> {
    Probe::new(SqliteStore::open(path).unwrap())
}

/// A journal with one run, and a copy of it that was taken with SQLite's own means.
fn with_backup(path: &Path) -> (RunId, PathBuf) {
    let store = opened(path);
    let run = run();
    store.start(run.clone());
    let backup = path.with_file_name("backup.db");
    let connection = Connection::open(path).unwrap();
    connection.execute("VACUUM INTO ?", [backup.to_str().unwrap()]).unwrap();
    (run.id, backup)
}

fn state(store: &Probe<SqliteStore>, run: RunId) -> (RunState, Option<String>) {
    let row = store.run(run).unwrap().0;
    (row.state, row.failure.map(|failure| failure.code))
}

#[test]
fn a_restored_backup_starts_paused() {
    let (path, _directory) = place();
    let (run, backup) = with_backup(&path);
    // Since then the run has ended, and the file is lost.
    drop(opened(&path));
    std::fs::rename(&backup, &path).unwrap();
    let store = opened(&path);
    let paused = (RunState::Paused, Some("restored".to_owned()));
    assert_eq!(state(&store, run), paused);
    let worker = WorkerId::new();
    store.open(worker);
    assert_eq!(store.claim(claim(worker)).runs, []);
    // What is new goes on as ever, and what someone lets go on.
    let new = NewRun { id: RunId::new(), ..self::run() };
    store.start(new.clone());
    assert_eq!(store.claim(claim(worker)).runs, [(new.id, 1)]);
    store.request(Request::new(run, Ask::Resume, Timestamp(2)));
    assert_eq!(store.claim(claim(worker)).runs, [(run, 1)]);
    drop(store);
    // From now on it is the journal that was driven here last.
    let store = opened(&path);
    assert_eq!(state(&store, run), (RunState::Pending, None));
}

#[test]
fn a_backup_is_known_by_its_place_too() {
    let (path, directory) = place();
    let (run, backup) = with_backup(&path);
    let elsewhere = directory.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let copy = |name: &str| {
        let to = elsewhere.join(name);
        std::fs::copy(&backup, &to).unwrap();
        to
    };
    let paused = (RunState::Paused, Some("restored".to_owned()));
    assert_eq!(state(&opened(&copy("backup.db")), run), paused);
    // Unless whoever put it there says that it is the journal itself.
    let moved = SqliteStore::options().origin(Origin::Moved);
    let moved = Probe::new(moved.open(copy("moved.db")).unwrap());
    assert_eq!(state(&moved, run), (RunState::Pending, None));
    drop(moved);
    assert_eq!(state(&opened(&elsewhere.join("moved.db")), run), (RunState::Pending, None));
    // And what nothing tells, a person can.
    let restored = SqliteStore::options().origin(Origin::Restored);
    assert_eq!(state(&Probe::new(restored.open(&path).unwrap()), run), paused);
}

#[test]
fn a_journal_of_format_1_has_no_past_to_miss() {
    let (path, _directory) = place();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(include_str!("../src/sqlite/migrations/format_1.sql")).unwrap();
    connection
        .execute_batch("PRAGMA application_id = 0x466c6f77; PRAGMA user_version = 1")
        .unwrap();
    let old = "INSERT INTO definition VALUES (1, 'orders', 'r1', '[]');
               INSERT INTO run (id, definition, state, epoch, queued, inbox_seq, cancel_requested,
                                takeovers, started_at, seed, input, input_hash)
               VALUES (zeroblob(16), 1, 2, 1, 0, 0, 0, 0, 0, zeroblob(16), '{}', zeroblob(16))";
    connection.execute_batch(old).unwrap();
    drop(connection);
    assert_eq!(SqliteStore::client(&path).unwrap_err().code(), "older_format");
    assert_eq!(SqliteStore::check(&path).unwrap_err().code(), "older_format");
    let store = opened(&path);
    assert_eq!(state(&store, RunId::from_bytes([0; 16])), (RunState::Waiting, None));
    drop(store);
    assert_eq!(SqliteStore::check(&path).unwrap(), [""; 0]);
}

#[test]
fn what_a_schedule_missed_is_not_made_up_for_after_a_restore() {
    let (path, _directory) = place();
    let store = opened(&path);
    let firing = Firing { rule: "daily".to_owned(), at: Some(Timestamp(5)) };
    let schedule = "s".to_owned();
    store.fire(Fire { schedule, expected: None, next: firing.clone(), start: None });
    assert_eq!(store.next_fire("s"), Some(firing));
    drop(store);
    let restored = SqliteStore::options().origin(Origin::Restored).open(&path).unwrap();
    // As after an edit: by another rule than the one that it will be compared with.
    assert_eq!(Probe::new(restored).next_fire("s").unwrap().rule, "");
}

#[test]
fn a_killed_driver_leaves_its_lock_to_the_next() {
    let (path, _directory) = place();
    if let Ok(path) = std::env::var("FLOWCRATE_DRIVE") {
        let store = opened(Path::new(&path));
        store.start(run());
        println!("driving");
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_killed_driver_leaves_its_lock_to_the_next", "--nocapture"]);
    child.env("FLOWCRATE_DRIVE", &path).stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.ends_with("driving")));
    assert_eq!(SqliteStore::open(&path).unwrap_err().code(), "driven");
    assert!(SqliteStore::is_driven(&path));
    child.kill().unwrap();
    child.wait().unwrap();
    let store = opened(&path);
    assert_eq!(store.runs(RunFilter::default()).len(), 1);
    assert_eq!(state(&store, store.runs(RunFilter::default())[0].id), (RunState::Pending, None));
}

#[test]
fn a_truncated_file_is_refused() {
    let (path, _directory) = place();
    let store = opened(&path);
    for _ in 0..200 {
        store.start(big());
    }
    drop(store);
    let length = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length / 2 / 4096 * 4096).unwrap();
    let found = SqliteStore::check(&path).unwrap_or_else(|error| vec![error.to_string()]);
    assert!(!found.is_empty());
    // Whether at once or with the first page that is not there: never as if nothing were wrong.
    match SqliteStore::open(&path) {
        Err(error) => assert_eq!(error.code(), "corrupt"),
        Ok(store) => assert!(reads_end(&store).contains("[corrupt]")),
    }
}

/// Reads all runs until the journal says why it does not go on.
fn reads_end(store: &SqliteStore) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (sender, answer) = channel();
        let reply = Reply::new(move |answer| drop(sender.send(answer)));
        store.query(Query::Runs(Box::default(), reply));
        if let Err(error) = answer.recv().unwrap() {
            assert!(matches!(error, StoreError::Closed(_)), "{error}");
            return error.to_string();
        }
        assert!(Instant::now() < deadline, "the damage goes unnoticed");
    }
}

/// A journal with a page in its middle that holds nothing any more.
fn damaged(path: &Path) {
    let store = opened(path);
    for _ in 0..300 {
        store.start(big());
    }
    drop(store);
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 40_960].fill(0x5a);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn damage_that_a_reader_finds_is_no_answer_and_no_loop() {
    let (path, _directory) = place();
    damaged(&path);
    // It ended in order, so nothing is read through at the opening.
    let store = SqliteStore::options().origin(Origin::Moved).open(&path).unwrap();
    assert!(reads_end(&store).contains("[corrupt]"));
}

#[test]
fn a_check_finds_damage_and_broken_promises() {
    let (path, directory) = place();
    let store = opened(&path);
    let input = Payload::from_json(format!("\"{}\"", "y".repeat(200_000)));
    let run = NewRun { key: Some("k".to_owned()), input, ..run() };
    assert_eq!(store.start(run), Started::New);
    // Others may drive meanwhile.
    assert_eq!(SqliteStore::check(&path).unwrap(), [""; 0]);
    drop(store);
    let broken = |sql: &str| {
        let copy = directory.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
        SqliteStore::check(&copy).unwrap().join("; ")
    };
    let cases = [
        ("DELETE FROM definition", "a run is of no definition"),
        ("DELETE FROM start_key", "a run's key finds another run: k"),
        ("UPDATE run SET state = 4", "a run that has ended has an owner, or is to be claimed"),
        ("DELETE FROM blob", "run.input of run 1: its blob is not all there"),
        ("UPDATE blob SET bytes = zeroblob(200002)", "run.input of run 1: its blob is not what"),
        ("DELETE FROM blob_use", "run.input of run 1: its blob may be swept"),
    ];
    for (sql, finding) in cases {
        let found = broken(sql);
        assert!(found.contains(finding), "{sql}: {found}");
    }
    let (path, _directory) = place();
    damaged(&path);
    assert!(!SqliteStore::check(&path).unwrap().is_empty());
}

#[test]
fn a_check_leaves_what_is_no_journal() {
    let (path, _directory) = place();
    assert_eq!(SqliteStore::check(&path).unwrap_err().code(), "cannot_open");
    assert!(!path.exists());
    std::fs::write(&path, "no journal at all, but a text of some length").unwrap();
    assert_eq!(SqliteStore::check(&path).unwrap_err().code(), "foreign_file");
}

#[test]
fn a_journal_in_normal_mode_is_the_same_journal() {
    let (path, _directory) = place();
    let normal = || SqliteStore::options().synchronous(Synchronous::Normal);
    let store = Probe::new(normal().open(&path).unwrap());
    let run = run();
    assert_eq!(store.start(run.clone()), Started::New);
    drop(store);
    assert_eq!(opened(&path).run(run.id).unwrap().0.input, run.input);
}

#[test]
fn a_stalled_store_takes_no_more_bytes_than_may_wait() {
    let (path, _directory) = place();
    let store = SqliteStore::options().max_waiting(1_000_000).open(&path).unwrap();
    let blocker = Connection::open(&path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (sender, answers) = channel();
    let start = || {
        let input = Payload::from_json(format!("\"{}\"", "z".repeat(100_000)));
        let sender = sender.clone();
        let reply = Reply::new(move |answer| drop(sender.send(answer)));
        store.submit(Transaction::Start(Box::new(NewRun { input, ..run() }), reply));
    };
    (0..20).for_each(|_| start());
    for _ in 0..11 {
        let refused = answers.recv_timeout(Duration::from_mins(1)).unwrap();
        assert_eq!(refused, Err(StoreError::Busy));
    }
    blocker.execute_batch("ROLLBACK").unwrap();
    for _ in 0..9 {
        assert_eq!(answers.recv().unwrap(), Ok(Started::New));
    }
    // What was answered waits no more.
    start();
    assert_eq!(answers.recv().unwrap(), Ok(Started::New));
}
