//! DBOS, on a PostgreSQL server of its own that syncs its disk.

#[path = "../../measure.rs"]
mod measure;

use std::sync::Arc;

use dbos::{Config, DBOS};
use flowcrate::testkit::Cluster;

async fn three(number: u64) -> dbos::Result<u64> {
    let one = dbos::step("one", || async move { dbos::Result::Ok(number + 1) }).await?;
    let two = dbos::step("two", || async move { dbos::Result::Ok(one + 1) }).await?;
    dbos::step("three", || async move { dbos::Result::Ok(two + 1) }).await
}

/// The server's address as a URL, which is what it takes.
fn url(cluster: &Cluster) -> String {
    let address = cluster.address();
    let host = address.split_whitespace().find_map(|part| part.strip_prefix("host="));
    let host = host.unwrap_or_default().replace('/', "%2F");
    format!("postgresql://postgres@{host}/postgres")
}

#[tokio::main]
async fn main() {
    let cluster = Cluster::durable();
    let config =
        Config { app_version: Some("1".to_owned()), ..Config::new("peers", url(&cluster)) };
    let dbos = DBOS::new(config);
    let three = Arc::new(dbos.register_workflow("three", three).expect("a workflow"));
    dbos.launch().await.expect("a launch");
    let run = move |_| {
        let three = Arc::clone(&three);
        async move { three.run(0).await.expect("its end") }
    };
    measure::measure("DBOS 0.5.0, PostgreSQL", run).await;
    dbos.shutdown().await;
}
