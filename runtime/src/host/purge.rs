//! The command `purge`.

use super::journal::{self, Journal};
use super::{Trouble, render};
use crate::retention::PurgeFilter;

/// Takes away runs that ended long ago; prints how many.
pub(super) async fn purge(journal: &Journal, filter: PurgeFilter) -> Result<(), Trouble> {
    let gone = match journal.client()? {
        Some(store) => journal::client(&store).purge(filter).await?,
        None => 0,
    };
    render::print(&format!("{gone}\n"))
}
