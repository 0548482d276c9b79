//! `approval`: a person decides (S34).

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{EventWait, Payload, Result};
use crate::journaled::EventPayload;

/// What is asked of whom, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The declared event by which the answer comes; its payload is a [`Verdict`].
    pub event: Cow<'static, str>,
    /// Only an answer with this key; without it, only one without a key.
    pub key: Option<String>,
    /// Who may answer; without any, anyone may. An answer by somebody else, or by nobody in
    /// particular, is refused while this waits, and stays in the inbox if it came before that.
    pub assignees: Vec<String>,
    /// Name of the form that is shown to them.
    pub form: Option<String>,
    /// How long to wait at most.
    pub timeout: Option<Duration>,
}

impl Approval {
    /// Waits for an answer by this event for as long as it takes.
    pub fn new(event: impl Into<Cow<'static, str>>) -> Self {
        let (key, assignees, form, timeout) = (None, Vec::new(), None, None);
        Self { event: event.into(), key, assignees, form, timeout }
    }

    /// The same, for an answer with this key.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same, asking these.
    #[must_use]
    pub fn assignees<T: Into<String>>(self, assignees: impl IntoIterator<Item = T>) -> Self {
        Self { assignees: assignees.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same, with the form of this name.
    #[must_use]
    pub fn form(self, form: impl Into<String>) -> Self {
        Self { form: Some(form.into()), ..self }
    }

    /// The same, for so long at most.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }
}

/// The payload of the event by which an answer comes, with what the form held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict<T> {
    /// Whether it is approved; else it is rejected.
    pub approved: bool,
    /// What the form held; nothing is null.
    pub form: T,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// An answer whose form is not read yet.
#[derive(Deserialize)]
struct Raw {
    approved: bool,
    #[serde(default)]
    form: Value,
    #[serde(default)]
    by: Option<String>,
}

impl<T: EventPayload> Verdict<T> {
    /// The answer that the journal kept.
    pub(crate) fn read(payload: &Payload) -> std::result::Result<Self, serde_json::Error> {
        Self::of(payload.decode()?)
    }

    fn of(Raw { approved, form, by }: Raw) -> std::result::Result<Self, serde_json::Error> {
        let form = T::from_value(&form);
        let form = form.map_err(|error| serde::de::Error::custom(error.under("form")))?;
        Ok(Self { approved, form, by })
    }
}

impl<'de, T: EventPayload> Deserialize<'de> for Verdict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::of(Raw::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// How an approval has come out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision<T> {
    /// It is approved; the form.
    Approved(T),
    /// It is rejected; the form.
    Rejected(T),
    /// Nobody answered in time.
    TimedOut,
}

/// A question to people that is claimed; awaiting it asks.
#[must_use = "an approval begins when it is awaited"]
pub struct ApprovalWait<T>(EventWait<Verdict<T>>);

impl<T> ApprovalWait<T> {
    pub(crate) fn new(wait: EventWait<Verdict<T>>) -> Self {
        Self(wait)
    }

    /// The answer as it was given, with who gave it; `None` where nobody did in time.
    pub fn verdict(self) -> EventWait<Verdict<T>> {
        self.0
    }
}

impl<T> Future for ApprovalWait<T> {
    type Output = Result<Decision<T>>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let verdict = ready!(Pin::new(&mut self.0).poll(poller))?;
        Poll::Ready(Ok(match verdict {
            None => Decision::TimedOut,
            Some(Verdict { approved, form, .. })
                if approved || sabotage!("rejected is approved") =>
            {
                Decision::Approved(form)
            }
            Some(Verdict { form, .. }) => Decision::Rejected(form),
        }))
    }
}
