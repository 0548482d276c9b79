//! Claim, suspend, event and write as a small model, every interleaving of which is visited.
//!
//! The model is written from `PROTOCOL.md`, not from the code. One run waits for events one after
//! the other and ends; workers come, take over, crash and linger as zombies; commits fail with an
//! unknown result; senders send twice. What must hold: no write after a takeover (I5, promise e),
//! no lost wake-up (R17, I8, I9), no event consumed twice or lost (I10, promise f), and where
//! nothing can happen any more, the run has ended (promise h).
//!
//! Each guard of the protocol is then left out in turn, and the model must notice.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod model;

use model::{Guard, Protocol};
use stateright::{Checker, HasDiscoveries, Model};

#[test]
fn every_interleaving_keeps_the_promises() {
    let checker = Protocol::whole().checker().threads(1).spawn_bfs().join();
    checker.assert_properties();
    // A model in which little can happen proves little.
    assert!(checker.unique_state_count() > 10_000, "{} states", checker.unique_state_count());
    println!("{} states", checker.unique_state_count());
}

#[test]
fn each_guard_is_needed() {
    for guard in Guard::ALL {
        let checker = Protocol::without(guard)
            .checker()
            .finish_when(HasDiscoveries::AnyFailures)
            .threads(1)
            .spawn_bfs()
            .join();
        let broken: Vec<_> =
            checker.discoveries().into_keys().filter(|name| *name != "the run can end").collect();
        assert!(!broken.is_empty(), "nobody missed {guard:?}");
    }
}
