//! The waker of a run's root future.

use std::sync::Arc;
use std::task::Wake;

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::thread::{self, ThreadId};

/// Notes that the function must be polled. Only the engine may cause that: a wake-up from
/// elsewhere is one that no replay would repeat.
pub(crate) struct RootWaker {
    thread: ThreadId,
    driving: AtomicBool,
    woken: AtomicBool,
    from_outside: AtomicBool,
    /// Tells the driver of a wake-up from elsewhere.
    tell: Box<dyn Fn() + Send + Sync>,
}

impl RootWaker {
    pub(crate) fn new(tell: Box<dyn Fn() + Send + Sync>) -> Arc<Self> {
        Arc::new(Self {
            thread: thread::current().id(),
            driving: AtomicBool::new(false),
            woken: AtomicBool::new(true),
            from_outside: AtomicBool::new(false),
            tell,
        })
    }

    pub(super) fn take_woken(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    pub(super) fn is_woken(&self) -> bool {
        self.woken.load(Ordering::Acquire)
    }

    pub(super) fn was_woken_from_outside(&self) -> bool {
        self.from_outside.load(Ordering::Acquire)
    }

    /// While this is held, wake-ups on this thread are the engine's own.
    pub(super) fn driving(self: &Arc<Self>) -> Driving {
        self.driving.store(true, Ordering::Release);
        Driving(Arc::clone(self))
    }

    /// Notes a wake-up that the engine itself causes.
    pub(super) fn wake_from_engine(&self) {
        self.woken.store(true, Ordering::Release);
    }
}

pub(super) struct Driving(Arc<RootWaker>);

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.driving.store(false, Ordering::Release);
    }
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let ours = self.driving.load(Ordering::Acquire) && thread::current().id() == self.thread;
        if !ours && !self.from_outside.swap(true, Ordering::AcqRel) {
            (self.tell)();
        }
        self.wake_from_engine();
    }
}
