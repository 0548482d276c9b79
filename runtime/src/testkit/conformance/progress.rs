//! Progress streams: what bodies append, and what those who watch read.

use super::probe::{Probe, completed, write};
use crate::store::{
    Append, Appended, Next, RunState, RunWrite, Store, Stretch, StretchOf, Written,
};
use crate::{Payload, RunId, Timestamp};

/// An item for the stream `log` of a run in epoch 1.
pub(super) fn append(run: RunId, value: &str) -> Append {
    Append {
        run,
        epoch: 1,
        stream: "log".to_owned(),
        path: "each[3]/import".into(),
        item_id: None,
        value: Payload::from_json(value),
        at: Timestamp(7),
    }
}

fn stretch<S: Store>(store: &Probe<S>, run: RunId, from: u64, limit: usize) -> Stretch {
    let of = StretchOf { run, stream: "log".to_owned(), from, limit };
    store.progress(of).expect("there is such a run")
}

fn values(stretch: &Stretch) -> Vec<(u64, &str)> {
    stretch.items.iter().map(|item| (item.index, item.value.as_str())).collect()
}

/// Items are counted from 0, and each stream of each run counts for itself.
pub fn progress_is_counted_per_stream<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let (one, two) = (store.owned(worker), store.owned(worker));
    assert_eq!(store.append(append(one, "\"a\"")), Appended::Done(0));
    assert_eq!(store.append(append(one, "\"b\"")), Appended::Done(1));
    let other = Append { stream: "other".to_owned(), ..append(one, "\"c\"") };
    assert_eq!(store.append(other), Appended::Done(0));
    assert_eq!(store.append(append(two, "\"d\"")), Appended::Done(0));
    let read = stretch(store, one, 0, 0);
    assert_eq!(values(&read), [(0, "\"a\""), (1, "\"b\"")]);
    assert_eq!(&*read.items[0].path, "each[3]/import");
    assert_eq!((read.items[0].at, read.state), (Timestamp(7), RunState::Running));
    assert!(store.loaded_paths(one).is_empty(), "progress is no entry");
}

/// A stream is read from any index, so many at a time.
pub fn progress_is_read_from_an_index<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    for value in ["0", "1", "2", "3"] {
        store.append(append(run, value));
    }
    assert_eq!(values(&stretch(store, run, 2, 0)), [(2, "2"), (3, "3")]);
    assert_eq!(values(&stretch(store, run, 1, 2)), [(1, "1"), (2, "2")]);
    assert!(stretch(store, run, 4, 0).items.is_empty());
    let unknown = StretchOf { run: RunId::new(), stream: "log".to_owned(), from: 0, limit: 0 };
    assert_eq!(store.progress(unknown), None);
}

/// An item with an id is appended once, whoever repeats it.
pub fn an_item_id_counts_once<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let once = |value: &str| Append { item_id: Some("row-1".to_owned()), ..append(run, value) };
    store.append(append(run, "0"));
    assert_eq!(store.append(once("1")), Appended::Done(1));
    assert_eq!(store.append(once("2")), Appended::Duplicate(1));
    let elsewhere = Append { stream: "other".to_owned(), ..once("3") };
    assert_eq!(store.append(elsewhere), Appended::Done(0));
    assert_eq!(values(&stretch(store, run, 0, 0)), [(0, "0"), (1, "1")]);
    assert_eq!(stretch(store, run, 1, 0).items[0].item_id.as_deref(), Some("row-1"));
}

/// Only the owner in the run's epoch appends; an ended run has no owner.
pub fn progress_is_fenced<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    store.append(append(run, "0"));
    assert_eq!(store.append(Append { epoch: 2, ..append(run, "1") }), Appended::Fenced);
    let worker = store.worker();
    assert_eq!(store.claim_at(worker, 0).runs, [(run, 2)]);
    assert_eq!(store.append(append(run, "1")), Appended::Fenced);
    assert_eq!(store.append(Append { epoch: 2, ..append(run, "2") }), Appended::Done(1));
    let end = RunWrite { epoch: 2, next: Next::End(completed()), ..write(run) };
    assert_eq!(store.write(end), Written::Done(RunState::Completed));
    assert_eq!(store.append(Append { epoch: 2, ..append(run, "3") }), Appended::Fenced);
    assert_eq!(store.append(append(RunId::new(), "4")), Appended::Fenced);
    let read = stretch(store, run, 0, 0);
    assert_eq!((values(&read), read.state), (vec![(0, "0"), (1, "2")], RunState::Completed));
}
