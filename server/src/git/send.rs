//! Writes what was planned to a client: packages are read one after the other, and of each no more
//! is in memory than itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use tokio::runtime::Handle;

use super::Id;
use super::history::{History, Version};
use super::negotiate::Plan;
use super::object::{Kind, Object};
use super::pack::Pack;
use super::pkt::Framed;
use crate::app::App;
use crate::registry::archive;

/// Writes the pack of a plan. Blocks the thread that it runs on, which must not be one that drives
/// others.
pub fn send<W: Write>(
    app: &App,
    (history, plan): (&History, &Plan),
    mut out: Framed<W>,
) -> io::Result<()> {
    match write(app, (history, plan), &mut out) {
        Ok(()) => out.finish(),
        Err(error) => {
            tracing::warn!(%error, name = history.name, "a pack was not written whole");
            out.fail("the server could not write the pack\n")
        }
    }
}

/// The objects of a pack, each once.
struct Chosen<'h> {
    small: Vec<&'h Object>,
    trees: BTreeMap<Id, &'h [u8]>,
    blobs: BTreeSet<Id>,
}

fn write<W: Write>(
    app: &App,
    (history, plan): (&History, &Plan),
    out: &mut Framed<W>,
) -> io::Result<()> {
    let Chosen { small, trees, mut blobs } = choose(history, plan);
    let count = u32::try_from(small.len() + trees.len() + blobs.len());
    let mut pack = Pack::begin(out, count.map_err(io::Error::other)?)?;
    for object in small {
        pack.object(object)?;
    }
    for bytes in trees.values() {
        pack.put(Kind::Tree, bytes.len() as u64, &mut &**bytes)?;
    }
    for version in at(history, &plan.commits) {
        if !version.snapshot.files.values().any(|id| blobs.contains(id)) {
            continue;
        }
        let package = app.store.package(&history.name, &version.number);
        let package = Handle::current().block_on(package).map_err(io::Error::other)?;
        archive::files(&package.unwrap_or_default(), |file| {
            let id = version.snapshot.files.get(&file.path);
            // What stands in a package twice is the same file once.
            if id.is_some_and(|id| blobs.remove(id)) {
                pack.put(Kind::Blob, file.size, file.bytes)?;
            }
            Ok(true)
        })?;
    }
    pack.end()?;
    Ok(())
}

fn choose<'h>(history: &'h History, plan: &Plan) -> Chosen<'h> {
    let commits = at(history, &plan.commits).map(|version| &version.commit);
    let tags = at(history, &plan.tags).filter_map(|version| version.tag.as_ref());
    let small = commits.chain(tags).collect();
    let (mut trees, mut blobs) = (BTreeMap::new(), BTreeSet::new());
    for version in at(history, &plan.commits) {
        let snapshot = &version.snapshot;
        trees.extend(snapshot.trees.iter().map(|(id, bytes)| (*id, bytes.as_slice())));
        blobs.extend(snapshot.files.values());
    }
    for version in at(history, &plan.had) {
        for id in version.snapshot.trees.keys() {
            trees.remove(id);
        }
        for id in version.snapshot.files.values() {
            blobs.remove(id);
        }
    }
    Chosen { small, trees, blobs }
}

fn at<'h>(history: &'h History, places: &BTreeSet<usize>) -> impl Iterator<Item = &'h Version> {
    places.iter().filter_map(|place| history.versions.get(*place))
}
