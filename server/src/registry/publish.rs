//! A stored workflow becomes a version of a crate.

use flowcrate_codegen::api::{Bump, Change};
use flowcrate_codegen::package::CrateFiles;
use semver::Version;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::adding::Adding;
use super::source::{Source, manifest};
use super::{access, archive, index_line, license, names, versions};
use crate::app::{App, blocking};
use crate::error::Error;
use crate::store::{History, Origin, Release, ReleaseDraft, Token};

/// What the publisher says besides the workflow's name.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wishes {
    /// What is new, for those who use the crate.
    pub note: String,
    /// Which number goes up, `patch`, `minor` or `major`, where that is more than what changed asks.
    #[schema(value_type = Option<String>)]
    pub bump: Option<Bump>,
    /// The licence, as SPDX writes it: `MIT OR Apache-2.0`. Left out, it is that of the latest
    /// version; empty, none is named.
    pub license: Option<String>,
}

/// A version, once it is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Published {
    /// The crate's name.
    #[serde(rename = "crate")]
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the package.
    pub checksum: String,
    /// Whether it was released just now; else this very content was the latest version before.
    pub fresh: bool,
    /// The registry's index, as cargo's configuration names it.
    pub index: String,
    /// What changed for those who use the crate, each with the least that it asks of the version:
    /// `{bump, what, by_policy?}`.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<Change>,
    /// Whether runs of the version before may move to this one; null where there is none.
    pub survives: Option<bool>,
    /// How a project takes it.
    pub add: Adding,
}

/// Publishes a workflow as it is stored. What is the latest version already is not published
/// again, so that a caller who did not hear the answer can ask once more. `accepts` is asked of
/// the tag of what would be published upon what.
pub async fn publish(
    app: &App,
    key: &str,
    wishes: Wishes,
    by: Option<&Token>,
    accepts: impl Fn(&str) -> bool,
) -> Result<Published, Error> {
    // Before the workflow is read: what is released last was read last.
    let _one_at_a_time = app.registry.publishing.lock().await;
    let (source, made) = Source::read(app, key).await?;
    made.fit()?;
    names::publishable(&made.name)?;
    let origin = Origin::Workflow(source.workflow.id.clone());
    app.store.free_crate_name(&made.name, &origin).await?;
    access::owner(app, by, &made.name).await?;
    let releases = app.store.releases(&made.name).await?;
    let current = tag(&source, &releases);
    if !accepts(&current) {
        return Err(Error::Stale { current });
    }
    let kept = license::kept(app, &made.name, &releases).await?;
    let license = match &wishes.license {
        Some(wish) => license::read(wish)?,
        None => kept.clone(),
    };
    let content = made.content(license.as_deref());
    if let Some(latest) = unchanged(&releases, &content) {
        let version = latest.version.clone();
        return published(app, made.name, version, (&latest.line, &latest.history), false);
    }
    let before = versions::Before::of(app, (&made.name, &releases), &source.workflow).await?;
    let (making, owner) = (app.clone(), by.map(|by| by.name.clone()));
    let draft = blocking(move || {
        let api = source.api(&making, &made.files)?;
        let mut assessed = versions::assess(&making, before.as_ref(), &source, &api);
        if !releases.is_empty() {
            assessed.licensed(kept.as_deref(), license.as_deref());
        }
        let version = versions::next(&releases, &assessed, wishes.bump)?;
        let mut files = source.files(&making, &version, license)?;
        let history = assessed.history(&source, &api, wishes.note)?;
        let changelog = versions::changelog(&version, &history, &releases)?;
        files.files.insert("CHANGELOG.md".to_owned(), changelog);
        let origin = (Origin::Workflow(source.workflow.id), owner);
        draft(&making, (made.name, version, content), &files, (origin, history))
    });
    let draft = draft.await??;
    app.store.release(std::slice::from_ref(&draft), app.clock.now().0).await?;
    published(app, draft.name, draft.version, (&draft.line, &draft.history), true)
}

/// The strong entity tag, quotes included, of a stored workflow upon the versions that its crate
/// has.
pub(super) fn tag(source: &Source, releases: &[Release]) -> String {
    let latest = latest(releases).map_or("none", |release| release.version.as_str());
    format!("\"{}.{}.{latest}\"", source.workflow.id, source.workflow.version)
}

/// The latest version, where it is this very content.
pub(super) fn unchanged<'r>(releases: &'r [Release], content: &str) -> Option<&'r Release> {
    latest(releases).filter(|latest| latest.content == content && !latest.yanked)
}

pub(super) fn latest(releases: &[Release]) -> Option<&Release> {
    releases.iter().max_by_key(|release| Version::parse(&release.version).ok())
}

fn published(
    app: &App,
    name: String,
    version: String,
    (line, history): (&str, &History),
    fresh: bool,
) -> Result<Published, Error> {
    let checksum = index_line::IndexLine::from_json(line)?.cksum;
    let (changes, survives) = (versions::changes(history)?, history.survives);
    let index = app.registry.address.index();
    let add = Adding::of(&app.registry, (&name, &version), true);
    Ok(Published { name, version, checksum, fresh, index, changes, survives, add })
}

fn draft(
    app: &App,
    (name, version, content): (String, String, String),
    files: &CrateFiles,
    ((origin, owner), history): ((Origin, Option<String>), History),
) -> Result<ReleaseDraft, Error> {
    let bytes = files.files.iter().map(|(path, file)| (path.clone(), file.bytes.clone())).collect();
    let package = archive::pack(&name, &version, &bytes)
        .map_err(|source| Error::io("cannot pack a crate", source))?;
    let mut described =
        index_line::describe(&manifest(files), &app.registry.address).map_err(Error::Unfit)?;
    described.line.cksum = archive::digest(&package);
    Ok(ReleaseDraft {
        name,
        origin,
        description: described.description,
        version,
        content,
        line: described.line.to_json()?,
        package,
        history,
        owner,
    })
}
