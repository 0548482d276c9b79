//! Guards of the database's functions, left out one at a time: the conformance suite must notice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use flowcrate::postgres::PostgresStore;
use flowcrate::testkit::Cluster;
use flowcrate::testkit::conformance::{self as cases, Probe};

use crate::kit::{block_on, options};

/// A guard: the function that has it, how it stands there, what stands in its place, and a case
/// that must miss it.
type Guard = (&'static str, &'static str, &'static str, fn(&Probe<PostgresStore>));

const GUARDS: &[Guard] = &[
    ("write_v1", "r.epoch <> _epoch", "false", cases::an_old_epoch_is_fenced),
    ("write_v1", "r.epoch <> _epoch", "false", cases::a_zombie_writes_nothing),
    ("write_v1", "r.owner IS NULL", "false", cases::an_unowned_run_is_fenced),
    ("write_v1", "e.status >= 3", "false", cases::a_settled_entry_stays),
    ("write_v1", "r.inbox_seq <> _seen", "false", cases::a_suspend_sees_new_mail),
    ("write_v1", "IF _strict THEN", "IF false THEN", cases::a_fenced_write_starts_no_child),
    (
        "write_v1",
        "IF r.stop = 1 THEN _state",
        "IF false THEN _state",
        cases::a_cancel_wins_over_an_end,
    ),
    ("write_v1", "coalesce(response, _response)", "_response", cases::a_response_stays),
    ("write_v1", "path < _seal_to[i]", "true", cases::seals_keep_to_their_prefix),
    ("claim_v1", "WHERE expires_at <= now_v2()", "", cases::workers_claim_beside_each_other),
    ("claim_v1", "t.worker = _me", "true", cases::a_terminate_is_told_to_the_owner_alone),
    ("claim_v1", "owner = _me AND ready", "ready", cases::mail_nudges_the_owner_alone),
    ("claim_v1", "wake_at <= _now", "wake_at > _now", cases::a_claim_takes_what_is_due),
    ("take_v1", "epoch = epoch + 1", "epoch = epoch", cases::a_new_worker_takes_over),
    ("limit_take_v2", "- count(DISTINCT slot)", "- 0", cases::a_limit_holds_back_the_rest),
    ("limit_take_v2", "- count(DISTINCT slot)", "- count(slot)", cases::a_shared_slot_counts_once),
    (
        "limit_take_v2",
        "ORDER BY f.place, f.n",
        "ORDER BY f.place DESC",
        cases::workflows_share_a_limit_by_name,
    ),
    ("limit_take_v2", "ORDER BY run.place, run.n", "ORDER BY run.n", cases::a_line_is_in_order),
    ("limit_take_v2", "(b.begun OR _opens IS NULL)", "true", cases::a_rate_spaces_starts),
    ("limit_take_v2", "IF _epoch = 0 AND", "IF", cases::a_rate_counts_beginnings),
    ("limit_changed_v2", "NEW.state > 3 OR", "false OR", cases::every_end_frees_the_slot),
    (
        "limit_changed_v2",
        "IF NEW.slot IS NOT NULL THEN",
        "IF false THEN",
        cases::a_limit_holds_back_the_rest,
    ),
    (
        "start_v2",
        "IF _shared_lane IS DISTINCT FROM _lane THEN",
        "IF false THEN",
        cases::a_child_shares_its_callers_slot,
    ),
    ("append_v1", "epoch = _epoch", "true", cases::progress_is_fenced),
    ("event_v1", "ready = true", "ready = ready", cases::an_event_wakes_a_waiting_run),
    ("event_v1", "IF r.state > 3", "IF false", cases::an_event_is_refused_with_its_reason),
    ("cancel_v1", "r.epoch = 0", "false", cases::a_cancel_ends_a_run_that_nobody_drove),
    ("part_v1", "NOT FOUND OR p.state > 3", "true", cases::a_caller_is_told_of_an_idle_childs_end),
    ("purge_v2", "run.ended_at < _ended_before", "true", cases::a_purge_leaves_what_ended_later),
    ("purge_v2", "run.started_at < _keys_before", "true", cases::a_purge_keeps_young_keys),
    ("purge_v2", "callee.state < 4", "false", cases::a_purge_leaves_the_family_of_what_is_open),
    ("purge_v2", "caller.state < 4", "false", cases::a_purge_leaves_the_family_of_what_is_open),
    ("purge_v2", "start_key.id = gone.id", "false", cases::a_purge_takes_all_that_is_a_runs),
    ("purge_v2", "workflow <> ALL (_except)", "true", cases::a_purge_keeps_to_what_it_is_asked),
    ("purge_v2", "_seen >= _looks OR", "false OR", cases::a_purge_goes_on_where_it_stopped),
    ("fire_v1", "rule = _rule", "true", cases::a_schedule_changes_its_rule),
];

/// Whether the case fails once the guard is gone; and that it passes while it is there.
fn is_missed((function, guard, instead, case): Guard) -> bool {
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    let open = || {
        let options = options(&schema).lease(Duration::from_hours(1));
        Probe::new(block_on(options.open()).unwrap())
    };
    case(&open());
    cluster.empty(&schema);
    let find = format!(
        "SELECT pg_get_functiondef(oid) FROM pg_proc
         WHERE proname = '{function}' AND pronamespace = '{schema}'::regnamespace"
    );
    let definition = cluster.sql(&find)[0][0].clone().unwrap();
    assert!(definition.contains(guard), "`{guard}` does not stand in {function}");
    let without = definition.replace(guard, instead);
    cluster.sql(&format!("SET search_path TO \"{schema}\"; {without}"));
    let store = open();
    catch_unwind(AssertUnwindSafe(|| case(&store))).is_err()
}

#[test]
fn each_guard_is_missed() {
    for guard in GUARDS {
        assert!(is_missed(*guard), "nobody misses `{}` in {}", guard.1, guard.0);
    }
}
