//! Objects and their ids.

use std::fmt::Write as _;
use std::io::{self, Read, Write};

use sha1::{Digest as _, Sha1};

use super::Id;

/// Who commits: the registry, whatever it is called today, so that ids never change.
const IDENTITY: &str = "Flowcrate <registry@flowcrate.invalid>";

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit = 1,
    Tree = 2,
    Blob = 3,
    Tag = 4,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// An object that is held in memory.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) id: Id,
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
}

impl Object {
    pub(super) fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        let mut hash = start(kind, bytes.len() as u64);
        hash.update(&bytes);
        Self { id: Id(hash.finalize().into()), kind, bytes }
    }
}

/// The id of a blob, whose bytes are read and not kept.
pub(super) fn blob_id(size: u64, bytes: &mut dyn Read) -> io::Result<Id> {
    struct Hashing(Sha1);
    impl Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hash = Hashing(start(Kind::Blob, size));
    io::copy(bytes, &mut hash)?;
    Ok(Id(hash.0.finalize().into()))
}

fn start(kind: Kind, size: u64) -> Sha1 {
    let mut hash = Sha1::new();
    hash.update(format!("{} {size}\0", kind.word()));
    hash
}

/// A version, as its commit tells of it.
pub(super) struct Told<'t> {
    pub(super) title: &'t str,
    pub(super) note: &'t str,
    /// Milliseconds since the epoch.
    pub(super) at: i64,
}

impl Told<'_> {
    fn seconds(&self) -> i64 {
        self.at.div_euclid(1000).max(0)
    }

    fn message(&self) -> String {
        let clean = |text: &str| text.replace(|c: char| c.is_control() && c != '\n', "");
        let (title, note) = (clean(self.title), clean(self.note));
        let note = note.trim();
        if note.is_empty() { format!("{title}\n") } else { format!("{title}\n\n{note}\n") }
    }
}

/// The commit of a version after the one before.
pub(super) fn commit(tree: Id, parent: Option<Id>, told: &Told<'_>) -> Object {
    let mut text = format!("tree {tree}\n");
    // Writing to a string does not fail.
    if let Some(parent) = parent {
        let _ = writeln!(text, "parent {parent}");
    }
    for role in ["author", "committer"] {
        let _ = writeln!(text, "{role} {IDENTITY} {} +0000", told.seconds());
    }
    let _ = write!(text, "\n{}", told.message());
    Object::new(Kind::Commit, text.into_bytes())
}

/// The tag of a version on its commit.
pub(super) fn tag(commit: Id, name: &str, told: &Told<'_>) -> Object {
    let (at, message) = (told.seconds(), told.message());
    let text = format!(
        "object {commit}\ntype commit\ntag {name}\ntagger {IDENTITY} {at} +0000\n\n{message}"
    );
    Object::new(Kind::Tag, text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        // `git hash-object`, of nothing and of a line.
        let empty = Object::new(Kind::Blob, Vec::new()).id.to_string();
        assert_eq!(empty, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        let line = blob_id(6, &mut &b"hello\n"[..]).unwrap().to_string();
        assert_eq!(line, "ce013625030ba8dba906f756967f9e9ca394464a");
        let tree = Object::new(Kind::Tree, Vec::new()).id.to_string();
        assert_eq!(tree, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn a_commit_has_no_bytes_that_git_refuses() {
        let told = Told { title: "a 1.0.0", note: "Nul\0 and\u{1b} bell.\n\nMore.", at: -1 };
        let tree = Object::new(Kind::Tree, Vec::new()).id;
        let commit = commit(tree, None, &told);
        let text = String::from_utf8(commit.bytes).unwrap();
        assert!(text.ends_with("\n\na 1.0.0\n\nNul and bell.\n\nMore.\n"), "{text:?}");
        assert!(text.contains("invalid> 0 +0000\n"), "{text:?}");
    }
}
