//! One process drives a data directory at a time.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::Error;

/// Holds a data directory until it is dropped; the system lets go of it when the process dies.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Makes the folder where it is missing, and takes it.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::io(format!("cannot use {}", folder.display()), source);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join("server.lock");
        let file = File::options().create(true).append(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Held { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}
