//! The commits and tags of a crate, in the order of its releases.

use std::sync::Arc;

use super::object::{self, Object, Told};
use super::request::OFFERED;
use super::snapshot::{self, Snapshot};
use super::{Id, Refusal, pkt};
use crate::app::{App, blocking};
use crate::error::Error;
use crate::registry::IndexLine;
use crate::store::Release;

/// A crate as a repository.
#[derive(Debug)]
pub struct History {
    /// The crate's name.
    pub(super) name: String,
    /// Its versions, the oldest first; each is the parent of the next.
    pub(super) versions: Vec<Version>,
}

/// A version as a commit.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) number: String,
    pub(super) commit: Object,
    /// None for the rare version whose tag git could not name.
    pub(super) tag: Option<Object>,
    pub(super) snapshot: Arc<Snapshot>,
}

/// A name that points at an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `refs/tags/v1.0.0`; `refs/tags/v1.0.0^{}` for what the tag is on.
    pub name: String,
    /// The object.
    pub id: Id,
}

impl History {
    /// Reads the releases of a crate; none where there is no such crate.
    pub async fn read(app: &App, name: &str) -> Result<Option<Result<Self, Refusal>>, Error> {
        let releases = app.store.releases(name).await?;
        if releases.is_empty() {
            return Ok(None);
        }
        let mut versions: Vec<Version> = Vec::new();
        for release in &releases {
            let Some(snapshot) = snapshot_of(app, name, release).await? else {
                return Ok(Some(Err(Refusal::NoTree(release.version.clone()))));
            };
            let parent = versions.last().map(|version| version.commit.id);
            versions.push(version(name, release, snapshot, parent));
        }
        Ok(Some(Ok(Self { name: name.to_owned(), versions })))
    }

    /// What it shows: the branch `main` is at the last release, yanked ones keep their tags.
    pub fn references(&self) -> Vec<Reference> {
        let mut references = Vec::new();
        let mut show = |name: &str, id| references.push(Reference { name: name.to_owned(), id });
        if let Some(last) = self.versions.last() {
            show("HEAD", last.commit.id);
            show("refs/heads/main", last.commit.id);
        }
        let mut tagged: Vec<(String, &Version, Id)> = self
            .versions
            .iter()
            .filter_map(|version| Some((version.reference(), version, version.tag.as_ref()?.id)))
            .collect();
        tagged.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        for (name, version, tag) in tagged {
            show(&name, tag);
            show(&format!("{name}^{{}}"), version.commit.id);
        }
        references
    }

    /// The lines that say so, with what this server can do.
    pub fn advertisement(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for (at, Reference { name, id }) in self.references().iter().enumerate() {
            let version = env!("CARGO_PKG_VERSION");
            let line = match at {
                0 => format!("{id} {name}\0{OFFERED} agent=flowcrate/{version}\n"),
                _ => format!("{id} {name}\n"),
            };
            pkt::line(&mut lines, &line);
        }
        pkt::flush(&mut lines);
        lines
    }

    /// Where in the order a commit stands.
    pub(super) fn place(&self, id: Id) -> Option<usize> {
        self.versions.iter().position(|version| version.commit.id == id)
    }

    /// Where the version stands whose tag this is.
    pub(super) fn tagged(&self, id: Id) -> Option<usize> {
        let is_tag = |version: &Version| version.tag.as_ref().is_some_and(|tag| tag.id == id);
        self.versions.iter().position(is_tag)
    }
}

impl Version {
    fn reference(&self) -> String {
        format!("refs/tags/v{}", self.number)
    }
}

fn version(name: &str, release: &Release, snapshot: Arc<Snapshot>, parent: Option<Id>) -> Version {
    let number = release.version.clone();
    let title = format!("{name} {number}");
    let told = Told { title: &title, note: &release.history.note, at: release.published_at };
    let commit = object::commit(snapshot.root, parent, &told);
    // The one ending of a version that no reference may have.
    let tag = number
        .strip_suffix(".lock")
        .is_none()
        .then(|| object::tag(commit.id, &format!("v{number}"), &told));
    Version { number, commit, tag, snapshot }
}

async fn snapshot_of(
    app: &App,
    name: &str,
    release: &Release,
) -> Result<Option<Arc<Snapshot>>, Error> {
    let cache = &app.registry.git.snapshots;
    let checksum = IndexLine::from_json(&release.line)?.cksum;
    if let Some(known) = cache.get(&checksum) {
        return Ok(Some(known));
    }
    let package = app.store.package(name, &release.version).await?.unwrap_or_default();
    let read = blocking(move || snapshot::read(&package)).await?;
    let read = read.map_err(|source| Error::io("cannot unpack a crate", source))?.map(Arc::new);
    if let Some(snapshot) = &read {
        cache.put(checksum, snapshot);
    }
    Ok(read)
}
