//! Every store of this crate against the conformance suite and the model.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod memory {
    flowcrate::store_conformance!(flowcrate::store::MemoryStore::new());
}

/// The model of a store for many workers.
mod shared_memory {
    flowcrate::store_conformance!(many_workers: |lease| {
        flowcrate::store::MemoryStore::new().shared(lease)
    });
}

mod sqlite {
    use flowcrate::sqlite::SqliteStore;
    use flowcrate::testkit::conformance::{Probe, model};
    use tempfile::TempDir;

    fn empty() -> (SqliteStore, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        (SqliteStore::open(directory.path().join("journal.db")).unwrap(), directory)
    }

    flowcrate::store_conformance!(empty());

    #[test]
    fn agrees_with_the_model() {
        // `FLOWCRATE_SEEDS=1000` looks further.
        let seeds = std::env::var("FLOWCRATE_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
        for seed in 0..seeds.unwrap_or(8) {
            let (store, _directory) = empty();
            model::agrees_with_the_model(&Probe::new(store), seed, 400);
        }
    }
}
