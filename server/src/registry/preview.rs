//! What publishing a workflow would do, without doing it.

use flowcrate_codegen::api::{Bump, Change, least_bump};
use flowcrate_codegen::upgrade::Upgrade;
use serde::Serialize;
use utoipa::ToSchema;

use super::publish::{latest, tag, unchanged};
use super::source::{Made, Source};
use super::{license, names, versions};
use crate::app::{App, blocking};
use crate::error::Error;
use crate::store::Origin;

/// What publishing would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    /// The crate's name.
    #[serde(rename = "crate")]
    pub name: String,
    /// The latest version; null before the first.
    pub latest: Option<String>,
    /// Whether the latest version is this very content, so that there is nothing to publish.
    pub unchanged: bool,
    /// What forbids it; empty where nothing does.
    pub refusals: Vec<Refusal>,
    /// The licence that it names where its publisher says nothing: that of the latest version.
    pub license: Option<String>,
    /// The versions that it may become, the least first.
    pub choices: Vec<Choice>,
    /// What changed for those who use the crate, each with the least that it asks of the version:
    /// `{bump, what, by_policy?}`.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<Change>,
    /// Whether runs of the version before may move to this one; null where there is none.
    pub survives: Option<bool>,
    /// Node by node what becomes of such runs, where the graph changed:
    /// `{from, to, input?, nodes: {id: {verdict, reasons?}}}`.
    #[schema(value_type = Option<Object>)]
    pub upgrade: Option<Upgrade>,
}

/// A version that it may become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Choice {
    /// Which number goes up, `patch`, `minor` or `major`; null for the first version.
    #[schema(value_type = Option<String>)]
    pub bump: Option<Bump>,
    /// The version.
    pub version: String,
}

/// Why it may not be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refusal {
    /// The code of the problem that publishing would be answered with.
    pub code: &'static str,
    /// What is wrong, for a person.
    pub detail: String,
    /// A name that would do, where the name is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// The nodes at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
}

/// What publishing a stored workflow would do, and the tag of what it rests on.
pub async fn preview(app: &App, key: &str) -> Result<(Preview, String), Error> {
    let (source, made) = Source::read(app, key).await?;
    let mut refusals = refusals(app, &source, &made).await?;
    // Versions of a crate from elsewhere are no versions of this one.
    let foreign = refusals.iter().any(|refusal| refusal.code == "crate_taken");
    let releases = if foreign { Vec::new() } else { app.store.releases(&made.name).await? };
    let tag = tag(&source, &releases);
    let before = versions::Before::of(app, (&made.name, &releases), &source.workflow).await?;
    let license = license::kept(app, &made.name, &releases).await?;
    let making = app.clone();
    let preview = blocking(move || {
        let api = source.api(&making, &made.files)?;
        let assessed = versions::assess(&making, before.as_ref(), &source, &api);
        let latest = latest(&releases).map(|release| release.version.clone());
        let wishes = match latest {
            None => vec![None],
            Some(_) => [Bump::Patch, Bump::Minor, Bump::Major].map(Some).to_vec(),
        };
        let least = least_bump(&assessed.changes);
        let mut choices = Vec::new();
        for bump in wishes.into_iter().filter(|wish| wish.is_none_or(|wish| wish >= least)) {
            choices.push(Choice { bump, version: versions::next(&releases, &assessed, bump)? });
        }
        let unchanged = unchanged(&releases, &made.content(license.as_deref())).is_some();
        let (changes, survives, upgrade) =
            if unchanged { (Vec::new(), Some(true), None) } else { assessed.into_parts() };
        let name = made.name;
        refusals.sort_by_key(|refusal| refusal.suggestion.is_none());
        Ok::<_, Error>(Preview {
            name,
            latest,
            unchanged,
            refusals,
            license,
            choices,
            changes,
            survives,
            upgrade,
        })
    });
    Ok((preview.await??, tag))
}

/// All that forbids it, not the first thing alone.
async fn refusals(app: &App, source: &Source, made: &Made) -> Result<Vec<Refusal>, Error> {
    let origin = Origin::Workflow(source.workflow.id.clone());
    let found = [
        names::publishable(&made.name),
        app.store.free_crate_name(&made.name, &origin).await,
        made.fit(),
    ];
    let mut refusals = Vec::new();
    for error in found.into_iter().filter_map(Result::err) {
        let detail = error.to_string();
        let (code, suggestion) = match error {
            Error::CrateName { suggestion, .. } => ("crate_name", Some(suggestion)),
            Error::CrateTaken { suggestion, .. } => ("crate_taken", Some(suggestion)),
            Error::Unfit(_) => ("unfit", None),
            other => return Err(other),
        };
        let nodes = if suggestion.is_none() { source.custom_nodes() } else { Vec::new() };
        refusals.push(Refusal { code, detail, suggestion, nodes });
    }
    Ok(refusals)
}
