//! Where a journal file comes from: whether its past is all of its past.
//!
//! A journal that was restored from a backup does not know what its runs have done since. Letting
//! them go on would do it again, so they start paused.
//!
//! The lock file beside the journal says which journal was driven here last, by how many drivers
//! so far, and which file it was. A journal that is not that file, or has seen fewer drivers, was
//! put here: it is taken for a backup. Nothing here tells a snapshot of the whole disk, the lock
//! file included; whoever goes back to one says so with [`Origin::Restored`].

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use rusqlite::Connection;
use uuid::Uuid;

use super::open::DriverLock;
use super::values::Keeper;
use super::{OpenError, SqliteOptions, meta};
use crate::Timestamp;
use crate::store::{Origin, restored};

/// What the lock file says of the journal that was driven here last.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    journal: String,
    generation: u64,
    file: u64,
}

/// Lets the runs of a restored journal stand still, and counts this driver.
pub(super) fn settle(
    path: &Path,
    connection: &mut Connection,
    lock: &mut DriverLock,
    options: &SqliteOptions,
) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::sqlite(path, &error);
    let now = options.clock.now();
    let journal: Vec<u8> = meta::get(connection, "id").map_err(failed)?.unwrap_or_default();
    let journal = Uuid::from_slice(&journal).unwrap_or_default().to_string();
    let generation: u64 = meta::get(connection, "generation").map_err(failed)?.unwrap_or(0);
    let mark = Mark { journal, generation, file: file_number(path) };
    let restored = match options.origin {
        Origin::Restored => true,
        Origin::Moved => false,
        Origin::Unknown => was_put_here(&mark, read(&lock.0).as_ref()),
    };
    let transaction = connection.transaction().map_err(failed)?;
    if restored {
        tracing::warn!(path = %path.display(), "the journal was restored: its runs are paused");
        let mut keeper = Keeper::new(&transaction, options.codec.clone()).map_err(failed)?;
        pause_all(&transaction, &mut keeper, now).map_err(failed)?;
    }
    let mark = Mark { generation: generation + 1, ..mark };
    meta::set(&transaction, "generation", mark.generation).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    write(&mut lock.0, &mark).map_err(|error| OpenError::io(path, &error))
}

/// Whether a journal is not the one that was driven here last, or an older state of it.
fn was_put_here(journal: &Mark, last: Option<&Mark>) -> bool {
    if journal.generation == 0 {
        // Nobody has driven it: it is new, or of a format that did not count.
        return false;
    }
    last.is_none_or(|last| {
        last.journal != journal.journal
            || last.generation > journal.generation
            || last.file != journal.file
    })
}

/// Everything that has not ended stands still, and what schedules missed is not made up for.
fn pause_all(
    transaction: &Connection,
    keeper: &mut Keeper<'_>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let failure = keeper.failure(Some(&restored()))?;
    transaction.execute(
        "UPDATE run SET state = 3, owner = NULL, queued = (stop = 1), wake_at = NULL, failure = ?
         WHERE state < 3",
        [failure],
    )?;
    transaction.execute("UPDATE schedule SET rule = ''", [])?;
    meta::set(transaction, "restored_at", now.0)
}

/// What tells a file from a copy of it; 0 where nothing does.
fn file_number(path: &Path) -> u64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(path).map_or(0, |file| file.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        0
    }
}

fn read(mut file: &File) -> Option<Mark> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    let mut words = text.split_whitespace();
    let (journal, generation, file) = (words.next()?, words.next()?, words.next()?);
    Some(Mark {
        journal: journal.to_owned(),
        generation: generation.parse().ok()?,
        file: file.parse().ok()?,
    })
}

fn write(file: &mut File, mark: &Mark) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{} {} {}", mark.journal, mark.generation, mark.file)?;
    // Lost, it only says that fewer drivers were here than there were.
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::{Mark, was_put_here};

    fn mark(journal: &str, generation: u64, file: u64) -> Mark {
        Mark { journal: journal.to_owned(), generation, file }
    }

    #[test]
    fn a_journal_is_known_by_its_file_and_its_drivers() {
        let cases = [
            (mark("a", 0, 1), None, false),
            (mark("a", 0, 1), Some(mark("b", 9, 2)), false),
            (mark("a", 3, 1), Some(mark("a", 3, 1)), false),
            (mark("a", 4, 1), Some(mark("a", 3, 1)), false),
            (mark("a", 3, 1), Some(mark("a", 4, 1)), true),
            (mark("a", 3, 2), Some(mark("a", 3, 1)), true),
            (mark("b", 3, 1), Some(mark("a", 3, 1)), true),
            (mark("a", 3, 1), None, true),
        ];
        for (journal, last, put) in cases {
            assert_eq!(was_put_here(&journal, last.as_ref()), put, "{journal:?} after {last:?}");
        }
    }
}
