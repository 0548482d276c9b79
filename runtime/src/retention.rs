//! How long runs that have ended are kept, and how they are taken away: little by little, beside
//! what lives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::clock::{earlier, later};
use crate::store::{
    Fire, Fired, Firing, Purge, Query, Reply, RunState, Store, StoreError, Transaction,
};
use crate::values::Timestamp;

/// How long a start key is kept at least, by default.
const KEYS: Duration = Duration::from_hours(24);
/// How often to look for what may go, at most and at least.
const LOOK: (Duration, Duration) = (Duration::from_millis(100), Duration::from_hours(1));
/// How long to sleep, at most: workflows come and go.
const NAP: Duration = Duration::from_mins(10);
/// How long to wait where the store is busy, and how often.
const BUSY: (Duration, u32) = (Duration::from_millis(250), 120);
/// What a schedule says whose firings are purges. No trigger is called so.
const RULE: &str = "!retention";

/// How long an engine keeps runs that have ended; for ever, unless it is told otherwise.
///
/// Which runs: those of the workflows that the engine has, whatever their revision. Runs go with
/// all that is theirs, but none that a run which has not ended waits for, or is waited for by.
///
/// ```
/// use std::time::Duration;
///
/// use flowcrate::{Engine, Retention};
///
/// let month = Duration::from_hours(30 * 24);
/// let retention = Retention::of(month).workflow("poll", month / 30).for_ever("audit");
/// let builder = Engine::builder().retention(retention);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    period: Option<Duration>,
    workflows: BTreeMap<String, Option<Duration>>,
    keys: Duration,
    all: bool,
}

impl Default for Retention {
    fn default() -> Self {
        Self { period: None, workflows: BTreeMap::new(), keys: KEYS, all: false }
    }
}

impl Retention {
    /// For so long after their end.
    pub fn of(period: Duration) -> Self {
        Self { period: Some(period), ..Self::default() }
    }

    /// Runs of one workflow for another time.
    #[must_use]
    pub fn workflow(mut self, name: impl Into<String>, period: Duration) -> Self {
        self.workflows.insert(name.into(), Some(period));
        self
    }

    /// Runs of one workflow for ever.
    #[must_use]
    pub fn for_ever(mut self, workflow: impl Into<String>) -> Self {
        self.workflows.insert(workflow.into(), None);
        self
    }

    /// A run that has a start key is kept for so long after its start at least, so that a start
    /// which is sent again is not a second one; a day, unless this is called.
    #[must_use]
    pub fn keys(self, at_least: Duration) -> Self {
        Self { keys: at_least, ..self }
    }

    /// Also runs of workflows that the engine does not have, for whoever has the store alone.
    #[must_use]
    pub fn of_the_whole_store(self) -> Self {
        Self { all: true, ..self }
    }

    fn is_for_ever(&self) -> bool {
        self.period.is_none() && self.workflows.values().all(Option::is_none)
    }

    /// What is to be looked for, given the workflows that there are.
    fn parts(&self, registered: &BTreeSet<String>) -> Vec<Part> {
        let mut parts = Vec::new();
        if self.all {
            let except = self.workflows.keys().cloned().collect();
            parts.extend(self.period.map(|period| Part { workflow: None, except, period }));
        }
        let own = self.workflows.iter().filter(|(name, _)| self.all || registered.contains(*name));
        let own = own.map(|(name, period)| (name.clone(), *period));
        let others =
            registered.iter().filter(|name| !self.all && !self.workflows.contains_key(*name));
        let others = others.map(|name| (name.clone(), self.period));
        parts.extend(own.chain(others).filter_map(|(name, period)| {
            Some(Part { workflow: Some(name), except: Vec::new(), period: period? })
        }));
        parts
    }
}

/// Runs that are kept for one time.
struct Part {
    workflow: Option<String>,
    except: Vec<String>,
    period: Duration,
}

impl Part {
    /// The schedule by which workers agree on who looks, and when.
    fn schedule(&self) -> String {
        self.workflow.as_ref().map_or_else(|| RULE.to_owned(), |name| format!("{RULE}/{name}"))
    }

