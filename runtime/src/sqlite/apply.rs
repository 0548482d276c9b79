//! Applies transactions of the store to the tables, inside a commit that the writer has begun.

mod adopt;
mod claim;
mod family;
mod fork;
mod limits;
mod owned;
mod progress;
mod purge;
mod requests;

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Result, Statement};

use super::codec::{self, ABANDONED, Blob16, Json, READY, State};
use super::values::{Codec, INBOX, Keeper, ROW, Recaller};
use crate::store::{Delivered, Fire, Fired, NewEvent, NewRun, RunState, Started, StopKind};
use crate::{Failure, InputHash, RunId, WorkerId};
use owned::Owned;
pub(super) use owned::WriteResult;
pub(super) use purge::Purger;

/// The connection that writes, with its statements, each prepared once, and what it remembers.
pub(super) struct Tables<'c> {
    sql: Statements<'c>,
    /// The worker that opened the store last, by id and number.
    driver: Option<(WorkerId, i64)>,
    memory: Memory,
    values: Keeper<'c>,
    recall: Recaller<'c>,
}

/// What need not be read again as long as nobody else has written.
/// After a rollback it must be forgotten.
#[derive(Default)]
struct Memory {
    owned: HashMap<RunId, Owned>,
    definitions: HashMap<[String; 3], HashMap<Vec<String>, i64>>,
    /// The limit of each workflow, and whether its slots are held while runs are active.
    limits: HashMap<String, Option<(i64, bool)>>,
}

macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        struct Statements<'c> {
            $($name: Statement<'c>,)+
        }

        impl<'c> Statements<'c> {
            fn prepare(connection: &'c Connection) -> Result<Self> {
                Ok(Self { $($name: connection.prepare($sql)?,)+ })
            }
        }
    };
}

