//! A compiled graph as the files of a crate that stands alone, on disk or in a zip.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use flowcrate_codegen::package::{CrateFile, CrateFiles, Owner};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::Error;
use crate::vendor;

/// The crate's own files and, below `vendor/`, those of our crates that its manifest names.
pub fn with_vendor(mut emitted: CrateFiles) -> BTreeMap<String, CrateFile> {
    let manifest = emitted.files.get("Cargo.toml");
    let manifest = manifest.map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
    let plugins = manifest.is_some_and(|text| text.contains("flowcrate-plugins"));
    for (path, bytes) in vendor::files() {
        if plugins || !path.starts_with("vendor/flowcrate-plugins/") {
            let file = CrateFile { bytes: bytes.clone(), owner: Owner::Compiler };
            emitted.files.insert(path.clone(), file);
        }
    }
    emitted.files
}

/// The files as a zip; the same files give the same bytes.
pub fn zip(files: &BTreeMap<String, CrateFile>) -> Result<Vec<u8>, Error> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (path, file) in files {
        archive.start_file(path, options).map_err(std::io::Error::other).map_err(failed)?;
        archive.write_all(&file.bytes).map_err(failed)?;
    }
    Ok(archive.finish().map_err(std::io::Error::other).map_err(failed)?.into_inner())
}

fn failed(source: std::io::Error) -> Error {
    Error::io("cannot write the zip", source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(manifest: &str) -> BTreeMap<String, CrateFile> {
        let file = CrateFile { bytes: manifest.as_bytes().to_vec(), owner: Owner::Compiler };
        with_vendor(CrateFiles { files: [("Cargo.toml".to_owned(), file)].into() })
    }

    #[test]
    fn only_what_the_manifest_names_is_vendored() {
        let plain = files("[dependencies]\nflowcrate = { path = \"vendor/flowcrate\" }\n");
        assert!(plain.contains_key("vendor/flowcrate/Cargo.toml"));
        assert!(plain.contains_key("vendor/flowcrate-macros/Cargo.toml"));
        assert!(!plain.contains_key("vendor/flowcrate-plugins/Cargo.toml"));
        let http = files("flowcrate-plugins = { path = \"vendor/flowcrate-plugins\" }\n");
        assert!(http.contains_key("vendor/flowcrate-plugins/Cargo.toml"));
    }

    #[test]
    fn the_same_files_give_the_same_zip() {
        let files = files("");
        let bytes = zip(&files).unwrap();
        assert_eq!(bytes, zip(&files).unwrap());
        let archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), files.len());
    }
}
