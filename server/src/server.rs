//! The running server: opens what it needs, listens, and closes all of it in order.

use std::future::{Future, IntoFuture as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::api::{self, Hosts};
use crate::app::App;
use crate::clock::Clock;
use crate::compiler::Compiler;
use crate::config::Config;
use crate::error::Error;
use crate::lock::DataLock;
use crate::registry::{Address, Registry};
use crate::runs::Runs;
use crate::store::Store;
use crate::{examples, schedules};

/// How long requests in flight may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// A server that has its address but does not answer yet.
pub struct Server {
    app: App,
    hosts: Hosts,
    listener: TcpListener,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    _lock: DataLock,
}

impl Server {
    /// Opens the databases and the socket, and takes up unfinished runs.
    pub async fn bind(config: &Config) -> Result<Self, Error> {
        Self::bind_with(config, Clock::system()).await
    }

    /// The same, with a clock that tests can move.
    pub async fn bind_with(config: &Config, clock: Clock) -> Result<Self, Error> {
        let lock = DataLock::take(&config.data)?;
        let listening = |source| Error::io(format!("cannot listen on {}", config.listen), source);
        let listener = TcpListener::bind(config.listen).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let store = Store::open(&config.data.join("server.db")).await?;
        let (stop, stopping) = watch::channel(false);
        let compiler = Arc::new(Compiler::new());
        let journal = config.data.join("runs.db");
        let runs =
            Runs::open(&journal, store.clone(), Arc::clone(&compiler), config.retention).await?;
        let public = match &config.public_url {
            Some(url) => Address::new(url)?,
            None => Address::new(&format!("http://{}", reachable(address)))?,
        };
        let hosts = Hosts {
            any: !address.ip().is_loopback(),
            allowed: config.allow_hosts.iter().cloned().chain([public.host()]).collect(),
        };
        let registry = Registry::new(public, config.private_registry);
        let app = App::new(store, compiler, runs, registry, (clock, stopping));
        store_examples(&app).await?;
        if hosts.any {
            tracing::warn!(%address, "listening beyond this machine: whoever reaches it may run workflows");
        }
        Ok(Self { app, hosts, listener, address, stop, _lock: lock })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the handlers share.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// All routes, for callers that bring their own socket.
    pub fn router(&self) -> Router {
        api::router(self.app.clone(), self.hosts.clone())
    }

    /// Closes what is open, without having served.
    pub async fn close(self) {
        close(&self.app).await;
    }

    /// Answers until `signal` ends, then lets requests in flight finish.
    pub async fn serve(
        self,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Error> {
        let Self { app, hosts, listener, stop, _lock: lock, .. } = self;
        let mut stopping = stop.subscribe();
        let router = api::router(app.clone(), hosts);
        let schedules = tokio::spawn(schedules::run(app.clone()));
        let served = axum::serve(listener, router).with_graceful_shutdown(async move {
            signal.await;
            tracing::info!("stopping");
            stop.send_replace(true);
        });
        let late = async move {
            // An error means that the sender is gone, and so that the server has ended.
            let _ = stopping.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(GRACE).await;
        };
        let done = tokio::select! {
            done = served.into_future() => done,
            () = late => Ok(()),
        };
        // Its end is near: it listens to the same word.
        if let Err(error) = schedules.await {
            tracing::error!(%error, "schedules ended early");
        }
        close(&app).await;
        drop(lock);
        done.map_err(|source| Error::io("cannot go on listening", source))
    }
}

/// The address by which this machine reaches a socket that listens on all its addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn close(app: &App) {
    app.runs.shutdown().await;
    app.store.close().await;
}

/// Stores the examples on the first start; whoever deletes them does not get them back.
async fn store_examples(app: &App) -> Result<(), Error> {
    const FACT: &str = "examples";
    if app.store.fact(FACT).await?.is_some() {
        return Ok(());
    }
    for source in examples::ALL {
        let draft = match app.draft(source.into()).await? {
            Ok(draft) => draft,
            Err(diagnostics) => {
                tracing::error!(?diagnostics, "an example does not compile");
                continue;
            }
        };
        match app.store.create(&draft, app.clock.now().0).await {
            // Where the name is taken, a start that died before it could say so stored it.
            Ok(_) | Err(Error::NameTaken(_)) => {}
            Err(error) => return Err(error),
        }
    }
    app.store.set_fact(FACT, "stored").await
}
