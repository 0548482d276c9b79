//! What it means when PostgreSQL fails.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::store::{StoreError, Written};

/// Why a transaction did not come about.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is refused, and half of it had been written: the commit that held it is undone.
    Refused(Written),
    /// It failed, and would again.
    Failed(StoreError),
    /// It failed before anything of it was sent: its neighbours need not suffer.
    Unsent(StoreError),
    /// It met another one, and may be tried again.
    Again(String),
    /// Another one holds what it needs, for longer than a commit takes.
    Held(String),
    /// The connection is of no use any more. What was under way may be written or not.
    Lost(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let reason = describe(&error);
        let Some(database) = error.as_db_error() else { return Self::Lost(reason) };
        let code = database.code();
        if let Some(refusal) = refusal(code.code(), database.detail().unwrap_or_default()) {
            return Self::Refused(refusal);
        }
        if is_severed(code) || matches!(database.severity(), "FATAL" | "PANIC") {
            return Self::Lost(reason);
        }
        if *code == SqlState::LOCK_NOT_AVAILABLE {
            return Self::Held(reason);
        }
        if [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(code)
            || *code == SqlState::UNIQUE_VIOLATION
        {
            return Self::Again(reason);
        }
        if *code == SqlState::DISK_FULL {
            let reason = "no space is left for the journal [disk_full]".to_owned();
            return Self::Failed(StoreError::Failed(reason));
        }
        Self::Failed(StoreError::Failed(reason))
    }
}

impl Trouble {
    /// What it means to whoever asked.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Failed(error) | Self::Unsent(error) => error,
            Self::Again(reason) | Self::Held(reason) => StoreError::Failed(reason),
            Self::Lost(reason) => StoreError::Unknown(reason),
            Self::Refused(written) => StoreError::Failed(format!("refused: {written:?}")),
        }
    }
}

/// The refusal that `write_v1` raised as an error.
fn refusal(code: &str, detail: &str) -> Option<Written> {
    match code {
        "FC001" => Some(Written::Fenced),
        "FC002" => Some(Written::Conflict(detail.into())),
        "FC003" => Some(Written::NewMail),
        _ => None,
    }
}

/// Whether the server lets go of this connection, or is one that takes no writes.
fn is_severed(code: &SqlState) -> bool {
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ]
    .contains(code)
        || code.code().starts_with("08")
}

/// An error with what it comes from, which the driver leaves out.
pub(super) fn describe(error: &Error) -> String {
    if let Some(database) = error.as_db_error() {
        return format!("{} [{}]", database.message(), database.code().code());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
