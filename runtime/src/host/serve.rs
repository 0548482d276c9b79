//! `serve`: takes webhooks and events over HTTP, fires schedules, drives every run.

mod http;
mod io;
mod route;
#[cfg(feature = "schedule")]
mod schedules;

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use hyper::Response;
use hyper::service::service_fn;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::drive;
use super::input;
use super::journal::{self, Journal};
use super::stop::Stop;
use super::triggers::{Source, Triggers};
use super::{Fits, Host, Trouble, render};
use crate::RunId;
use crate::client::SendEvent;
use crate::driver::Engine;
use crate::error::Error;
use crate::retention::Retention;
use crate::store::StoreError;
use crate::workflow::Definition;
use http::{Call, problem, reply};
use io::{Clock, Io, Whole};
use route::Route;

/// Serves until the process is told to stop, then lets requests and writes come to their end.
pub(super) async fn serve(
    host: Host,
    journal: &Journal,
    listen: &str,
    retention: Retention,
) -> Result<(), Trouble> {
    let told = Stop::listen();
    let Some(store) = journal.driver()? else {
        let name = journal.name();
        return Err(Trouble::failed(format!("{name}: another process drives this journal")));
    };
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Trouble::failed(format!("{listen}: {error}")))?;
    let address = listener.local_addr().map_err(|error| Trouble::failed(error.to_string()))?;
    let (definition, triggers, fits) =
        (host.definition.clone(), host.triggers.clone(), Arc::clone(&host.fits));
    #[cfg(feature = "schedule")]
    let schedules =
        schedules::Schedules::new((&definition, host.fingerprint), &triggers, store.clone())?
            .limited_by(Arc::clone(&host.limit_key));
    // The journal is this workflow's, with those that it calls.
    let retention = retention.of_the_whole_store();
    let engine = journal::engine_with(host, &store, |builder| builder.retention(retention)).await?;
    journal::tell_of_changes(drive::unfinished(&engine.client()).await?.values());
    eprintln!("{} listens on http://{address}", definition.name);
    for line in offers(&triggers) {
        eprintln!("  {line}");
    }
    let service = Arc::new(Service { definition, triggers, fits, engine: engine.clone() });
    let (stop, stopped) = watch::channel(());
    let accepting = tokio::spawn(accept(listener, Arc::clone(&service), stopped));
    #[cfg(feature = "schedule")]
    let served = told.unless_told(schedules.fire_for_ever()).await;
    #[cfg(not(feature = "schedule"))]
    let served = told.unless_told(std::future::pending::<Result<(), Trouble>>()).await;
    drop(stop);
    // A task that panicked has nothing left to wait for.
    drop(accepting.await);
    engine.shutdown().await;
    served.unwrap_or(Ok(()))
}

/// What can be done from outside, a line each.
fn offers(triggers: &Triggers) -> Vec<String> {
    let line = |trigger: &super::triggers::Trigger| match &trigger.source {
        Source::Manual => None,
        Source::Webhook { path } => Some(format!("POST /hooks/{path} starts a run")),
        #[cfg(feature = "schedule")]
        Source::Schedule { cron, time_zone } => {
            Some(format!("`{}` starts a run at {cron} ({time_zone})", trigger.id))
        }
    };
    triggers.all.iter().filter_map(line).collect()
}

