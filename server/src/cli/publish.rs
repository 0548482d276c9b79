//! `flowcrate publish`: a workflow of a running server becomes a version of a crate.

use serde_json::{Value, json};

use super::client::ServerArgs;
use super::{Outcome, output};
use crate::error::Error;

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The workflow's name or id
    name: String,
    /// What is new, for those who use the crate
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Raise the version by more than what changed asks for
    #[arg(long, value_enum)]
    bump: Option<Bump>,
    /// The licence, as SPDX writes it; later versions keep it [default: that of the latest version]
    #[arg(long, value_name = "SPDX")]
    license: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Which number of the version goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Bump {
    /// The last one
    Patch,
    /// The one in the middle
    Minor,
    /// The first one
    Major,
}

/// Publishes, and says how the crate is added.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    let path = format!("/api/v1/workflows/{}/publish", segment(&args.name));
    let wishes = json!({ "note": args.note, "bump": args.bump, "license": args.license });
    let answer = args.server.post(&path, &wishes)?;
    if args.json {
        output::say_json(&answer.body);
    } else {
        tell(&answer.body);
    }
    Ok(if (200..300).contains(&answer.status) { Outcome::Fine } else { Outcome::Failed })
}

fn tell(body: &Value) {
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    if body["crate"].is_null() {
        let detail = if text("detail").is_empty() { "the server refused" } else { text("detail") };
        output::complain(detail);
        return;
    }
    let (name, version) = (text("crate"), text("version"));
    let news = if body["fresh"] == true { "published" } else { "unchanged" };
    output::say(&format!("{name} {version} {news}"));
    for change in body["changes"].as_array().into_iter().flatten() {
        let part = |key: &str| change[key].as_str().unwrap_or_default();
        let policy = if change["by_policy"] == true { ", by policy" } else { "" };
        output::note(&format!("  {}{policy}: {}", part("bump"), part("what")));
    }
    match body["survives"].as_bool() {
        Some(true) => output::note("  runs of the version before may move to it"),
        Some(false) => output::note("  runs of the version before end as they began"),
        None => {}
    }
    let line = |key: &str| body["add"][key].as_str().unwrap_or_default();
    output::note(&format!("use it: {}", line("dependency")));
    output::note(&format!("    or: {}", line("command")));
}

/// The name as one segment of a path.
fn segment(name: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.bytes()
        .map(
            |byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") },
        )
        .collect()
}
