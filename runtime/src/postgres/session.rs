//! Connections: how one is made, and what is said on it first.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Error, Socket};

/// Makes connections, with or without TLS.
#[derive(Clone)]
pub(super) struct Connector(Arc<dyn Fn(Config) -> BoxFuture<'static, Made> + Send + Sync>);

type Made = Result<(Client, Messages), Error>;

/// What comes on a connection by itself. It has to be asked for anything to be sent.
type Messages =
    Box<dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> + Send>;

impl Connector {
    /// Connects by this.
    pub(super) fn new<T>(tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Self(Arc::new(move |config| {
            let tls = tls.clone();
            Box::pin(async move {
                let (client, mut connection) = config.connect(tls).await?;
                let messages: Messages = Box::new(move |cx| connection.poll_message(cx));
                Ok((client, messages))
            })
        }))
    }

    /// Connects, and lets what is said go out. Calls `heard` for each notification.
    pub(super) async fn connect(
        &self,
        config: &Config,
        schema: &str,
        heard: impl Fn() + Send + 'static,
    ) -> Result<Client, Error> {
        let (client, mut messages) = (self.0)(config.clone()).await?;
        tokio::spawn(async move {
            loop {
                match std::future::poll_fn(&mut messages).await {
                    Some(Ok(AsyncMessage::Notification(_))) => heard(),
                    Some(Ok(AsyncMessage::Notice(notice))) => {
                        tracing::debug!(%notice, "the database has something to say");
                    }
                    Some(Ok(_)) => {}
                    // Whoever waits for an answer is told.
                    Some(Err(_)) | None => return,
                }
            }
        });
        client.batch_execute(&settings(schema)).await?;
        Ok(client)
    }
}

/// A name as SQL writes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What holds on each connection.
fn settings(schema: &str) -> String {
    // What is acknowledged is on the disk, whatever else is usual here. A process that was stopped
    // amid a transaction holds its rows for a while only.
    format!(
        "{};
         SET default_transaction_isolation = 'read committed';
         SET default_transaction_read_only = off;
         SET idle_in_transaction_session_timeout = '15s';
         SELECT set_config('synchronous_commit', 'on', false)
           WHERE current_setting('synchronous_commit') IN ('off', 'local')",
        of_statements("SET", schema)
    )
}

/// What holds for the statements of the journal, for as long as `set` says.
pub(super) fn of_statements(set: &str, schema: &str) -> String {
    // Tables that were empty when a plan was made grow: no plan is to read all of one, nor all that
    // a list might go on with. Each query has an index in whose order it reads, and joins what it
    // names in that order, row by row: no plan depends on what was sampled of a table.
    format!(
        "{set} search_path TO {};
         {set} enable_seqscan = off;
         {set} enable_bitmapscan = off;
         {set} enable_hashjoin = off;
         {set} enable_mergejoin = off;
         {set} join_collapse_limit = 1;
         {set} max_parallel_workers_per_gather = 0;
         {set} jit = off;
         {set} plan_cache_mode = force_generic_plan;
         {set} client_min_messages = warning",
        quoted(schema)
    )
}

/// What is usual for a connection on which runs wait: one that is cut is noticed.
pub(super) fn prudent(mut config: Config) -> Config {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(10));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_idle(Duration::from_secs(5));
        config.keepalives_interval(Duration::from_secs(2));
        config.keepalives_retries(3);
    }
    if config.get_application_name().is_none() {
        config.application_name("flowcrate");
    }
    config.target_session_attrs(tokio_postgres::config::TargetSessionAttrs::ReadWrite);
    config
}
