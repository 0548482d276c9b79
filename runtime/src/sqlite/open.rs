//! Opens a journal file, or says clearly why not.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Role, SqliteOptions, Synchronous, meta, migrations};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

/// "Flow" in ASCII: marks a SQLite file as a journal of ours.
const APPLICATION_ID: i32 = 0x466c_6f77;
/// The format of the tables.
const FORMAT: i32 = 4;
/// How long a writer waits for another process to finish its commit.
const BUSY: Duration = Duration::from_secs(10);
/// How often the driver's lock is tried for.
const PATIENCE: u32 = 5;

/// Why a journal file could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is of another program.
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: String,
    },
    /// The file was written by a later version of this crate.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i32,
    },
    /// The file is of an earlier format, and only the process that drives it may bring it up to
    /// date.
    Older {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i32,
    },
    /// The file, or its directory, cannot be written.
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What stands against it.
        reason: String,
    },
    /// The file is damaged.
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// There is no space left.
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The payloads were written through a codec that is not the one given.
    WrongCodec {
        /// The file.
        path: PathBuf,
        /// How the codecs differ.
        reason: String,
    },
    /// Another process drives the runs of this file.
    Driven {
        /// The file.
        path: PathBuf,
    },
    /// Anything else, such as a directory that is not there.
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What stands against it.
        reason: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.path().display())?;
        match self {
            Self::Foreign { found, .. } => write!(out, "not a Flowcrate journal: {found}"),
            Self::Newer { found, .. } => write!(
                out,
                "the journal has format {found}, this program knows {FORMAT} and older; \
                 run the version that wrote it, or a later one"
            ),
            Self::Older { found, .. } => write!(
                out,
                "the journal has format {found}, which only its driver may bring up to {FORMAT}; \
                 let this program drive it once"
            ),
            Self::ReadOnly { reason, .. } => {
                write!(out, "the journal cannot be written: {reason}")
            }
            Self::Corrupt { reason, .. } => write!(out, "the journal is damaged: {reason}"),
            Self::DiskFull { .. } => out.write_str("no space is left for the journal"),
            Self::WrongCodec { reason, .. } => {
                write!(out, "the journal's payloads cannot be read: {reason}")
            }
            Self::Driven { .. } => out.write_str("another process drives this journal"),
            Self::CannotOpen { reason, .. } => {
                write!(out, "the journal cannot be opened: {reason}")
            }
        }?;
        write!(out, " [{}]", self.code())
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    /// The stable code of this error, as it stands in brackets in its message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "foreign_file",
            Self::Newer { .. } => "newer_format",
            Self::Older { .. } => "older_format",
            Self::ReadOnly { .. } => "read_only",
            Self::Corrupt { .. } => "corrupt",
            Self::DiskFull { .. } => "disk_full",
            Self::WrongCodec { .. } => "wrong_codec",
            Self::Driven { .. } => "driven",
            Self::CannotOpen { .. } => "cannot_open",
        }
    }

    /// The file.
    fn path(&self) -> &Path {
        match self {
            Self::Foreign { path, .. }
            | Self::Newer { path, .. }
            | Self::Older { path, .. }
            | Self::ReadOnly { path, .. }
            | Self::Corrupt { path, .. }
            | Self::DiskFull { path }
            | Self::WrongCodec { path, .. }
            | Self::Driven { path }
            | Self::CannotOpen { path, .. } => path,
        }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::ReadOnly { path, reason }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::CannotOpen { path, reason },
        }
    }

    pub(super) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => {
                Self::Foreign { path, found: "not a SQLite database".to_owned() }
            }
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, reason },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, reason }
            }
            _ => Self::CannotOpen { path, reason },
        }
    }
}

/// The right to drive a file's runs: the operating system frees it when the process ends,
/// however it ends.
#[derive(Debug)]
pub(super) struct DriverLock(pub(super) File);

/// Takes the driver's lock. It lies beside the journal: opening the journal itself a second time
/// would drop SQLite's own locks with the second handle.
pub(super) fn lock(path: &Path) -> Result<DriverLock, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let options = File::options().create(true).truncate(false).read(true).write(true).to_owned();
    let file = options.open(&name).map_err(|error| OpenError::io(path, &error))?;
    for _ in 0..PATIENCE {
        match file.try_lock() {
            Ok(()) => return Ok(DriverLock(file)),
            // Somebody may only have looked whether it is held.
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::Error(error)) => return Err(OpenError::io(path, &error)),
        }
    }
    Err(OpenError::Driven { path: path.to_owned() })
}

