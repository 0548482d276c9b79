//! What every [`Store`] must do, as tests that anyone who writes one can run.
//!
//! ```ignore
//! mod my_store {
//!     // An expression that gives an empty store, evaluated once per test.
//!     flowcrate::store_conformance!(MyStore::new());
//! }
//!
//! mod my_store_of_many_workers {
//!     // One for many workers is told how long its leases are.
//!     flowcrate::store_conformance!(many_workers: |lease| MyStore::with_lease(lease));
//! }
//! ```
//!
//! Each case is a function over an empty store that panics where the store is wrong.
//! [`model`] compares a store with the one in memory over random sequences of transactions.

mod adopting;
mod claiming;
mod family;
mod limiting;
mod mail;
pub mod model;
mod naming;
mod probe;
mod progress;
mod purging;
mod reading;
mod requests;
mod sharing;
mod starting;
mod transacting;
mod undoing;
mod writing;

pub use adopting::*;
pub use claiming::*;
pub use family::*;
pub use limiting::*;
pub use mail::*;
pub use naming::*;
pub use probe::Probe;
pub use progress::*;
pub use purging::*;
pub use reading::*;
pub use requests::*;
pub use sharing::*;
pub use starting::*;
pub use transacting::*;
pub use undoing::*;
pub use writing::*;

#[allow(unused_imports, reason = "named by the documentation")]
use crate::store::Store;

