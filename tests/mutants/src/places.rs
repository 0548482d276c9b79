//! The places that cargo-mutants would change: its own list, so that both count the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// What is changed, as cargo-mutants sorts it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Genre {
    /// The body of a function is a value.
    FnValue,
    /// Another operator between two operands.
    Binary,
    /// `!` or `-` is not there.
    Unary,
    /// An arm of a match is not there.
    Arm,
    /// The guard of an arm holds always or never.
    Guard,
    /// A field of a struct expression with a base is not there.
    Field,
}

/// Line and column of the first character, both from 1.
pub type At = (usize, usize);

/// One change to the compiler.
#[derive(Clone, Debug)]
pub struct Place {
    /// From 1; 0 is the compiler as it is.
    pub number: u32,
    /// What cargo-mutants calls it.
    pub name: String,
    /// Relative to the root.
    pub file: String,
    pub genre: Genre,
    pub at: At,
    pub replacement: String,
}

/// What of the compiler is changed: files and folders of `codegen/src`.
const PARTS: [&str; 4] = ["check", "lower", "emit", "ir"];

/// The list for the tree at `root`; also of the expressions if `expressions`.
pub fn list(root: &Path, expressions: bool) -> Result<Vec<Place>> {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["mutants", "-p", "flowcrate-codegen", "--list", "--json"]);
    for part in PARTS.iter().chain(expressions.then_some(&"expr")) {
        command.args(["-f", &format!("codegen/src/{part}.rs")]);
        command.args(["-f", &format!("codegen/src/{part}/**")]);
    }
    let out = command.output().context("cargo mutants runs")?;
    ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let listed: Vec<Value> = serde_json::from_slice(&out.stdout)?;
    (1..).zip(&listed).map(|(number, place)| read(number, place)).collect()
}

fn read(number: u32, place: &Value) -> Result<Place> {
    let text = |key: &str| {
        place[key].as_str().map(str::to_owned).with_context(|| format!("no {key} in {place}"))
    };
    let start = &place["span"]["start"];
    let count = |key: &str| start[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let genre = match place["genre"].as_str() {
        Some("FnValue") => Genre::FnValue,
        Some("BinaryOperator") => Genre::Binary,
        Some("UnaryOperator") => Genre::Unary,
        Some("MatchArm") => Genre::Arm,
        Some("MatchArmGuard") => Genre::Guard,
        Some("StructField") => Genre::Field,
        other => bail!("a genre that is not known: {other:?}"),
    };
    let at = (count("line").context("no line")?, count("column").context("no column")?);
    let (name, file) = (text("name")?, text("file")?);
    Ok(Place { number, name, file, genre, at, replacement: text("replacement")? })
}

/// The same by file.
pub fn by_file(places: &[Place]) -> BTreeMap<&str, Vec<&Place>> {
    let mut files: BTreeMap<&str, Vec<&Place>> = BTreeMap::new();
    for place in places {
        files.entry(&place.file).or_default().push(place);
    }
    files
}
