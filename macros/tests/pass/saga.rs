//! Steps that undo others, registered by the attribute.
#![deny(warnings)]

use flowcrate::store::MemoryStore;
use flowcrate::{Context, Engine, Result, StepContext, StepError, Undo, step, workflow};

mod mail {
    use super::*;

    #[step(id = "take_back")]
    pub(crate) async fn undo(_: StepContext, mail: String) -> Result<(), StepError> {
        assert_eq!(mail, "mail to Ada");
        Ok(())
    }
}

#[step]
async fn send(_: StepContext, to: String) -> Result<String, StepError> {
    Ok(format!("mail to {to}"))
}

#[step]
async fn reserve(_: StepContext, seats: u32) -> Result<u32, StepError> {
    Ok(seats)
}

#[step]
async fn release(_: StepContext, seats: u32) -> Result<(), StepError> {
    assert_eq!(seats, 2);
    Ok(())
}

#[workflow(undo(release, "take_back" = mail::undo))]
async fn book(ctx: Context, name: String) -> Result<()> {
    reserve(&ctx, 2).undo(Undo::new(release, |seats: &u32| *seats)).await?;
    send(&ctx, name).undo(Undo::named("take_back", |mail: &String| mail.clone())).await?;
    Err(ctx.failure("pay", "declined", "no money").into())
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let undone = runtime.block_on(async {
        let store = MemoryStore::default();
        let engine = Engine::builder().store(store).register(Book).build().await.unwrap();
        let run = engine.start(Book, "Ada".to_owned()).await.unwrap();
        run.result().await.unwrap_err();
        let journal = engine.client().journal(run.id()).await.unwrap();
        journal.into_iter().map(|entry| entry.path).filter(|p| p.contains("!undo")).collect::<Vec<_>>()
    });
    assert_eq!(undone, ["send!undo", "reserve!undo"]);
}
