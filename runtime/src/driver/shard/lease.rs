//! A worker's lease, where the store has many workers (R21).
//!
//! It is renewed three times as often as it has to be. By the worker's own clock, which nobody
//! sets, it counts as lost when two thirds of it are over since the last renewal that was answered
//! was *sent*: then the bodies are told to stop, and the runs are driven again from what the store
//! holds, if they are still this worker's. What is written meanwhile is fenced by epochs, whatever
//! any clock says.

use std::time::{Duration, Instant};

use super::{Message, Shard};
use crate::store::{Reply, StoreError, Transaction};

/// How long to wait after a renewal has failed.
const AGAIN: Duration = Duration::from_millis(200);

/// What is known of a lease.
pub(crate) struct Lease {
    length: Duration,
    /// When the renewal was sent that was answered last.
    since: Instant,
    /// When the renewal was sent that is on its way.
    sent: Option<Instant>,
    /// When to send the next one.
    next: Instant,
    lapsed: bool,
}

/// What a lease asks for at an instant.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    /// To be renewed.
    Renewal,
    /// To be taken for lost.
    Lapse,
    /// Nothing, for so long.
    Nothing(Duration),
}

impl Lease {
    /// A lease that was asked for at an instant, and then given.
    pub(crate) fn new(length: Duration, since: Instant) -> Self {
        Self { length, since, sent: None, next: since + length / 3, lapsed: false }
    }

    fn due(&mut self, now: Instant) -> Due {
        let lapse = self.since + self.length * 2 / 3;
        if !self.lapsed && lapse <= now {
            self.lapsed = true;
            return Due::Lapse;
        }
        if self.sent.is_none() && self.next <= now {
            self.sent = Some(now);
            return Due::Renewal;
        }
        let lapse = (!self.lapsed).then_some(lapse);
        let next = self.sent.is_none().then_some(self.next);
        let first = lapse.into_iter().chain(next).min();
        Due::Nothing(first.map_or(self.length, |at| at.saturating_duration_since(now)))
    }

    /// A renewal was answered; whether the lease had counted as lost.
    fn renewed(&mut self) -> bool {
        if let Some(sent) = self.sent.take() {
            self.since = sent;
            self.next = sent + self.length / 3;
        }
        std::mem::take(&mut self.lapsed)
    }

    /// A renewal failed.
    fn failed(&mut self, now: Instant) {
        self.sent = None;
        self.next = now + AGAIN.min(self.length / 10);
    }

    /// Whether it counts as lost.
    pub(super) fn is_lapsed(&self) -> bool {
        self.lapsed
    }
}

impl Shard {
    /// Keeps the lease; how long until there is something to do for it.
    pub(super) fn keep_lease(&mut self) -> Option<Duration> {
        loop {
            match self.settings.lease.as_mut()?.due(Instant::now()) {
                Due::Nothing(wait) => return Some(wait),
                Due::Renewal => self.renew(),
                Due::Lapse => self.lapse(),
            }
        }
    }

    fn renew(&self) {
        let sender = self.settings.sender.clone();
        let reply = Reply::new(move |renewed| drop(sender.send(Message::Renewed(renewed))));
        self.settings.store.submit(Transaction::Renew(self.settings.worker, reply));
    }

    /// Lets go of all runs: another worker may have them already.
    fn lapse(&mut self) {
        tracing::warn!("the lease is about to run out: runs are driven again once it is renewed");
        let runs: Vec<_> = self.runs.iter().map(|(run, resident)| (*run, resident.epoch)).collect();
        for (run, epoch) in runs {
            self.forget(run);
            self.claims.evicted(run, epoch, self.now);
        }
    }

    /// A renewal was answered.
    pub(super) fn renewed(&mut self, renewed: Result<(), StoreError>) {
        let Some(lease) = self.settings.lease.as_mut() else { return };
        match renewed {
            Ok(()) => {
                if lease.renewed() {
                    self.claims.want();
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the lease could not be renewed");
                self.closed |= matches!(error, StoreError::Closed(_));
                lease.failed(Instant::now());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{AGAIN, Due, Lease};

    const LENGTH: Duration = Duration::from_secs(15);

    #[test]
    fn a_lease_counts_from_when_its_renewal_was_sent() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut lease = Lease::new(LENGTH, start);
        assert_eq!(lease.due(start), Due::Nothing(LENGTH / 3));
        assert_eq!(lease.due(at(5)), Due::Renewal);
        // On its way: what is left to wait for is the lapse.
        assert_eq!(lease.due(at(8)), Due::Nothing(Duration::from_secs(2)));
        assert!(!lease.renewed());
        assert_eq!(lease.due(at(9)), Due::Nothing(Duration::from_secs(1)));
        assert_eq!(lease.due(at(10)), Due::Renewal);
        lease.failed(at(11));
        assert_eq!(lease.due(at(11)), Due::Nothing(AGAIN));
        // The first one was sent at 5.
        assert_eq!(lease.due(at(15)), Due::Lapse);
        assert!(lease.is_lapsed());
        assert_eq!(lease.due(at(15)), Due::Renewal);
        assert_eq!(lease.due(at(99)), Due::Nothing(LENGTH));
        assert!(lease.renewed());
        // A late answer to what was sent at 15 says nothing about 99.
        assert_eq!(lease.due(at(99)), Due::Lapse);
    }
}
