//! The attribute macros of the `flowcrate` runtime: [`macro@workflow`], [`macro@step`],
//! [`macro@action`] and the derive [`macro@Typed`].
//!
//! Each goes `parse -> check -> expand` over `proc_macro2` tokens, all mistakes at once.
//! The user's item is emitted in any case, so a mistake in an attribute shows as that one
//! mistake and not as a hundred unresolved names.
//! Use them through `flowcrate` and `flowcrate-plugins`, which re-export them.

mod action;
mod args;
mod duration;
mod errors;
mod signature;
mod step;
mod typed;
mod warning;
mod workflow;

use proc_macro::TokenStream;

/// Makes an async function a durable workflow.
///
/// The function stays as it is. Beside it stands a unit struct named after it
/// (`order_intake` gives `OrderIntake`) that implements `flowcrate::Workflow`: register that
/// with an engine.
///
/// ```
/// use flowcrate::{Context, Result, Workflow, workflow};
///
/// #[workflow(name = "order-intake", revision = "1", events("shipped"))]
/// async fn order_intake(ctx: Context, order: String) -> Result<String> {
///     Ok(format!("{order}, taken in at {}", ctx.started_at()))
/// }
///
/// assert_eq!(OrderIntake.definition().name, "order-intake");
/// ```
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `name = "…"` | the name that runs are stored under | the function's name with `-` for `_` |
/// | `revision = "…"` | changes when the meaning does | `"1"` |
/// | `adopts("…", …)` | earlier revisions whose unfinished runs this one takes over, where their journals fit it | none |
/// | `input = INPUT_SCHEMA` | a `&str`: what an input must be beyond its type, as a JSON Schema; one that is not starts no run | none |
/// | `calls(Workflow, …)` | the workflows that it calls or starts: who registers it registers them | none |
/// | `undo(step, …)` | the steps that undo others, by their names or as `"name" = step` | none |
/// | `events("…" = Type, …)` | the events that runs wait for, and what they hold | none |
/// | `payloads("…" = SCHEMA, …)` | a `&str` for each: what the payload of a declared event must be beyond its type, as a JSON Schema; one that is not is not taken | none |
/// | `limit(name = "…", concurrency = n, rate(starts = n, period = "…"), hold = "while_active", key = path)` | the limit that its runs are under; `key` is a function of the input that tells by what a run counts | none; its name is the workflow's, it is held `until_end` |
/// | `crate = path` | where the runtime lives | `::flowcrate` |
///
/// A workflow function runs again over its journal (replay), so it must do the same each time.
/// The macro refuses what cannot: the clock, randomness, spawning, files, the network, the
/// environment, a runtime's own timers. Each error names what to use instead.
/// A step that is called in a loop, or twice, without `.key(…)` gets a warning: its path would
/// depend on the order of the calls. `#[allow(deprecated)]` on the function silences it.
#[proc_macro_attribute]
pub fn workflow(args: TokenStream, item: TokenStream) -> TokenStream {
    workflow::workflow(args.into(), &item.into()).into()
}

/// Makes an async function a durable step: its outcome is journaled, and it never runs again
/// once it is.
///
/// ```
/// use flowcrate::{Context, Result, StepContext, StepError, step, workflow};
///
/// /// Charges so many cents, and gives the payment's id.
/// #[step(retry(max_attempts = 5, initial = "500ms", jitter), timeout = "30s")]
/// async fn charge(step: StepContext, cents: i64) -> Result<String, StepError> {
///     // The same key for all attempts, for the other side to do it once.
///     Ok(format!("{cents} charged under {}", step.idempotency_key()))
/// }
///
/// #[workflow]
/// async fn checkout(ctx: Context, prices: Vec<i64>) -> Result<Vec<String>> {
///     let mut payments = Vec::new();
///     for (line, cents) in prices.into_iter().enumerate() {
///         payments.push(charge(&ctx, cents).key(line.to_string()).await?);
///     }
///     Ok(payments)
/// }
/// ```
///
/// The function becomes `fn charge(ctx: &Context, cents: i64) -> Step<String>`.
/// The input may be left out.
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `id = "…"` | its name in the journal, `[a-z][a-z0-9_]*` | the function's name |
/// | `kind = "…"` | what it does, for history | `"step"` |
/// | `retry(max_attempts = 3, initial = "1s", factor = 2.0, cap = "1m", jitter)` | when a failed attempt is tried again; what is left out is as in `Policy::default()`, but `jitter` is off unless it is written | `Policy::default()` |
/// | `retry_on("timeout", …)` | the classes of errors that are tried again, of `retryable`, `rate_limited`, `timeout` and `panic` | all four |
/// | `timeout = "30s"` | how long one attempt may take; `"none"` is for ever | 30 s |
/// | `total = "10m"` | how long all attempts may take | `"none"` |
/// | `heartbeat = "10s"` | how long the body may go without `step.heartbeat(…)` | `"none"` |
/// | `on_exhausted = "fail"` or `"pause"` | what happens when the policy is spent | `"fail"` |
/// | `crate = path` | where the runtime lives | `::flowcrate` |
#[proc_macro_attribute]
pub fn step(args: TokenStream, item: TokenStream) -> TokenStream {
    step::step(args.into(), &item.into()).into()
}

/// Makes an async function an action of a plugin.
///
/// The function stays as it is. Beside it stands a unit struct (`request` gives
/// `RequestAction`) that implements `flowcrate_plugins::Action` where the feature `catalogue`
/// of `flowcrate-plugins` is on: its manifest follows from the types and the documentation.
///
/// ```ignore
/// /// Sends a text to a channel.
/// #[action(kind = "chat.send@1", label = "Send a message", category = "Chat", effects)]
/// pub async fn send(step: StepContext, input: Message) -> Result<Sent, StepError> {
///     deliver(step.idempotency_key(), input).await
/// }
/// ```
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `kind = "name@major"` | the kind in a graph | required |
/// | `label = "…"` | what the palette shows | required |
/// | `category = "…"` | the palette's group | required |
/// | `feature = "…"` | the feature of the plugin's crate that holds it | none |
/// | `effects` | a second execution may have a second effect | off |
/// | `generic = "field"` | the output field whose type each node declares; the function is then generic over that type | none |
/// | `crate = path` | where the plugin API lives | `::flowcrate_plugins` |
#[proc_macro_attribute]
pub fn action(args: TokenStream, item: TokenStream) -> TokenStream {
    action::action(args.into(), &item.into()).into()
}

/// Derives `flowcrate::types::Typed`: the type of the workflow language that a struct or an
/// enum without fields has in JSON.
///
/// Honours `serde`'s `rename`, `rename_all`, `default` and `skip`; documentation comments
/// become the fields' documentation. A field that may be left out is an `Option` (or a `Value`)
/// with `#[serde(default)]`; a default that is not null has no place in a type.
/// `#[typed(crate = path)]` says where the runtime lives, `::flowcrate` by default.
///
/// ```
/// use flowcrate::types::{Type, Typed};
///
/// /// What to send.
/// #[derive(Typed)]
/// struct Message {
///     /// Where to.
///     channel: String,
///     copies: Option<i64>,
/// }
///
/// let Type::Record(message) = Message::ty() else { unreachable!() };
/// assert_eq!(message.fields["channel"].doc.as_deref(), Some("Where to."));
/// assert_eq!(message.fields["copies"].ty, Type::Int.optional());
/// ```
#[proc_macro_derive(Typed, attributes(typed))]
pub fn typed(item: TokenStream) -> TokenStream {
    typed::typed(item.into()).into()
}