/// Makes one test of each case. Give it an expression that evaluates to an empty store; a tuple
/// of a store and whatever must outlive it, such as a directory, will do too.
#[macro_export]
macro_rules! store_conformance {
    (many_workers: $store:expr) => {
        $crate::store_conformance! { @each ($store)(std::time::Duration::from_hours(1)); }
        $crate::store_conformance! { @cases ($store)(std::time::Duration::from_hours(1));
            workers_claim_beside_each_other
            a_worker_that_left_is_taken_over
            a_claim_gives_a_lease
            each_run_goes_to_one_of_many
            many_take_from_one_line
            one_key_has_one_run_whoever_starts_it
            a_zombie_writes_nothing
            a_fenced_write_starts_no_child
            mail_nudges_the_owner_alone
            a_terminate_is_told_to_the_owner_alone
            each_worker_is_told_the_next_wake
            families_of_many_workers_end
        }
        $crate::store_conformance! { @cases ($store)(std::time::Duration::from_secs(2));
            a_lease_runs_out
            a_renewed_lease_does_not_run_out
            a_late_renewal_keeps_what_nobody_took
        }
    };
    ($store:expr) => {
        $crate::store_conformance! { @each $store; }
        $crate::store_conformance! { @cases $store;
            only_the_latest_worker_claims
        }
    };
    (@each $store:expr;) => {
        $crate::store_conformance! { @cases $store;
            a_start_reads_back
            an_owned_start_is_running
            a_key_has_one_run
            a_key_holds_across_revisions
            a_key_belongs_to_its_workflow
            a_schedule_advances_by_compare_and_set
            a_schedule_changes_its_rule
            a_firing_starts_its_run
            a_firing_whose_key_is_taken_advances
            a_claim_takes_what_is_ready_once
            a_claim_asks_by_definition
            a_claim_keeps_to_its_limit
            a_claim_takes_what_is_due
            a_claim_tells_the_next_wake
            a_new_worker_takes_over
            takeovers_end_with_an_entry
            a_stale_owner_is_taken_over
            an_old_epoch_is_fenced
            an_unowned_run_is_fenced
            an_ended_run_is_fenced
            an_open_entry_is_replaced
            a_head_has_its_place_in_the_order
            a_settled_entry_stays
            a_conflict_leaves_no_trace
            a_refusal_spares_its_neighbours
            a_suspend_gives_up_the_run
            a_suspend_sees_new_mail
            a_release_is_taken_at_once
            a_pause_stands_still
            a_cancel_reaches_a_paused_run
            an_end_is_final
            a_cancel_wins_over_an_end
            keeping_shows_the_state
            seals_hide_from_replay
            a_sealed_outcome_stays
            seals_keep_to_their_prefix
            an_outcome_keeps_what_undoes_it
            sealed_outcomes_can_be_undone
            an_end_may_yield_to_a_cancel
            an_end_gives_up_what_was_being_undone
            a_compensation_that_pauses_its_run_waits
            one_callers_order_holds
            an_event_is_queued_in_order
            a_start_with_a_bad_name_is_refused
            what_is_sent_with_a_bad_name_is_refused
            a_write_with_a_bad_path_is_refused
            work_for_another_store_is_refused
            an_event_is_refused_with_its_reason
            an_event_id_counts_once
            an_event_wakes_a_waiting_run
            an_event_nudges_its_owner
            a_consumed_event_is_gone
            mail_is_read_from_a_position
            a_cancel_is_asked_once
            a_resume_is_for_paused_runs
            a_cancel_keeps_its_reason
            a_terminate_ends_at_once
            a_terminate_ends_what_is_a_row
            a_pause_holds_what_is_a_row
            a_pause_is_asked_of_an_owner
            a_pause_is_withdrawn
            a_cancel_ends_a_pause
            a_cancel_ends_a_run_that_nobody_drove
            a_call_that_is_given_up_ends_an_idle_child
            an_end_ends_idle_children
            a_child_that_was_driven_is_asked_to_cancel
            a_caller_is_told_of_an_idle_childs_end
            a_fork_that_is_cancelled_is_driven_to_its_end
            a_wanted_revision_wakes
            an_adoption_changes_the_revision
            an_adoption_leaves_a_pause
            a_claim_adopts
            a_refusal_holds_until_someone_asks
            a_refusal_leaves_a_pause
            a_fingerprint_stays
            a_fork_keeps_the_answer
            a_limit_holds_back_the_rest
            a_start_under_a_limit_has_no_owner
            each_key_has_its_own_slots
            workflows_share_a_limit_by_name
            a_limit_is_taken_away
            a_line_is_in_order
            a_line_keeps_to_the_claims_limit
            a_line_does_not_wait_for_other_revisions
            a_slot_stays_with_its_run
            a_run_that_waits_gives_its_slot_back
            every_end_frees_the_slot
            a_pause_leaves_the_line
            a_child_shares_its_callers_slot
            a_shared_slot_counts_once
            a_child_of_an_active_slot_needs_its_own
            a_fork_lines_up
            a_rate_spaces_starts
            a_rate_counts_beginnings
            entries_come_by_seq
            progress_is_counted_per_stream
            progress_is_read_from_an_index
            an_item_id_counts_once
            progress_is_fenced
            unknown_runs_are_none
            runs_are_listed_newest_first
            runs_are_listed_by_instant
            runs_are_filtered
            runs_are_found_by_their_tags
            what_is_published_is_replaced
            a_response_stays
            payloads_survive_to_the_byte
            many_runs_at_once
            a_purge_takes_all_that_is_a_runs
            a_purge_leaves_what_has_not_ended
            a_purge_leaves_what_ended_later
            a_purge_keeps_young_keys
            a_purge_leaves_the_family_of_what_is_open
            a_purge_keeps_to_what_it_is_asked
            a_purge_goes_on_where_it_stopped
            a_large_run_is_gone_at_once
            a_fork_outlives_its_origin
            the_owner_of_a_purged_run_is_told
        }
    };
    (@cases $store:expr; $($case:ident)+) => {
        $(
            #[test]
            fn $case() {
                let store = $crate::testkit::conformance::Subject::subject($store);
                $crate::testkit::conformance::$case(&store.0);
            }
        )+
    };
}

/// A store under test, with what must outlive it.
pub trait Subject {
    /// The store.
    type Store: crate::store::Store;
    /// What must outlive it.
    type Guard;
    /// Both, as a pair; the store is dropped first.
    fn subject(self) -> (Probe<Self::Store>, Self::Guard);
}

impl<S: crate::store::Store> Subject for S {
    type Store = S;
    type Guard = ();
    fn subject(self) -> (Probe<S>, ()) {
        (Probe::new(self), ())
    }
}

impl<S: crate::store::Store, G> Subject for (S, G) {
    type Store = S;
    type Guard = G;
    fn subject(self) -> (Probe<S>, G) {
        (Probe::new(self.0), self.1)
    }
}
