//! duroxide, on a SQLite file.

#[path = "../../measure.rs"]
mod measure;

use std::sync::Arc;
use std::time::Duration;

use duroxide::providers::sqlite::SqliteProvider;
use duroxide::runtime::{Runtime, registry::ActivityRegistry};
use duroxide::{
    ActivityContext, Client, OrchestrationContext, OrchestrationRegistry, OrchestrationStatus,
};

async fn three(ctx: OrchestrationContext, number: String) -> Result<String, String> {
    let one = ctx.schedule_activity("Add", number).await?;
    let two = ctx.schedule_activity("Add", one).await?;
    ctx.schedule_activity("Add", two).await
}

#[tokio::main]
async fn main() {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("data.db");
    std::fs::File::create(&file).expect("a file");
    let url = format!("sqlite:{}", file.display());
    let store = Arc::new(SqliteProvider::new(&url, None).await.expect("a store"));
    let add = |_: ActivityContext, number: String| async move {
        let number: u64 = number.parse().map_err(|_| "no number".to_owned())?;
        Ok((number + 1).to_string())
    };
    let activities = ActivityRegistry::builder().register("Add", add).build();
    let orchestrations = OrchestrationRegistry::builder().register("Three", three).build();
    let runtime = Runtime::start_with_store(store.clone(), activities, orchestrations).await;
    let client = Arc::new(Client::new(store));
    let run = move |number| {
        let client = Arc::clone(&client);
        async move {
            let id = format!("run-{number}");
            client.start_orchestration(&id, "Three", "0").await.expect("a run");
            let end = client.wait_for_orchestration(&id, Duration::from_secs(60)).await;
            match end.expect("an end") {
                OrchestrationStatus::Completed { output, .. } => output.parse().expect("a number"),
                other => panic!("{other:?}"),
            }
        }
    };
    measure::measure("duroxide 0.1.32, SQLite", run).await;
    runtime.shutdown(None).await;
}
