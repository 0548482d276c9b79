//! Which version the next one is, and what it tells of itself.
//!
//! Two questions, kept apart: what a change costs programs that use the crate, which the version
//! says; and whether runs under way may move to it, which is said beside it.

use std::fmt::Write as _;

use flowcrate_codegen::Callees;
use flowcrate_codegen::api::{self, Api, Bump, Change, Constraints, least_bump};
use flowcrate_codegen::graph::diff;
use flowcrate_codegen::package::{CrateFile, Owner};
use flowcrate_codegen::upgrade::Upgrade;
use semver::Version;

use super::publish::latest;
use super::source::Source;
use super::{archive, license};
use crate::app::{App, blocking};
use crate::error::Error;
use crate::store::{History, Release, Workflow};

/// The version before, as far as it is known.
pub(super) struct Before {
    api: Api,
    revision: String,
    /// Its graph, with what that calls; none where it is gone.
    graph: Option<(String, Callees)>,
}

/// What a new version changes.
pub(super) struct Assessed {
    pub(super) changes: Vec<Change>,
    survives: Option<bool>,
    upgrade: Option<Upgrade>,
}

impl Before {
    /// The latest version whose API is known: what was sent by `cargo publish` has none.
    pub(super) async fn of(
        app: &App,
        (name, releases): (&str, &[Release]),
        workflow: &Workflow,
    ) -> Result<Option<Self>, Error> {
        let known = releases.iter().filter(|release| !release.history.api.is_empty());
        let known: Vec<Release> = known.cloned().collect();
        let Some(Release { version, history, .. }) = latest(&known) else { return Ok(None) };
        let corrupt = |source| Error::Corrupt { what: "the API of a version", source };
        let mut api: Api = serde_json::from_str(&history.api).map_err(corrupt)?;
        if api.asked.is_none() {
            api.asked = asked_by(app, (name, version)).await?;
        }
        let revision = history.revision.clone().unwrap_or_default();
        let graph = app.store.revision_graph(&workflow.id, &revision).await?;
        let graph = match graph {
            Some(graph) => {
                let pinned = app.store.pinned(&workflow.id, &revision).await?;
                Some((graph, pinned.documents))
            }
            None => None,
        };
        Ok(Some(Self { api, revision, graph }))
    }
}

/// What a version asks of inputs and events, from its package: for models that were stored before
/// they said so.
async fn asked_by(app: &App, (name, version): (&str, &str)) -> Result<Option<Constraints>, Error> {
    let Some(package) = app.store.package(name, version).await? else { return Ok(None) };
    let texts = blocking(move || archive::texts(&package, [WORKFLOW], MOST_SOURCE));
    let [text] = texts.await?.map_err(|source| Error::io("cannot unpack a crate", source))?;
    Ok(text.map(|text| api::constraints(&text)))
}

/// Where an emitted crate has its workflow.
const WORKFLOW: &str = "src/generated/workflow.rs";
/// The most that is read of it, in bytes.
const MOST_SOURCE: u64 = 16 * 1024 * 1024;

/// Compares the crate with the version before.
pub(super) fn assess(app: &App, before: Option<&Before>, source: &Source, api: &Api) -> Assessed {
    let Some(before) = before else {
        return Assessed { changes: Vec::new(), survives: None, upgrade: None };
    };
    let mut changes = api::changes(&before.api, api);
    if before.revision == source.workflow.revision {
        return Assessed { changes, survives: Some(true), upgrade: None };
    }
    // What the workflow does otherwise now costs programs nothing, and is told all the same.
    let drawn = before
        .graph
        .iter()
        .flat_map(|(graph, _)| diff::changes(graph.as_bytes(), source.workflow.graph.as_bytes()));
    changes.extend(drawn.map(|what| Change { bump: Bump::Patch, what, by_policy: false }));
    let upgrade = before.graph.as_ref().and_then(|(graph, callees)| {
        let new = (source.workflow.graph.as_bytes(), &source.linked.documents);
        app.compiler.upgrade((graph.as_bytes(), callees), new).0
    });
    Assessed { changes, survives: upgrade.as_ref().map(Upgrade::is_free), upgrade }
}

impl Assessed {
    /// Notes a change of the licence, which no program sees and every reader should.
    pub(super) fn licensed(&mut self, before: Option<&str>, after: Option<&str>) {
        let told = license::changed(before, after);
        self.changes.extend(told.map(|what| Change { bump: Bump::Patch, what, by_policy: false }));
    }

    /// What changed, whether runs may move, and node by node why.
    pub(super) fn into_parts(self) -> (Vec<Change>, Option<bool>, Option<Upgrade>) {
        (self.changes, self.survives, self.upgrade)
    }

    /// What the store keeps of the version.
    pub(super) fn history(
        &self,
        source: &Source,
        api: &Api,
        note: String,
    ) -> Result<History, Error> {
        let corrupt = |source| Error::Corrupt { what: "the API of a version", source };
        Ok(History {
            revision: Some(source.workflow.revision.clone()),
            note,
            api: serde_json::to_string(api).map_err(corrupt)?,
            changes: serde_json::to_string(&self.changes).map_err(corrupt)?,
            survives: self.survives,
        })
    }
}

