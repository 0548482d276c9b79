//! How a journal is opened.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use super::session::Connector;
use super::values::Codec;
use super::{OpenError, PostgresStore};
use crate::clock::Clock;
use crate::store::{MAX_PAYLOAD, Origin, PayloadCodec};

/// How long a worker holds its runs after it last said that it lives.
const LEASE: Duration = Duration::from_secs(15);
/// Bytes of starts and events that may wait by default.
const WAITING: usize = 256 << 20;

/// How a journal is opened; see [`PostgresStore::options`].
#[must_use = "nothing is opened before `open`"]
pub struct PostgresOptions {
    pub(super) address: String,
    pub(super) connector: Connector,
    pub(super) schema: String,
    pub(super) origin: Origin,
    pub(super) clock: Option<Box<dyn Clock>>,
    pub(super) codec: Codec,
    pub(super) lease: Duration,
    pub(super) max_payload: usize,
    pub(super) max_waiting: usize,
}

impl PostgresOptions {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            connector: Connector::new(NoTls),
            schema: "flowcrate".to_owned(),
            origin: Origin::Unknown,
            clock: None,
            codec: Codec::default(),
            lease: LEASE,
            max_payload: MAX_PAYLOAD,
            max_waiting: WAITING,
        }
    }

    /// What makes connections secure; without it none are. Such things are there for `rustls`
    /// and for OpenSSL, each in a crate of its own.
    pub fn tls<T>(self, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Self { connector: Connector::new(tls), ..self }
    }

    /// The schema that holds the journal, `flowcrate` by default. It is made if it is not there;
    /// nothing else has a place in it.
    pub fn schema(self, schema: impl Into<String>) -> Self {
        Self { schema: schema.into(), ..self }
    }

    /// How long a worker holds its runs after it last said that it lives, 15 s by default: so long
    /// they may lie still after it has died. It says so three times as often. The same for all
    /// workers of a journal, or about so.
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// The clock by which timers are due; the database's by default. Leases end by the database's
    /// in any case.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Some(Box::new(clock)), ..self }
    }

    /// What every payload passes through on its way to the database and back; nothing by default.
    /// A journal that was written with a codec opens with one that reads it only.
    pub fn codec(self, codec: impl PayloadCodec) -> Self {
        Self { codec: Codec(Some(Arc::new(codec))), ..self }
    }

    /// The most bytes of JSON that a value may have; [`MAX_PAYLOAD`] by default.
    pub fn max_payload(self, bytes: usize) -> Self {
        Self { max_payload: bytes, ..self }
    }

    /// How many bytes of starts and events may wait before more are turned away as
    /// [busy](crate::Error::Busy); 256 MiB by default. Apart from that 16,384 of them may wait.
    pub fn max_waiting(self, bytes: usize) -> Self {
        Self { max_waiting: bytes, ..self }
    }

    /// What is known of the journal's past. By default one that was put where it is, such as a dump
    /// that was read back or a copy of the database, starts with its runs paused.
    pub fn origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Connects; lays the tables, or brings them up to date.
    pub async fn open(self) -> Result<PostgresStore, OpenError> {
        PostgresStore::with(self).await
    }

    /// What the address says.
    pub(super) fn config(&self) -> Result<Config, OpenError> {
        let config: Config = self.address.parse().map_err(|error: tokio_postgres::Error| {
            // The address may hold a password: it is not repeated.
            OpenError::BadAddress(super::failing::describe(&error))
        })?;
        Ok(super::session::prudent(config))
    }
}
