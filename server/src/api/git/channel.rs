//! A body that a blocking thread writes while a client reads it.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Sender};

/// Pieces that wait for the reader.
const PIECES: usize = 8;
/// How long a reader may take for a piece: one that has stopped holds a thread.
const PATIENCE: Duration = Duration::from_mins(1);
/// How large a piece grows before it is sent.
const PIECE: usize = 64 * 1024;

/// The writer's end.
pub(super) struct Writer {
    sender: Sender<io::Result<Bytes>>,
    held: Vec<u8>,
    whole: bool,
}

/// A writer, and the body that it fills.
pub(super) fn channel() -> (Writer, Body) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let pieces = stream::unfold(receiver, |mut receiver| async move {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    });
    (Writer { sender, held: Vec::new(), whole: false }, Body::from_stream(pieces))
}

impl Writer {
    fn send(&self, piece: io::Result<Bytes>) -> io::Result<()> {
        let sent = tokio::time::timeout(PATIENCE, self.sender.send(piece));
        match Handle::current().block_on(sent) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE {
            let piece = std::mem::take(&mut self.held);
            self.send(Ok(piece.into()))?;
        }
        Ok(bytes.len())
    }

    /// Sends the rest: the body is whole.
    fn flush(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.held);
        self.send(Ok(rest.into()))?;
        self.whole = true;
        Ok(())
    }
}

impl Drop for Writer {
    /// A body that is not whole must not look as if it were.
    fn drop(&mut self) {
        if !self.whole {
            let _ = self.sender.try_send(Err(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}
