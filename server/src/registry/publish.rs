//! A stored workflow becomes a version of a crate.

use flowcrate_codegen::Compiled;
use flowcrate_codegen::api::{self, Api, Bump, Change};
use flowcrate_codegen::package::{self, CrateFiles, Support};
use semver::Version;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{archive, index_line, names, versions};
use crate::app::{App, blocking};
use crate::callees::Linked;
use crate::error::Error;
use crate::store::{History, Origin, Release, ReleaseDraft, Workflow};

/// What the publisher says besides the workflow's name.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wishes {
    /// What is new, for those who use the crate.
    pub note: String,
    /// Which number goes up, `patch`, `minor` or `major`, where that is more than what changed asks.
    #[schema(value_type = Option<String>)]
    pub bump: Option<Bump>,
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
}

/// A workflow with the crate that it becomes, whatever the version.
pub(super) struct Source {
    pub(super) workflow: Workflow,
    pub(super) linked: Linked,
    /// The version of our own crates.
    pub(super) support: String,
}

/// Publishes a workflow as it is stored. What is the latest version already is not published
/// again, so that a caller who did not hear the answer can ask once more.
pub async fn publish(app: &App, key: &str, wishes: Wishes) -> Result<Published, Error> {
    let now = app.clock.now().0;
    let support = app.registry.support(&app.store, now).await?.to_owned();
    let workflow = app.store.workflow(key).await?;
    let linked = app.store.pinned(&workflow.id, &workflow.revision).await?;
    let source = Source { workflow, linked, support };
    let _one_at_a_time = app.registry.publishing.lock().await;
    let (compiling, index) = (app.clone(), app.registry.address.index());
    let (source, files) = blocking(move || {
        let files = source.files(&compiling, "0.0.0")?;
        Ok::<_, Error>((source, files))
    })
    .await??;
    fit(&files)?;
    let name = package_name(&files)?;
    names::publishable(&name)?;
    let content = archive::digest_of(contents(&files));
    let origin = Origin::Workflow(source.workflow.id.clone());
    app.store.free_crate_name(&name, &origin).await?;
    let releases = app.store.releases(&name).await?;
    if let Some(latest) = latest(&releases).filter(|r| r.content == content && !r.yanked) {
        return published(
            name,
            latest.version.clone(),
            (&latest.line, &latest.history),
            (index, false),
        );
    }
    let before = versions::Before::of(app, &releases, &source.workflow).await?;
    let making = app.clone();
    let draft = blocking(move || {
        let api = source.api(&making, &files)?;
        let assessed = versions::assess(&making, before.as_ref(), &source, &api);
        let version = versions::next(&releases, &assessed, wishes.bump)?;
        let mut files = source.files(&making, &version)?;
        let history = assessed.history(&source, &api, wishes.note)?;
        files
            .files
            .insert("CHANGELOG.md".to_owned(), versions::changelog(&version, &history, &releases)?);
        draft(&making, (name, version, content), &files, (source.workflow.id, history))
    });
    let draft = draft.await??;
    app.store.release(std::slice::from_ref(&draft), now).await?;
    published(draft.name, draft.version, (&draft.line, &draft.history), (index, true))
}

fn published(
    name: String,
    version: String,
    (line, history): (&str, &History),
    (index, fresh): (String, bool),
) -> Result<Published, Error> {
    let checksum = index_line::IndexLine::from_json(line)?.cksum;
    let (changes, survives) = (versions::changes(history)?, history.survives);
    Ok(Published { name, version, checksum, fresh, index, changes, survives })
}

impl Source {
    /// The files of the crate in a version.
    fn files(&self, app: &App, version: &str) -> Result<CrateFiles, Error> {
        let support = Support::Registry(package::Published {
            version: version.to_owned(),
            index: app.registry.address.index(),
            support: self.support.clone(),
        });
        let (graph, callees) = (self.workflow.graph.as_bytes(), &self.linked.documents);
        let Compiled { files, .. } = app.compiler.compile_for(graph, callees, &support);
        files.ok_or_else(|| self.outdated())
    }

    /// What the crate promises.
    fn api(&self, app: &App, files: &CrateFiles) -> Result<Api, Error> {
        let graph = self.workflow.graph.as_bytes();
        let (checked, _) = app.compiler.check(graph, &self.linked.documents);
        let checked = checked.ok_or_else(|| self.outdated())?;
        Ok(api::api(files, &checked, &self.support))
    }

    fn outdated(&self) -> Error {
        Error::Outdated { revision: self.workflow.revision.clone() }
    }
}

/// Refuses a crate whose functions nobody has written.
fn fit(files: &CrateFiles) -> Result<(), Error> {
    let unwritten = files.files.iter().find(|(path, file)| {
        let text = String::from_utf8_lossy(&file.bytes);
        package::is_custom(path) && text.contains("\"not_written\"")
    });
    match unwritten {
        None => Ok(()),
        Some((path, _)) => Err(Error::Unfit(format!(
            "the workflow has custom nodes, whose functions this server does not have: export it, \
             write {path}, and publish the crate with `cargo publish`"
        ))),
    }
}

fn package_name(files: &CrateFiles) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Manifest {
        package: Package,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
    }
    let manifest: Manifest =
        toml::from_str(&manifest(files)).map_err(|error| Error::Unfit(error.to_string()))?;
    Ok(manifest.package.name)
}

fn manifest(files: &CrateFiles) -> String {
    let manifest = files.files.get("Cargo.toml").map(|file| file.bytes.as_slice());
    String::from_utf8_lossy(manifest.unwrap_or_default()).into_owned()
}

fn contents(files: &CrateFiles) -> impl Iterator<Item = (&str, &[u8])> {
    files.files.iter().map(|(path, file)| (path.as_str(), file.bytes.as_slice()))
}

pub(super) fn latest(releases: &[Release]) -> Option<&Release> {
    releases.iter().max_by_key(|release| Version::parse(&release.version).ok())
}

fn draft(
    app: &App,
    (name, version, content): (String, String, String),
    files: &CrateFiles,
    (workflow, history): (String, History),
) -> Result<ReleaseDraft, Error> {
    let bytes = files.files.iter().map(|(path, file)| (path.clone(), file.bytes.clone())).collect();
    let package = archive::pack(&name, &version, &bytes)
        .map_err(|source| Error::io("cannot pack a crate", source))?;
    let manifest = manifest(files);
    let mut described =
        index_line::describe(&manifest, &app.registry.address).map_err(Error::Unfit)?;
    described.line.cksum = archive::digest(&package);
    Ok(ReleaseDraft {
        name,
        origin: Origin::Workflow(workflow),
        description: described.description,
        version,
        content,
        line: described.line.to_json()?,
        package,
        history,
        owner: None,
    })
}
