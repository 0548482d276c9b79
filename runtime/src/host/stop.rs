//! Being told to stop.

/// Returns once the process is told to stop: Ctrl-C, or SIGTERM where there is one.
pub(super) async fn requested() {
    let interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    let terminate = std::pin::pin!(terminate());
    futures_util::future::select(interrupt, terminate).await;
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
