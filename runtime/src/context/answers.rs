//! What a run asks people, and what it answers them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::json;

use super::{Context, encode};
use crate::backend::{APPROVAL, Command, RESPOND};
use crate::engine::{Approval, ApprovalWait, Claim, EventWait, Name, Operation, Respond, Verdict};
use crate::journaled::EventPayload;
use crate::store::EventKey;
use crate::values::Duration;

impl Context {
    /// Lets people decide, and waits for that: costs a row, not a task. The answer is an event
    /// that the workflow declares, `events("manager_approval" = Verdict<Form>)`; it is sent by
    /// [`Client::approve`](crate::Client::approve) or [`reject`](crate::Client::reject), and one
    /// that came early counts. Who is asked stands in [`RunView`](crate::RunView::waiting_for).
    ///
    /// ```
    /// # use flowcrate::{Approval, Context, Decision, Result};
    /// # async fn ask(ctx: &Context) -> Result<bool> {
    /// let days = std::time::Duration::from_secs(3 * 86_400);
    /// let asked = Approval::new("manager_approval").assignees(["ada", "grace"]).timeout(days);
    /// Ok(match ctx.approval::<String>("manager", asked).await? {
    ///     Decision::Approved(_comment) => true,
    ///     Decision::Rejected(_) | Decision::TimedOut => false,
    /// })
    /// # }
    /// ```
    pub fn approval<T: EventPayload>(
        &self,
        id: impl Into<Cow<'static, str>>,
        approval: Approval,
    ) -> ApprovalWait<T> {
        let Approval { event, key, assignees, form, timeout } = approval;
        let input = json!({
            "event": event, "key": key, "timeout": timeout.map(Duration),
            "assignees": assignees, "form": form,
        });
        let claim = Claim {
            name: Name::Id(&id.into(), None),
            kind: APPROVAL,
            input: Some(Ok((&input).into())),
            hash: None,
        };
        let command = Command::Event(EventKey { name: event.into_owned(), key }, timeout);
        let operation = Operation::claim(&self.core, &self.scope, claim, |_| command);
        ApprovalWait::new(EventWait::new(operation, Verdict::read))
    }

    /// Answers whoever waits for the run's response, such as the caller of a webhook, while the
    /// run goes on. A run answers once: a second answer is a failure (`responded`).
    /// [`Client::response`](crate::Client::response) waits for it.
    pub fn respond<T: Serialize + ?Sized>(
        &self,
        id: impl Into<Cow<'static, str>>,
        value: &T,
    ) -> Respond {
        let claim = Claim {
            name: Name::Id(&id.into(), None),
            kind: RESPOND,
            input: Some(encode(value)),
            hash: None,
        };
        Respond::new(Operation::claim(&self.core, &self.scope, claim, |_| Command::Memo))
    }
}
