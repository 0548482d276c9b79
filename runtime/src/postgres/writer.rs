//! The one task that writes: many transactions, one commit.
//!
//! While a commit is on its way, transactions queue up; the next commit takes them all. One that
//! meets trouble is undone by the database, and made again in halves, so that none suffers for
//! another. What waits for somebody else's transaction is set aside.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::apply::{Applied, Applier, Tells};
use super::aside::Aside;
use super::commit::{Patience, Results, Session};
use super::failing::{Trouble, describe};
use super::queue::Served;
use super::{QUEUE, Shared};
use crate::store::answer::{Answer, refuse, reply};
use crate::store::{StoreError, Transaction};

/// The most transactions in one commit.
const BATCH: usize = 512;
/// A transaction with more bytes than this has a commit of its own.
const LARGE: usize = 1024 * 1024;
/// How often a transaction that met another one is tried.
const TRIES: u32 = 5;
/// How long to wait after a connection could not be made: at first, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Who writes.
struct Writer {
    shared: Arc<Shared>,
    session: Session,
    aside: Aside,
}

/// The connection is of no use any more, and nothing of these is written.
struct Lost(Vec<Transaction>);

/// Writes until every sender is gone.
pub(super) async fn serve(shared: Arc<Shared>, session: Session, mut queue: Served<Transaction>) {
    let mut writer = Writer { shared, session, aside: Aside::new(QUEUE) };
    let mut kept = Vec::new();
    loop {
        let done = match writer.aside.due() {
            _ if !kept.is_empty() => writer.write(std::mem::take(&mut kept)).await,
            Some(Duration::ZERO) => writer.try_aside().await,
            due => {
                let next = tokio::time::timeout(due.unwrap_or(Duration::MAX), queue.next(BATCH));
                let Ok(batch) = next.await else { continue };
                if batch.is_empty() {
                    break;
                }
                writer.write(batch).await
            }
        };
        if let Err(Lost(unwritten)) = done {
            match writer.reconnect(&mut queue, unwritten).await {
                Some(all) => kept = all,
                None => return,
            }
        }
    }
    if writer.try_aside().await.is_ok() {
        refuse(writer.aside.drain(), &StoreError::Busy);
    }
}

impl Writer {
    /// Writes what has queued up.
    async fn write(&mut self, batch: Vec<Transaction>) -> Result<(), Lost> {
        let mut rest = segments(batch).into_iter();
        while let Some(segment) = rest.next() {
            if let Err(Lost(mut unwritten)) = self.commit(segment, Patience::Usual).await {
                unwritten.extend(rest.flatten());
                return Err(Lost(unwritten));
            }
        }
        Ok(())
    }

    /// Tries again what was set aside: the first of each line, and if that goes, what is behind it.
    async fn try_aside(&mut self) -> Result<(), Lost> {
        let mut round = self.aside.round();
        while let Some((first, behind)) = self.aside.next(&mut round) {
            let mut rest = std::iter::once(vec![first]).chain(segments(behind));
            while let Some(segment) = rest.next() {
                if let Err(Lost(mut unwritten)) = self.commit(segment, Patience::Brief).await {
                    unwritten.extend(rest.flatten());
                    return Err(Lost(unwritten));
                }
            }
        }
        Ok(())
    }

    /// Commits a segment; where that meets trouble, each half of it by itself.
    async fn commit(
        &mut self,
        segment: Vec<Transaction>,
        mut patience: Patience,
    ) -> Result<(), Lost> {
        let (mut parts, mut tries) = (vec![segment], 0);
        while let Some(part) = parts.pop() {
            let mut part = self.aside.divert(part);
            if part.is_empty() {
                continue;
            }
            match self.session.commit(&self.shared, &part, patience).await {
                Ok(results) => self.acknowledge(part, results),
                Err(Trouble::Lost(reason)) => {
                    tracing::warn!(%reason, "the connection to the database is lost");
                    refuse(part, &StoreError::Unknown(reason));
                    return Err(Lost(parts.into_iter().rev().flatten().collect()));
                }
                Err(trouble) if part.len() == 1 => {
                    let again = self.settle(part, trouble, tries);
                    tries = if again.is_empty() { 0 } else { tries + 1 };
                    parts.push(again);
                }
                Err(_) => {
                    // Who holds it up is found soon: all have waited once.
                    patience = Patience::Brief;
                    let behind = part.split_off(part.len() / 2);
                    parts.extend([behind, part]);
                }
            }
        }
        Ok(())
    }