    fn purge(&self, now: Timestamp, keys: Duration) -> Purge {
        Purge {
            workflow: self.workflow.clone(),
            except: self.except.clone(),
            keys_before: earlier(now, keys),
            ..Purge::before(earlier(now, self.period))
        }
    }
}

/// Which runs [`Client::purge`](crate::Client::purge) takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeFilter {
    /// Only those that ended longer ago than this.
    pub older_than: Duration,
    /// Only of this workflow.
    pub workflow: Option<String>,
    /// Only in these states; all that are final if empty.
    pub states: Vec<RunState>,
    /// A run that has a start key stays for so long after its start at least.
    pub keys: Duration,
}

impl PurgeFilter {
    /// All that ended longer ago than this, but for those with a start key of the last day.
    pub fn older_than(age: Duration) -> Self {
        Self { older_than: age, workflow: None, states: Vec::new(), keys: KEYS }
    }

    fn purge(self, now: Timestamp) -> Purge {
        Purge {
            workflow: self.workflow,
            states: self.states,
            keys_before: earlier(now, self.keys),
            ..Purge::before(earlier(now, self.older_than))
        }
    }
}

/// Keeps an engine's runs for as long as is said; stops when it is dropped.
pub(crate) struct Keeper {
    /// Dropped, it ends the thread's sleep.
    _stop: Sender<()>,
}

impl Keeper {
    /// Starts a thread that looks for what may go, if anything ever may.
    pub(crate) fn start(
        store: &Arc<dyn Store>,
        retention: Retention,
        workflows: impl Fn() -> BTreeSet<String> + Send + 'static,
    ) -> std::io::Result<Option<Self>> {
        if retention.is_for_ever() {
            return Ok(None);
        }
        let (stop, stopped) = mpsc::channel();
        // The engine's store is not kept open by what tidies it.
        let store = Arc::downgrade(store);
        let keep = move || {
            let mut nap = Duration::ZERO;
            while !is_told(&stopped, nap) {
                match look(&store, &retention, &workflows(), &stopped) {
                    Some(next) => nap = next,
                    None => return,
                }
            }
        };
        std::thread::Builder::new().name("flowcrate-retention".to_owned()).spawn(keep)?;
        Ok(Some(Self { _stop: stop }))
    }
}

fn is_told(stopped: &Receiver<()>, within: Duration) -> bool {
    !matches!(stopped.recv_timeout(within), Err(RecvTimeoutError::Timeout))
}

/// Takes away what may go, part by part, where no other worker has done so; how long there is
/// nothing to do. None once the store is gone.
fn look(
    store: &Weak<dyn Store>,
    retention: &Retention,
    workflows: &BTreeSet<String>,
    stopped: &Receiver<()>,
) -> Option<Duration> {
    let mut nap = NAP;
    for part in retention.parts(workflows) {
        let now = store.upgrade()?.now();
        let every = (part.period / 24).clamp(LOOK.0, LOOK.1);
        match take_turn(store, &part.schedule(), now, every) {
            Ok(Turn::Ours) => {
                let open = || !is_told(stopped, Duration::ZERO);
                let purged = purge_all(store, part.purge(now, retention.keys), (4, &open));
                match purged {
                    Ok(0) => {}
                    Ok(runs) => tracing::info!(runs, "runs that have ended are purged"),
                    Err(error) => tracing::warn!(%error, "runs that have ended are not purged"),
                }
                nap = nap.min(every);
            }
            Ok(Turn::In(wait)) => nap = nap.min(wait),
            Err(error) => tracing::debug!(%error, "nothing is purged for now"),
        }
    }
    Some(nap.max(LOOK.0))
}

/// Whose turn it is to look.
enum Turn {
    Ours,
    /// Nobody's, for so long.
    In(Duration),
}

