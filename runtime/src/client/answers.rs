//! Answering a run that asks, and hearing what it answers.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Client, SendEvent, WaitingFor};
use crate::engine::Verdict;
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{InboxEvent, Query, Reply};
use crate::values::Timestamp;

/// An answer to a run that asks for approval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    by: Option<String>,
    form: Value,
    event: SendEvent,
}

impl Answer {
    /// An answer of this person's.
    pub fn by(person: impl Into<String>) -> Self {
        Self { by: Some(person.into()), ..Self::default() }
    }

    /// The same, with what the form holds.
    #[must_use]
    pub fn form(self, form: Value) -> Self {
        Self { form, ..self }
    }

    /// The same, to the question with this key.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.event.key = Some(key.into());
        self
    }

    /// The same, under an id of the sender's: a second delivery is acknowledged and dropped.
    #[must_use]
    pub fn event_id(mut self, id: impl Into<String>) -> Self {
        self.event.event_id = Some(id.into());
        self
    }
}

impl Client {
    /// Approves what a run asks by the event of this name. Once this returns, it is durable.
    pub async fn approve(&self, run: RunId, event: &str, answer: Answer) -> Result<()> {
        self.answer(run, event, true, answer).await
    }

    /// Rejects what a run asks by the event of this name. Once this returns, it is durable.
    pub async fn reject(&self, run: RunId, event: &str, answer: Answer) -> Result<()> {
        self.answer(run, event, false, answer).await
    }

    async fn answer(&self, run: RunId, event: &str, approved: bool, answer: Answer) -> Result<()> {
        let Answer { by, form, event: options } = answer;
        self.hold_to_assignees(run, event, options.key.as_deref(), by.as_deref()).await?;
        let verdict = serde_json::to_value(Verdict { approved, form, by })
            .map_err(|error| Error::codec("the answer", &error))?;
        self.send_event(run, event, verdict, options).await
    }

    /// Refuses an answer by somebody whom none of the questions asks that wait for it. An answer
    /// may come before its question: that one takes it or leaves it.
    async fn hold_to_assignees(
        &self,
        run: RunId,
        event: &str,
        key: Option<&str>,
        by: Option<&str>,
    ) -> Result<()> {
        let view = self.run(run).await?.ok_or(Error::UnknownRun(run))?;
        let asks =
            |of: &&WaitingFor| of.event.as_deref() == Some(event) && of.key.as_deref() == key;
        let questions: Vec<&WaitingFor> = view.waiting_for.iter().filter(asks).collect();
        let takes = |of: &&WaitingFor| {
            of.assignees.is_empty() || of.assignees.iter().any(|asked| Some(asked.as_str()) == by)
        };
        if questions.is_empty() || questions.iter().any(takes) {
            return Ok(());
        }
        let asked: Vec<&str> =
            questions.iter().flat_map(|of| &of.assignees).map(String::as_str).collect();
        Err(Error::NotAsked {
            event: event.to_owned(),
            asked: asked.join(", "),
            by: by.unwrap_or("nobody in particular").to_owned(),
        })
    }

    /// What a run answers ([`Context::respond`](crate::Context::respond)), as soon as it does;
    /// `None` once it has ended without. It may take as long as the run does, and longer if
    /// someone has to resume it: whoever cannot wait so long sets a limit.
    pub async fn response<T: DeserializeOwned>(&self, run: RunId) -> Result<Option<T>> {
        let mut watch = self.watch(run);
        while let Some(view) = watch.next().await? {
            if let Some(response) = view.response {
                return serde_json::from_value(response)
                    .map(Some)
                    .map_err(|error| Error::codec("the response", &error));
            }
            if view.state.is_final() {
                return Ok(None);
            }
        }
        Err(Error::UnknownRun(run))
    }

    /// The events that a run was sent and that no wait of it has taken, by their order; those of
    /// a run that has ended are left over for good.
    pub async fn unconsumed(&self, run: RunId) -> Result<Vec<EventView>> {
        let (reply, answer) = Reply::channel();
        self.store.query(Query::Inbox(run, 0, reply));
        let inbox = answer.await?.ok_or(Error::UnknownRun(run))?;
        Ok(inbox.events.into_iter().filter_map(EventView::of_sender).collect())
    }
}

/// An event in a run's inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventView {
    /// Its position in the inbox.
    pub seq: u64,
    /// Its name.
    pub name: String,
    /// Its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it carries.
    pub payload: Value,
    /// When it was accepted.
    pub at: Timestamp,
}

impl EventView {
    /// The view of what somebody sent; none of what other runs did.
    fn of_sender(event: InboxEvent) -> Option<Self> {
        let InboxEvent { seq, event, payload, at } = event;
        let payload = Payload::to_value(&payload);
        let sent = !event.is_reserved();
        sent.then_some(Self { seq, name: event.name, key: event.key, payload, at })
    }
}
