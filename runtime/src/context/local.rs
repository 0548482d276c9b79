//! What a workflow function has without asking anybody: recorded work, chance, and a word to
//! those who look at the run.

use std::borrow::Cow;

use serde::Serialize;
use uuid::Uuid;

use super::Context;
use crate::backend::Command;
use crate::engine::{Claim, Memo, Name, Operation};
use crate::error::{Error, Result};
use crate::journaled::Journaled;
use crate::payload::Payload;

impl Context {
    /// Costly pure work: `work` is called once, and its value recorded with the run's next write,
    /// so that no replay does it again. For work that is cheap, just do it.
    ///
    /// The work may not use the context, and may be done again if the process dies at once. What
    /// has an effect, or may come out otherwise the second time, is a [step](Self::step).
    ///
    /// ```
    /// use flowcrate::{Context, Result, workflow};
    ///
    /// #[workflow(name = "rank")]
    /// async fn rank(ctx: Context, words: Vec<String>) -> Result<Vec<String>> {
    ///     ctx.memo("sorted", || {
    ///         let mut words = words.clone();
    ///         words.sort();
    ///         words
    ///     })
    ///     .await
    /// }
    /// ```
    pub fn memo<T, F>(&self, id: impl Into<Cow<'static, str>>, work: F) -> Memo<T, F>
    where
        T: Journaled,
        F: FnOnce() -> T,
    {
        let name = Name::Id(&id.into(), None);
        let claim = Claim { name, kind: "memo@1", input: None, hash: None };
        Memo::new(Operation::claim(&self.core, &self.scope, claim, |_| Command::Memo), work)
    }

    /// An id that is this run's own, and the same on each replay: for what must be named before
    /// it is made. It follows from the run's seed, this scope, `name`, and how often this scope
    /// has asked for that name.
    ///
    /// Not for secrets: whoever can read the journal can tell it.
    pub fn uuid(&self, name: &str) -> Uuid {
        self.draw("uuid", name)
    }

    /// A random number, the same on each replay; see [`uuid`](Self::uuid). Not for secrets.
    ///
    /// ```
    /// # use flowcrate::{Context, Result, workflow};
    /// #[workflow(name = "toss")]
    /// async fn toss(ctx: Context, _: ()) -> Result<bool> {
    ///     Ok(ctx.random("coin") % 2 == 0)
    /// }
    /// ```
    pub fn random(&self, name: &str) -> u64 {
        // None of the bits of its ends marks the version or the variant of the id.
        let id = self.draw("random", name).as_u128();
        let (high, low) = (id >> 96 << 32, id & 0xffff_ffff);
        u64::try_from(high | low).unwrap_or_default()
    }

    fn draw(&self, what: &str, name: &str) -> Uuid {
        let occurrence = self.core.borrow_mut().draw(&self.scope, what, name);
        let scope = self.path();
        // Zero bytes stand in no path: other uses of the seed hash other texts.
        let text = format!("{what}\0{scope}\0{name}\0{occurrence}");
        Uuid::new_v5(&Uuid::from_bytes(self.info.seed), text.as_bytes())
    }

    /// Lets others see `value` as what the run says of itself, in place of what it said before.
    /// They read it by [`Client::published`](crate::Client::published); it never shows what is
    /// not durable: it is written together with all that came before it.
    ///
    /// ```
    /// # use flowcrate::{Context, Result, workflow};
    /// #[workflow(name = "report")]
    /// async fn report(ctx: Context, pages: u32) -> Result<()> {
    ///     for page in 0..pages {
    ///         ctx.publish(&serde_json::json!({ "page": page, "of": pages }))?;
    ///         ctx.sleep("think", std::time::Duration::from_secs(1)).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn publish<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        let value =
            Payload::encode(value).map_err(|error| Error::codec("what is published", &error))?;
        self.core.borrow().publish(value)
    }
}