    /// What becomes of one transaction that met trouble; it comes back if it is to be tried again.
    fn settle(&mut self, one: Vec<Transaction>, trouble: Trouble, tries: u32) -> Vec<Transaction> {
        match trouble {
            Trouble::Again(_) if tries < TRIES => return one,
            Trouble::Held(_) => one.into_iter().for_each(|one| self.aside.keep(one)),
            Trouble::Refused(written) => {
                let answer = Applied { answer: Answer::Written(written), tells: Tells::Nobody };
                self.acknowledge(one, vec![Ok(answer)]);
            }
            other => refuse(one, &other.into_error()),
        }
        Vec::new()
    }

    fn acknowledge(&self, segment: Vec<Transaction>, results: Results) {
        let (mut tells, mut wakes) = (Tells::Nobody, false);
        for (transaction, result) in segment.into_iter().zip(results) {
            match result {
                Ok(Applied { answer, tells: those }) => {
                    tells = tells.max(those);
                    wakes |= answer.starts_unowned(&transaction);
                    reply(transaction, answer);
                }
                Err(trouble) => transaction.refuse(&trouble.into_error()),
            }
        }
        self.shared.bell.ring(tells);
        if wakes {
            // A worker of this process need not wait for the bell.
            self.shared.hint();
        }
    }

    /// Connects again, however long that takes; what is unwritten, what was set aside, and what has
    /// come meanwhile is to be written then, unless it takes longer than a lease. None once nothing
    /// will come any more.
    async fn reconnect(
        &mut self,
        queue: &mut Served<Transaction>,
        unwritten: Vec<Transaction>,
    ) -> Option<Vec<Transaction>> {
        let Self { shared, session, aside } = self;
        shared.is_connected.store(false, Ordering::Relaxed);
        let mut kept: Vec<Transaction> = aside.drain().chain(unwritten).collect();
        let (since, mut nap) = (Instant::now(), BACK_OFF.0);
        loop {
            kept.extend(queue.drain());
            match shared.connect(|| {}).await {
                Ok(client) => match Session::new(client).await {
                    Ok(fresh) => {
                        *session = fresh;
                        shared.is_connected.store(true, Ordering::Relaxed);
                        // Whatever was announced meanwhile was not heard.
                        shared.hint();
                        return Some(kept);
                    }
                    Err(error) => tracing::debug!(reason = describe(&error), "no connection yet"),
                },
                Err(error) => tracing::debug!(reason = describe(&error), "no connection yet"),
            }
            if queue.is_closed() {
                kept.extend(queue.drain());
                refuse(kept, &StoreError::Busy);
                return None;
            }
            if since.elapsed() > shared.lease {
                refuse(std::mem::take(&mut kept), &StoreError::Busy);
            }
            tokio::time::sleep(nap).await;
            nap = (nap * 2).min(BACK_OFF.1);
        }
    }
}

/// What goes into one commit each, in the order of its coming.
fn segments(batch: Vec<Transaction>) -> Vec<Vec<Transaction>> {
    let mut segments: Vec<Vec<Transaction>> = Vec::new();
    let mut is_open = false;
    for transaction in batch {
        let alone = Applier::is_alone(&transaction) || transaction.weight() > LARGE;
        match segments.last_mut().filter(|_| is_open && !alone) {
            Some(last) => last.push(transaction),
            None => segments.push(vec![transaction]),
        }
        is_open = !alone;
    }
    segments
}
