//! Fires schedules (R23): each firing is a start with a key of its own, in the transaction that
//! advances the schedule.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::Timestamp;
use crate::host::journal;
use crate::host::triggers::{Source, Triggers};
use crate::host::{LimitKey, Trouble};
use crate::schedule::Schedule;
use crate::sqlite::SqliteStore;
use crate::store::{Fire, Fired, Firing, Query, Reply, Store, StoreError, Transaction};
use crate::workflow::Definition;

/// The longest sleep: a clock that is set forward is noticed within it.
const NAP: Duration = Duration::from_secs(15);
/// How long to wait before another try when the journal fails.
const RETRY: Duration = Duration::from_secs(1);
/// The most missed firings that are counted one by one.
const COUNTED: usize = 1_000;

/// The schedules of a workflow.
pub(super) struct Schedules {
    definition: Definition,
    fingerprint: Option<&'static str>,
    limit_key: LimitKey,
    triggers: Triggers,
    all: Vec<Entry>,
    store: SqliteStore,
}

/// One schedule.
struct Entry {
    trigger: &'static str,
    /// Its name in the journal.
    name: String,
    /// Its rule in the journal: after an edit nothing fires for the past.
    rule: String,
    /// What the keys of its runs begin with.
    key: String,
    schedule: Schedule,
}

impl Schedules {
    pub(super) fn new(
        (definition, fingerprint): (&Definition, Option<&'static str>),
        triggers: &Triggers,
        store: SqliteStore,
    ) -> Result<Self, Trouble> {
        let mut all = Vec::new();
        for trigger in &triggers.all {
            if let Source::Schedule { cron, time_zone } = trigger.source {
                let schedule = Schedule::parse(cron, time_zone).map_err(|error| {
                    Trouble::misuse(format!("schedule `{}`: {error}", trigger.id))
                })?;
                all.push(Entry {
                    trigger: trigger.id,
                    name: format!("{}/{}", definition.name, trigger.id),
                    rule: format!("{cron} {time_zone}"),
                    key: "schedule/".to_owned(),
                    schedule,
                });
            }
        }
        if all.len() > 1 {
            // Two schedules may fire at one instant, for one run each.
            for entry in &mut all {
                entry.key = format!("schedule/{}/", entry.trigger);
            }
        }
        Ok(Self {
            definition: definition.clone(),
            fingerprint,
            limit_key: Arc::new(|_| None),
            triggers: triggers.clone(),
            all,
            store,
        })
    }

    /// The same, whose runs count so under the workflow's limit.
    pub(super) fn limited_by(self, limit_key: LimitKey) -> Self {
        Self { limit_key, ..self }
    }

    /// Fires whatever is due, for ever. A journal that fails is tried again.
    pub(super) async fn fire_for_ever(self) -> Result<(), Trouble> {
        loop {
            let mut nap = NAP;
            for entry in &self.all {
                match self.attend(entry).await {
                    Ok(wait) => nap = nap.min(wait),
                    Err(StoreError::Closed(reason)) => return Err(Trouble::failed(reason)),
                    Err(error) => {
                        eprintln!("schedule `{}`: {error}", entry.trigger);
                        nap = nap.min(RETRY);
                    }
                }
            }
            tokio::time::sleep(nap).await;
        }
    }

    /// Fires a schedule if it is due; says how long nothing needs to be done.
    async fn attend(&self, entry: &Entry) -> Result<Duration, StoreError> {
        let now = self.store.now();
        let expected = self.next_fire(&entry.name).await?;
        let due = match &expected {
            Some(firing) if firing.rule == entry.rule => match firing.at {
                Some(at) if at > now => return Ok(until(now, at)),
                Some(at) => Some(entry.latest_missed(at, now)),
                None => return Ok(NAP),
            },
            // Told for the first time, or edited: it fires in the future only.
            _ => None,
        };
        let next = Firing { rule: entry.rule.clone(), at: entry.schedule.next_after(now) };
        let start = due.map(|nominal| self.run(entry, nominal, now)).transpose()?;
        let wait = next.at.map_or(NAP, |at| until(now, at));
        let fire = Fire { schedule: entry.name.clone(), expected, next, start };
        match self.fire(fire).await? {
            Fired::Done(_) => Ok(wait),
            // Another process was quicker; look again at once.
            Fired::Moved(_) => Ok(Duration::ZERO),
        }
    }

    /// The run of a firing.
    fn run(
        &self,
        entry: &Entry,
        nominal: Timestamp,
        now: Timestamp,
    ) -> Result<crate::store::NewRun, StoreError> {
        let input = self.triggers.input(entry.trigger, json!({"scheduled_at": nominal}));
        let key = format!("{}{nominal}", entry.key);
        eprintln!("schedule `{}` fires for {nominal}", entry.trigger);
        let run = journal::new_run((&self.definition, self.fingerprint), &input, Some(key), now)
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(crate::store::NewRun { limit_key: (self.limit_key)(&input), ..run })
    }

    async fn next_fire(&self, name: &str) -> Result<Option<Firing>, StoreError> {
        let (reply, answer) = Reply::channel();
        self.store.query(Query::NextFire(name.to_owned(), reply));
        answer.await
    }

    async fn fire(&self, fire: Fire) -> Result<Fired, StoreError> {
        let (reply, answer) = Reply::channel();
        self.store.submit(Transaction::Fire(Box::new(fire), reply));
        answer.await
    }
}

impl Entry {
    /// The latest instant, from `first` on, that is not in the future. Whoever was away gets one
    /// run for all that it missed, and is told how many those were.
    fn latest_missed(&self, first: Timestamp, now: Timestamp) -> Timestamp {
        let fired = |after| self.schedule.next_after(after).filter(|next| *next <= now);
        let since = |span: Duration| {
            let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
            Timestamp(now.0.saturating_sub(span).max(first.0))
        };
        // From the shortest span that holds a firing, the latest is a few steps away.
        let spans = [1, 24, 32 * 24, 366 * 24].map(|hours| since(Duration::from_hours(hours)));
        let mut latest = spans.into_iter().find_map(fired).unwrap_or(first);
        while let Some(next) = fired(latest) {
            latest = next;
        }
        let missed = std::iter::successors(Some(first), |at| fired(*at)).take(COUNTED).count();
        if missed > 1 {
            let skipped = missed - 1;
            let more = if missed == COUNTED { " or more" } else { "" };
            eprintln!(
                "schedule `{}` skips {skipped}{more} firings that were missed since {first}",
                self.trigger
            );
        }
        latest
    }
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    let millis = at.0.saturating_sub(now.0).max(0);
    Duration::from_millis(millis.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedules(triggers: &Triggers, store: SqliteStore) -> Schedules {
        let name = "tick".to_owned();
        let definition = Definition { name, revision: "1".to_owned(), ..Definition::default() };
        Schedules::new((&definition, None), triggers, store).unwrap()
    }

    /// A clock that stands where a test puts it.
    #[derive(Clone, Default)]
    struct Stands(std::sync::Arc<std::sync::atomic::AtomicI64>);

    impl crate::clock::Clock for Stands {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(std::sync::atomic::Ordering::SeqCst))
        }
    }

