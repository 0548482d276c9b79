//! The journal in PostgreSQL: what every store must do, and what is its own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "postgres/clocks.rs"]
mod clocks;
#[path = "postgres/engines.rs"]
mod engines;
#[path = "postgres/guards.rs"]
mod guards;
#[path = "postgres/held.rs"]
mod held;
#[path = "postgres/kit.rs"]
mod kit;
#[path = "postgres/ledger.rs"]
mod ledger;
#[path = "postgres/limits.rs"]
mod limits;
#[path = "postgres/opening.rs"]
mod opening;
#[path = "postgres/outages.rs"]
mod outages;
#[path = "postgres/outbox.rs"]
mod outbox;
#[path = "postgres/plans.rs"]
mod plans;
#[path = "postgres/processes.rs"]
mod processes;
#[path = "postgres/purging.rs"]
mod purging;
#[path = "postgres/restored.rs"]
mod restored;
#[path = "shared/rows.rs"]
mod rows;
#[path = "postgres/storms.rs"]
mod storms;
#[path = "postgres/transactions.rs"]
mod transactions;

mod store {
    use std::time::Duration;

    use flowcrate::testkit::conformance::{Probe, model};

    use crate::kit::store;

    flowcrate::store_conformance!(many_workers: store);

    #[test]
    fn agrees_with_the_model() {
        // `FLOWCRATE_SEEDS=1000` looks further.
        let seeds = std::env::var("FLOWCRATE_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
        for seed in 0..seeds.unwrap_or(8) {
            let store = Probe::new(store(Duration::from_hours(1)));
            model::agrees_with_the_model(&store, seed, 400);
        }
    }
}
