//! Connections that wait for the next request to the same origin.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;

use super::io::Payload;
use super::url::Target;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// How many idle connections are kept for one origin.
const PER_ORIGIN: usize = 16;

/// Whose a connection is. One that a rule about addresses allowed must not be found under the
/// other rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    origin: String,
    allow_private: bool,
}

impl Key {
    pub(super) fn new(target: &Target, allow_private: bool) -> Self {
        Self { origin: target.origin(), allow_private }
    }
}

type Idle = BTreeMap<Key, Vec<(Instant, SendRequest<Payload>)>>;

static POOL: Mutex<Idle> = Mutex::new(BTreeMap::new());

/// The connection that was used last, if one is left that is still open.
pub(super) fn take(key: &Key) -> Option<SendRequest<Payload>> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let idle = pool.get_mut(key)?;
    while let Some((since, sender)) = idle.pop() {
        if !sender.is_closed() && since.elapsed() < IDLE {
            return Some(sender);
        }
    }
    pool.remove(key);
    None
}

/// Keeps a connection whose response was read to its end, and forgets those that waited too long.
pub(super) fn put(key: Key, sender: SendRequest<Payload>) {
    if sender.is_closed() {
        return;
    }
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    for idle in pool.values_mut() {
        idle.retain(|(since, sender)| !sender.is_closed() && since.elapsed() < IDLE);
    }
    pool.retain(|_, idle| !idle.is_empty());
    let idle = pool.entry(key).or_default();
    if idle.len() < PER_ORIGIN {
        idle.push((Instant::now(), sender));
    }
}
