//! Published crates as git repositories, to be read: one commit a version, a tag on each.
//!
//! Nothing is kept for it. Every object follows from what the registry released, and so its id is
//! the same on every server and at any time: trees from the package, commits from the order, the
//! time and the note of the releases. There is no git binary; the protocol is that of version 0,
//! which every client speaks, and packs have whole objects, without deltas.

mod history;
mod negotiate;
mod object;
mod pack;
mod pkt;
mod request;
mod send;
mod snapshot;

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Semaphore;

pub use history::{History, Reference};
pub use negotiate::{Plan, Reply, negotiate};
pub use pkt::{Framed, flush, line};
pub use request::{MOST_BYTES, Request};
pub use send::send;

/// Packs that are written at one time.
const PACKS: usize = 4;

/// What the registry remembers of its repositories.
#[derive(Debug)]
pub struct Git {
    snapshots: snapshot::Cache,
    /// Each reader of a pack holds one.
    pub(crate) packs: Arc<Semaphore>,
}

impl Default for Git {
    fn default() -> Self {
        Self { snapshots: snapshot::Cache::default(), packs: Arc::new(Semaphore::new(PACKS)) }
    }
}

/// Why a request is not answered as asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes are no lines of the protocol.
    #[error("the request is malformed: {0}")]
    Malformed(&'static str),
    /// The request has more than anybody needs.
    #[error("the request is too large: {0}")]
    TooLarge(&'static str),
    /// Something that was not offered.
    #[error("this server does not do {0:?}")]
    Unsupported(String),
    /// An object that this repository does not show.
    #[error("upload-pack: not our ref {0}")]
    NotOurs(Id),
    /// A package that makes no tree of git.
    #[error("the package of version {0} has too many or too deep folders for git")]
    NoTree(String),
}

impl Refusal {
    /// For a program.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "git_malformed",
            Self::TooLarge(_) => "git_too_large",
            Self::Unsupported(_) => "git_unsupported",
            Self::NotOurs(_) => "git_not_ours",
            Self::NoTree(_) => "git_no_tree",
        }
    }
}

/// The name of an object: the SHA-1 of what it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id([u8; 20]);

impl Id {
    /// Forty hexadecimal digits.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 20];
        if text.len() != 40 {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).ok()?;
            let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            *byte = plain.then(|| u8::from_str_radix(digits, 16).ok()).flatten()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
