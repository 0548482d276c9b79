//! Our own crates, which published ones need, from this server's sources.
//!
//! Their sources change from one build of the server to the next while the workspace keeps its
//! version; to cargo a version is one content for ever. So this registry counts for itself: content
//! that it has never served gets the next patch number, content that it has served keeps the number
//! that it had then. The registry's own address is part of the content, since their manifests
//! name it.

use semver::Version;

use super::address::Address;
use super::{archive, index_line};
use crate::app::blocking;
use crate::error::Error;
use crate::store::{History, Origin, Release, ReleaseDraft, Store};
use crate::vendor::{self, Packages};

/// The crates, all released together in one version.
pub const PACKAGES: [&str; 3] = ["flowcrate", "flowcrate-macros", "flowcrate-plugins"];

/// Our crates as a build of the server has them. Each build that ever served a database leaves its
/// own there.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// The version that its workspace gives them.
    pub version: &'static str,
    /// Its packages, as a registry with an index serves them in a version.
    pub packages: fn(index: &str, version: &str) -> Packages,
}

impl Build {
    /// This very build.
    pub fn this() -> Self {
        Self { version: vendor::workspace_version(), packages: vendor::packages }
    }
}

/// Releases a build's crates where their content is new, and gives their version.
pub async fn release(
    store: &Store,
    address: &Address,
    build: Build,
    now: i64,
) -> Result<String, Error> {
    let index = address.index();
    let content = blocking(move || content(build, &index)).await?;
    let [main, ..] = PACKAGES;
    let releases = store.releases(main).await?;
    if let Some(known) = releases.iter().rev().find(|release| release.content == content) {
        return Ok(known.version.clone());
    }
    let version = next(build.version, &releases);
    let (address, made) = (address.clone(), version.clone());
    let drafts = blocking(move || drafts(build, &address, (&made, &content))).await??;
    store.release(&drafts, now).await?;
    Ok(version)
}

fn content(build: Build, index: &str) -> String {
    let packages = (build.packages)(index, "0.0.0");
    let files = packages.iter().flat_map(|(package, files)| {
        files.iter().map(move |(path, bytes)| (format!("{package}/{path}"), bytes))
    });
    let files: Vec<_> = files.collect();
    archive::digest_of(files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())))
}

/// The workspace's version, or the patch after the last one that was released beside it.
fn next(workspace: &str, releases: &[Release]) -> String {
    let Ok(workspace) = Version::parse(workspace) else { return workspace.to_owned() };
    let versions = releases.iter().filter_map(|release| Version::parse(&release.version).ok());
    let beside =
        |version: &Version| (version.major, version.minor) == (workspace.major, workspace.minor);
    let last = versions.filter(beside).map(|version| version.patch).max();
    let patch = last.map_or(workspace.patch, |last| workspace.patch.max(last + 1));
    Version { patch, ..workspace }.to_string()
}

fn drafts(
    build: Build,
    address: &Address,
    (version, content): (&str, &str),
) -> Result<Vec<ReleaseDraft>, Error> {
    let failed = |source| Error::io("cannot pack a crate", source);
    let mut drafts = Vec::new();
    for (name, files) in (build.packages)(&address.index(), version) {
        let package = archive::pack(name, version, &files).map_err(failed)?;
        let manifest = files.get("Cargo.toml").map(Vec::as_slice).unwrap_or_default();
        let manifest = String::from_utf8_lossy(manifest);
        let mut described = index_line::describe(&manifest, address).map_err(Error::Unfit)?;
        described.line.cksum = archive::digest(&package);
        drafts.push(ReleaseDraft {
            name: name.to_owned(),
            origin: Origin::Support,
            description: described.description,
            version: version.to_owned(),
            content: content.to_owned(),
            line: described.line.to_json()?,
            package,
            history: History::default(),
            owner: None,
        });
    }
    Ok(drafts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(versions: &[&str]) -> Vec<Release> {
        let release = |version: &&str| Release {
            version: (*version).to_owned(),
            content: String::new(),
            line: String::new(),
            yanked: false,
            history: History::default(),
            published_at: 0,
        };
        versions.iter().map(release).collect()
    }

    #[test]
    fn new_content_has_a_number_that_was_never_given() {
        assert_eq!(next("0.1.0", &[]), "0.1.0");
        assert_eq!(next("0.1.0", &released(&["0.1.0", "0.1.1"])), "0.1.2");
        assert_eq!(next("0.1.5", &released(&["0.1.1"])), "0.1.5");
        assert_eq!(next("0.2.0", &released(&["0.1.7"])), "0.2.0");
        assert_eq!(next("0.1.0", &released(&["0.1.7", "0.2.0"])), "0.1.8");
    }

    #[test]
    fn the_packages_are_the_same_each_time_and_name_the_registry() {
        let address = Address::new("http://127.0.0.1:7700").unwrap();
        let drafts = || super::drafts(Build::this(), &address, ("0.1.3", "c")).unwrap();
        let (one, other) = (drafts(), drafts());
        assert_eq!(one.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), PACKAGES);
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one.package, other.package, "{}", one.name);
        }
        let plugins = serde_json::from_str::<super::super::IndexLine>(&one[2].line).unwrap();
        let ours = plugins.deps.iter().find(|dep| dep.name == "flowcrate").unwrap();
        assert_eq!((ours.req.as_str(), ours.registry.as_ref()), ("=0.1.3", None));
        assert!(plugins.deps.iter().any(|dep| dep.name == "serde" && dep.registry.is_some()));
    }
}
