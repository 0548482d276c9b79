//! What a workflow must not await, and what to use in its place.

use std::any::Any;

use crate::failure::Failure;

/// What stands in the place of the usual ways to wait.
const INSTEAD: &str = "await only what the context gives: `ctx.sleep` in place of a timer such as \
                       `tokio::time::sleep`, `ctx.wait_event` in place of a channel, a step for IO \
                       and for work on other threads or tasks, `join` and `ctx.for_each` in place \
                       of `tokio::spawn`";

/// How it showed that the function awaits something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It waits, but for nothing that the context gave.
    Idle,
    /// Somebody else woke it.
    Woken,
}

/// The function awaits what is not its context's.
pub(super) fn foreign_await(sign: Sign) -> Failure {
    let what = match sign {
        Sign::Idle => "the workflow waits, but for nothing that its context gave",
        Sign::Woken => "the workflow was woken by something that is not its context's",
    };
    Failure::new("foreign_await", format!("{what}, which a replay cannot repeat: {INSTEAD}"))
}

/// The function panicked. Where it was tokio that refused to work outside of its runtime, the
/// function tried to await what is not its context's.
pub(crate) fn workflow_panic(panic: &(dyn Any + Send)) -> Failure {
    let said = panic_message(panic);
    let is_tokio = said.contains("Tokio 1.x") || said.contains("no reactor running");
    if is_tokio {
        let what = "the workflow calls tokio, which has no place in it";
        return Failure::new("foreign_await", format!("{what}: {INSTEAD} (it said: {said})"));
    }
    Failure::new("workflow_panic", format!("the workflow panicked: {said}"))
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
