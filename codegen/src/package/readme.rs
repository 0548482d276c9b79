//! `README.md` of the emitted crate. The one place that renders what is not Rust.

use std::fmt::Write as _;

use minijinja::{Environment, context};
use serde_json::Value;

use super::{Support, mermaid};
use crate::check::{Body, Checked};
use crate::diagnostic::is_unprintable;
use crate::emit::docs;

/// What the README says besides the graph itself.
pub(super) struct Readme<'a> {
    pub(super) checked: &'a Checked,
    /// Name in the manifest.
    pub(super) package: &'a str,
    /// Name in Rust.
    pub(super) library: &'a str,
    pub(super) structure: &'a str,
    pub(super) input: &'a Value,
    pub(super) custom: bool,
    pub(super) support: &'a Support,
}

/// Renders the README; an error is a bug of the template.
pub(super) fn readme(readme: &Readme<'_>) -> Result<String, minijinja::Error> {
    let Readme { checked, package, library, structure, input, custom, support } = *readme;
    let mut environment = Environment::new();
    environment.add_template("readme", include_str!("readme.md.jinja"))?;
    let events: Vec<String> = checked
        .nodes
        .values()
        .filter_map(|node| node.body.event())
        .map(|(event, _)| event.to_owned())
        .collect();
    let mut triggers = Vec::new();
    let mut served = Vec::new();
    for node in checked.nodes.values() {
        match &node.body {
            Body::Manual => triggers.push(node.id.to_string()),
            Body::Webhook { path } => {
                triggers.push(node.id.to_string());
                served.push(format!("`POST /hooks/{path}`, whose JSON body is the input"));
            }
            Body::Schedule { cron, timezone } => {
                triggers.push(node.id.to_string());
                served.push(format!("firing of the schedule `{cron}` ({timezone})"));
            }
            _ => {}
        }
    }
    environment.get_template("readme")?.render(context! {
        title => checked.name.clone(),
        description => docs::plain(&checked.description),
        diagram => mermaid::flowchart(checked),
        nodes => checked.nodes.len(),
        revision => checked.revision.get(..12).unwrap_or(&checked.revision),
        has_input => !input.is_null(),
        input => json(input),
        events,
        triggers,
        served,
        package,
        library,
        structure,
        custom,
        published => published(support),
    })
}

/// Where a published crate is had from; none where it is not published.
fn published(support: &Support) -> Option<minijinja::Value> {
    let Support::Registry(published) = support else { return None };
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    // Below 1.0 the second number is the one that matters.
    let support = published.support.rsplit_once('.').map_or("0", |(minor, _)| minor);
    Some(context! {
        version => major(&published.version),
        support,
        index => published.index.clone(),
    })
}

/// A value as JSON that shows as what it is.
fn json(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char != '\n' && is_unprintable(char) {
            // All of them are in the basic plane; writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(char));
        } else {
            out.push(char);
        }
    }
    out
}
