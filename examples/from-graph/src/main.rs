//! Workflows that are drawn, in a program that is written: `build.rs` compiles the graphs in
//! `flows/`, and a macro includes what that wrote.
//!
//! `cargo run -p flowcrate-from-graph -- Ada Grace`
//!
//! Change the graph and build again: what no longer fits is an error of the compiler, at the node.

mod custom;
mod greet {
    //! The workflow of `flows/greet.json`.
    flowcrate::include_workflow!("greet");
}

mod party {
    //! The workflow of `flows/party.json`, and in it that of `flows/seat.json`.
    flowcrate::include_workflow!("party");
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

/// Runs a workflow that calls another, which the engine knows with it.
async fn seat(names: Vec<String>) -> Result<Vec<String>, Box<dyn Error>> {
    let engine = Engine::builder().store(MemoryStore::new()).register(party::Party).build().await?;
    let run = engine.start(party::Party, party::TheDoorsAreOpen { names }).await?;
    let seated = run.result().await?;
    engine.shutdown().await;
    Ok(seated.into_iter().map(|guest| format!("{} sits in {}", guest.name, guest.seat)).collect())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    println!("{}", say(names.clone()).await?);
    for seated in seat(names).await? {
        println!("{seated}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{say, seat};

    #[tokio::test]
    async fn the_drawn_workflow_runs_the_written_function() {
        let guests = ["Ada", "Grace"].map(str::to_owned).to_vec();
        assert_eq!(say(guests).await.unwrap(), "hello, Ada; and Grace");
    }

    #[tokio::test]
    async fn a_workflow_calls_another_of_the_same_program() {
        let names = ["Ada", "Grace"].map(str::to_owned).to_vec();
        let seated = seat(names).await.unwrap();
        assert_eq!(seated, ["Ada sits in row 1", "Grace sits in row 1"]);
    }
}
