//! Progress streams.

use std::collections::BTreeMap;

use super::Tables;
use crate::store::{Append, Appended, Progressed, Stretch, StretchOf};

/// The progress streams of one run.
#[derive(Debug, Default)]
pub(super) struct Streams(BTreeMap<String, Vec<Progressed>>);

impl Tables {
    pub(in crate::store) fn append(&mut self, append: Append) -> Appended {
        let Some(run) = self.runs.get_mut(&append.run) else { return Appended::Fenced };
        let fenced = run.row.epoch != append.epoch;
        let fenced = fenced && !sabotage!("items of another life are appended");
        if fenced || run.row.owner.is_none() {
            return Appended::Fenced;
        }
        let stream = run.streams.0.entry(append.stream).or_default();
        let known = stream.iter().find(|item| item.item_id == append.item_id);
        if let (Some(known), Some(_)) = (known, &append.item_id)
            && !sabotage!("items with one id are appended")
        {
            return Appended::Duplicate(known.index);
        }
        let index = stream.len() as u64;
        let Append { path, item_id, value, at, .. } = append;
        stream.push(Progressed { index, path, item_id, value, at });
        Appended::Done(index)
    }

    pub(in crate::store) fn stretch(&self, of: &StretchOf) -> Option<Stretch> {
        let run = self.runs.get(&of.run)?;
        let stream = run.streams.0.get(&of.stream).map(Vec::as_slice).unwrap_or_default();
        let from = usize::try_from(of.from).unwrap_or(usize::MAX);
        let limit = if of.limit == 0 { usize::MAX } else { of.limit };
        let items = stream.iter().skip(from).take(limit).cloned().collect();
        Some(Stretch { items, state: run.row.state })
    }
}
