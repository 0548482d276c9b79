//! Opens a journal: lays its tables or brings them up to date, or says clearly why not.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio_postgres::{Client, Error};

use super::failing::describe;
use super::session::quoted;
use super::values::Codec;
use super::{Shared, origin};

/// The format of the tables.
const FORMAT: i32 = 2;
/// The oldest server that is known to do.
const OLDEST: i32 = 140_000;
/// What a codec is tried on.
const PROBE: &[u8] = br#""flowcrate""#;

/// What brings an empty schema to format 1: the text that its programs had, though the next format
/// replaces some of it. Tests bring tables up to date that were laid with it.
const FORMAT_1: &[&str] = &[
    include_str!("migrations/tables.sql"),
    include_str!("migrations/runs.sql"),
    include_str!("migrations/workers.sql"),
    include_str!("migrations/write.sql"),
];

/// What brings format 1 to format 2.
const FORMAT_2: &[&str] = &[
    include_str!("migrations/from_1.sql"),
    include_str!("migrations/purge.sql"),
    include_str!("migrations/limits.sql"),
    include_str!("migrations/edges.sql"),
];

/// What brings each format to the next one, from none on.
const STEPS: &[&[&str]] = &[FORMAT_1, FORMAT_2];

/// Why a journal could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The address of the database makes no sense.
    BadAddress(String),
    /// The database cannot be reached, or does not let us in.
    Unreachable(String),
    /// The server is too old, or does not keep its texts in UTF-8.
    Unsuitable(String),
    /// The schema is of another program.
    Foreign(String),
    /// The tables were brought up to date by a version that this one cannot work beside.
    Newer {
        /// The format of the tables.
        found: i32,
        /// The oldest one whose programs can work with them.
        works_with: i32,
    },
    /// The payloads were written through a codec that is not the one given.
    WrongCodec(String),
    /// Anything else.
    CannotOpen(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadAddress(reason) => {
                write!(out, "the database's address makes no sense: {reason}")
            }
            Self::Unreachable(reason) => write!(out, "the database cannot be reached: {reason}"),
            Self::Unsuitable(reason) => write!(out, "the database does not do: {reason}"),
            Self::Foreign(schema) => {
                write!(out, "the schema `{schema}` holds no Flowcrate journal, and is not empty")
            }
            Self::Newer { found, works_with } => write!(
                out,
                "the journal has format {found}, beside which programs of format {works_with} and \
                 later can work; this one knows {FORMAT}: run a later version"
            ),
            Self::WrongCodec(reason) => {
                write!(out, "the journal's payloads cannot be read: {reason}")
            }
            Self::CannotOpen(reason) => write!(out, "the journal cannot be opened: {reason}"),
        }?;
        write!(out, " [{}]", self.code())
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    /// The stable code of this error, as it stands in brackets in its message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadAddress(_) => "bad_address",
            Self::Unreachable(_) => "unreachable",
            Self::Unsuitable(_) => "unsuitable",
            Self::Foreign(_) => "foreign_schema",
            Self::Newer { .. } => "newer_format",
            Self::WrongCodec(_) => "wrong_codec",
            Self::CannotOpen(_) => "cannot_open",
        }
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::CannotOpen(describe(&error))
    }
}

/// Makes sure that the schema holds a journal that this program can work with.
pub(super) async fn prepare(client: &Client, shared: &Shared) -> Result<String, OpenError> {
    suits(client).await?;
    // One at a time: many workers may find the schema empty. Freed with the connection's
    // transaction, however that ends.
    client.batch_execute("BEGIN").await?;
    let prepared = prepare_alone(client, shared).await;
    let end = if prepared.is_ok() { "COMMIT" } else { "ROLLBACK" };
    client.batch_execute(end).await?;
    prepared
}

async fn prepare_alone(client: &Client, shared: &Shared) -> Result<String, OpenError> {
    let (schema, codec) = (shared.schema.as_str(), &shared.codec);
    let lock = "SELECT pg_advisory_xact_lock(hashtext('flowcrate'), hashtext($1))";
    client.query(lock, &[&schema]).await?;
    match marks(client, schema).await? {
        None => {
            let schema = format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema));
            client.batch_execute(&schema).await?;
            bring_up(client, 0).await?;
        }
        Some((found, works_with)) if works_with > FORMAT => {
            return Err(OpenError::Newer { found, works_with });
        }
        // Nothing, where it is of a later format that can still work with this one.
        Some((found, _)) => bring_up(client, found).await?,
    }
    check_codec(client, codec).await?;
    origin::settle(client, shared.origin, codec).await
}

