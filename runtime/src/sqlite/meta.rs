//! What a journal knows of itself, besides its format.

use std::path::Path;

use rusqlite::types::{FromSql, ToSql};
use rusqlite::{Connection, OptionalExtension, Result};

use super::values::Codec;
use super::{OpenError, Role};

/// What a codec is tried on.
const PROBE: &[u8] = br#""flowcrate""#;

/// Something that the journal knows of itself.
pub(super) fn get<T: FromSql>(connection: &Connection, name: &str) -> Result<Option<T>> {
    let find = "SELECT value FROM meta WHERE name = ?";
    connection.query_row(find, [name], |row| row.get(0)).optional()
}

/// Lets the journal know something of itself.
pub(super) fn set(connection: &Connection, name: &str, value: impl ToSql) -> Result<()> {
    let put = "INSERT INTO meta (name, value) VALUES (?, ?)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    connection.execute(put, (name, value)).map(drop)
}

/// Makes sure that the codec reads this journal, and lets the journal know it.
pub(super) fn check_codec(
    path: &Path,
    role: Role,
    connection: &mut Connection,
    codec: &Codec,
) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::sqlite(path, &error);
    let wrong = |reason: String| OpenError::WrongCodec { path: path.to_owned(), reason };
    let known: Option<String> = get(connection, "codec").map_err(failed)?;
    let codec = match (&known, &codec.0) {
        (None, None) => return Ok(()),
        (Some(known), None) => {
            return Err(wrong(format!("it was written with the codec `{known}`, none is given")));
        }
        (None, Some(codec)) if role == Role::Client => {
            let reason = "it was written without a codec, and only its driver may change that";
            return Err(wrong(format!("{reason} to `{}`", codec.name())));
        }
        (_, Some(codec)) => codec,
    };
    if let Some(known) = known {
        let probe: Option<Vec<u8>> = get(connection, "codec_probe").map_err(failed)?;
        let name = codec.name();
        match codec.decode(&probe.unwrap_or_default()) {
            Ok(plain) if plain == PROBE => {}
            Ok(_) => {
                return Err(wrong(format!(
                    "it was written with the codec `{known}`, which `{name}` does not read"
                )));
            }
            Err(error) => {
                return Err(wrong(format!(
                    "it was written with the codec `{known}`, which `{name}` does not read: {error}"
                )));
            }
        }
    }
    if role == Role::Driver {
        // Anew each time: the probe is under the newest key, as what is written from now on.
        let probe = codec.encode(PROBE).map_err(|error| wrong(error.to_string()))?;
        let note = |transaction: &Connection| {
            set(transaction, "codec", codec.name())?;
            set(transaction, "codec_probe", probe)
        };
        let transaction = connection.transaction().map_err(failed)?;
        note(&transaction).and_then(|()| transaction.commit()).map_err(failed)?;
    }
    Ok(())
}
