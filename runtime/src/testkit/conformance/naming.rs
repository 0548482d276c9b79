//! Names that are none: too long for an index, or with a NUL. Every store refuses the same.

use super::probe::{Probe, new_run, open_entry, shipped, write};
use crate::store::{
    Append, Ask, EventKey, MAX_NAME, MAX_PATH, NewEvent, NewRun, Request, RunWrite, Store,
    StoreError, Transaction,
};
use crate::{Payload, Timestamp};

/// A text of so many bytes that nothing compresses.
fn long(bytes: usize) -> String {
    let mut state = 1_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap_or(0))
    };
    (0..bytes).map(|_| next()).collect()
}

fn bad() -> [String; 2] {
    [long(MAX_NAME + 1), "a\0b".to_owned()]
}

fn is_refused<T: std::fmt::Debug>(answer: &Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::BadName { .. })), "{answer:?}");
}

/// A start is refused whose key, tag, event or workflow is no name, and the longest name is one.
pub fn a_start_with_a_bad_name_is_refused<S: Store>(store: &Probe<S>) {
    for name in bad() {
        let runs = [
            NewRun { key: Some(name.clone()), ..new_run() },
            NewRun { workflow: name.as_str().into(), ..new_run() },
            NewRun { revision: name.as_str().into(), ..new_run() },
            NewRun { events: vec![name.clone()], ..new_run() },
            NewRun { tags: [(name.clone(), "v".to_owned())].into(), ..new_run() },
            NewRun { tags: [("n".to_owned(), name.clone())].into(), ..new_run() },
        ];
        for run in runs {
            let id = run.id;
            is_refused(&store.try_submit(|reply| Transaction::Start(Box::new(run), reply)));
            assert!(store.load(id).is_none());
        }
    }
    let name = long(MAX_NAME);
    let run = NewRun {
        workflow: name.as_str().into(),
        revision: name.as_str().into(),
        key: Some(name.clone()),
        events: (0..20).map(|n| format!("{n}{}", &name[2..])).collect(),
        tags: [(name.clone(), name.clone())].into(),
        ..new_run()
    };
    store.start(run.clone());
    assert_eq!(store.row(run.id).key, Some(name));
}

/// So are events, requests and items of progress streams.
pub fn what_is_sent_with_a_bad_name_is_refused<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    for name in bad() {
        let event = EventKey { name: "shipped".into(), key: Some(name.clone()) };
        let keyed = NewEvent { event, ..shipped(run) };
        let with_id = NewEvent { event_id: Some(name.clone()), ..shipped(run) };
        for event in [keyed, with_id] {
            is_refused(&store.try_submit(|reply| Transaction::Event(Box::new(event), reply)));
        }
        let ask = Ask::Adopt(name.as_str().into());
        let request = Request::new(run, ask, Timestamp(1));
        is_refused(&store.try_submit(|reply| Transaction::Request(request, reply)));
        let append = Append {
            run,
            epoch: 1,
            stream: name.clone(),
            path: "step".into(),
            item_id: None,
            value: Payload::null(),
            at: Timestamp(1),
        };
        is_refused(&store.try_submit(|reply| Transaction::Append(Box::new(append), reply)));
    }
    let reason = Some("a\0b".to_owned());
    let request = Request { reason, ..Request::new(run, Ask::Pause, Timestamp(1)) };
    is_refused(&store.try_submit(|reply| Transaction::Request(request, reply)));
    assert_eq!(store.row(run).inbox_seq, 0);
}

/// A write with a path that is none is refused with that path; its neighbours are written.
pub fn a_write_with_a_bad_path_is_refused<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    for path in [long(MAX_PATH + 1), "a\0b".to_owned()] {
        let entries = vec![open_entry("step"), open_entry(&path)];
        let bad = RunWrite { entries, ..write(run) };
        let answer = store.try_submit(|reply| Transaction::Write(Box::new(bad), reply));
        match answer {
            Err(StoreError::BadName { path: Some(found), .. }) => assert_eq!(*found, *path),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.load(run).expect("it is there").entries, []);
    }
    let path = long(MAX_PATH);
    store.write(RunWrite { entries: vec![open_entry(&path)], ..write(run) });
    assert_eq!(*store.load(run).expect("it is there").entries[0].path, *path);
}
