//! A workflow that is drawn, in a program that is written: `build.rs` compiles the graph
//! `flows/greet.json`, and a macro includes what that wrote.
//!
//! `cargo run -p flowcrate-from-graph -- Ada Grace`
//!
//! Change the graph and build again: what no longer fits is an error of the compiler, at the node.

mod custom;
mod greet {
    //! The workflow of `flows/greet.json`.
    flowcrate::include_workflow!("greet");
}

use std::error::Error;

use flowcrate::Engine;
use flowcrate::store::MemoryStore;

/// Runs the workflow to its end.
async fn say(guests: Vec<String>) -> Result<String, Box<dyn Error>> {
    let engine = Engine::builder().store(MemoryStore::new()).register(greet::Greet).build().await?;
    let run = engine.start(greet::Greet, greet::GuestsAreHere { guests }).await?;
    let said = run.result().await?;
    engine.shutdown().await;
    Ok(said)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", say(std::env::args().skip(1).collect()).await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::say;

    #[tokio::test]
    async fn the_drawn_workflow_runs_the_written_function() {
        let guests = ["Ada", "Grace"].map(str::to_owned).to_vec();
        assert_eq!(say(guests).await.unwrap(), "hello, Ada; and Grace");
    }
}
