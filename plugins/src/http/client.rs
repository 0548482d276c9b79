//! One request and its response, over a connection that is kept for the next.

use std::future::poll_fn;
use std::pin::Pin;

use flowcrate::StepError;
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::http::response::Parts;
use hyper::{Request, Response};

use super::io::Payload;
use super::pool::{self, Key};
use super::url::Target;
use super::{connect, failure};

/// A response whose body is still to be read.
pub(super) struct Received {
    pub(super) head: Parts,
    body: Incoming,
    sender: SendRequest<Payload>,
    key: Key,
}

/// Sends a request and waits for the response's head.
pub(super) async fn send(
    target: &Target,
    message: Request<Payload>,
    allow_private: bool,
) -> Result<Received, StepError> {
    let key = Key::new(target, allow_private);
    let mut message = message;
    // A kept connection may have been closed by the other side: what was not sent over it yet
    // goes over the next one.
    while let Some(mut sender) = pool::take(&key) {
        if sender.ready().await.is_err() {
            continue;
        }
        match sender.try_send_request(message).await {
            Ok(response) => return Ok(Received::new(response, sender, key)),
            Err(mut failed) => match failed.take_message() {
                Some(unsent) => message = unsent,
                None => return Err(failure::of(failed.error())),
            },
        }
    }
    let mut sender = connect::open(target, allow_private).await?;
    let sent = sender.send_request(message).await;
    let response = sent.map_err(|error| failure::of(&error))?;
    Ok(Received::new(response, sender, key))
}

impl Received {
    fn new(response: Response<Incoming>, sender: SendRequest<Payload>, key: Key) -> Self {
        let (head, body) = response.into_parts();
        Self { head, body, sender, key }
    }

    /// At least so many bytes the body has, as the response announces.
    pub(super) fn announced(&self) -> u64 {
        self.body.size_hint().lower()
    }

    /// Reads the body; `None` where it has more than `limit` bytes. Only a connection whose
    /// response was read to its end can be used again.
    pub(super) async fn read(mut self, limit: usize) -> Result<Option<Bytes>, StepError> {
        let mut bytes = Vec::new();
        while let Some(frame) =
            poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await
        {
            let frame = frame.map_err(|error| failure::of(&error))?;
            if let Ok(data) = frame.into_data() {
                if bytes.len() + data.len() > limit {
                    return Ok(None);
                }
                bytes.extend_from_slice(&data);
            }
        }
        pool::put(self.key, self.sender);
        Ok(Some(bytes.into()))
    }
}