/// The first version, or the one after the latest: at least as far on as what changed asks, and as
/// far as the publisher wishes.
pub(super) fn next(
    releases: &[Release],
    assessed: &Assessed,
    wish: Option<Bump>,
) -> Result<String, Error> {
    let latest = latest(releases).and_then(|release| Version::parse(&release.version).ok());
    let Some(Version { major, minor, patch, .. }) = latest else {
        return Ok(Version::new(1, 0, 0).to_string());
    };
    let least = least_bump(&assessed.changes);
    if let Some(wish) = wish.filter(|wish| *wish < least) {
        let asks = assessed.changes.iter().filter(|change| change.bump > wish);
        let asks = asks.map(|change| change.what.clone()).collect::<Vec<_>>().join("; ");
        let (wish, least) = (word(wish), word(least));
        return Err(Error::Unfit(format!(
            "a {wish} version would break a promise: {asks}; publish a {least} one"
        )));
    }
    let next = match wish.unwrap_or(least) {
        Bump::Patch => Version::new(major, minor, patch + 1),
        Bump::Minor => Version::new(major, minor + 1, 0),
        Bump::Major => Version::new(major + 1, 0, 0),
    };
    Ok(next.to_string())
}

fn word(bump: Bump) -> &'static str {
    match bump {
        Bump::Patch => "patch",
        Bump::Minor => "minor",
        Bump::Major => "major",
    }
}

/// What changed in a version.
pub(super) fn changes(history: &History) -> Result<Vec<Change>, Error> {
    if history.changes.is_empty() {
        return Ok(Vec::new());
    }
    let corrupt = |source| Error::Corrupt { what: "the changes of a version", source };
    serde_json::from_str(&history.changes).map_err(corrupt)
}

/// `CHANGELOG.md` of a version: itself and all before it, the latest first.
pub(super) fn changelog(
    version: &str,
    history: &History,
    releases: &[Release],
) -> Result<CrateFile, Error> {
    let mut text = "# Changelog\n".to_owned();
    section(&mut text, version, history)?;
    let mut before: Vec<(Version, &Release)> = releases
        .iter()
        .filter_map(|release| Some((Version::parse(&release.version).ok()?, release)))
        .collect();
    before.sort_by(|(one, _), (other, _)| other.cmp(one));
    for (_, release) in before {
        section(&mut text, &release.version, &release.history)?;
    }
    Ok(CrateFile { bytes: text.into_bytes(), owner: Owner::Compiler })
}

fn section(text: &mut String, version: &str, history: &History) -> Result<(), Error> {
    // Writing to a string does not fail.
    let _ = write!(text, "\n## {version}\n");
    let note = history.note.trim();
    if !note.is_empty() {
        let _ = write!(text, "\n{note}\n");
    }
    let changes = changes(history)?;
    if !changes.is_empty() {
        text.push('\n');
    }
    for change in changes {
        let policy = if change.by_policy { ", by policy" } else { "" };
        let _ = writeln!(text, "- {} ({}{policy})", change.what, word(change.bump));
    }
    let _ = match history.survives {
        Some(true) => write!(text, "\nRuns of the version before may move to this one.\n"),
        Some(false) => write!(text, "\nRuns of the version before end as they began.\n"),
        None => Ok(()),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str) -> Release {
        Release {
            version: version.to_owned(),
            content: String::new(),
            line: String::new(),
            yanked: false,
            history: History { note: format!("Note of {version}"), ..History::default() },
            published_at: 0,
        }
    }

    fn assessed(bump: Bump) -> Assessed {
        let change = Change { bump, what: "`A.b` is gone".to_owned(), by_policy: false };
        Assessed { changes: vec![change], survives: Some(true), upgrade: None }
    }

    #[test]
    fn a_version_may_be_raised_and_not_lowered() {
        let releases = [release("1.9.9"), release("1.10.2"), release("1.2.0")];
        let next = |bump, wish| next(&releases, &assessed(bump), wish);
        assert_eq!(next(Bump::Patch, None).unwrap(), "1.10.3");
        assert_eq!(next(Bump::Minor, None).unwrap(), "1.11.0");
        assert_eq!(next(Bump::Patch, Some(Bump::Major)).unwrap(), "2.0.0");
        let refused = next(Bump::Major, Some(Bump::Minor)).unwrap_err().to_string();
        assert!(refused.contains("`A.b` is gone") && refused.contains("major"), "{refused}");
        assert_eq!(super::next(&[], &assessed(Bump::Patch), None).unwrap(), "1.0.0");
    }

    #[test]
    fn the_changelog_has_the_latest_first() {
        let history = assessed(Bump::Minor);
        let history = History {
            changes: serde_json::to_string(&history.changes).unwrap(),
            survives: Some(false),
            ..History::default()
        };
        let releases = [release("1.0.0"), release("1.10.0"), release("1.9.0")];
        let file = changelog("1.11.0", &history, &releases).unwrap();
        let expected = "# Changelog\n\n## 1.11.0\n\n- `A.b` is gone (minor)\n\n\
                        Runs of the version before end as they began.\n\n\
                        ## 1.10.0\n\nNote of 1.10.0\n\n## 1.9.0\n\nNote of 1.9.0\n\n\
                        ## 1.0.0\n\nNote of 1.0.0\n";
        assert_eq!(String::from_utf8(file.bytes).unwrap(), expected);
    }
}
