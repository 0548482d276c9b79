//! `flowcrate new`: a small graph to start from.

use std::path::PathBuf;

use serde_json::Value;

use super::{Outcome, output};
use crate::error::Error;
use crate::examples;

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The workflow's name, a slug such as `order-intake`
    name: String,
    /// Where to write the graph [default: NAME.json]
    #[arg(long, value_name = "GRAPH")]
    out: Option<PathBuf>,
}

/// Writes the `hello` example under another name.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    if !is_slug(&args.name) {
        let name = &args.name;
        return Err(Error::Config(format!("{name:?} is no slug such as order-intake")));
    }
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.json", args.name)));
    if path.exists() {
        let path = path.display();
        return Err(Error::Config(format!("{path} exists: choose another --out")));
    }
    let corrupt = |source| Error::Corrupt { what: "an example", source };
    let mut graph: Value = serde_json::from_str(examples::HELLO).map_err(corrupt)?;
    if let Some(graph) = graph.as_object_mut() {
        graph.insert("name".to_owned(), args.name.clone().into());
    }
    let text = serde_json::to_string_pretty(&graph).map_err(corrupt)?;
    super::write(&path, format!("{text}\n").as_bytes())?;
    output::say(&path.display().to_string());
    Ok(Outcome::Fine)
}

fn is_slug(name: &str) -> bool {
    name.split('-').all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    }) && name.starts_with(|first: char| first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::is_slug;

    #[test]
    fn slugs() {
        assert!(is_slug("order-intake2"));
        for name in ["", "-a", "a-", "A", "a_b", "2a", "../a", "a--b"] {
            assert!(!is_slug(name), "{name}");
        }
    }
}
