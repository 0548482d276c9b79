//! `--watch`: a command again and again, whenever its graph changes.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Outcome;
use super::output;
use crate::error::Error;

/// How often the file is looked at: soon for a person, nothing for a machine.
const PERIOD: Duration = Duration::from_millis(100);

/// Runs the command now and after each change of the file, until the process is ended. Once a
/// change is seen it waits until the file stays as it is for one period, so that a save in
/// several writes is one change.
pub(super) fn watch(
    path: &Path,
    mut command: impl FnMut() -> Result<Outcome, Error>,
) -> Result<Outcome, Error> {
    if path.as_os_str() == "-" {
        return Err(Error::Config("--watch looks at a file: name one".to_owned()));
    }
    let mut seen = stamp(path);
    loop {
        if let Err(error) = command() {
            output::complain(&error.to_string());
        }
        output::note(&format!("{}: watching", path.display()));
        seen = next(path, seen);
    }
}

/// Waits for a change, and for its end.
fn next(path: &Path, before: Option<Stamp>) -> Option<Stamp> {
    let mut last = before;
    loop {
        std::thread::sleep(PERIOD);
        let now = stamp(path);
        // An editor that replaces the file takes it away for a moment.
        if now.is_some() && now != before && now == last {
            return now;
        }
        last = now;
    }
}

type Stamp = (SystemTime, u64);

fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}
