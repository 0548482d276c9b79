//! What can go wrong in the server, apart from a faulty graph (which gives diagnostics).

use std::path::PathBuf;

use thiserror::Error;

/// A failure of the server or the command line.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or socket could not be used.
    #[error("{action}: {source}")]
    Io {
        /// What was being done, `cannot read graph.json`.
        action: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The server's database failed.
    #[error("the server's database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database was written by a newer server.
    #[error(
        "{path} has format {found}, this server knows up to {known}: start the newer server again"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this server knows.
        known: i64,
    },
    /// A stored value does not decode.
    #[error("the server's database holds {what} that does not decode: {source}")]
    Corrupt {
        /// What it is.
        what: &'static str,
        /// Why it does not decode.
        source: serde_json::Error,
    },
    /// Another process drives the same data directory.
    #[error("another flowcrate process holds {path}: stop it, or give this one another --data")]
    Held {
        /// The data directory.
        path: PathBuf,
    },
    /// The configuration file or a flag makes no sense.
    #[error("{0}")]
    Config(String),
    /// The durable engine refused or failed.
    #[error("the engine failed: {0}")]
    Engine(String),
    /// No such workflow.
    #[error("there is no workflow {0:?}")]
    NoWorkflow(String),
    /// A revision that this server's compiler no longer takes.
    #[error(
        "revision {revision} of the workflow no longer compiles: save it again to see what is wrong"
    )]
    Outdated {
        /// The revision.
        revision: String,
    },
    /// The name belongs to another workflow.
    #[error("the name {0:?} is taken by another workflow")]
    NameTaken(String),
    /// The webhook's path belongs to another workflow.
    #[error("the webhook path {path:?} is taken by the workflow {workflow:?}")]
    HookTaken {
        /// The path below `/hooks/`.
        path: String,
        /// The name of its owner.
        workflow: String,
    },
    /// The crate's name belongs to another crate.
    #[error(
        "the crate name {name:?} is taken by {by:?}, which comes from elsewhere: rename this one, \
         to {suggestion:?} say"
    )]
    CrateTaken {
        /// The name.
        name: String,
        /// The crate that has it, under a name that cargo takes for the same.
        by: String,
        /// A name that is free.
        suggestion: String,
    },
    /// The version is released, and so it stays as it is.
    #[error("version {version} of {name} is released already, and a version never changes")]
    Released {
        /// The crate.
        name: String,
        /// The version.
        version: String,
    },
    /// No crate can have this name.
    #[error("{name:?} cannot be the name of a crate, since {why}: call it {suggestion:?}")]
    CrateName {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
        /// One that is free.
        suggestion: String,
    },
    /// What was to be published is not fit for it.
    #[error("{0}")]
    Unfit(String),
    /// The request needs a token that opens what it asks for.
    #[error("{why}: {login} says how tokens are made")]
    NoToken {
        /// What is wrong with the one that it has, if it has one.
        why: &'static str,
        /// Where people learn how to get one.
        login: String,
    },
    /// Whoever holds the token may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The workflow changed since the caller read it.
    #[error("the workflow has changed since: it is now at {current}")]
    Stale {
        /// The entity tag that it has now.
        current: String,
    },
}

impl Error {
    /// An [`Error::Io`]; `action` reads `cannot …`.
    pub fn io(action: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { action: action.into(), source }
    }
}
