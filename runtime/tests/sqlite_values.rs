//! Values in a journal file: blobs, large values, the payload codec.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use flowcrate::sqlite::{SqliteOptions, SqliteStore};
use flowcrate::store::{
    CodecError, Delivered, End, Entry, EntryStatus, EventKey, MemoryStore, NewEvent, NewRun, Next,
    PayloadCodec, Reply, RunState, RunWrite, Started, Store, StoreError, Transaction, Written,
};
use flowcrate::testkit::SimClock;
use flowcrate::testkit::conformance::Probe;
use flowcrate::{Failure, Payload, RunId, Timestamp, WorkerId};
use rusqlite::Connection;
use tempfile::TempDir;

/// Sealed with one key, by its number.
struct Sealed(u8);

impl Sealed {
    fn key(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&[self.0; 32].into())
    }
}

impl PayloadCodec for Sealed {
    fn name(&self) -> &'static str {
        "xchacha20poly1305"
    }

    fn encode(&self, plain: &[u8]) -> Result<Vec<u8>, CodecError> {
        let (one, two) = (WorkerId::new(), RunId::new());
        let nonce: [u8; 24] =
            [&one.as_bytes()[..], &two.as_bytes()[8..]].concat().try_into().unwrap();
        let sealed = self.key().encrypt(&XNonce::from(nonce), plain).map_err(|_| "too long")?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>, CodecError> {
        let (nonce, sealed) = stored.split_first_chunk::<24>().ok_or("cut")?;
        let opened = self.key().decrypt(&XNonce::from(*nonce), sealed);
        opened.map_err(|_| CodecError("the key does not fit".to_owned()))
    }
}

fn place() -> (PathBuf, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (directory.path().join("journal.db"), directory)
}

fn new_run(input: Payload) -> NewRun {
    let hash = input.hash();
    let run = NewRun::new("orders", "r1", input, hash, Timestamp(1));
    NewRun { events: vec!["shipped".to_owned()], ..run }
}

fn owned(store: &Probe<SqliteStore>, input: Payload) -> RunId {
    let worker = WorkerId::new();
    store.open(worker);
    let run = NewRun { owner: Some(worker), ..new_run(input) };
    assert_eq!(store.start(run.clone()), Started::New);
    run.id
}

fn event(run: RunId, payload: Payload) -> NewEvent {
    let event = EventKey { name: "shipped".to_owned(), key: None };
    NewEvent { run, event, event_id: None, payload, at: Timestamp(2) }
}

/// A JSON string of so many bytes that begins with `mark`.
fn text(mark: &str, bytes: usize) -> Payload {
    Payload::from_json(format!("\"{mark}{}\"", "x".repeat(bytes.saturating_sub(mark.len()))))
}

fn outcome(path: &str, output: Payload) -> Entry {
    Entry {
        seq: Some(1),
        output: Some(output),
        ended_at: Some(Timestamp(3)),
        ..Entry::new(path, "step", EntryStatus::Completed, Timestamp(2))
    }
}

fn keep(run: RunId, entries: Vec<Entry>) -> RunWrite {
    RunWrite { entries, ..RunWrite::new(run, 1, Next::Keep(RunState::Running)) }
}

fn submit<T: Send + 'static>(
    store: &SqliteStore,
    transaction: impl FnOnce(Reply<T>) -> Transaction,
) -> Receiver<Result<T, StoreError>> {
    let (sender, receiver) = channel();
    store.submit(transaction(Reply::new(move |answer| drop(sender.send(answer)))));
    receiver
}

