//! Commits one by one, on the test's own thread: what the file holds between any two.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rusqlite::Connection;

use super::Writer;
use super::simulated::shared;
use crate::driver::simulation::with_defect;
use crate::sqlite::read::Reader;
use crate::sqlite::values::Codec;
use crate::sqlite::{Role, SqliteOptions, open};
use crate::store::{
    Entry, EntryStatus, EventKey, NewEvent, NewRun, Next, Query, Reply, RunState, RunWrite,
    StoreError, Transaction,
};
use crate::testkit::SimClock;
use crate::{Payload, RunId, Timestamp, WorkerId};

/// Defects of the file alone, which no simulation over the store in memory can notice.
const DEFECTS: &[&str] =
    &["blob after its pointer", "large values overtake", "uses of blobs are not noted"];

fn asked<T: Send + 'static>() -> (Reply<T>, Receiver<Result<T, StoreError>>) {
    let (sender, receiver) = channel();
    (Reply::new(move |answer| drop(sender.send(answer))), receiver)
}

/// Whether each run that the file holds can be read, as after a crash at this moment.
fn can_be_read(connection: &Connection, runs: &[RunId]) -> Result<(), String> {
    let mut reader = Reader::new(connection, Codec::default()).unwrap();
    for run in runs {
        let (reply, answer) = asked();
        reader.answer(vec![Query::Load(*run, reply)]);
        answer.recv().unwrap().map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn text(bytes: usize) -> Payload {
    Payload::from_json(format!("\"{}\"", "x".repeat(bytes)))
}

/// Large values of all sorts, and a sweep; what is wrong with the file at any moment.
fn trouble() -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let clock = SimClock::at(Timestamp(0));
    let connection = open::writer(&path, Role::Driver, &SqliteOptions::new()).unwrap();
    let other = open::reader(&path).unwrap();
    let shared = shared(&path, clock.clone());
    let mut writer = Writer::new(&connection, &shared).unwrap();
    let worker = WorkerId::new();
    writer.commit(vec![Transaction::Open(worker, asked().0)]);
    let mut runs = Vec::new();
    let mut answers = Vec::new();
    for bytes in [10, 70_000, 1_100_000] {
        let (input, owner) = (text(bytes), Some(worker));
        let hash = input.hash();
        let new = NewRun::new("orders", "r1", input, hash, Timestamp(0));
        let new = NewRun { owner, events: vec!["a".to_owned()], ..new };
        let run = new.id;
        runs.push(run);
        let entry = Entry {
            seq: Some(1),
            output: Some(text(bytes + 1)),
            ..Entry::new("a", "step", EntryStatus::Completed, Timestamp(0))
        };
        let next = Next::Keep(RunState::Running);
        let write = RunWrite { entries: vec![entry], ..RunWrite::new(run, 1, next) };
        let key = EventKey { name: "a".to_owned(), key: None };
        let payload = Payload::null();
        let event = NewEvent { run, event: key, event_id: None, payload, at: Timestamp(0) };
        let (reply, answer) = asked();
        answers.push(answer);
        let batch = vec![
            Transaction::Start(Box::new(new), asked().0),
            Transaction::Event(Box::new(event), reply),
            Transaction::Write(Box::new(write), asked().0),
        ];
        let batch = writer.large.hold_back(batch);
        writer.commit(batch);
        can_be_read(&other, &runs)?;
        while !writer.large.is_empty() {
            writer.go_on_with_large();
            can_be_read(&other, &runs)?;
        }
    }
    for answer in answers {
        let delivered = answer.recv().unwrap();
        if delivered != Ok(crate::store::Delivered::Accepted) {
            return Err(format!("an event was answered with {delivered:?}"));
        }
    }
    clock.advance(Duration::from_hours(24));
    while writer.sweeper.step(shared.clock.now()).unwrap() {}
    can_be_read(&other, &runs)
}

#[test]
fn the_file_is_whole_between_any_two_commits() {
    assert_eq!(trouble(), Ok(()));
}

#[test]
fn each_defect_of_the_file_is_noticed() {
    for defect in DEFECTS {
        assert!(with_defect(defect, trouble).is_err(), "nobody noticed `{defect}`");
    }
}
