//! What these tests share.

use std::time::Duration;

use flowcrate::postgres::{PostgresOptions, PostgresStore};
use flowcrate::testkit::Cluster;

/// Runs what waits.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(future)
}

/// How a journal of its own is opened, on the server that all tests share.
pub(crate) fn options(schema: &str) -> PostgresOptions {
    PostgresStore::options(Cluster::shared().address()).schema(schema)
}

/// An empty store.
pub(crate) fn store(lease: Duration) -> PostgresStore {
    block_on(options(&Cluster::schema()).lease(lease).open()).unwrap()
}
