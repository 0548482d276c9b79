//! Taking away runs that have ended.

use tokio::sync::oneshot;

use super::Client;
use crate::error::{Error, Result};
use crate::retention::{PurgeFilter, purge_aside};

impl Client {
    /// Takes away runs that ended long ago, with all that is theirs; gives how many went. A run
    /// stays that one which has not ended waits for, or is waited for by, and one whose start key
    /// is young.
    ///
    /// It goes on little by little, beside what lives, and stops when it is dropped; what is gone
    /// then is gone. Any process may ask for it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use flowcrate::{Client, PurgeFilter, Result, RunState};
    /// # async fn purge(client: &Client) -> Result<()> {
    /// let week = Duration::from_hours(7 * 24);
    /// let filter = PurgeFilter::older_than(week);
    /// let gone = client.purge(PurgeFilter { states: vec![RunState::Completed], ..filter }).await?;
    /// println!("{gone} runs are gone");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn purge(&self, filter: PurgeFilter) -> Result<u64> {
        let (told, answer) = oneshot::channel();
        // Whoever waits for the answer holds this.
        let (wanted, wants) = oneshot::channel::<()>();
        let tell = move |purged| drop(told.send(purged));
        purge_aside(&self.store, filter, tell, move || !wanted.is_closed())
            .map_err(|_| Error::Setup("no thread could be started"))?;
        let purged = answer.await.map_err(|_| Error::Closed)?;
        drop(wants);
        Ok(purged?)
    }
}
