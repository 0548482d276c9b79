//! `README.md` of the emitted crate. The one place that renders what is not Rust.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::{Environment, context};
use serde_json::Value;

use super::{CrateFiles, Owner, Support, example, mermaid};
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
    /// What the crate has besides.
    pub(super) files: &'a CrateFiles,
    pub(super) support: &'a Support,
}

/// What is where; a path that ends in a slash is a folder.
const FILES: [(&str, &str); 14] = [
    ("src/generated/workflow.rs", "the control flow"),
    ("src/generated/steps.rs", "one function per step"),
    ("src/generated/types.rs", "inputs and outputs"),
    ("src/generated/new.rs", "what makes those that others give"),
    ("src/generated/triggers.rs", "what starts runs, for the binary"),
    ("src/generated/binary.rs", "what the workflow is called, for the binary"),
    ("src/lib.rs", "what others see of it"),
    ("src/custom.rs", "the functions that you write"),
    ("src/main.rs", "the binary"),
    ("tests/workflow.rs", "the tests"),
    ("tests/rehearsal.json", "what steps and events give there"),
    ("input.json", "an example of the input"),
    ("workflows/", "the drawings of the workflows that it calls"),
    ("graph.json", "the drawing"),
];

/// Renders the README; an error is a bug of the template.
pub(super) fn readme(readme: &Readme<'_>) -> Result<String, minijinja::Error> {
    let Readme { checked, package, library, structure, input, files, support } = *readme;
    let mut environment = Environment::new();
    environment.add_template("readme", include_str!("readme.md.jinja"))?;
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
    let page = environment.get_template("readme")?.render(context! {
        title => checked.name.clone(),
        description => docs::plain(&checked.description),
        diagram => mermaid::flowchart(checked),
        nodes => checked.nodes.len(),
        revision => checked.revision.get(..12).unwrap_or(&checked.revision),
        has_input => !input.is_null(),
        input => json(input, serde_json::to_string_pretty),
        events => events(checked),
        triggers,
        served,
        package,
        library,
        structure,
        tests => files.files.contains_key("tests/workflow.rs"),
        files => rows(files),
        published => published(support),
    })?;
    Ok(page + "\n")
}

/// The events that a run waits for, each once, with an example of its payload.
fn events(checked: &Checked) -> Vec<minijinja::Value> {
    let events = checked.nodes.values().filter_map(|node| {
        let (event, ty) = node.body.event()?;
        Some((event, example::event_of(checked, event, ty)))
    });
    let events: BTreeMap<&str, Value> = events.collect();
    let line = |(name, payload): (&str, Value)| {
        // A quote would end the shell's text.
        let payload = json(&payload, serde_json::to_string).replace('\'', "'\\''");
        context! { name, payload }
    };
    events.into_iter().map(line).collect()
}

/// The files that the crate has, what they are, and who edits them.
fn rows(files: &CrateFiles) -> Vec<minijinja::Value> {
    let rows = FILES.iter().filter_map(|(path, what)| {
        let mut found = files.files.iter().filter(|(file, _)| match path.strip_suffix('/') {
            Some(_) => file.starts_with(path),
            None => file == path,
        });
        let by = match found.next()?.1.owner {
            _ if *path == "graph.json" => "the editor",
            Owner::Compiler => "Flowcrate, on each export",
            Owner::Person => "you; never overwritten",
        };
        Some(context! { path => *path, what => *what, by })
    });
    rows.collect()
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
fn json(value: &Value, written: fn(&Value) -> serde_json::Result<String>) -> String {
    let text = written(value).unwrap_or_default();
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
