//! Packages that nobody should unpack.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tar::{Builder, Header};

use super::*;

const MANIFEST: &[u8] = b"[package]\nname = \"tiny\"\nversion = \"1.0.0\"\n";

/// A package of raw entries: what a well-meaning library would refuse to write.
fn packed(entries: &[(&[u8], EntryType, &[u8])]) -> Vec<u8> {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, kind, bytes) in entries {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.set_entry_type(*kind);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("../../outside").unwrap();
        }
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        archive.append(&header, *bytes).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn body(said: &serde_json::Value, package: &[u8]) -> Vec<u8> {
    let said = said.to_string();
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap().to_le_bytes();
    [&length(said.as_bytes()), said.as_bytes(), &length(package), package].concat()
}

fn read(said: &serde_json::Value, package: &[u8]) -> Result<Upload, String> {
    let address = Address::new("http://127.0.0.1:7700").unwrap();
    super::read(&body(said, package), &address).map_err(|error| error.to_string())
}

fn refused(entries: &[(&[u8], EntryType, &[u8])]) -> String {
    let all = [&[(&b"tiny-1.0.0/Cargo.toml"[..], EntryType::Regular, MANIFEST)], entries].concat();
    read(&json!({ "name": "tiny", "vers": "1.0.0" }), &packed(&all)).unwrap_err()
}

#[test]
fn a_plain_package_is_taken_as_it_is() {
    let package = packed(&[(b"tiny-1.0.0/Cargo.toml", EntryType::Regular, MANIFEST)]);
    let upload = read(&json!({ "name": "tiny", "vers": "1.0.0" }), &package).unwrap();
    assert_eq!(upload.package, package);
    assert_eq!(upload.described.line.cksum, archive::digest(&package));
}

#[test]
fn nothing_leaves_the_folder_and_nothing_is_a_link() {
    let paths: [&[u8]; 8] = [
        b"tiny-1.0.0/../../.bashrc",
        b"/etc/passwd",
        b"other-1.0.0/a",
        b"tiny-1.0.0",
        b"a",
        b"tiny-1.0.0/..\\..\\a",
        b"tiny-1.0.0/C:a",
        b"tiny-1.0.0/\xff",
    ];
    for path in paths {
        let said = refused(&[(path, EntryType::Regular, b"x")]);
        let path = String::from_utf8_lossy(path);
        assert!(said.contains("does not lie in tiny-1.0.0/"), "{path}: {said}");
    }
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Fifo,
        EntryType::Block,
        EntryType::Directory,
    ] {
        let said = refused(&[(b"tiny-1.0.0/a", kind, b"")]);
        assert!(said.contains("no plain file"), "{kind:?}: {said}");
    }
    let twice = refused(&[(b"tiny-1.0.0/cargo.TOML", EntryType::Regular, b"x")]);
    assert!(twice.contains("is there twice"), "{twice}");
}

/// The path that counts may stand in an entry of its own before the one that it names.
#[test]
fn a_path_that_is_told_beforehand_is_looked_at_too() {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = Header::new_ustar();
    header.set_size(MANIFEST.len() as u64);
    archive.append_data(&mut header, "tiny-1.0.0/Cargo.toml", MANIFEST).unwrap();
    archive.append_pax_extensions([("path", b"tiny-1.0.0/../../.bashrc".as_slice())]).unwrap();
    let mut header = Header::new_ustar();
    header.set_path("tiny-1.0.0/a").unwrap();
    header.set_size(1);
    header.set_cksum();
    archive.append(&header, &b"x"[..]).unwrap();
    let package = archive.into_inner().unwrap().finish().unwrap();
    let said = read(&json!({ "name": "tiny", "vers": "1.0.0" }), &package).unwrap_err();
    assert!(said.contains("does not lie in tiny-1.0.0/"), "{said}");
}

