//! Transactions that wait for somebody else's: for the row of a run to which an application has
//! sent an event without committing yet, for one. They are set aside, so that nothing else waits.
//!
//! Transactions about one run keep their order: what comes for a run of which something waits,
//! waits behind it.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::RunId;
use crate::store::{StoreError, Transaction};

/// How long to wait before what was set aside is tried again: at first, and at most.
const NAP: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));
/// How long may be tried at a time; then it is others' turn.
const SWEEP: Duration = Duration::from_millis(50);
/// A try takes its time for each that still waits: the rest is for others, so many times as much.
const SHARE: u32 = 9;

/// What is set aside, and when it is tried again.
pub(super) struct Aside {
    lines: VecDeque<Line>,
    /// The runs that lines are about.
    runs: BTreeSet<RunId>,
    /// How many transactions there are, and how many there may be of those from outside.
    waiting: usize,
    limit: usize,
    nap: Duration,
    next: Instant,
}

/// What waits for one row, in the order of its coming.
struct Line {
    run: Option<RunId>,
    waiting: VecDeque<Transaction>,
}

/// A round over all lines.
pub(super) struct Round {
    begun: Instant,
    left: usize,
}

impl Aside {
    /// Nothing yet; so many from outside at most.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            runs: BTreeSet::new(),
            waiting: 0,
            limit,
            nap: NAP.0,
            next: Instant::now(),
        }
    }

    /// Sets a transaction aside that somebody else's holds up.
    pub(super) fn keep(&mut self, transaction: Transaction) {
        if self.is_too_much(&transaction) {
            return transaction.refuse(&StoreError::Busy);
        }
        if self.lines.is_empty() {
            self.nap = NAP.0;
            self.next = Instant::now() + self.nap;
        }
        let run = run_of(&transaction);
        self.runs.extend(run);
        self.waiting += 1;
        self.lines.push_back(Line { run, waiting: VecDeque::from([transaction]) });
    }

    /// Sets aside what is about a run of which something waits; the rest comes back.
    pub(super) fn divert(&mut self, all: Vec<Transaction>) -> Vec<Transaction> {
        if self.lines.is_empty() {
            return all;
        }
        let mut free = Vec::with_capacity(all.len());
        for transaction in all {
            let run = run_of(&transaction).filter(|run| self.runs.contains(run));
            let is_too_much = self.is_too_much(&transaction);
            let line = run.and_then(|_| self.lines.iter_mut().find(|line| line.run == run));
            match line {
                None => free.push(transaction),
                Some(_) if is_too_much => transaction.refuse(&StoreError::Busy),
                Some(line) => {
                    line.waiting.push_back(transaction);
                    self.waiting += 1;
                }
            }
        }
        free
    }

    /// Whether there is no room for a transaction; what drives runs is never turned away.
    fn is_too_much(&self, transaction: &Transaction) -> bool {
        self.waiting >= self.limit && transaction.is_from_outside()
    }

    /// How long until the next try, if anything waits.
    pub(super) fn due(&self) -> Option<Duration> {
        let next = self.next.saturating_duration_since(Instant::now());
        (!self.lines.is_empty()).then_some(next)
    }

    /// Begins to try what waits.
    pub(super) fn round(&self) -> Round {
        Round { begun: Instant::now(), left: self.lines.len() }
    }

    /// The next line to try: its first transaction, and what stands behind that.
    pub(super) fn next(&mut self, round: &mut Round) -> Option<(Transaction, Vec<Transaction>)> {
        let in_time = round.left > 0 && round.begun.elapsed() < SWEEP;
        let Some(Line { run, mut waiting }) = in_time.then(|| self.lines.pop_front()).flatten()
        else {
            self.nap = (self.nap * 2).min(NAP.1);
            self.next = Instant::now() + self.nap.max(round.begun.elapsed() * SHARE);
            return None;
        };
        round.left -= 1;
        self.waiting -= waiting.len();
        if let Some(run) = run {
            self.runs.remove(&run);
        }
        let first = waiting.pop_front()?;
        Some((first, waiting.into()))
    }

    /// All that waits.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Transaction> {
        self.runs.clear();
        self.waiting = 0;
        std::mem::take(&mut self.lines).into_iter().flat_map(|line| line.waiting)
    }
}

/// The run that a transaction is about; the children of a write are not there before it.
fn run_of(transaction: &Transaction) -> Option<RunId> {
    let mut first = None;
    transaction.each_run(|run| {
        first.get_or_insert(run);
    });
    first
}
