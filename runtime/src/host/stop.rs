//! Being told to stop.

use std::pin::pin;

use futures_util::future::{Either, select};

/// What the future gives; `None` if the process is told to stop first, by Ctrl-C or SIGTERM.
pub(super) async fn or_requested<F: Future>(future: F) -> Option<F::Output> {
    match select(pin!(future), pin!(requested())).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

async fn requested() {
    select(pin!(tokio::signal::ctrl_c()), pin!(terminate())).await;
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        // Without a handler SIGTERM ends the process by itself, which loses nothing.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}
