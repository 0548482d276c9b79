//! Being told to stop: by Ctrl-C, or by SIGTERM where there is one.

use std::pin::pin;

use futures_util::future::{Either, select};

/// Notices from its creation on that the process is told to stop.
pub(super) struct Stop {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

impl Stop {
    /// Begins to listen; create it before anybody learns that the process is up.
    pub(super) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: {
                use tokio::signal::unix::{SignalKind, signal};
                // Where a handler is refused the signal ends the process, which loses nothing.
                let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
                kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect()
            },
        }
    }

    /// What the future gives; `None` if the process is told to stop first.
    pub(super) async fn unless_told<F: Future>(mut self, future: F) -> Option<F::Output> {
        match select(pin!(future), pin!(self.told())).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    #[cfg(unix)]
    async fn told(&mut self) {
        let any = |context: &mut std::task::Context<'_>| {
            let told = self.signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if told { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        };
        std::future::poll_fn(any).await;
    }

    #[cfg(not(unix))]
    async fn told(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