fn count(path: &Path, sql: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Puts the marked text in every place where a journal keeps values.
fn write_everywhere(options: SqliteOptions, path: &Path, mark: &str) -> Vec<RunId> {
    let store = Probe::new(options.open(path).unwrap());
    let mut runs = Vec::new();
    for bytes in [100, 100_000, 1_200_000] {
        let value = || text(mark, bytes);
        let run = owned(&store, value());
        assert_eq!(store.event(event(run, value())), Delivered::Accepted);
        let failure = Failure::new("code", value().as_str());
        let failed = Entry {
            input: Some(value()),
            error: Some(failure.clone()),
            ..Entry::new("b", "step", EntryStatus::Retrying, Timestamp(2))
        };
        let write = keep(run, vec![outcome("a", value()), failed]);
        let (published, response) = (Some(value()), Some(value()));
        assert_eq!(
            store.write(RunWrite { published, response, ..write }),
            Written::Done(RunState::Running)
        );
        let (state, at) = (RunState::Failed, Timestamp(4));
        let output = Some(value());
        let end = End { state, output, failure: Some(failure), at, may_undo: false };
        store.write(RunWrite::new(run, 1, Next::End(end)));
        runs.push(run);
    }
    runs
}

/// How often a text stands in the files of a journal.
fn found(path: &Path, mark: &str) -> usize {
    let mut grep = Command::new("grep");
    grep.args(["--recursive", "--text", "--only-matching", "--no-filename", mark]);
    let output = grep.arg(path.parent().unwrap()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().count()
}

#[test]
fn no_plain_text_reaches_the_disk_past_a_codec() {
    let mark = "highly-confidential";
    let (path, _directory) = place();
    let runs = write_everywhere(SqliteStore::options().codec(Sealed(1)), &path, mark);
    // While it is open its log lies beside the file.
    let store = Probe::new(SqliteStore::options().codec(Sealed(1)).open(&path).unwrap());
    store.event(event(owned(&store, text(mark, 10)), text(mark, 10)));
    assert_eq!(found(&path, mark), 0);
    for (run, bytes) in runs.iter().zip([100, 100_000, 1_200_000]) {
        let loaded = store.load(*run).unwrap();
        let value = Some(text(mark, bytes));
        assert_eq!(Some(loaded.row.input), value);
        assert_eq!((loaded.row.output, loaded.row.published), (value.clone(), value.clone()));
        assert_eq!(loaded.row.response, value);
        assert!(loaded.row.failure.unwrap().message.contains(mark));
        assert_eq!(loaded.inbox[0].payload, text(mark, bytes));
        assert_eq!(loaded.entries[0].output, value);
        assert!(loaded.entries[1].error.as_ref().unwrap().message.contains(mark));
    }
    // Without one, there it is: the search finds what there is to find.
    let (path, _directory) = place();
    write_everywhere(SqliteStore::options(), &path, mark);
    assert!(found(&path, mark) > 10);
}

#[test]
fn a_journal_says_that_the_codec_is_wrong() {
    let (path, _directory) = place();
    drop(SqliteStore::options().codec(Sealed(1)).open(&path).unwrap());
    let refusals = [
        SqliteStore::open(&path),
        SqliteStore::client(&path),
        SqliteStore::options().codec(Sealed(2)).open(&path),
        SqliteStore::options().codec(Sealed(2)).client(&path),
    ];
    for refusal in refusals {
        let error = refusal.unwrap_err();
        assert_eq!(error.code(), "wrong_codec");
        assert!(error.to_string().contains("the codec `xchacha20poly1305`"), "{error}");
    }
    drop(SqliteStore::options().codec(Sealed(1)).client(&path).unwrap());
    drop(SqliteStore::options().codec(Sealed(1)).open(&path).unwrap());
}

#[test]
fn a_journal_takes_a_codec_from_its_driver() {
    let (path, _directory) = place();
    let store = Probe::new(SqliteStore::open(&path).unwrap());
    let old = new_run(text("old", 10));
    store.start(old.clone());
    drop(store);
    let refusal = SqliteStore::options().codec(Sealed(1)).client(&path).unwrap_err();
    assert_eq!(refusal.code(), "wrong_codec");
    let store = Probe::new(SqliteStore::options().codec(Sealed(1)).open(&path).unwrap());
    let new = new_run(text("new", 10));
    store.start(new.clone());
    assert_eq!(store.run(old.id).unwrap().0.input, old.input);
    assert_eq!(store.run(new.id).unwrap().0.input, new.input);
    drop(store);
    assert_eq!((found(&path, "oldx"), found(&path, "newx")), (1, 0));
}

#[test]
fn what_no_key_opens_is_named() {
    /// Seals what begins with `"a` under one key, all else under the other.
    struct Two;
    impl PayloadCodec for Two {
        fn name(&self) -> &'static str {
            "two"
        }
        fn encode(&self, plain: &[u8]) -> Result<Vec<u8>, CodecError> {
            Sealed(if plain.starts_with(b"\"a") { 1 } else { 2 }).encode(plain)
        }
        fn decode(&self, stored: &[u8]) -> Result<Vec<u8>, CodecError> {
            Sealed(2).decode(stored)
        }
    }
    let (path, _directory) = place();
    let store = Probe::new(SqliteStore::options().codec(Two).open(&path).unwrap());
    let (lost, fine) = (new_run(text("a", 10)), new_run(text("b", 10)));
    store.start(lost.clone());
    store.start(fine.clone());
    assert_eq!(store.run(fine.id).unwrap().0.input, fine.input);
    let (sender, answer) = channel();
    let reply = Reply::new(move |answer| sender.send(answer).unwrap());
    store.store().query(flowcrate::store::Query::Load(lost.id, reply));
    let error = answer.recv().unwrap().unwrap_err();
    assert!(matches!(&error, StoreError::Unreadable(_)), "{error}");
    assert!(error.to_string().contains("the key does not fit [unreadable]"), "{error}");
}

#[test]
fn one_value_is_kept_once() {
    let (path, _directory) = place();
    let store = Probe::new(SqliteStore::open(&path).unwrap());
    let value = text("shared", 200_000);
    let run = owned(&store, value.clone());
    store.event(event(run, value.clone()));
    store.write(keep(run, vec![outcome("a", value.clone()), outcome("b", value.clone())]));
    let other = new_run(value.clone());
    store.start(other.clone());
    drop(store);
    assert_eq!(count(&path, "SELECT count(DISTINCT address) FROM blob"), 1);
    assert_eq!(count(&path, "SELECT count(*) FROM blob_use"), 5);
    let store = Probe::new(SqliteStore::open(&path).unwrap());
    assert_eq!(store.run(other.id).unwrap().0.input, value);
    assert_eq!(store.load(run).unwrap().entries[1].output, Some(value));
}

#[test]
fn a_value_in_its_place_lets_go_of_the_one_before() {
    let (path, _directory) = place();
    let store = Probe::new(SqliteStore::open(&path).unwrap());
    let run = owned(&store, Payload::null());
    for at in 0..3 {
        let published = Some(text(&format!("published {at}"), 80_000));
        let head = Entry {
            status: EntryStatus::Running,
            seq: None,
            ..outcome("loop", text(&format!("head {at}"), 90_000))
        };
        store.write(RunWrite { published, ..keep(run, vec![head]) });
    }
    assert_eq!(store.load(run).unwrap().row.published, Some(text("published 2", 80_000)));
    drop(store);
    assert_eq!(count(&path, "SELECT count(*) FROM blob_use"), 2);
}

#[test]
fn what_nothing_points_to_is_swept_once_it_is_old() {
    let (path, _directory) = place();
    let clock = SimClock::at(Timestamp(1_000_000));
    let store = Probe::new(SqliteStore::options().clock(clock.clone()).open(&path).unwrap());
    let keyed = |input| NewRun { key: Some("k".to_owned()), ..new_run(input) };
    let kept = keyed(text("kept", 1_300_000));
    assert_eq!(store.start(kept.clone()), Started::New);
    // Its parts are written before it is seen that the key is taken.
    assert!(matches!(store.start(keyed(text("lost", 1_300_000))), Started::Existing { .. }));
    drop(store);
    let blobs = || count(&path, "SELECT count(DISTINCT address) FROM blob");
    assert_eq!(blobs(), 2);
    let reopen = || Probe::new(SqliteStore::options().clock(clock.clone()).open(&path).unwrap());
    drop(reopen());
    assert_eq!(blobs(), 2, "it may be on its way still");
    clock.advance(Duration::from_hours(2));
    let store = reopen();
    let deadline = Instant::now() + Duration::from_secs(20);
    while blobs() == 2 {
        assert!(Instant::now() < deadline, "it is never swept");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(blobs(), 1);
    assert_eq!(store.run(kept.id).unwrap().0.input, kept.input);
}

#[test]
fn a_large_value_holds_nobody_up() {
    let (path, _directory) = place();
    let store = SqliteStore::open(&path).unwrap();
    let large = new_run(text("large", 6_000_000));
    let (id, input) = (large.id, large.input.clone());
    let first = submit(&store, |reply| Transaction::Start(Box::new(large), reply));
    // What is for the same run waits behind it, in order.
    let second = submit(&store, |reply| {
        Transaction::Event(Box::new(event(id, Payload::from_json("1"))), reply)
    });
    let mut overtaken = 0;
    for _ in 0..20 {
        let small =
            submit(&store, |reply| Transaction::Start(Box::new(new_run(Payload::null())), reply));
        assert_eq!(small.recv().unwrap(), Ok(Started::New));
        overtaken += usize::from(second.try_recv().is_err());
    }
    assert_eq!(first.recv().unwrap(), Ok(Started::New));
    assert_eq!(second.recv().unwrap(), Ok(Delivered::Accepted), "it overtook its run");
    assert!(overtaken > 10, "only {overtaken} small ones went before");
    let store = Probe::new(store);
    assert!(store.load(id).unwrap().row.input == input);
}

#[test]
fn a_journal_closes_only_after_its_large_values() {
    let (path, _directory) = place();
    let store = SqliteStore::open(&path).unwrap();
    let large = new_run(text("large", 2_200_000));
    let (id, input) = (large.id, large.input.clone());
    let started = submit(&store, |reply| Transaction::Start(Box::new(large), reply));
    drop(store);
    assert_eq!(started.recv().unwrap(), Ok(Started::New));
    assert!(Probe::new(SqliteStore::open(&path).unwrap()).run(id).unwrap().0.input == input);
}

#[test]
fn a_value_past_the_cap_is_refused_wherever_it_stands() {
    fn check<S: Store>(store: S) {
        let store = Probe::new(store);
        let worker = WorkerId::new();
        store.open(worker);
        let (fits, large) = (text("", 998), text("", 999));
        let run = NewRun { owner: Some(worker), ..new_run(fits.clone()) };
        assert_eq!(store.start(run.clone()), Started::New);
        let refused = Err(StoreError::TooLarge { bytes: 1001, limit: 1000 });
        let (sender, answers) = channel();
        let tell = || {
            let sender = sender.clone();
            move |answer: Result<(), StoreError>| drop(sender.send(answer))
        };
        let (one, two, three) = (tell(), tell(), tell());
        let submit = |transaction| store.store().submit(transaction);
        submit(Transaction::Start(
            Box::new(new_run(large.clone())),
            Reply::new(move |answer| one(answer.map(drop))),
        ));
        submit(Transaction::Event(
            Box::new(event(run.id, large.clone())),
            Reply::new(move |answer| two(answer.map(drop))),
        ));
        submit(Transaction::Write(
            Box::new(keep(run.id, vec![outcome("a", large)])),
            Reply::new(move |answer| three(answer.map(drop))),
        ));
        for _ in 0..3 {
            assert_eq!(answers.recv().unwrap(), refused);
        }
        store.write(keep(run.id, vec![outcome("a", fits)]));
        assert_eq!(store.load(run.id).unwrap().entries.len(), 1);
    }
    let (path, _directory) = place();
    check(SqliteStore::options().max_payload(1000).open(&path).unwrap());
    check(MemoryStore::new().max_payload(1000));
}
