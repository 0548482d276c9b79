//! What a run lets others see of itself (R25).

use super::store_backend::StoreBackend;
use crate::payload::Payload;
use crate::store::Next;

/// What a run says of itself.
#[derive(Default)]
pub(super) struct Published {
    /// What it said last.
    latest: Option<Payload>,
    /// Whether no write holds that yet.
    is_new: bool,
}

impl Published {
    pub(super) fn new(durable: Option<Payload>) -> Self {
        Self { latest: durable, is_new: false }
    }

    /// Whether something waits for a write.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// What the write before `next` is to hold. A function that went astray said nothing.
    pub(super) fn take(&mut self, next: &Next) -> Option<Payload> {
        if !std::mem::take(&mut self.is_new) || matches!(next, Next::Pause(_) | Next::Park(_)) {
            return None;
        }
        self.latest.clone()
    }
}

impl StoreBackend {
    /// The function says something of itself. What it says on the way back to where it was, it
    /// has said before, and perhaps something else since, in a scope that is not entered again.
    pub(super) fn say(&mut self, value: Payload) {
        if self.is_replaying() && !sabotage!("publishes what is past") {
            return;
        }
        if self.published.latest.as_ref() != Some(&value) {
            self.published = Published { latest: Some(value), is_new: true };
        }
    }
}
