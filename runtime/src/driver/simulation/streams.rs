//! What bodies append to a progress stream, and what its readers get of it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as Poller, Poll, Waker};

use super::check::{asked, holds, load};
use crate::client::{Client, Known, ProgressStream};
use crate::driver::hub::Hub;
use crate::store::{Append, Progressed, Query, Store, StretchOf};
use crate::{RunId, StepContext, StepError};

/// The stream that every run has.
const STREAM: &str = "log";

/// What the bodies of each run have asked to append, in order. The value of an item is its number
/// there.
#[derive(Default)]
pub(super) struct Told(Mutex<BTreeMap<RunId, Vec<Telling>>>);

struct Telling {
    path: String,
    item_id: Option<String>,
    /// The latest item of the run that was acknowledged by then.
    after: Option<u64>,
    /// Where it stands, as it was acknowledged.
    index: Option<u64>,
    /// Whether the run had another owner when the store came to it.
    is_late: bool,
}

impl Told {
    /// Appends an item, as a body does.
    pub(super) async fn tell(
        &self,
        step: &StepContext,
        item: u32,
        once: bool,
    ) -> Result<(), StepError> {
        let item_id = once.then(|| format!("{}#{item}", step.path()));
        let number = self.ask(step, item_id.clone());
        let stream = step.progress(STREAM);
        let index = match item_id {
            Some(id) => stream.append_once(id, &number).await?,
            None => stream.append(&number).await?,
        };
        self.0.lock().unwrap().entry(step.run_id()).or_default()[number].index = Some(index);
        Ok(())
    }

    fn ask(&self, step: &StepContext, item_id: Option<String>) -> usize {
        let mut told = self.0.lock().unwrap();
        let told = told.entry(step.run_id()).or_default();
        let after = told.iter().filter_map(|other| other.index).max();
        let path = step.path().to_owned();
        told.push(Telling { path, item_id, after, index: None, is_late: false });
        told.len() - 1
    }

    /// The store comes to an item of a run that is in this epoch by now.
    pub(super) fn arrives(&self, item: &Append, epoch: u64) {
        let number: usize = item.value.decode().unwrap();
        let mut told = self.0.lock().unwrap();
        told.entry(item.run).or_default()[number].is_late = item.epoch != epoch;
    }

    /// I31 and I34: `before` is what the stream was.
    pub(super) fn check(
        &self,
        run: RunId,
        before: &[Progressed],
        now: &[Progressed],
    ) -> Result<(), String> {
        holds(now.starts_with(before), "I31", &format!("{before:?} became {now:?}"))?;
        let told = self.0.lock().unwrap();
        let told = told.get(&run).map(Vec::as_slice).unwrap_or_default();
        let (mut calls, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for (index, item) in (0..).zip(now) {
            holds(item.index == index, "I31", &format!("{item:?} stands at {index}"))?;
            let number: usize = item.value.decode().map_err(|error| error.to_string())?;
            let call = told.get(number).ok_or("I34 is broken: nobody has told that")?;
            let fits = (&*call.path, &call.item_id) == (&*item.path, &item.item_id);
            holds(fits && !call.is_late, "I34", &format!("nobody has told {item:?}"))?;
            holds(calls.insert(number), "I34", &format!("{item:?} was told once"))?;
            let is_new = item.item_id.as_ref().is_none_or(|id| ids.insert(id));
            holds(is_new, "I31", &format!("{item:?} has the id of another"))?;
            let in_order = call.after.is_none_or(|after| index > after || call.item_id.is_some());
            holds(in_order, "I34", &format!("{item:?} was told after {:?}", call.after))?;
        }
        for (number, call) in told.iter().enumerate() {
            let Some(index) = call.index else { continue };
            let item = usize::try_from(index).ok().and_then(|index| now.get(index));
            let stands = item.is_some_and(|item| match &call.item_id {
                Some(id) => item.item_id.as_ref() == Some(id),
                None => item.value.decode::<usize>().is_ok_and(|found| found == number),
            });
            holds(stands, "I31", &format!("what was acknowledged at {index} is {item:?}"))?;
        }
        Ok(())
    }
}

/// A run's whole stream.
pub(super) fn stream(store: &dyn Store, run: RunId) -> Vec<Progressed> {
    let of = StretchOf { run, stream: STREAM.to_owned(), from: 0, limit: 0 };
    let stretch = asked(store, |reply| Query::Progress(Box::new(of), reply));
    stretch.map(|stretch| stretch.items).unwrap_or_default()
}

/// Somebody who reads a run's stream from an index on.
pub(super) struct Follower {
    run: RunId,
    stream: ProgressStream,
    from: u64,
    seen: Vec<usize>,
    is_over: bool,
}

impl Follower {
    pub(super) fn new(store: &Arc<dyn Store>, hub: &Arc<Hub>, run: RunId, from: u64) -> Self {
        let (store, hub) = (Arc::clone(store), Arc::clone(hub));
        let client = Client::driving(store, hub, Arc::new(|_| {}), Known::nothing());
        let stream = client.stream(run, STREAM).from(from);
        Self { run, stream, from, seen: Vec::new(), is_over: false }
    }

    /// Takes the next item, if it is there.
    pub(super) fn follow(&mut self, store: &dyn Store) -> Result<(), String> {
        let next = pin!(self.stream.next::<usize>());
        match next.poll(&mut Poller::from_waker(Waker::noop())) {
            Poll::Pending => return Ok(()),
            Poll::Ready(Err(error)) => return Err(error.to_string()),
            Poll::Ready(Ok(None)) => self.is_over = true,
            Poll::Ready(Ok(Some(item))) => {
                let due = self.from + self.seen.len() as u64;
                holds(item.index == due, "I35", &format!("{item:?} comes in place of {due}"))?;
                self.seen.push(item.value);
            }
        }
        let is_final = || load(store, self.run).is_some_and(|loaded| loaded.row.state.is_final());
        holds(!self.is_over || is_final(), "I35", "a stream is over before its run")
    }

    /// Reads on until the end of the run, which has ended.
    pub(super) fn finish(&mut self, store: &dyn Store) -> Result<(), String> {
        let stream = stream(store, self.run);
        for _ in 0..=stream.len() {
            self.follow(store)?;
        }
        let rest = stream.iter().skip(usize::try_from(self.from).unwrap());
        let all: Vec<usize> = rest.map(|item| item.value.decode().unwrap()).collect();
        let why = format!("{:?} was read from {} on, of {all:?}", self.seen, self.from);
        holds(self.is_over && self.seen == all, "I35", &why)
    }
}
