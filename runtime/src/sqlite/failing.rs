//! What it means when SQLite fails.

use rusqlite::{Error, ErrorCode};

use crate::store::{CodecError, StoreError};

/// What a failure means to whoever asked.
pub(super) fn failed(error: &Error) -> StoreError {
    let codec = match error {
        Error::FromSqlConversionFailure(_, _, cause) | Error::ToSqlConversionFailure(cause) => {
            cause.downcast_ref::<CodecError>()
        }
        _ => None,
    };
    match (error, codec) {
        (Error::FromSqlConversionFailure(..), Some(cause)) => {
            return StoreError::Unreadable(format!("{cause} [unreadable]"));
        }
        (_, Some(cause)) => {
            return StoreError::Failed(format!("the payload codec failed: {cause} [codec]"));
        }
        _ => {}
    }
    StoreError::Failed(match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "no space is left for the journal [disk_full]".to_owned(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("the journal is damaged: {error} [corrupt]")
        }
        Some(ErrorCode::ReadOnly) => {
            format!("the journal can no longer be written: {error} [read_only]")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process kept the journal locked for too long [busy]".to_owned()
        }
        _ => error.to_string(),
    })
}

/// Why no later transaction can fare better, if none can.
pub(super) fn is_final(error: &Error) -> Option<String> {
    match error.sqlite_error_code()? {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            Some(format!("the journal is damaged: {error} [corrupt]"))
        }
        ErrorCode::ReadOnly => {
            Some(format!("the journal can no longer be written: {error} [read_only]"))
        }
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => {
            Some(format!("the journal's disk failed: {error} [io]"))
        }
        _ => None,
    }
}