statements! {
    add_worker = "INSERT INTO worker (id) VALUES (?)";
    find_worker = "SELECT n FROM worker WHERE id = ?";
    abandon = "UPDATE run SET queued = queued | 2 WHERE owner IS NOT NULL AND owner <> ?";
    add_definition =
        "INSERT INTO definition (workflow, revision, fingerprint, events) VALUES (?, ?, ?, ?)";
    find_definition =
        "SELECT n FROM definition
         WHERE workflow = ? AND revision = ? AND fingerprint = ? AND events = ?";
    definitions = "SELECT n FROM definition WHERE workflow = ? AND revision = ? ORDER BY n";
    find_key =
        "SELECT run.id, run.input_hash FROM start_key JOIN run ON run.n = start_key.run
         WHERE start_key.workflow = ? AND start_key.key = ?";
    add_key = "INSERT INTO start_key (workflow, key, run) VALUES (?, ?, ?)";
    // No number that rows of a purged run still have.
    add_run =
        "INSERT INTO run (n, id, definition, state, epoch, owner, queued, inbox_seq,
                          stop, takeovers, started_at, key, seed, input, input_hash, tags,
                          parent, parent_path, awaited, priority, lane, line, slot, place,
                          while_active)
         VALUES (max(coalesce((SELECT max(n) FROM run), 0),
                     coalesce((SELECT max(n) FROM purged), 0)) + 1,
                 ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    add_tag = "INSERT INTO tag (name, value, started_at, id, run) VALUES (?, ?, ?, ?, ?)";
    find_owned =
        "SELECT n, epoch, owner, state, takeovers,
                EXISTS (SELECT 1 FROM entry WHERE run = n AND sealed = 1),
                EXISTS (SELECT 1 FROM blob_use WHERE run = n)
         FROM run WHERE id = ?";
    inbox_seq = "SELECT inbox_seq FROM run WHERE n = ?";
    // 3 is the first settled status: a settled row is never replaced.
    put_entry =
        "INSERT INTO entry (run, sealed, path, kind, status, seq, input, input_hash, output, error,
                            attempts, forgiven, started_at, ended_at, wait_order, wait_due,
                            wait_event, wait_key, issued, undo_step, undo_input)
         VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (run, sealed, path) DO UPDATE SET
           kind = excluded.kind, status = excluded.status, seq = excluded.seq,
           input = excluded.input, input_hash = excluded.input_hash, output = excluded.output,
           error = excluded.error, attempts = excluded.attempts, forgiven = excluded.forgiven,
           started_at = excluded.started_at, ended_at = excluded.ended_at,
           wait_order = excluded.wait_order, wait_due = excluded.wait_due,
           wait_event = excluded.wait_event, wait_key = excluded.wait_key,
           issued = excluded.issued, undo_step = excluded.undo_step,
           undo_input = excluded.undo_input
         WHERE entry.status < 3";
    sealed_status = "SELECT status FROM entry WHERE run = ? AND sealed = 1 AND path = ?";
    unseal = "DELETE FROM entry WHERE run = ? AND sealed = 1 AND path = ?";
    seal = "UPDATE entry SET sealed = 1 WHERE run = ? AND sealed = 0 AND path >= ? AND path < ?";
    consume = "UPDATE event SET consumed = 1 WHERE run = ? AND consumed = 0 AND seq = ?";
    publish = "UPDATE run SET published = ? WHERE n = ?";
    // Whoever waits for a response has it: it never changes.
    respond = "UPDATE run SET response = ? WHERE n = ? AND response IS NULL";
    clear_takeovers = "UPDATE run SET takeovers = 0 WHERE n = ?";
    keep = "UPDATE run SET state = ?, failure = NULL WHERE n = ?";
    suspend =
        "UPDATE run SET state = 2, owner = NULL, queued = 0, wake_at = ? WHERE n = ?";
    release = "UPDATE run SET owner = NULL, queued = 1 WHERE n = ?";
    pause =
        "UPDATE run SET state = 3, owner = NULL, queued = (stop = 1 AND NOT ?3), stop = (stop = 1),
                        stop_reason = iif(stop = 1, stop_reason, NULL), failure = ?1
         WHERE n = ?2";
    is_cancelled = "SELECT stop = 1 FROM run WHERE n = ?";
    // 3 is paused.
    adopt =
        "UPDATE run SET definition = ?2, revisions = ?3, wanted_revision = NULL, refusal = NULL,
                        owner = iif(state = 3, NULL, owner)
         WHERE n = ?1 RETURNING state";
    refuse =
        "UPDATE run SET owner = NULL, queued = (state <> 3), wanted_revision = NULL, refusal = ?2
         WHERE n = ?1 RETURNING state";
    history =
        "SELECT definition.workflow, definition.revision, run.revisions
         FROM run JOIN definition ON definition.n = run.definition WHERE run.n = ?";
    // 6 is cancelled: a cancel that came first wins.
    end = "UPDATE run SET owner = NULL, queued = 0, wake_at = NULL, ended_at = ?2,
                  state = iif(stop = 1, 6, ?3),
                  output = iif(stop = 1, NULL, ?4),
                  failure = iif(stop = 1, NULL, ?5)
           WHERE n = ?1
           RETURNING state, iif(awaited = 1, parent, NULL), parent_path, stop_reason";
    // An own run in the queue has new mail; a paused one waits for a resume or a cancel.
    nudged =
        "SELECT n, id, epoch FROM run
         WHERE definition = ? AND owner = ? AND queued <> 0 AND line IS NULL";
    free =
        "SELECT n, id, epoch FROM run
         WHERE definition = ? AND owner IS NULL AND queued <> 0 AND line IS NULL
           AND (state <> 3 OR stop = 1 OR wanted_revision IS NOT NULL)
           AND (refusal IS NULL OR refusal ->> 'revision' <> ?) LIMIT ?";
    abandoned =
        "SELECT n, id, epoch FROM run
         WHERE definition = ? AND queued <> 0 AND line IS NULL AND owner IS NOT NULL AND owner <> ?
           AND (refusal IS NULL OR refusal ->> 'revision' <> ?) LIMIT ?";
    due =
        "SELECT n, id, epoch FROM run
         WHERE definition = ? AND wake_at <= ? AND line IS NULL AND state <> 3
           AND (refusal IS NULL OR refusal ->> 'revision' <> ?) ORDER BY wake_at LIMIT ?";
    next_wake =
        "SELECT min(wake_at) FROM run WHERE definition = ? AND wake_at IS NOT NULL
           AND (refusal IS NULL OR refusal ->> 'revision' <> ?)";
    take =
        "UPDATE run SET owner = ?2, epoch = epoch + 1, queued = 0, wake_at = NULL,
                        takeovers = takeovers + ?3
         WHERE n = ?1";
    unqueue = "UPDATE run SET queued = 0 WHERE n = ?";
    find_target =
        "SELECT run.n, run.state, run.inbox_seq, run.stop, definition.events,
                run.owner, definition.revision, run.wanted_revision, run.failure
         FROM run JOIN definition ON definition.n = run.definition WHERE run.id = ?";
    find_event_id = "SELECT 1 FROM event WHERE run = ? AND event_id = ?";
    add_event =
        "INSERT INTO event (run, consumed, seq, name, key, event_id, payload, at)
         VALUES (?, 0, ?, ?, ?, ?, ?, ?)";
    mail = "UPDATE run SET inbox_seq = inbox_seq + 1, queued = queued | 1 WHERE n = ?";
    // 1 asks for a cancel; a run that stands still because someone paused it goes on.
    cancel =
        "UPDATE run SET inbox_seq = inbox_seq + 1, queued = queued | 1, stop = 1,
                        stop_reason = ?2, state = iif(?3, 0, state),
                        failure = iif(?3, NULL, failure)
         WHERE n = ?1";
    has_not_begun =
        "SELECT 1 FROM run WHERE n = ?1 AND epoch = 0
           AND NOT EXISTS (SELECT 1 FROM entry WHERE run = ?1)";
    // 6 is cancelled.
    cancel_unbegun =
        "UPDATE run SET inbox_seq = inbox_seq + 1, queued = 0, stop = 1, stop_reason = ?2,
                        state = 6, failure = NULL, ended_at = ?3, wake_at = NULL
         WHERE n = ?1";
    ask_pause =
        "UPDATE run SET inbox_seq = inbox_seq + 1, queued = queued | 1, stop = 2, stop_reason = ?2
         WHERE n = ?1";
    pause_row =
        "UPDATE run SET inbox_seq = inbox_seq + 1, state = 3, failure = ?2, queued = 0,
                        wake_at = NULL
         WHERE n = ?1";
    resume =
        "UPDATE run SET inbox_seq = inbox_seq + 1, queued = queued | 1,
                        stop = (stop = 1), stop_reason = iif(stop = 1, stop_reason, NULL),
                        takeovers = iif(state = 3, 0, takeovers),
                        failure = iif(state = 3, NULL, failure), state = iif(state = 3, 0, state)
         WHERE n = ?";
    want =
        "UPDATE run SET inbox_seq = inbox_seq + 1, queued = queued | 1, wanted_revision = ?2,
                        refusal = NULL
         WHERE n = ?1";
    terminate =
        "UPDATE run SET state = 6, failure = ?2, ended_at = ?3, epoch = epoch + 1, queued = 0,
                        owner = NULL, wake_at = NULL
         WHERE n = ?1";
    give_up_entries =
        "UPDATE entry SET status = 5, ended_at = ?2, wait_order = NULL, wait_due = NULL,
                          wait_event = NULL, wait_key = NULL
         WHERE run = ?1 AND status < 3";
    give_up_undos =
        "UPDATE entry SET status = 5, ended_at = ?2, wait_order = NULL, wait_due = NULL,
                          wait_event = NULL, wait_key = NULL
         WHERE run = ?1 AND status < 3 AND substr(path, -5) = '!undo'";
    take_away = "INSERT OR IGNORE INTO taken_away (worker, id) VALUES (?, ?)";
    taken_away = "SELECT id FROM taken_away WHERE worker = ?";
    clear_taken_away = "DELETE FROM taken_away";
    find_item = "SELECT idx FROM progress WHERE run = ? AND stream = ? AND item_id = ?";
    next_item = "SELECT coalesce(max(idx) + 1, 0) FROM progress WHERE run = ? AND stream = ?";
    add_item =
        "INSERT INTO progress (run, stream, idx, path, item_id, value, at)
         VALUES (?, ?, ?, ?, ?, ?, ?)";
    find_run = "SELECT 1 FROM run WHERE id = ?";
    // 4 is the first final state.
    awaited_children = "SELECT id FROM run WHERE parent = ? AND awaited = 1 AND state < 4";
    caller =
        "SELECT iif(awaited = 1, parent, NULL), parent_path, stop_reason FROM run WHERE n = ?";
    // 3 is the first settled status.
    waiting_call =
        "SELECT 1 FROM entry WHERE run = ? AND sealed = 0 AND path = ? AND status < 3";
    find_original = "SELECT n, state, started_at, forked_from, tags, forked_input IS NOT NULL
         FROM run WHERE id = ?";
    marks =
        "SELECT path, kind, status, seq, issued, attempts, sealed, undo_step IS NOT NULL
         FROM entry WHERE run = ?";
    // The output, failure and what else comes with time is not part of a beginning.
    copy_run =
        "INSERT INTO run (n, id, definition, state, epoch, owner, queued, inbox_seq, stop,
                          takeovers, started_at, seed, input, input_hash, tags, forked_from,
                          forked_input, response, priority, lane, line, place, while_active)
         SELECT max((SELECT max(n) FROM run), coalesce((SELECT max(n) FROM purged), 0)) + 1,
                ?2, definition, 0, 0, NULL, ?3, 0, 0, 0, ?4, seed, input, input_hash, tags, ?5, ?6,
                iif(?7, response, NULL), priority, lane, lane, ?4 - 60000 * priority, while_active
         FROM run WHERE n = ?1";
    copy_row_blobs =
        "INSERT OR IGNORE INTO blob_use (run, place, address)
         SELECT ?2, place, address FROM blob_use WHERE run = ?1 AND place = ?3";
    copy_entry =
        "INSERT INTO entry (run, sealed, path, kind, status, seq, input, input_hash, output, error,
                            attempts, forgiven, issued, started_at, ended_at, undo_step, undo_input)
         SELECT ?2, ?5, path, kind, status, seq, input, iif(?6, input_hash, NULL), output, error,
                attempts, forgiven, issued, started_at, ended_at, undo_step, undo_input
         FROM entry WHERE run = ?1 AND path = ?3 AND sealed = ?4";
    copy_blobs =
        "INSERT OR IGNORE INTO blob_use (run, place, address)
         SELECT ?2, place, address FROM blob_use WHERE run = ?1 AND place = ?3";
    tell =
        "INSERT INTO schedule (name, rule, next_fire) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    // IS, since a schedule that never fires again has no instant.
    fire =
        "UPDATE schedule SET rule = ?2, next_fire = ?3
         WHERE name = ?1 AND rule = ?4 AND next_fire IS ?5";
    next_fire = "SELECT rule, next_fire FROM schedule WHERE name = ?";
    put_rule =
        "INSERT INTO limit_rule (name, concurrency, starts, period) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET concurrency = ?2, starts = ?3, period = ?4
         WHERE concurrency IS NOT ?2 OR starts IS NOT ?3 OR period IS NOT ?4";
    find_rule = "SELECT n FROM limit_rule WHERE name = ?";
    call_all =
        "INSERT OR IGNORE INTO limit_call
         SELECT limit_line.definition, 0, limit_line.lane
         FROM limit_lane JOIN limit_line ON limit_line.lane = limit_lane.n
         WHERE limit_lane.rule = ?";
    put_under =
        "INSERT INTO limit_of VALUES (?1, ?2, ?3)
         ON CONFLICT (workflow) DO UPDATE SET rule = ?2, while_active = ?3
         WHERE rule <> ?2 OR while_active <> ?3";
    set_free = "DELETE FROM limit_of WHERE workflow = ?";
    limit_of = "SELECT rule, while_active FROM limit_of WHERE workflow = ?";
    add_lane = "INSERT INTO limit_lane (rule, key) VALUES (?, ?) ON CONFLICT DO NOTHING";
    find_lane = "SELECT n FROM limit_lane WHERE rule = ? AND key = ?";
    // A caller that gives its slot back while it waits has none to share.
    caller_lane =
        "SELECT limit_lane.n, limit_lane.key, iif(run.while_active, NULL, run.slot)
         FROM run JOIN limit_lane ON limit_lane.n = run.lane
         WHERE run.id = ? AND limit_lane.rule = ?";
    line_up =
        "UPDATE run SET queued = queued | 1, wake_at = NULL
         WHERE definition = ? AND wake_at <= ? AND line IS NOT NULL AND state <> 3
           AND (refusal IS NULL OR refusal ->> 'revision' <> ?)";
    called = "SELECT lane FROM limit_call WHERE definition = ? AND at <= ?";
    answer_calls = "DELETE FROM limit_call WHERE definition = ? AND at <= ?";
    call_at = "INSERT OR IGNORE INTO limit_call VALUES (?, ?, ?)";
    next_call = "SELECT min(at) FROM limit_call WHERE definition = ? AND at > ?";
    lane =
        "SELECT concurrency,
                (SELECT count(DISTINCT slot) FROM run
                 WHERE run.lane = limit_lane.n AND slot IS NOT NULL),
                starts, period, started
         FROM limit_lane JOIN limit_rule ON limit_rule.n = limit_lane.rule
         WHERE limit_lane.n = ?";
    next_in_line =
        "SELECT n, id, epoch, place, priority FROM run
         WHERE line = ?1 AND queued <> 0 AND definition = ?2 AND (epoch > 0) = ?3
           AND (state <> 3 OR stop = 1 OR wanted_revision IS NOT NULL)
           AND (refusal IS NULL OR refusal ->> 'revision' <> ?4)
         ORDER BY place, n LIMIT 1";
    take_slot =
        "UPDATE run SET owner = ?2, epoch = epoch + 1, queued = 0, wake_at = NULL, line = NULL,
                        slot = id, place = ?3
         WHERE n = ?1";
    started = "SELECT at FROM limit_start WHERE lane = ? AND n = ?";
    count_start = "UPDATE limit_lane SET started = ?2 WHERE n = ?1";
    note_start = "INSERT INTO limit_start VALUES (?, ?, ?)";
    forget_starts = "DELETE FROM limit_start WHERE lane = ? AND n <= ?";
}

