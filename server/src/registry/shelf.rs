//! What pages show of crates: the list, a crate with its versions, a version with its texts.

use std::collections::BTreeMap;

use flowcrate::Timestamp;
use flowcrate_codegen::api::{Api, Bump, Change};
use semver::Version;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Adding, IndexDependency, IndexLine, archive, license, versions};
use crate::app::{App, blocking};
use crate::error::Error;
use crate::store::{Dependant, Origin, Release, Shelved};

/// The most that is shown of a text in a package, in bytes.
const MOST_TEXT: u64 = 256 * 1024;

/// A crate in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CrateSummary {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it comes from: `workflow`, `upload` (`cargo publish`) or `support` (one of
    /// Flowcrate's own).
    pub origin: &'static str,
    /// The name of the workflow that it is made of, where that is still there.
    pub workflow: Option<String>,
    /// Its highest version that is not yanked; null where all are.
    pub latest: Option<String>,
    /// How many versions it has.
    pub versions: usize,
    /// When the last of them was released.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
}

/// A crate with its versions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CrateDocument {
    /// As a list shows it.
    #[serde(flatten)]
    pub summary: CrateSummary,
    /// Its versions, the highest first.
    pub releases: Vec<VersionSummary>,
    /// Who may publish versions with a token; empty: everybody who may publish.
    pub owners: Vec<String>,
    /// The crates of this registry that depend on it: `{name, version, req}`.
    #[schema(value_type = Vec<Object>)]
    pub dependants: Vec<Dependant>,
}

/// A version in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VersionSummary {
    /// The version.
    pub version: String,
    /// Whether it is yanked: no new lock file takes it.
    pub yanked: bool,
    /// When it was released.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
    /// How many bytes its package has.
    pub size: i64,
    /// SHA-256 of the package.
    pub checksum: String,
    /// Which number went up, `patch`, `minor` or `major`; null for the first version.
    #[schema(value_type = Option<String>)]
    pub bump: Option<Bump>,
    /// The publisher's note.
    pub note: String,
    /// What changed for those who use the crate: `{bump, what, by_policy?}`.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<Change>,
    /// Whether runs of the version before may move to it; null where nobody knows.
    pub survives: Option<bool>,
}

/// A version with its texts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VersionDocument {
    /// The crate's name.
    pub name: String,
    /// As a list shows it.
    #[serde(flatten)]
    pub summary: VersionSummary,
    /// `README.md` of the package.
    pub readme: Option<String>,
    /// `CHANGELOG.md` of the package.
    pub changelog: Option<String>,
    /// What it promises, as publishing compares it: function, input, output, events, errors and
    /// types; null where nobody knows.
    #[schema(value_type = Option<Object>)]
    pub api: Option<Api>,
    /// What it depends on, as the index has it.
    #[schema(value_type = Vec<Object>)]
    pub dependencies: Vec<IndexDependency>,
    /// Its features, each with what it brings.
    pub features: BTreeMap<String, Vec<String>>,
    /// The oldest Rust that builds it.
    pub rust_version: Option<String>,
    /// The licence that it names, if it names one.
    pub license: Option<String>,
    /// How a project takes it.
    pub add: Adding,
}

impl From<Shelved> for CrateSummary {
    fn from(shelved: Shelved) -> Self {
        let live = shelved.versions.iter().filter(|(_, yanked)| !yanked);
        let parsed = live.filter_map(|(version, _)| Version::parse(version).ok());
        // As cargo does: a version before its release is taken only where nothing else is there.
        let latest = parsed.max_by_key(|version| (version.pre.is_empty(), version.clone()));
        Self {
            name: shelved.found.name,
            description: shelved.found.description,
            origin: match shelved.found.origin {
                Origin::Support => "support",
                Origin::Workflow(_) => "workflow",
                Origin::Upload => "upload",
            },
            workflow: shelved.workflow,
            latest: latest.map(|version| version.to_string()),
            versions: shelved.versions.len(),
            published_at: Timestamp(shelved.published_at),
        }
    }
}

/// A crate with its versions; none where there is no such crate.
pub async fn crate_document(app: &App, name: &str) -> Result<Option<CrateDocument>, Error> {
    let Some(shelved) = app.store.shelved_crate(name).await? else { return Ok(None) };
    let summary = CrateSummary::from(shelved);
    let releases = summaries(app, &app.store.releases(name).await?, name).await?;
    let owners = app.store.owners(name).await?.into_iter().collect();
    let dependants = app.store.dependants(name).await?;
    Ok(Some(CrateDocument { summary, releases, owners, dependants }))
}

/// A version with its texts; none where there is no such version.
pub async fn version_document(
    app: &App,
    (name, version): (&str, &str),
) -> Result<Option<VersionDocument>, Error> {
    let releases = app.store.releases(name).await?;
    let Some(release) = releases.iter().find(|release| release.version == version) else {
        return Ok(None);
    };
    let summaries = summaries(app, &releases, name).await?;
    let Some(summary) = summaries.into_iter().find(|summary| summary.version == version) else {
        return Ok(None);
    };
    let package = app.store.package(name, version).await?.unwrap_or_default();
    let texts = blocking(move || {
        archive::texts(&package, ["README.md", "CHANGELOG.md", "Cargo.toml"], MOST_TEXT)
            .map_err(|source| Error::io("cannot unpack a crate", source))
    });
    let [readme, changelog, manifest] = texts.await??;
    let corrupt = |source| Error::Corrupt { what: "the API of a version", source };
    let api = match release.history.api.as_str() {
        "" => None,
        text => Some(serde_json::from_str(text).map_err(corrupt)?),
    };
    let line = IndexLine::from_json(&release.line)?;
    let mut features = line.features;
    features.extend(line.features2);
    let emitted = release.history.revision.is_some();
    Ok(Some(VersionDocument {
        name: name.to_owned(),
        summary,
        readme,
        changelog,
        api,
        dependencies: line.deps,
        features,
        rust_version: line.rust_version,
        license: manifest.as_deref().and_then(license::named),
        add: Adding::of(&app.registry, (name, version), emitted),
    }))
}

/// The versions of a crate, the highest first.
async fn summaries(
    app: &App,
    releases: &[Release],
    name: &str,
) -> Result<Vec<VersionSummary>, Error> {
    let sizes: BTreeMap<String, i64> = app.store.package_sizes(name).await?.into_iter().collect();
    let mut sorted: Vec<(Version, &Release)> = releases
        .iter()
        .filter_map(|release| Some((Version::parse(&release.version).ok()?, release)))
        .collect();
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut summaries = Vec::new();
    let mut before: Option<&Version> = None;
    for (version, release) in &sorted {
        summaries.push(VersionSummary {
            version: release.version.clone(),
            yanked: release.yanked,
            published_at: Timestamp(release.published_at),
            size: sizes.get(&release.version).copied().unwrap_or_default(),
            checksum: IndexLine::from_json(&release.line)?.cksum,
            bump: before.map(|before| bump(before, version)),
            note: release.history.note.clone(),
            changes: versions::changes(&release.history)?,
            survives: release.history.survives,
        });
        before = Some(version);
    }
    summaries.reverse();
    Ok(summaries)
}

fn bump(before: &Version, version: &Version) -> Bump {
    if before.major != version.major {
        Bump::Major
    } else if before.minor != version.minor {
        Bump::Minor
    } else {
        Bump::Patch
    }
}
