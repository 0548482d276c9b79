//! What is said to the database. Each text is prepared once per connection.

use tokio_postgres::{Client, Error, Statement};

/// What [`run`](super::codec::run) reads, in its order.
macro_rules! run_columns {
    () => {
        "run.id, definition.workflow, definition.revision, definition.events, run.key, run.seed, \
         run.state, run.input, run.input_hash, run.output, run.failure, run.started_at, \
         run.ended_at, run.epoch, worker.id, run.ready, run.wake_at, run.inbox_seq, run.stop, \
         run.takeovers, run.tags, run.published, run.response, run.stop_reason, run.parent, \
         run.parent_path, run.awaited, run.forked_from, run.forked_input, run.revisions::text, \
         run.wanted_revision, run.refusal, definition.fingerprint, run.priority, \
         limit_rule.name, limit_lane.key, run.while_active, run.slot"
    };
}

/// The rows at places that a list has found. Each is fetched by its number, whatever the planner
/// believes of how many there are.
macro_rules! run_at {
    ($($place:tt)+) => {
        concat!(
            "CROSS JOIN LATERAL (SELECT ",
            run_columns!(),
            ", run.started_at AS at, run.id AS place
               FROM ",
            run_tables!(),
            " WHERE run.",
            $($place)+,
            " OFFSET 0) AS found"
        )
    };
}

/// Whether the run at a place is filed under all tags that are asked for. Each is looked up by
/// itself, for each place, whatever the planner believes of how many there are.
macro_rules! has_tags {
    ($place:literal) => {
        concat!(
            "(SELECT count(*) FROM unnest($7::text[], $8::text[]) AS t (name, value)
              CROSS JOIN LATERAL (
                SELECT 1 FROM tag AS other
                WHERE other.name = t.name AND other.value = t.value
                  AND other.started_at = ",
            $place,
            ".started_at AND other.id = ",
            $place,
            ".id OFFSET 0) AS filed) = cardinality($7::text[])"
        )
    };
}

/// The definitions of a workflow, or all of them; not by a look at the whole table, which would
/// cost so much, as it is forbidden, that no other cost counts.
macro_rules! definitions {
    () => {
        "(SELECT n, workflow FROM definition WHERE workflow = $5
          UNION ALL (SELECT n, workflow FROM definition WHERE $5 IS NULL ORDER BY n))"
    };
}

/// Where they come from.
macro_rules! run_tables {
    () => {
        "(run JOIN definition ON definition.n = run.definition \
          LEFT JOIN worker ON worker.n = run.owner \
          LEFT JOIN limit_lane ON limit_lane.n = run.lane \
          LEFT JOIN limit_rule ON limit_rule.n = limit_lane.rule)"
    };
}

/// Entries of a run as [`entry`](super::codec::entry) reads them: settled ones by `seq`, then those
/// without one.
macro_rules! entries {
    ($which:literal) => {
        concat!(
            "SELECT entry.path, entry.kind, entry.status, entry.seq, entry.input, \
                    entry.input_hash, entry.output, entry.error, entry.attempts, entry.forgiven, \
                    entry.started_at, entry.ended_at, entry.wait_order, entry.wait_due, \
                    entry.wait_event, entry.wait_key, entry.issued, entry.undo_step, \
                    entry.undo_input \
             FROM run JOIN entry ON entry.run = run.n WHERE run.id = $1 AND ",
            $which,
            " ORDER BY entry.seq NULLS LAST, entry.started_at, entry.path"
        )
    };
}