/// Hundreds of megabytes of nothing are few on the way.
#[test]
fn a_bomb_is_told_by_what_comes_out_of_it() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let mut header = Header::new_ustar();
    header.set_path("tiny-1.0.0/Cargo.toml").unwrap();
    header.set_size(MANIFEST.len() as u64);
    header.set_cksum();
    gzip.write_all(header.as_bytes()).unwrap();
    gzip.write_all(MANIFEST).unwrap();
    // Behind its end an archive may have anything, and whoever unpacks it may read on.
    let nothing = vec![0; 1024 * 1024];
    for _ in 0..=MOST_BYTES / (1024 * 1024) {
        gzip.write_all(&nothing).unwrap();
    }
    let said = json!({ "name": "tiny", "vers": "1.0.0" });
    let said = read(&said, &gzip.finish().unwrap()).unwrap_err();
    assert!(said.contains("more than"), "{said}");
}

#[test]
fn what_unpacks_to_more_than_anybody_wants_is_refused() {
    // The head of an entry says how much it holds; nothing of that is read.
    let mut header = Header::new_ustar();
    header.set_path("tiny-1.0.0/a").unwrap();
    header.set_size(MOST_BYTES + 1);
    header.set_cksum();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(header.as_bytes()).unwrap();
    let said = json!({ "name": "tiny", "vers": "1.0.0" });
    let said = read(&said, &gzip.finish().unwrap()).unwrap_err();
    assert!(said.contains("more than"), "{said}");
    let name = b"tiny-1.0.0/src/a.rs";
    let names: Vec<Vec<u8>> =
        (0..=MOST_ENTRIES).map(|n| [&name[..], n.to_string().as_bytes()].concat()).collect();
    let many: Vec<_> =
        names.iter().map(|name| (name.as_slice(), EntryType::Regular, &b""[..])).collect();
    let said = refused(&many);
    assert!(said.contains("more than 20000 files"), "{said}");
}

#[test]
fn names_and_manifest_agree() {
    let package = packed(&[(b"tiny-1.0.0/Cargo.toml", EntryType::Regular, MANIFEST)]);
    let with = |name: &str, vers: &str| read(&json!({ "name": name, "vers": vers }), &package);
    assert!(with("tiny", "1.0.1").unwrap_err().contains("does not lie in tiny-1.0.1/"));
    assert!(with("other", "1.0.0").unwrap_err().contains("does not lie in"));
    assert!(with("../tiny", "1.0.0").unwrap_err().contains("cannot be the name"));
    assert!(with("flowcrate-x", "1.0.0").unwrap_err().contains("its own crates"));
    assert!(with("tiny", "1").unwrap_err().contains("no version"));
    let lying = packed(&[(b"tiny-2.0.0/Cargo.toml", EntryType::Regular, MANIFEST)]);
    let said = read(&json!({ "name": "tiny", "vers": "2.0.0" }), &lying).unwrap_err();
    assert!(said.contains("that of tiny 1.0.0"), "{said}");
    let empty = packed(&[]);
    let said = read(&json!({ "name": "tiny", "vers": "1.0.0" }), &empty).unwrap_err();
    assert!(said.contains("no tiny-1.0.0/Cargo.toml"), "{said}");
}

#[test]
fn a_body_cut_short_or_made_up_is_refused_wherever_it_ends() {
    let package = packed(&[(b"tiny-1.0.0/Cargo.toml", EntryType::Regular, MANIFEST)]);
    let whole = body(&json!({ "name": "tiny", "vers": "1.0.0" }), &package);
    let address = Address::new("http://127.0.0.1:7700").unwrap();
    for end in 0..whole.len() {
        assert!(super::read(&whole[..end], &address).is_err(), "{end}");
    }
    let longer = [&whole[..], b"x"].concat();
    assert!(super::read(&longer, &address).is_err());
    assert!(super::read(&[0xff; 64], &address).is_err());
    // Inside the package: cut, or bytes turned over.
    for end in 0..package.len() {
        assert!(
            read(&json!({ "name": "tiny", "vers": "1.0.0" }), &package[..end]).is_err(),
            "{end}"
        );
    }
}
