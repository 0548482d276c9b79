//! What was asked, one line each, so that nothing is lost when the tool is stopped.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::places::Place;

/// Results by the mutant's name and what its file said when it was asked.
pub struct Record {
    file: File,
    known: HashMap<String, (String, String)>,
    sources: HashMap<String, u64>,
}

impl Record {
    /// Reads what is there of files that have not changed since.
    pub fn open(path: &Path, root: &Path, places: &[Place]) -> Result<Record> {
        let mut sources = HashMap::new();
        for place in places {
            if !sources.contains_key(&place.file) {
                let mut hasher = DefaultHasher::new();
                fs::read(root.join(&place.file))?.hash(&mut hasher);
                sources.insert(place.file.clone(), hasher.finish());
            }
        }
        let mut known = HashMap::new();
        for line in fs::read_to_string(path).unwrap_or_default().lines() {
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            if sources.get(text("file").as_str()).copied() == line["source"].as_u64() {
                known.insert(text("name"), (text("result"), text("by")));
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Record { file, known, sources })
    }

    /// What became of it when it was asked last, and who said so.
    pub fn of(&self, place: &Place) -> Option<(&str, &str)> {
        self.known.get(&place.name).map(|(result, by)| (result.as_str(), by.as_str()))
    }

    pub fn add(&mut self, place: &Place, result: &str, by: &str) -> Result<()> {
        let line = json!({
            "name": place.name,
            "file": place.file,
            "source": self.sources.get(&place.file),
            "result": result,
            "by": by,
        });
        writeln!(self.file, "{line}")?;
        self.known.insert(place.name.clone(), (result.to_owned(), by.to_owned()));
        Ok(())
    }
}
