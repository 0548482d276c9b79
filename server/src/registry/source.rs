//! A stored workflow as the crate that it becomes, whatever the version.

use flowcrate_codegen::Compiled;
use flowcrate_codegen::api::{self, Api};
use flowcrate_codegen::package::{self, CrateFiles, Support};
use serde::Deserialize;
use serde_json::Value;

use super::archive;
use crate::app::{App, blocking};
use crate::callees::Linked;
use crate::error::Error;
use crate::store::Workflow;

/// A workflow with what its crate is made of.
pub(super) struct Source {
    pub(super) workflow: Workflow,
    pub(super) linked: Linked,
    /// The version of our own crates.
    pub(super) support: String,
}

/// The crate in no version yet.
pub(super) struct Made {
    pub(super) files: CrateFiles,
    /// The crate's name.
    pub(super) name: String,
    /// Digest of the files.
    digest: String,
}

impl Source {
    /// A stored workflow, and its crate.
    pub(super) async fn read(app: &App, key: &str) -> Result<(Self, Made), Error> {
        let support = app.registry.support(&app.store, app.clock.now().0).await?.to_owned();
        let workflow = app.store.workflow(key).await?;
        let linked = app.store.pinned(&workflow.id, &workflow.revision).await?;
        let (source, app) = (Self { workflow, linked, support }, app.clone());
        let made = blocking(move || {
            let files = source.files(&app, "0.0.0", None)?;
            let name = package_name(&files)?;
            let digest = archive::digest_of(contents(&files));
            Ok::<_, Error>((source, Made { files, name, digest }))
        });
        made.await?
    }

    /// The files of the crate in a version, under a licence if it has one.
    pub(super) fn files(
        &self,
        app: &App,
        version: &str,
        license: Option<String>,
    ) -> Result<CrateFiles, Error> {
        let support = Support::Registry(package::Published {
            version: version.to_owned(),
            index: app.registry.address.index(),
            support: self.support.clone(),
            license,
        });
        let (graph, callees) = (self.workflow.graph.as_bytes(), &self.linked.documents);
        let Compiled { files, .. } = app.compiler.compile_for(graph, callees, &support);
        files.ok_or_else(|| self.outdated())
    }

    /// What the crate promises.
    pub(super) fn api(&self, app: &App, files: &CrateFiles) -> Result<Api, Error> {
        let graph = self.workflow.graph.as_bytes();
        let (checked, _) = app.compiler.check(graph, &self.linked.documents);
        let checked = checked.ok_or_else(|| self.outdated())?;
        Ok(api::api(files, &checked, &self.support))
    }

    fn outdated(&self) -> Error {
        Error::Outdated { revision: self.workflow.revision.clone() }
    }

    /// The nodes whose functions somebody has to write.
    pub(super) fn custom_nodes(&self) -> Vec<String> {
        let graph: Value = serde_json::from_str(&self.workflow.graph).unwrap_or_default();
        let nodes = graph["nodes"].as_array().into_iter().flatten();
        let is_custom = |node: &&Value| node["data"]["kind"] == "custom@1";
        let ids = nodes.filter(is_custom).filter_map(|node| node["id"].as_str());
        ids.map(str::to_owned).collect()
    }
}

impl Made {
    /// Digest of all that is published, whatever the version.
    pub(super) fn content(&self, license: Option<&str>) -> String {
        match license {
            None => self.digest.clone(),
            Some(license) => archive::digest(format!("{} under {license}", self.digest).as_bytes()),
        }
    }

    /// Refuses a crate whose functions nobody has written.
    pub(super) fn fit(&self) -> Result<(), Error> {
        let unwritten = self.files.files.iter().find(|(path, file)| {
            let text = String::from_utf8_lossy(&file.bytes);
            package::is_custom(path) && text.contains("\"not_written\"")
        });
        match unwritten {
            None => Ok(()),
            Some((path, _)) => Err(Error::Unfit(format!(
                "the workflow has custom nodes, whose functions this server does not have: export \
                 it, write {path}, and publish the crate with `cargo publish`"
            ))),
        }
    }
}

/// The manifest of a crate.
pub(super) fn manifest(files: &CrateFiles) -> String {
    let manifest = files.files.get("Cargo.toml").map(|file| file.bytes.as_slice());
    String::from_utf8_lossy(manifest.unwrap_or_default()).into_owned()
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

fn contents(files: &CrateFiles) -> impl Iterator<Item = (&str, &[u8])> {
    files.files.iter().map(|(path, file)| (path.as_str(), file.bytes.as_slice()))
}