/// The run that an outside message is for.
struct Target {
    n: i64,
    state: RunState,
    inbox_seq: u64,
    stop: Option<StopKind>,
    events: Vec<String>,
    owner: Option<i64>,
    revision: String,
    wanted_revision: Option<String>,
    failure: Option<Failure>,
}

impl<'c> Tables<'c> {
    pub(super) fn new(connection: &'c Connection, codec: Codec) -> Result<Self> {
        Ok(Self {
            sql: Statements::prepare(connection)?,
            driver: None,
            memory: Memory::default(),
            values: Keeper::new(connection, codec.clone())?,
            recall: Recaller::new(connection, codec)?,
        })
    }

    /// What stores the values; told what time it is before each commit.
    pub(super) fn values(&mut self) -> &mut Keeper<'c> {
        &mut self.values
    }

    /// Forgets what a rollback may have undone.
    pub(super) fn forget(&mut self) {
        self.memory = Memory::default();
    }

    pub(super) fn open(&mut self, worker: WorkerId) -> Result<()> {
        let n = self.worker(worker)?;
        self.sql.abandon.execute([n])?;
        self.memory.owned.clear();
        self.driver = Some((worker, n));
        Ok(())
    }

    pub(super) fn start(&mut self, new: &NewRun) -> Result<Started> {
        if let Some(key) = &new.key {
            let read = |row: &rusqlite::Row<'_>| {
                Ok(Started::Existing {
                    id: RunId::from_bytes(row.get::<_, Blob16>(0)?.0),
                    input_hash: InputHash::from_bytes(row.get::<_, Blob16>(1)?.0),
                })
            };
            let found = self.sql.find_key.query_row((&*new.workflow, key), read).optional()?;
            if let Some(existing) = found {
                return Ok(existing);
            }
        }
        let fingerprint = new.fingerprint.as_deref().unwrap_or_default();
        let definition =
            self.definition([&new.workflow, &new.revision, fingerprint], &new.events)?;
        let under = self.under(new)?;
        let owner = new.owner.filter(|_| under.is_none());
        let owner = owner.map(|owner| self.worker(owner)).transpose()?;
        let (state, epoch) = match owner {
            Some(_) => (RunState::Running, 1),
            None => (RunState::Pending, 0),
        };
        let queued = match owner {
            None => READY,
            Some(owner) if self.driver.is_some_and(|(_, driver)| driver == owner) => 0,
            Some(_) => ABANDONED,
        };
        let input = self.values.payload(&new.input)?;
        let n = self.sql.add_run.insert(rusqlite::params![
            new.id.as_bytes(),
            definition,
            State(state),
            epoch,
            owner,
            queued,
            new.at.0,
            new.key,
            new.seed,
            input,
            new.input_hash.as_bytes(),
            (!new.tags.is_empty()).then_some(Json(&new.tags)),
            new.parent.as_ref().map(|parent| parent.run.as_bytes()),
            new.parent.as_ref().map(|parent| &parent.path),
            new.parent.as_ref().map(|parent| parent.awaited),
            new.priority,
            under.as_ref().map(|under| under.lane),
            under.as_ref().filter(|under| under.slot.is_none()).map(|under| under.lane),
            under.as_ref().and_then(|under| under.slot),
            under.as_ref().map(|under| under.place),
            under.as_ref().is_some_and(|under| under.while_active),
        ])?;
        self.values.note(n, ROW, Some(&input))?;
        for (name, value) in &new.tags {
            self.sql.add_tag.execute((name, value, new.at.0, new.id.as_bytes(), n))?;
        }
        if let Some(key) = &new.key {
            self.sql.add_key.execute((&*new.workflow, key, n))?;
        }
        if owner.is_some() {
            self.memory.owned.insert(new.id, Owned::started(n));
        }
        Ok(if under.is_some() { Started::InLine } else { Started::New })
    }

    pub(super) fn event(&mut self, new: &NewEvent) -> Result<Delivered> {
        let Some(target) = self.target(new.run)? else { return Ok(Delivered::UnknownRun) };
        if new.event.is_reserved() || !target.events.contains(&new.event.name) {
            return Ok(Delivered::Undeclared);
        }
        if let Some(id) = &new.event_id
            && self.sql.find_event_id.exists((target.n, id))?
        {
            return Ok(Delivered::Duplicate);
        }
        if target.state.is_final() {
            return Ok(Delivered::Finished);
        }
        let payload = self.values.payload(&new.payload)?;
        self.sql.add_event.execute((
            target.n,
            target.inbox_seq + 1,
            &new.event.name,
            &new.event.key,
            &new.event_id,
            &payload,
            new.at.0,
        ))?;
        self.values.note(target.n, INBOX, Some(&payload))?;
        self.sql.mail.execute([target.n])?;
        Ok(Delivered::Accepted)
    }

    pub(super) fn fire(&mut self, fire: &Fire) -> Result<Fired> {
        let (name, next) = (&fire.schedule, &fire.next);
        let at = next.at.map(|at| at.0);
        let rows = match &fire.expected {
            None => self.sql.tell.execute((name, &next.rule, at))?,
            Some(old) => {
                let expected = old.at.map(|at| at.0);
                self.sql.fire.execute((name, &next.rule, at, &old.rule, expected))?
            }
        };
        if rows == 0 {
            let found = self.sql.next_fire.query_row([name], codec::firing).optional()?;
            return Ok(Fired::Moved(found));
        }
        fire.start.as_ref().map(|run| self.start(run)).transpose().map(Fired::Done)
    }

    fn target(&mut self, run: RunId) -> Result<Option<Target>> {
        let recall = &self.recall;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Target {
                n: row.get(0)?,
                state: row.get::<_, State>(1)?.0,
                inbox_seq: row.get(2)?,
                stop: codec::stop(row.get(3)?)?,
                events: row.get::<_, Json<Vec<String>>>(4)?.0,
                owner: row.get(5)?,
                revision: row.get(6)?,
                wanted_revision: row.get(7)?,
                failure: recall.failure(row, 8)?,
            })
        };
        self.sql.find_target.query_row([run.as_bytes()], read).optional()
    }

    /// The number of a worker.
    fn worker(&mut self, worker: WorkerId) -> Result<i64> {
        if let Some((driver, n)) = self.driver
            && driver == worker
        {
            return Ok(n);
        }
        let id = [worker.as_bytes()];
        match self.sql.find_worker.query_row(id, |row| row.get(0)).optional()? {
            Some(n) => Ok(n),
            None => self.sql.add_worker.insert(id),
        }
    }

    /// The number of a run's definition: workflow, revision and fingerprint, and its events.
    fn definition(&mut self, names: [&str; 3], events: &[String]) -> Result<i64> {
        let name = names.map(str::to_owned);
        let [workflow, revision, fingerprint] = names;
        let known = self.memory.definitions.get(&name).and_then(|known| known.get(events));
        if let Some(n) = known {
            return Ok(*n);
        }
        let row = (workflow, revision, fingerprint, Json(events));
        let n = match self.sql.find_definition.query_row(row, |row| row.get(0)).optional()? {
            Some(n) => n,
            None => {
                self.sql.add_definition.insert((workflow, revision, fingerprint, Json(events)))?
            }
        };
        self.memory.definitions.entry(name).or_default().insert(events.to_vec(), n);
        Ok(n)
    }
}