/// Takes connections until told to stop, then waits for those that are open.
async fn accept(listener: TcpListener, service: Arc<Service>, mut stopped: watch::Receiver<()>) {
    // Every connection holds a sender; when the last one is dropped, all have ended.
    let (open, mut all_closed) = tokio::sync::mpsc::channel::<()>(1);
    loop {
        let mut closing = stopped.clone();
        match race(listener.accept(), stopped.changed()).await {
            Some(Ok((stream, _))) => {
                let (service, open) = (Arc::clone(&service), open.clone());
                tokio::spawn(async move {
                    converse(stream, service, &mut closing).await;
                    drop(open);
                });
            }
            // Out of file handles, or a peer that is gone already: others may fare better.
            Some(Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            None => break,
        }
    }
    drop(open);
    // Nothing is ever sent: this is their end.
    all_closed.recv().await;
}

/// What `work` gives; `None` if `end` is first.
async fn race<T>(work: impl Future<Output = T>, end: impl Future) -> Option<T> {
    match select(pin!(work), pin!(end)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// One connection, until its peer or this process ends it.
async fn converse(stream: TcpStream, service: Arc<Service>, closing: &mut watch::Receiver<()>) {
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, std::convert::Infallible>(service.answer(request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(Clock)
        .serve_connection(Io(stream), answer);
    let mut connection = pin!(connection);
    if race(connection.as_mut(), closing.changed()).await.is_none() {
        connection.as_mut().graceful_shutdown();
        // A connection that breaks off is its peer's affair.
        drop(connection.await);
    }
}

/// How long the caller of a webhook waits for the workflow's response.
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// What a request is answered from.
struct Service {
    definition: Definition,
    triggers: Triggers,
    fits: Fits,
    engine: Engine,
}

impl Service {
    async fn answer(&self, request: hyper::Request<hyper::body::Incoming>) -> Response<Whole> {
        let call = match http::read(request).await {
            Ok(call) => call,
            Err(refusal) => return refusal,
        };
        match route::route(&call.method, &call.path, call.query.as_deref()) {
            Route::Health => reply(200, &json!({"status": "ok"})),
            Route::Hook { path } => self.hook(&path, &call).await,
            Route::Run { id } => self.show(&id).await,
            Route::Event { id, name, key } => self.event(&id, &name, key, &call).await,
            Route::WrongMethod { allowed } => http::wrong_method(allowed),
            Route::Unknown => problem(404, "not_found", "there is nothing at this path"),
        }
    }

    /// A webhook: its body is the payload of the run that it starts.
    async fn hook(&self, path: &str, call: &Call) -> Response<Whole> {
        let listens = |source: &Source| matches!(source, Source::Webhook { path: p } if *p == path);
        let Some(trigger) = self.triggers.all.iter().find(|trigger| listens(&trigger.source))
        else {
            return problem(404, "not_found", &format!("no webhook has the path `{path}`"));
        };
        let payload = match input::json(&call.body) {
            Ok(payload) => payload,
            Err(refusal) => return problem(400, "malformed", &refusal.to_string()),
        };
        let input = self.triggers.input(trigger.id, payload);
        if let Err(refusal) = (self.fits)(&input) {
            // Whoever sent the payload knows nothing of the input around it.
            let several = self.triggers.all.len() > 1;
            let refusal = if several { refusal.within(trigger.id) } else { refusal };
            return problem(422, "misfit", &refusal.to_string());
        }
        // Set apart from the keys of schedules and of the command line.
        let key = call.idempotency_key.as_ref().map(|key| format!("hook/{}/{key}", trigger.id));
        let Definition { name, revision, .. } = &self.definition;
        match self.engine.start_value(name, revision, input, key).await {
            Ok(handle) => self.started(handle.id()).await,
            Err(error) => refused(&error),
        }
    }

    /// What the caller of a webhook is told: the workflow's response, if it gives one in time.
    async fn started(&self, run: RunId) -> Response<Whole> {
        if self.triggers.responds {
            let client = self.engine.client();
            let response = client.response::<Value>(run);
            if let Ok(Ok(Some(response))) = tokio::time::timeout(ANSWER_WITHIN, response).await {
                return reply(200, &response);
            }
        }
        reply(202, &json!({"run": run}))
    }

    async fn show(&self, id: &str) -> Response<Whole> {
        let Ok(id) = id.parse::<RunId>() else { return unknown_run(id) };
        let client = self.engine.client();
        match render::Shown::of(&client, id).await {
            Ok(Some(shown)) => reply(200, &render::shown_json(&shown)),
            Ok(None) => unknown_run(&id.to_string()),
            Err(error) => refused(&error),
        }
    }

    async fn event(
        &self,
        id: &str,
        name: &str,
        key: Option<String>,
        call: &Call,
    ) -> Response<Whole> {
        let Ok(run) = id.parse::<RunId>() else { return unknown_run(id) };
        let payload = match input::json(&call.body) {
            Ok(payload) => payload,
            Err(refusal) => return problem(400, "malformed", &refusal.to_string()),
        };
        let options = SendEvent { key, event_id: call.idempotency_key.clone() };
        match self.engine.client().send_event(run, name, payload, options).await {
            Ok(()) => reply(202, &json!({"run": run})),
            Err(Error::Codec { message, .. }) => problem(422, "misfit", &message),
            Err(error) => refused(&error),
        }
    }
}

fn unknown_run(id: &str) -> Response<Whole> {
    problem(404, "unknown_run", &format!("there is no run {id}"))
}

fn refused(error: &Error) -> Response<Whole> {
    let status = match error {
        Error::UnknownRun(_) => 404,
        Error::Finished(_) | Error::KeyReused { .. } => 409,
        Error::NotAsked { .. } => 403,
        Error::UndeclaredEvent(_) | Error::Codec { .. } => 422,
        Error::Closed | Error::Busy | Error::Store(StoreError::Closed(_)) => 503,
        Error::TooLarge { .. } => 413,
        _ => 500,
    };
    problem(status, error.code(), &error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_whose_fault_it_is() {
        let status = |error: Error| refused(&error).status().as_u16();
        assert_eq!(status(Error::UnknownRun(RunId::new())), 404);
        assert_eq!(status(Error::Finished(RunId::new())), 409);
        assert_eq!(status(Error::UndeclaredEvent("x".into())), 422);
        assert_eq!(status(Error::Closed), 503);
        assert_eq!(status(StoreError::Busy.into()), 503);
        assert_eq!(status(StoreError::TooLarge { bytes: 2, limit: 1 }.into()), 413);
        assert_eq!(status(Error::Store(StoreError::Failed("full".into()))), 500);
    }
}
