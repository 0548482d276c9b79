//! `flowcrate serve`: the server with its editor.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use super::{Outcome, output};
use crate::config::{Config, Flags};
use crate::error::Error;
use crate::server::Server;

/// Serves until a signal says to stop.
pub(super) fn execute(flags: Flags) -> Result<Outcome, Error> {
    let config = Config::load(flags)?;
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(super::STACK)
        .build()
        .map_err(|source| Error::io("cannot start threads", source))?;
    runtime.block_on(async {
        let server = Server::bind(&config).await?;
        // The last word is the address, for programs that start a server on port 0.
        output::say(&format!("flowcrate listens on http://{}", server.address()));
        server.serve(signal()).await
    })?;
    Ok(Outcome::Fine)
}

/// Logs go to standard error; `FLOWCRATE_LOG` chooses what, as in `flowcrate=debug,info`.
fn log() {
    let filter = EnvFilter::try_from_env("FLOWCRATE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,flowcrate=info,flowcrate_server=info"));
    // Only a second call in one process fails, and then the first one's choice stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}

/// Ends at Ctrl-C or a request to terminate.
async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
