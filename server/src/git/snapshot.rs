//! A package as a tree of git: ids of its files, and its folders whole.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::Id;
use super::object::{Kind, Object, blob_id};
use crate::registry::archive;

/// How deep folders go.
const DEEPEST: usize = 64;
/// How many there are at most.
const MOST_FOLDERS: usize = 20_000;
/// How much the cache remembers, in bytes, more or less.
const MOST_REMEMBERED: usize = 64 * 1024 * 1024;

/// What cargo packs for a registry alone, and what means nothing elsewhere.
const OF_THE_REGISTRY: [&str; 3] = [".cargo_vcs_info.json", ".cargo-ok", "Cargo.toml.orig"];

/// A package as git has it.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The tree of the whole.
    pub(super) root: Id,
    /// All trees, each once.
    pub(super) trees: BTreeMap<Id, Vec<u8>>,
    /// The blobs of its files by path.
    pub(super) files: BTreeMap<String, Id>,
}

#[derive(Default)]
struct Folder {
    entries: BTreeMap<String, Entry>,
}

enum Entry {
    File { id: Id, executable: bool },
    Folder(Folder),
}

/// Reads a package; none where its folders are too many or too deep.
pub(super) fn read(package: &[u8]) -> io::Result<Option<Snapshot>> {
    let (mut root, mut files) = (Folder::default(), BTreeMap::new());
    let (mut folders, mut fits) = (0, true);
    archive::files(package, |file| {
        if !is_shown(&file.path) {
            return Ok(true);
        }
        fits = file.path.split('/').count() <= DEEPEST && folders <= MOST_FOLDERS;
        if fits {
            let id = blob_id(file.size, file.bytes)?;
            if root.put(&file.path, (id, file.executable), &mut folders) {
                files.insert(file.path, id);
            }
        }
        Ok(fits)
    })?;
    let mut trees = BTreeMap::new();
    let root = root.tree(&mut trees);
    Ok(fits.then_some(Snapshot { root, trees, files }))
}

/// Whether git shows a file: not what is the registry's alone, and nothing that git takes for its
/// own once it is checked out.
fn is_shown(path: &str) -> bool {
    let sound = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    !OF_THE_REGISTRY.contains(&path) && path.split('/').all(|part| sound(part) && !is_gits(part))
}

/// `.git` and `.gitmodules`, however a file system may spell them: letters of either size, signs
/// that it ignores, short names, streams, dots and blanks at the end.
fn is_gits(part: &str) -> bool {
    let plain: String = part.chars().filter(char::is_ascii_graphic).collect();
    let plain = plain.to_ascii_lowercase();
    let bare = plain.split(':').next().unwrap_or_default().trim_end_matches('.');
    matches!(bare, ".git" | ".gitmodules")
        || bare.starts_with("git~")
        || bare.starts_with("gitmod~")
}

impl Folder {
    /// Puts a file; whether there was room: where a file is, no folder can be.
    fn put(&mut self, path: &str, (id, executable): (Id, bool), folders: &mut usize) -> bool {
        let Some((first, rest)) = path.split_once('/') else {
            if self.entries.contains_key(path) {
                return false;
            }
            self.entries.insert(path.to_owned(), Entry::File { id, executable });
            return true;
        };
        let entry = self.entries.entry(first.to_owned()).or_insert_with(|| {
            *folders += 1;
            Entry::Folder(Self::default())
        });
        match entry {
            Entry::File { .. } => false,
            Entry::Folder(folder) => folder.put(rest, (id, executable), folders),
        }
    }

    /// Its tree; `trees` gets it, and those in it. No deeper than [`DEEPEST`].
    fn tree(self, trees: &mut BTreeMap<Id, Vec<u8>>) -> Id {
        let mut entries: Vec<(String, &str, Id)> = Vec::new();
        for (name, entry) in self.entries {
            entries.push(match entry {
                Entry::File { id, executable: false } => (name, "100644", id),
                Entry::File { id, executable: true } => (name, "100755", id),
                Entry::Folder(folder) => (name, "40000", folder.tree(trees)),
            });
        }
        // Git sorts a folder as if a slash stood behind its name.
        let key = |(name, mode, _): &(String, &str, Id)| match *mode {
            "40000" => format!("{name}/"),
            _ => name.clone(),
        };
        entries.sort_by_cached_key(key);
        let mut bytes = Vec::new();
        for (name, mode, id) in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&id.0);
        }
        let tree = Object::new(Kind::Tree, bytes);
        trees.insert(tree.id, tree.bytes);
        tree.id
    }
}

impl Snapshot {
    fn weight(&self) -> usize {
        let trees: usize = self.trees.values().map(|bytes| bytes.len() + 64).sum();
        trees + self.files.keys().map(|path| path.len() + 64).sum::<usize>()
    }
}

/// Snapshots that were made, by the checksum of the package.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<(usize, BTreeMap<String, Arc<Snapshot>>)>);

impl Cache {
    pub(super) fn get(&self, checksum: &str) -> Option<Arc<Snapshot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.get(checksum).cloned()
    }

    /// Remembers one; where there is no room for it, all others are forgotten first.
    pub(super) fn put(&self, checksum: String, snapshot: &Arc<Snapshot>) {
        let weight = snapshot.weight();
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (held, snapshots) = &mut *cache;
        if *held + weight > MOST_REMEMBERED {
            snapshots.clear();
            *held = 0;
        }
        *held += weight;
        snapshots.insert(checksum, Arc::clone(snapshot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(paths: &[&str]) -> Vec<u8> {
        let files = paths.iter().map(|path| ((*path).to_owned(), path.as_bytes().to_vec()));
        archive::pack("a", "1.0.0", &files.collect()).unwrap()
    }

    #[test]
    fn a_tree_is_that_of_git() {
        // `git write-tree` of the same files: `a.b` stands before the folder `a`, `a0` behind it.
        let snapshot = read(&packed(&["a/b", "a.b", "a0"])).unwrap().unwrap();
        assert_eq!(snapshot.root.to_string(), "36634e54637094da71aab2c451b10315695c17b7");
        assert_eq!(snapshot.files.len(), 3);
    }

    #[test]
    fn what_git_takes_for_its_own_is_left_out() {
        let hostile = [
            ".git/config",
            "src/.GIT/hooks/x",
            "git~1/config",
            ".g\u{200c}it/config",
            ".git./x",
            ".git::$INDEX_ALLOCATION/x",
            ".gitmodules",
            "GITMOD~1",
            ".cargo_vcs_info.json",
            "Cargo.toml.orig",
        ];
        for path in hostile {
            assert!(!is_shown(path), "{path}");
        }
        for path in ["src/lib.rs", ".gitignore", ".github/x", "src/Cargo.toml.orig", "a git"] {
            assert!(is_shown(path), "{path}");
        }
        let snapshot = read(&packed(&["Cargo.toml", ".git/config"])).unwrap().unwrap();
        assert_eq!(snapshot.files.keys().collect::<Vec<_>>(), ["Cargo.toml"]);
    }

    #[test]
    fn where_a_file_is_no_folder_can_be() {
        let snapshot = read(&packed(&["a", "a/b"])).unwrap().unwrap();
        assert_eq!(snapshot.files.keys().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn folders_have_a_bound() {
        let deep = format!("{}x", "d/".repeat(64));
        assert!(read(&packed(&[&deep])).unwrap().is_none());
        assert!(read(&packed(&[&deep[2..]])).unwrap().is_some());
    }
}
