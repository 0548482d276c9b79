//! What `cargo publish` sends, and what of it is not taken.
//!
//! A package comes from somebody else and is unpacked on the machines of many: nothing in it may
//! lie outside its one folder, be a link, or grow without bound. The index is made from the
//! manifest in it, not from what the sender says of it.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use serde::Deserialize;
use tar::{Archive, EntryType};

use super::index_line::{self, Described};
use super::{Address, archive, names};
use crate::error::Error;

/// The most that a package may hold once it is unpacked, in bytes.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// The most entries of a package.
const MOST_ENTRIES: usize = 20_000;
/// The largest manifest.
const MOST_MANIFEST: u64 = 1024 * 1024;

/// A package that may be released.
#[derive(Debug)]
pub struct Upload {
    /// What its manifest says.
    pub(super) described: Described,
    /// Its bytes.
    pub(super) package: Vec<u8>,
}

impl Upload {
    /// The crate's name.
    pub fn name(&self) -> &str {
        &self.described.line.name
    }
}

#[derive(Deserialize)]
struct Said {
    name: String,
    vers: String,
}

/// Reads the body of a `cargo publish`: two parts, each after its length.
pub fn read(body: &[u8], address: &Address) -> Result<Upload, Error> {
    let (said, rest) = part(body).ok_or_else(|| unfit("the body ends within the metadata"))?;
    let (package, rest) = part(rest).ok_or_else(|| unfit("the body ends within the package"))?;
    if !rest.is_empty() {
        return Err(unfit("something follows the package"));
    }
    let said: Said = serde_json::from_slice(said)
        .map_err(|error| unfit(&format!("the metadata cannot be read: {error}")))?;
    names::publishable(&said.name)?;
    semver::Version::parse(&said.vers)
        .map_err(|error| unfit(&format!("{:?} is no version: {error}", said.vers)))?;
    let manifest = manifest(package, &format!("{}-{}", said.name, said.vers))?;
    let mut described = index_line::describe(&manifest, address).map_err(Error::Unfit)?;
    if (&described.line.name, &described.line.vers) != (&said.name, &said.vers) {
        let (name, version) = (&described.line.name, &described.line.vers);
        return Err(unfit(&format!(
            "the metadata is that of {} {}, the manifest in the package that of {name} {version}",
            said.name, said.vers
        )));
    }
    described.line.cksum = archive::digest(package);
    Ok(Upload { described, package: package.to_vec() })
}

fn unfit(why: &str) -> Error {
    Error::Unfit(why.to_owned())
}

/// A part after its length, and what follows it.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// The manifest of a package, whose entries all lie in `folder` and are plain files.
fn manifest(package: &[u8], folder: &str) -> Result<String, Error> {
    let broken = |error: std::io::Error| unfit(&format!("the package cannot be read: {error}"));
    // One byte more than what is allowed shows that there is more.
    let mut unpacked = GzDecoder::new(package).take(MOST_BYTES + 1);
    let mut archive = Archive::new(&mut unpacked);
    let (mut seen, mut manifest) = (BTreeSet::new(), None);
    let mut left = MOST_BYTES;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        if entry.header().entry_type() != EntryType::Regular {
            return Err(unfit(&format!("{} is no plain file", path.display())));
        }
        left = left
            .checked_sub(entry.size())
            .ok_or_else(|| unfit(&format!("the package holds more than {MOST_BYTES} bytes")))?;
        let inner = within(&path, folder)?;
        // Some systems take names for the same that differ in the size of letters.
        if !seen.insert(inner.to_lowercase()) {
            return Err(unfit(&format!("{} is there twice", path.display())));
        }
        if seen.len() > MOST_ENTRIES {
            return Err(unfit(&format!("the package has more than {MOST_ENTRIES} files")));
        }
        if inner == "Cargo.toml" {
            let mut text = String::new();
            (&mut entry).take(MOST_MANIFEST).read_to_string(&mut text).map_err(broken)?;
            manifest = Some(text);
        }
    }
    // The checksum of all comes last.
    std::io::copy(&mut unpacked, &mut std::io::sink()).map_err(broken)?;
    if unpacked.limit() == 0 {
        return Err(unfit(&format!("the package holds more than {MOST_BYTES} bytes")));
    }
    manifest.ok_or_else(|| unfit(&format!("the package has no {folder}/Cargo.toml")))
}

/// The path within the package's folder.
fn within(path: &Path, folder: &str) -> Result<String, Error> {
    let outside = || unfit(&format!("{} does not lie in {folder}/", path.display()));
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str().ok_or_else(outside)?),
            _ => return Err(outside()),
        }
    }
    // What another system takes for a way out is one there.
    let foreign = parts.iter().any(|part| part.contains(['\\', ':']) || part.ends_with('.'));
    match parts.split_first() {
        Some((first, rest)) if *first == folder && !rest.is_empty() && !foreign => {
            Ok(rest.join("/"))
        }
        _ => Err(outside()),
    }
}

#[cfg(test)]
mod tests;
