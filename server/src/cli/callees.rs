//! The workflows that a graph may call, from files.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use flowcrate_codegen::Callees;
use serde_json::Value;

use super::read;
use crate::error::Error;

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct CalleeArgs {
    /// Folder with the graphs of workflows that may be called
    #[arg(long, value_name = "DIR")]
    workflows: Option<PathBuf>,
    /// A workflow that may be called, whatever the folder holds; may be given several times
    #[arg(long, value_name = "NAME=FILE")]
    workflow: Vec<String>,
}

impl CalleeArgs {
    /// Reads the documents.
    pub(super) fn read(&self) -> Result<Callees, Error> {
        let mut callees = Callees::new();
        if let Some(folder) = &self.workflows {
            for path in documents(folder)? {
                let document = read(&path)?;
                callees.insert(name(&path, &document), document);
            }
        }
        for given in &self.workflow {
            let Some((name, path)) = given.split_once('=') else {
                let message = format!("--workflow {given}: expected NAME=FILE");
                return Err(Error::Config(message));
            };
            callees.insert(name, read(Path::new(path))?);
        }
        Ok(callees)
    }
}

/// The folder's documents, sorted.
fn documents(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::io(format!("cannot read {}", folder.display()), source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension() == Some(OsStr::new("json")) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The workflow's name; the file's where the document has none, so that a call of it says what is
/// wrong with it.
fn name(path: &Path, document: &[u8]) -> String {
    let document: Option<Value> = serde_json::from_slice(document).ok();
    let name = document.as_ref().and_then(|document| document.get("name")?.as_str());
    let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    name.map(str::to_owned).or_else(stem).unwrap_or_default()
}
