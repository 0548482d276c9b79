//! Which scope of a run is being polled on this thread.

use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    static CURRENT: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// The path of the scope that is being polled; empty at the top level.
pub(crate) fn current() -> Arc<str> {
    CURRENT.with_borrow(Clone::clone).unwrap_or_else(|| "".into())
}

/// Names a scope in a message.
pub(super) fn describe(path: &str) -> String {
    if path.is_empty() { "the run".to_owned() } else { format!("`{path}`") }
}

/// Makes a scope the current one until it is dropped.
pub(crate) struct ScopeGuard(Option<Arc<str>>);

impl ScopeGuard {
    pub(crate) fn enter(path: Arc<str>) -> Self {
        Self(CURRENT.replace(Some(path)))
    }

    /// Makes the scope the current one that was when `current` was called.
    pub(crate) fn current() -> Arc<str> {
        current()
    }
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}
