//! What a loss of power leaves of the files whose writes were recorded.

use std::collections::BTreeMap;
use std::path::Path;

/// Something that a process did to a file.
#[derive(Debug)]
pub(super) struct Action {
    what: u8,
    /// The file's name, without its folder.
    pub(super) file: String,
    at: usize,
    bytes: Vec<u8>,
}

impl Action {
    /// What was written to this file, if it was.
    pub(super) fn written_to(&self, file: &str) -> Option<&[u8]> {
        (self.what == b'W' && self.file == file).then_some(&*self.bytes)
    }

    pub(super) fn is_failed_sync(&self) -> bool {
        self.what == b'F'
    }

    pub(super) fn is_sync_of(&self, file: &str) -> bool {
        self.what == b'S' && self.file == file
    }
}

/// Reads what the shim has recorded.
pub(super) fn read(record: &[u8]) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut rest = record;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        rest = &rest[end + 1..];
        let words: Vec<&str> = head.splitn(4, ' ').collect();
        let [what, at, length, path] = words[..] else { panic!("{head}") };
        let length: usize = length.parse().unwrap();
        let (bytes, after) = rest.split_at(length);
        rest = after;
        let file = Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
        actions.push(Action {
            what: what.as_bytes()[0],
            file,
            at: at.parse().unwrap(),
            bytes: bytes.to_vec(),
        });
    }
    actions
}

/// What becomes of what was written and not synced.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// All of it is lost.
    Lost,
    /// Each write is lost or kept, as the dice fall; the last one that is kept is torn.
    Torn(u64),
}

/// A disk: what is on it for certain, and what may be.
#[derive(Default)]
pub(super) struct Disk<'a> {
    files: BTreeMap<&'a str, File<'a>>,
}

#[derive(Default)]
struct File<'a> {
    certain: Vec<u8>,
    pending: Vec<&'a Action>,
}

impl<'a> Disk<'a> {
    pub(super) fn act(&mut self, action: &'a Action) {
        if action.what == b'U' {
            self.files.remove(&*action.file);
            return;
        }
        let file = self.files.entry(&action.file).or_default();
        match action.what {
            b'S' => {
                for action in std::mem::take(&mut file.pending) {
                    apply(&mut file.certain, action, action.bytes.len());
                }
            }
            // What a failed sync was for is gone, and the next one does not bring it back.
            b'F' => file.pending.clear(),
            _ => file.pending.push(action),
        }
    }

    /// Writes what is left after a loss of power.
    pub(super) fn lose_power(&self, folder: &Path, fate: Fate) {
        for (name, file) in &self.files {
            let mut bytes = file.certain.clone();
            if let Fate::Torn(seed) = fate {
                let mut dice = seed;
                let mut kept: Vec<&Action> = file.pending.clone();
                kept.retain(|_| roll(&mut dice).is_multiple_of(2));
                let last = kept.len().saturating_sub(1);
                for (at, action) in kept.iter().enumerate() {
                    let whole = action.bytes.len();
                    apply(&mut bytes, action, if at == last { whole / 2 } else { whole });
                }
            }
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

fn apply(bytes: &mut Vec<u8>, action: &Action, length: usize) {
    if action.what == b'T' {
        bytes.resize(action.at, 0);
        return;
    }
    let end = action.at + length;
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[action.at..end].copy_from_slice(&action.bytes[..length]);
}

/// `SplitMix64`.
fn roll(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