async fn suits(client: &Client) -> Result<(), OpenError> {
    let asked = "SELECT current_setting('server_version_num')::integer,
                        current_setting('server_encoding'), current_setting('fsync')";
    let row = client.query_one(asked, &[]).await?;
    let (version, encoding, fsync): (i32, &str, &str) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if version < OLDEST {
        let version = version / 10_000;
        let reason = format!("it is PostgreSQL {version}, and 14 is the oldest that will do");
        return Err(OpenError::Unsuitable(reason));
    }
    if encoding != "UTF8" {
        return Err(OpenError::Unsuitable(format!("it keeps texts in {encoding}, not in UTF8")));
    }
    if fsync != "on" {
        tracing::warn!("the database does not sync its disk: a loss of power may damage it");
    }
    Ok(())
}

/// The format of the journal in a schema, and the oldest whose programs can work with it.
async fn marks(client: &Client, schema: &str) -> Result<Option<(i32, i32)>, OpenError> {
    let tables = "SELECT count(*), count(*) FILTER (WHERE relname = 'meta')
                  FROM pg_class WHERE relnamespace = to_regnamespace($1)";
    let row = client.query_one(tables, &[&quoted(schema)]).await?;
    let (all, ours): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if all == 0 {
        return Ok(None);
    }
    let format = if ours > 0 { meta(client, "format").await? } else { None };
    let works_with = if ours > 0 { meta(client, "works_with").await? } else { None };
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    match (number(format), number(works_with)) {
        (Some(format), Some(works_with)) => Ok(Some((format, works_with))),
        _ => Err(OpenError::Foreign(schema.to_owned())),
    }
}

/// Brings the tables up to date from a format; lays them where there are none. Programs of the
/// format before may be at work.
async fn bring_up(client: &Client, from: i32) -> Result<(), OpenError> {
    let done = usize::try_from(from).unwrap_or(0);
    for part in STEPS.iter().skip(done).copied().flatten() {
        client.batch_execute(part).await?;
    }
    Ok(())
}

pub(super) async fn meta(client: &Client, name: &str) -> Result<Option<String>, OpenError> {
    let row = client.query_opt("SELECT value FROM meta WHERE name = $1", &[&name]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub(super) async fn set_meta(client: &Client, name: &str, value: &str) -> Result<(), OpenError> {
    let put = "INSERT INTO meta (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    client.execute(put, &[&name, &value]).await?;
    Ok(())
}

/// Makes sure that the codec reads this journal, and lets the journal know it.
async fn check_codec(client: &Client, codec: &Codec) -> Result<(), OpenError> {
    let known = meta(client, "codec").await?;
    let codec = match (&known, &codec.0) {
        (None, None) => return Ok(()),
        (Some(known), None) => {
            let reason = format!("it was written with the codec `{known}`, none is given");
            return Err(OpenError::WrongCodec(reason));
        }
        (_, Some(codec)) => codec,
    };
    if let Some(known) = known {
        let probe = meta(client, "codec_probe").await?.unwrap_or_default();
        let reason = match STANDARD.decode(probe).ok().map(|probe| codec.decode(&probe)) {
            Some(Ok(plain)) if plain == PROBE => None,
            Some(Err(error)) => Some(format!(": {error}")),
            _ => Some(String::new()),
        };
        if let Some(reason) = reason {
            let name = codec.name();
            return Err(OpenError::WrongCodec(format!(
                "it was written with the codec `{known}`, which `{name}` does not read{reason}"
            )));
        }
    }
    // Anew each time: the probe is under the newest key, as what is written from now on.
    let probe = codec.encode(PROBE).map_err(|error| OpenError::WrongCodec(error.to_string()))?;
    set_meta(client, "codec", codec.name()).await?;
    set_meta(client, "codec_probe", &STANDARD.encode(probe)).await
}