/// Takes the turn, if it has come, by advancing the schedule: one of many workers does.
fn take_turn(
    store: &Weak<dyn Store>,
    schedule: &str,
    now: Timestamp,
    every: Duration,
) -> Result<Turn, StoreError> {
    let expected =
        ask(store, |store, reply| store.query(Query::NextFire(schedule.to_owned(), reply)))?;
    // One that lies too far off was set by a longer time, or by a clock that was ahead.
    let at = expected.as_ref().and_then(|firing| firing.at);
    let at = at.filter(|at| *at <= later(now, every));
    if let Some(at) = at.filter(|at| *at > now) {
        let wait = u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0);
        return Ok(Turn::In(Duration::from_millis(wait)));
    }
    let next = Firing { rule: RULE.to_owned(), at: Some(later(now, every)) };
    let fire = Fire { schedule: schedule.to_owned(), expected, next, start: None };
    let fired = ask(store, |store, reply| store.submit(Transaction::Fire(Box::new(fire), reply)))?;
    Ok(if matches!(fired, Fired::Done(_)) { Turn::Ours } else { Turn::In(every) })
}

/// Purges on a thread of its own, since it takes its time; `told` how many runs went. Whoever asks
/// keeps the store open.
pub(crate) fn purge_aside(
    store: &Arc<dyn Store>,
    filter: PurgeFilter,
    told: impl FnOnce(Result<u64, StoreError>) + Send + 'static,
    open: impl Fn() -> bool + Send + 'static,
) -> std::io::Result<()> {
    let (purge, store) = (filter.purge(store.now()), Arc::downgrade(store));
    let aside = move || told(purge_all(&store, purge, (1, &open)));
    std::thread::Builder::new().name("flowcrate-purge".to_owned()).spawn(aside).map(drop)
}

/// Purges transaction by transaction as long as somebody wants it. In between it rests, so many
/// times as long as each took: whatever lives goes on.
fn purge_all(
    store: &Weak<dyn Store>,
    mut purge: Purge,
    (rest, open): (u32, &dyn Fn() -> bool),
) -> Result<u64, StoreError> {
    let (mut runs, mut refused) = (0, 0);
    while open() {
        let began = Instant::now();
        let asked = Box::new(purge.clone());
        match ask(store, |store, reply| store.submit(Transaction::Purge(asked, reply))) {
            Ok(purged) => {
                (runs, refused) = (runs + purged.runs, 0);
                purge.after = purged.next;
                if purged.next.is_none() {
                    break;
                }
                std::thread::sleep(began.elapsed() * rest);
            }
            // Done twice, it does no harm.
            Err(StoreError::Busy | StoreError::Unknown(_)) if refused < BUSY.1 => {
                refused += 1;
                std::thread::sleep(BUSY.0);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(runs)
}

/// Asks a store, and waits for what it answers.
fn ask<T: Send + 'static>(
    store: &Weak<dyn Store>,
    asked: impl FnOnce(&dyn Store, Reply<T>),
) -> Result<T, StoreError> {
    let gone = || StoreError::Closed("the store is gone".to_owned());
    let (sender, answer) = mpsc::channel();
    let reply = Reply::new(move |answer| drop(sender.send(answer)));
    asked(store.upgrade().ok_or_else(gone)?.as_ref(), reply);
    answer.recv().unwrap_or_else(|_| Err(gone()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::Retention;

    const DAY: Duration = Duration::from_hours(24);

    fn parts(retention: &Retention) -> Vec<(Option<String>, Vec<String>, Duration)> {
        let registered = BTreeSet::from(["orders", "audit"].map(str::to_owned));
        let parts = retention.parts(&registered).into_iter();
        parts.map(|part| (part.workflow, part.except, part.period)).collect()
    }

    #[test]
    fn each_workflow_has_its_time() {
        assert!(Retention::default().is_for_ever() && parts(&Retention::default()).is_empty());
        let one = |name: &str, period| (Some(name.to_owned()), vec![], period);
        let retention = Retention::of(DAY).for_ever("audit").workflow("old", 3 * DAY);
        // Another engine has `old`.
        assert_eq!(parts(&retention), [one("orders", DAY)]);
        let except = vec!["audit".to_owned(), "old".to_owned()];
        let all = retention.of_the_whole_store();
        assert_eq!(parts(&all), [(None, except, DAY), one("old", 3 * DAY)]);
        let audit = Retention::default().workflow("audit", DAY);
        assert!(!audit.is_for_ever());
        assert_eq!(parts(&audit), [one("audit", DAY)]);
    }
}
