//! What is asked of runs: cancel, terminate, pause, resume.

use std::sync::Arc;

use super::Client;
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::store::{Ask, Reply, Request, Requested, Transaction};

/// Why something is asked of a run, for whoever looks at it later. `()` gives no reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason(Option<String>);

impl From<()> for Reason {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl From<&str> for Reason {
    fn from(reason: &str) -> Self {
        Self(Some(reason.to_owned()))
    }
}

impl From<String> for Reason {
    fn from(reason: String) -> Self {
        Self(Some(reason))
    }
}

impl From<Option<String>> for Reason {
    fn from(reason: Option<String>) -> Self {
        Self(reason)
    }
}

impl Client {
    /// Asks that a run be cancelled: its function sees it, and may clean up. Once this returns,
    /// the request is durable. A run that nobody has driven yet is over with it.
    pub async fn cancel(&self, run: RunId, reason: impl Into<Reason>) -> Result<()> {
        self.ask(run, Ask::Cancel, reason).await
    }

    /// Ends a run at once, whatever it does: its function sees nothing, and neither `finally` nor
    /// compensations run. It is cancelled, with the failure `terminated`; its awaited children
    /// are asked to cancel.
    pub async fn terminate(&self, run: RunId, reason: impl Into<Reason>) -> Result<()> {
        self.ask(run, Ask::Terminate, reason).await
    }

    /// Lets a run stand still: what is in flight finishes and is recorded, nothing new begins,
    /// and then it is paused, with the failure `paused`, until someone resumes or cancels it.
    /// Timers that are due meanwhile fire when it goes on. Its children are not paused with it.
    pub async fn pause(&self, run: RunId, reason: impl Into<Reason>) -> Result<()> {
        self.ask(run, Ask::Pause, reason).await
    }

    /// Lets a paused run go on; a step that spent its policy is granted it anew.
    pub async fn resume(&self, run: RunId) -> Result<()> {
        self.ask(run, Ask::Resume, ()).await
    }

    /// Lets a run go on in another revision of its workflow, if its journal fits that one: a
    /// worker that has it replays the run without writing anything. Comes back once the run is of
    /// that revision, or with what does not fit, and where. A paused run stays paused.
    ///
    /// A run whose own revision no worker has is adopted by itself where a registered revision
    /// [`adopts`](crate::Definition::adopts) that one. What runs when it is asked finishes first;
    /// nothing new begins meanwhile.
    pub async fn adopt(&self, run: RunId, revision: impl Into<String>) -> Result<()> {
        let revision = revision.into();
        let mut watch = self.watch(run);
        self.ask(run, Ask::Adopt(revision.as_str().into()), ()).await?;
        while let Some(view) = watch.next().await? {
            if view.revision == revision {
                return Ok(());
            }
            if let Some(refusal) = view.refusal.filter(|refusal| refusal.revision == revision) {
                return Err(Error::Failed(refusal.failure));
            }
        }
        Err(Error::Finished(run))
    }

    pub(crate) async fn ask(&self, run: RunId, ask: Ask, reason: impl Into<Reason>) -> Result<()> {
        let Reason(reason) = reason.into();
        let (nudge, hub) = (Arc::clone(&self.nudge), Arc::clone(&self.hub));
        // What is but a row comes to its stand with the request: no driver will tell of it.
        let may_stop = matches!(ask, Ask::Cancel | Ask::Terminate | Ask::Pause);
        let may_stop_others = ask == Ask::Terminate;
        let (told, answer) = Reply::channel();
        // The run is woken even if the caller stops waiting.
        let reply = Reply::new(move |requested| {
            if requested == Ok(Requested::Accepted) {
                nudge(run);
                if may_stop {
                    hub.stopped(run);
                }
                // Its children, where nobody has driven them.
                if may_stop_others {
                    hub.all_changed();
                }
            }
            told.send(requested);
        });
        let request = Request { run, ask, reason, at: self.store.now() };
        self.store.submit(Transaction::Request(request, reply));
        match answer.await? {
            Requested::Accepted | Requested::Unchanged => Ok(()),
            Requested::UnknownRun => Err(Error::UnknownRun(run)),
            Requested::Finished => Err(Error::Finished(run)),
        }
    }
}
