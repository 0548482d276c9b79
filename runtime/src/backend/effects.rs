//! What a run's back end lets its driver do.

use std::sync::Arc;

use super::{Body, OpId};
use crate::payload::Payload;
use crate::values::Timestamp;

/// Something for the driver to do.
pub(crate) enum Effect {
    /// Start an attempt of a step's body.
    Start(Box<Attempt>),
    /// Tell the body at this path that its scope is cancelled; its outcome still counts.
    Cancel(Arc<str>),
    /// Tell the body at this path that its outcome is no longer wanted.
    Stop(Arc<str>),
    /// Cut the body at this path short: it was told, and had its time.
    Abort(Arc<str>),
}

/// An attempt of a step's body.
pub(crate) struct Attempt {
    pub(crate) path: Arc<str>,
    pub(crate) body: Body,
    /// Its number, from 1.
    pub(crate) number: u32,
    /// How many its policy grants.
    pub(crate) of: u32,
    /// When it will have taken too long.
    pub(crate) deadline: Option<Timestamp>,
    /// What an attempt before it said last.
    pub(crate) details: Option<Payload>,
}

/// Something to do once everything before it is durable.
pub(super) enum Held {
    Start(OpId),
    Arm(OpId, Timestamp),
    Cancel(Arc<str>),
    Stop(Arc<str>),
}
