//! `.crate` files: a gzipped tar with everything below `NAME-VERSION/`.

use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};
use tar::{Archive, Builder, EntryType, Header};

/// Packs a crate. The same files give the same bytes, on every machine and at any time.
pub(crate) fn pack(
    name: &str,
    version: &str,
    files: &BTreeMap<String, Vec<u8>>,
) -> io::Result<Vec<u8>> {
    // Neither the time nor the system stands in the gzip header.
    let gzip = GzBuilder::new().operating_system(255).write(Vec::new(), Compression::default());
    let mut archive = Builder::new(gzip);
    for (path, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_size(u64::try_from(bytes.len()).map_err(io::Error::other)?);
        archive.append_data(&mut header, format!("{name}-{version}/{path}"), bytes.as_slice())?;
    }
    archive.into_inner()?.finish()
}

/// A file of a package, its bytes still to be read.
pub(crate) struct Packed<'p> {
    /// Its path below `NAME-VERSION/`.
    pub(crate) path: String,
    /// How many bytes it has.
    pub(crate) size: u64,
    /// Whether it may be run.
    pub(crate) executable: bool,
    /// The bytes.
    pub(crate) bytes: &'p mut dyn Read,
}

/// Goes through the files of a package in their order, until `visit` says `false`. What the
/// registry took holds plain files below one folder only.
pub(crate) fn files(
    package: &[u8],
    mut visit: impl FnMut(Packed<'_>) -> io::Result<bool>,
) -> io::Result<()> {
    let mut archive = Archive::new(GzDecoder::new(package));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some((_, path)) = path.split_once('/') else { continue };
        let (path, size) = (path.to_owned(), entry.size());
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
        if !visit(Packed { path, size, executable, bytes: &mut entry })? {
            break;
        }
    }
    Ok(())
}

/// Texts of a package by their paths, as far as they are there; of each `most` bytes at most.
pub(super) fn texts<const N: usize>(
    package: &[u8],
    paths: [&str; N],
    most: u64,
) -> io::Result<[Option<String>; N]> {
    let mut found = [const { None }; N];
    files(package, |file| {
        let wanted = paths.iter().zip(&mut found).find(|(path, _)| **path == file.path);
        if let Some((_, slot)) = wanted {
            let mut bytes = Vec::new();
            file.bytes.take(most).read_to_end(&mut bytes)?;
            *slot = Some(String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(found.iter().any(Option::is_none))
    })?;
    Ok(found)
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of files: of each its path and bytes, each after its length.
pub(super) fn digest_of<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> String {
    let mut hash = Sha256::new();
    for part in files.into_iter().flat_map(|(path, bytes)| [path.as_bytes(), bytes]) {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_bytes_below_one_folder() {
        let long = format!("src/{}/a.rs", "folder/".repeat(40));
        let files = BTreeMap::from([
            ("Cargo.toml".to_owned(), b"[package]\n".to_vec()),
            (long.clone(), b"//! A\n".to_vec()),
        ]);
        let bytes = pack("a", "1.0.0", &files).unwrap();
        assert_eq!(bytes, pack("a", "1.0.0", &files).unwrap());
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let paths: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(paths, ["a-1.0.0/Cargo.toml".to_owned(), format!("a-1.0.0/{long}")]);
    }

    #[test]
    fn a_digest_of_files_tells_where_one_ends() {
        let digest = |files: &[(&'static str, &'static [u8])]| digest_of(files.iter().copied());
        assert_ne!(digest(&[("a", b"bc")]), digest(&[("ab", b"c")]));
        assert_ne!(digest(&[("a", b"b"), ("c", b"")]), digest(&[("a", b""), ("b", b"c")]));
        assert_eq!(super::digest(b"").len(), 64);
    }
}