    impl Stands {
        fn at(&self, millis: i64) {
            self.0.store(millis, std::sync::atomic::Ordering::SeqCst);
        }
    }

    fn keys(store: &SqliteStore) -> Vec<String> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let reply = Reply::new(move |rows| sender.send(rows).unwrap());
        store.query(Query::Runs(Box::default(), reply));
        let mut rows = receiver.recv().unwrap().unwrap();
        rows.reverse();
        rows.into_iter().filter_map(|row| row.key).collect()
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn fires_once_per_instant_and_once_for_all_that_was_missed() {
        let directory = tempfile::tempdir().unwrap();
        let clock = Stands::default();
        let path = directory.path().join("j.db");
        let store = SqliteStore::open_with_clock(&path, clock.clone()).unwrap();
        let hourly = schedules(&Triggers::new().schedule("t", "0 * * * *", "UTC"), store.clone());
        let attend = || block_on(hourly.attend(&hourly.all[0])).unwrap();

        clock.at(60_000);
        assert_eq!(attend(), Duration::from_mins(59));
        assert_eq!(keys(&store), [""; 0], "the past does not fire");
        clock.at(3_599_999);
        assert_eq!(attend(), Duration::from_millis(1));
        clock.at(3_600_000);
        assert_eq!(attend(), Duration::from_hours(1));
        assert_eq!(attend(), Duration::from_hours(1));
        assert_eq!(keys(&store), ["schedule/1970-01-01T01:00:00.000Z"]);

        clock.at(5 * 3_600_000 + 1);
        attend();
        attend();
        let all = ["schedule/1970-01-01T01:00:00.000Z", "schedule/1970-01-01T05:00:00.000Z"];
        assert_eq!(keys(&store), all);
    }

    #[test]
    fn two_schedules_of_one_instant_start_a_run_each() {
        let directory = tempfile::tempdir().unwrap();
        let clock = Stands::default();
        let path = directory.path().join("j.db");
        let store = SqliteStore::open_with_clock(&path, clock.clone()).unwrap();
        let triggers =
            Triggers::new().schedule("a", "0 * * * *", "UTC").schedule("b", "0 1 * * *", "UTC");
        let both = schedules(&triggers, store.clone());
        for at in [0, 3_600_000] {
            clock.at(at);
            for entry in &both.all {
                block_on(both.attend(entry)).unwrap();
            }
        }
        let mut keys = keys(&store);
        keys.sort();
        assert_eq!(
            keys,
            ["schedule/a/1970-01-01T01:00:00.000Z", "schedule/b/1970-01-01T01:00:00.000Z"]
        );
    }

    #[test]
    fn an_edited_schedule_fires_for_nothing_that_is_past() {
        let directory = tempfile::tempdir().unwrap();
        let clock = Stands::default();
        let path = directory.path().join("j.db");
        let store = SqliteStore::open_with_clock(&path, clock.clone()).unwrap();
        let attend = |cron, hour: i64| {
            clock.at(hour * 3_600_000);
            let schedules = schedules(&Triggers::new().schedule("t", cron, "UTC"), store.clone());
            block_on(schedules.attend(&schedules.all[0])).unwrap()
        };
        attend("0 3 * * *", 0);
        attend("0 5 * * *", 4);
        // Back to the first rule, whose instant has passed meanwhile.
        attend("0 3 * * *", 6);
        assert_eq!(keys(&store), [""; 0]);
        attend("0 3 * * *", 27);
        assert_eq!(keys(&store), ["schedule/1970-01-02T03:00:00.000Z"]);
    }

    #[test]
    fn a_schedule_that_cannot_be_read_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("j.db")).unwrap();
        let definition =
            Definition { name: "x".into(), revision: "1".into(), ..Definition::default() };
        let triggers = Triggers::new().schedule("tick", "61 * * * *", "UTC");
        let trouble = Schedules::new((&definition, None), &triggers, store).err().unwrap();
        assert_eq!(trouble.message, "schedule `tick`: minute `61`: expected 0 to 59");
    }
}