macro_rules! statements {
    ($($(#[$doc:meta])* $set:ident { $($name:ident = $sql:expr;)+ })+) => {
        $(
            $(#[$doc])*
            pub(super) struct $set {
                $(pub(super) $name: Statement,)+
            }

            impl $set {
                /// Prepares all of them.
                pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
                    Ok(Self { $($name: client.prepare($sql).await?,)+ })
                }
            }
        )+
    };
}

statements! {
    /// Of the connection that writes.
    Writes {
        lock = "SELECT lock_v1($1, $2)";
        renew = "SELECT renew_v1($1, $2)";
        leave = "UPDATE worker SET expires_at = '-infinity' WHERE id = $1";
        forget_workers =
            "DELETE FROM worker WHERE expires_at < now_v2() - interval '1 day'
               AND NOT EXISTS (SELECT 1 FROM run WHERE owner = worker.n)";
        forget_taken =
            "DELETE FROM taken_away
             WHERE NOT EXISTS (SELECT 1 FROM worker WHERE n = taken_away.worker)";
        start =
            "SELECT existing, existing_hash, in_line
             FROM start_v2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                           $17, $18, $19, $20)";
        declare =
            "SELECT limit_declare_v2(t.workflow, t.name, t.concurrency, t.starts, t.period, t.active)
             FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[],
                         $6::boolean[])
               AS t (workflow, name, concurrency, starts, period, active)";
        claim = "SELECT what, run_id, number FROM claim_v1($1, $2, $3, $4, $5, $6, $7)";
        write =
            // Whoever waits for the slot of a run that leaves is to know.
            "SELECT result, conflict, state, CASE WHEN tells = 2 AND EXISTS (
               SELECT 1 FROM run WHERE id = $1 AND lane IS NOT NULL) THEN 1::smallint ELSE tells END
             FROM write_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                           $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
                           $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44::text::jsonb,
                           $45)";
        append = "SELECT result, idx FROM append_v1($1, $2, $3, $4, $5, $6, $7)";
        event = "SELECT event_v1($1, $2, $3, $4, $5, $6, $7)";
        cancel = "SELECT cancel_v1($1, $2, $3)";
        request = "SELECT request_v1($1, $2, $3, $4, $5, $6, $7)";
        fire = "SELECT fire_v1($1, $2, $3, $4, $5, $6)";
        next_fire = "SELECT rule, next_fire FROM schedule WHERE name = $1";
        original =
            "SELECT n, state, started_at, forked_from, tags, forked_input IS NOT NULL
             FROM run WHERE id = $1 FOR UPDATE";
        marks =
            "SELECT path, kind, status, seq, issued, attempts, sealed, undo_step IS NOT NULL
             FROM entry WHERE run = $1";
        // The output, failure and what else comes with time is not part of a beginning.
        copy_run =
            "INSERT INTO run (id, definition, state, epoch, ready, started_at, seed, input,
                              input_hash, tags, forked_from, forked_input, response, priority,
                              lane, line, place, while_active)
             SELECT $2, definition, 0, 0, true, $3, seed, input, input_hash, tags, $4, $5,
                    CASE WHEN $6 THEN response END, priority, lane, lane,
                    limit_place_v2($3, priority), while_active
             FROM run WHERE n = $1 RETURNING n";
        copy_tags =
            "INSERT INTO tag (name, value, started_at, id)
             SELECT t.name, t.value, $3, $4 FROM unnest($1::text[], $2::text[]) AS t (name, value)";
        copy_entries =
            "INSERT INTO entry (run, sealed, path, kind, status, seq, input, input_hash, output,
                                error, attempts, forgiven, issued, started_at, ended_at, undo_step,
                                undo_input)
             SELECT $2, t.sealed, e.path, kind, status, seq, input,
                    CASE WHEN t.hashed THEN input_hash END, output, error, attempts, forgiven,
                    issued, started_at, ended_at, undo_step, undo_input
             FROM unnest($3::text[], $4::boolean[], $5::boolean[]) AS t (path, sealed, hashed)
             JOIN entry e ON e.run = $1 AND e.path = t.path";
    }

    /// Of the connection that reads.
    Reads {
        row = concat!("SELECT ", run_columns!(), " FROM ", run_tables!(), " WHERE run.id = $1");
        unsealed = entries!("NOT entry.sealed");
        open = entries!("entry.status < 3 AND NOT entry.sealed");
        whole = entries!("true");
        mail =
            "SELECT event.seq, event.name, event.key, event.payload, event.at
             FROM run JOIN event ON event.run = run.n
             WHERE run.id = $1 AND NOT consumed AND seq > $2 ORDER BY seq";
        // A sealed entry whose compensation is settled and sealed, too, is done with.
        undos =
            "SELECT path, seq, undo_step, undo_input FROM run JOIN entry ON entry.run = run.n
             WHERE run.id = $1 AND sealed AND undo_step IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM entry AS undo
               WHERE undo.run = entry.run AND undo.sealed AND undo.path = entry.path || '!undo'
                 AND undo.status >= 3)
             ORDER BY seq NULLS LAST, path";
        progress =
            "SELECT idx, path, item_id, value, at FROM run JOIN progress ON progress.run = run.n
             WHERE run.id = $1 AND stream = $2 AND idx >= $3 ORDER BY idx LIMIT $4";
        next_fire = "SELECT rule, next_fire FROM schedule WHERE name = $1";
        listed = concat!(
            "SELECT found.* FROM (
               SELECT n, started_at, id FROM run
               WHERE started_at >= $1 AND (started_at, id) < ($2, $3)
               ORDER BY started_at DESC, id DESC LIMIT $4) AS place ",
            run_at!("n = place.n"),
            " ORDER BY place.started_at DESC, place.id DESC");
        // Ranges of one index, each in the order of the list.
        by_state = concat!(
            "SELECT found.* FROM (
               SELECT stretch.* FROM ", definitions!(), " AS d
               CROSS JOIN unnest($6::smallint[]) AS s (state)
               CROSS JOIN LATERAL (
                 SELECT n, started_at, id FROM run
                 WHERE definition = d.n AND state = s.state
                   AND started_at >= $1 AND (started_at, id) < ($2, $3)
                 ORDER BY started_at DESC, id DESC LIMIT $4) AS stretch
               ORDER BY stretch.started_at DESC, stretch.id DESC LIMIT $4) AS place ",
            run_at!("n = place.n"),
            " ORDER BY place.started_at DESC, place.id DESC");
        // Runs under the first of the tags that have the others, too.
        by_tag = concat!(
            "SELECT found.* FROM (
               SELECT started_at, id FROM tag
               WHERE name = ($7::text[])[1] AND value = ($8::text[])[1]
                 AND started_at >= $1 AND (started_at, id) < ($2, $3)
                 AND ", has_tags!("tag"), "
               ORDER BY started_at DESC, id DESC) AS place ",
            run_at!("id = place.id AND (definition.workflow = $5 OR $5 IS NULL)
                     AND run.state = ANY ($6::smallint[])"),
            " ORDER BY place.started_at DESC, place.id DESC LIMIT $4");
        // One run at most per workflow.
        by_key = concat!(
            "SELECT found.* FROM (SELECT DISTINCT workflow FROM ", definitions!(), " AS d) AS d
             JOIN start_key ON start_key.workflow = d.workflow AND start_key.key = $9 ",
            run_at!(concat!(
                "id = start_key.id AND run.state = ANY ($6::smallint[])
                 AND run.started_at >= $1 AND (run.started_at, run.id) < ($2, $3) AND ",
                has_tags!("run"))),
            " ORDER BY found.at DESC, found.place DESC LIMIT $4");
    }
}
