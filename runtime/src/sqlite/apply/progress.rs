//! Appends to progress streams.

use rusqlite::{OptionalExtension, Result};

use super::Tables;
use crate::sqlite::values::INBOX;
use crate::store::{Append, Appended};

impl Tables<'_> {
    pub(in crate::sqlite) fn append(&mut self, append: &Append) -> Result<Appended> {
        let owned = self.owned(append.run)?.filter(|owned| owned.epoch == append.epoch);
        let Some(owned) = owned else { return Ok(Appended::Fenced) };
        let stream = &append.stream;
        if let Some(id) = &append.item_id {
            let known = (owned.n, stream, id);
            let known = self.sql.find_item.query_row(known, |row| row.get(0)).optional()?;
            if let Some(index) = known {
                return Ok(Appended::Duplicate(index));
            }
        }
        let index: u64 = self.sql.next_item.query_row((owned.n, stream), |row| row.get(0))?;
        let value = self.values.payload(&append.value)?;
        self.sql.add_item.execute((
            owned.n,
            stream,
            index,
            &*append.path,
            &append.item_id,
            &value,
            append.at.0,
        ))?;
        // An item stays as long as its run, as an event does.
        self.values.note(owned.n, INBOX, Some(&value))?;
        Ok(Appended::Done(index))
    }
}
