//! A person decides, or time is up: a run that waits for days costs a row, not a task.
//!
//! ```sh
//! cargo run -p flowcrate-examples --bin approval -- ask 4200       # asks, and waits
//! cargo run -p flowcrate-examples --bin approval -- approve "ok"   # in another terminal
//! ```
//!
//! Kill the one that waits: the question stands, and an answer that is given meanwhile counts as
//! soon as somebody drives the run again. The arguments of `ask` are cents, and how many seconds
//! there are to answer (a day's worth if left out); the last argument of each is the journal's
//! file.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use flowcrate::sqlite::SqliteStore;
use flowcrate::{
    Answer, Approval, Client, Context, Decision, Engine, Result, RunFilter, StepContext, StepError,
    Verdict, step, workflow,
};
use serde::{Deserialize, Serialize};

/// Money that somebody wants back.
#[derive(Serialize, Deserialize)]
struct Expense {
    cents: u64,
    seconds: u64,
}

#[step]
async fn pay(_: StepContext, cents: u64) -> Result<String, StepError> {
    println!("paying {cents} cents");
    Ok(format!("paid {cents} cents"))
}

/// The event carries a verdict, and with it what the form holds: a comment.
#[workflow(events("decision" = Verdict<String>))]
async fn reimburse(ctx: Context, expense: Expense) -> Result<String> {
    let time = Duration::from_secs(expense.seconds);
    let asked = Approval::new("decision").assignees(["grace"]).timeout(time);
    match ctx.approval::<String>("manager", asked).await? {
        Decision::Approved(comment) => {
            let paid = pay(&ctx, expense.cents).await?;
            Ok(format!("{paid}: {comment}"))
        }
        Decision::Rejected(comment) => Ok(format!("rejected: {comment}")),
        Decision::TimedOut => Ok("nobody answered in time".to_owned()),
    }
}

/// The process that drives the run: asks, and waits for what comes of it.
async fn ask(expense: Expense, file: &str) -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open(file)?;
    let engine = Engine::builder().store(store).register(Reimburse).build().await?;
    let run = engine.start(Reimburse, expense).key("expense-1").await?;
    println!("asking grace");
    println!("{}", run.result().await?);
    engine.shutdown().await;
    Ok(())
}

/// Any other process: answers by the journal's file, whether somebody drives it now or not.
async fn answer(approved: bool, comment: &str, file: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::new(Arc::new(SqliteStore::client(file)?)).checking(Reimburse);
    let filter = RunFilter { key: Some("expense-1".to_owned()), ..RunFilter::default() };
    let runs = client.runs(filter, None).await?;
    let run = runs.items.first().ok_or("nobody asks")?.id;
    let answer = Answer::by("grace").form(comment.into());
    if approved {
        client.approve(run, "decision", answer).await?;
    } else {
        client.reject(run, "decision", answer).await?;
    }
    println!("answered");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    const FILE: &str = "approval.db";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["ask", cents, ref rest @ ..] => {
            let seconds = rest.first().map_or(Ok(86_400), |seconds| seconds.parse())?;
            let expense = Expense { cents: cents.parse()?, seconds };
            ask(expense, rest.get(1).copied().unwrap_or(FILE)).await
        }
        ["approve", comment, ref rest @ ..] => {
            answer(true, comment, rest.first().copied().unwrap_or(FILE)).await
        }
        ["reject", comment, ref rest @ ..] => {
            answer(false, comment, rest.first().copied().unwrap_or(FILE)).await
        }
        _ => {
            Err("approval ask CENTS [SECONDS [FILE]] | approve COMMENT [FILE] | reject ...".into())
        }
    }
}