/// Opens the connection that writes; lays the tables if the file is new.
pub(super) fn writer(
    path: &Path,
    role: Role,
    options: &SqliteOptions,
) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::sqlite(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    identify(path, role, &mut connection)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000;
             PRAGMA cache_size = -32768;
             PRAGMA temp_store = MEMORY;",
        )
        .map_err(failed)?;
    meta::check_codec(path, role, &mut connection, &options.codec)?;
    // FULL syncs the log at every commit; an acknowledged transaction outlives a loss of power.
    if options.synchronous == Synchronous::Normal {
        connection.execute_batch("PRAGMA synchronous = NORMAL;").map_err(failed)?;
    }
    Ok(connection)
}

/// Opens a connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::sqlite(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.execute_batch("PRAGMA query_only = ON;").map_err(failed)?;
    Ok(connection)
}

/// Opens a connection that looks at a file and leaves it as it is, whatever it is.
pub(super) fn inspector(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::sqlite(path, &error);
    let connection = reader(path)?;
    let found = marks(&connection).map_err(failed)?;
    found.judge(path)?;
    if found.format < FORMAT {
        return Err(OpenError::Older { path: path.to_owned(), found: found.format });
    }
    Ok(connection)
}

/// Whether the file was left in the middle of something: a clean close takes the log along.
pub(super) fn was_killed(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// Reads the whole file and says what is wrong with it, if anything is.
pub(super) fn damage(connection: &Connection) -> Option<String> {
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict {
        Ok(verdict) => (verdict != "ok").then_some(verdict),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Some(error.to_string()),
            // Interrupted by the store's end, or kept from reading: no verdict.
            _ => None,
        },
    }
}

/// Makes sure that the file is a journal of ours and of a known format.
fn identify(path: &Path, role: Role, connection: &mut Connection) -> Result<(), OpenError> {
    let failed = |error| OpenError::sqlite(path, &error);
    let found = marks(connection).map_err(failed)?;
    if connection.is_readonly("main").map_err(failed)? {
        let reason = "the file is read-only".to_owned();
        return Err(OpenError::ReadOnly { path: path.to_owned(), reason });
    }
    if found.is_empty() {
        create(connection).map_err(failed)?;
        return marks(connection).map_err(failed)?.judge(path);
    }
    found.judge(path)?;
    match found.format {
        FORMAT => Ok(()),
        // A driver of the version that wrote it may be at work still.
        found if role == Role::Client => Err(OpenError::Older { path: path.to_owned(), found }),
        found => migrate(connection, found).map_err(failed),
    }
}

/// Whether a connection is on a journal of this program's format.
pub(super) fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    let found = marks(connection)?;
    Ok(found.application == APPLICATION_ID && found.format == FORMAT)
}

/// What tells a journal from another file.
#[derive(Debug)]
struct Marks {
    application: i32,
    format: i32,
    tables: u32,
}

impl Marks {
    fn is_empty(&self) -> bool {
        self.application == 0 && self.format == 0 && self.tables == 0
    }

    fn judge(&self, path: &Path) -> Result<(), OpenError> {
        let path = path.to_owned();
        if self.application != APPLICATION_ID {
            let found = "a SQLite database of another program".to_owned();
            return Err(OpenError::Foreign { path, found });
        }
        match self.format {
            1..=FORMAT => Ok(()),
            found if found > FORMAT => Err(OpenError::Newer { path, found }),
            found => {
                Err(OpenError::Corrupt { path, reason: format!("its format is given as {found}") })
            }
        }
    }
}

fn marks(connection: &Connection) -> rusqlite::Result<Marks> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get(0));
    Ok(Marks {
        application: number("application_id")?,
        format: number("user_version")?,
        tables: connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
    })
}

/// Brings the tables of an earlier format up to date, all or nothing. Only the driver may.
fn migrate(connection: &mut Connection, from: i32) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA synchronous = FULL;")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for format in from..FORMAT {
        migrations::migrate(&transaction, format)?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}

/// Lays the tables and the marks in one transaction: no other process sees half of them.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    // Has to be said before the first table; switching to WAL writes the first page.
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Two processes may find the file empty; the second one finds it made.
    if marks(&transaction)?.is_empty() {
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()
}
