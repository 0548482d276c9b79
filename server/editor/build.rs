//! Builds the web app with npm and writes the table of its files that `src-rs/lib.rs` includes.
//!
//! `FLOWCRATE_SKIP_EDITOR=1`, or a machine without npm, gets a page that says how to build it.

use std::env;
use std::error::Error;
use std::path::PathBuf;

#[path = "build/npm.rs"]
mod npm;
#[path = "build/table.rs"]
mod table;

/// What the app is made of: a change to any of these builds it again, nothing else does.
const INPUTS: [&str; 7] = [
    "src",
    "build-web",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];

fn main() -> Result<(), Box<dyn Error>> {
    let source = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("no CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    for input in INPUTS.iter().chain(&["build.rs", "build"]) {
        println!("cargo:rerun-if-changed={input}");
    }
    println!("cargo:rerun-if-env-changed=FLOWCRATE_SKIP_EDITOR");

    if env::var_os("FLOWCRATE_SKIP_EDITOR").is_some_and(|value| !value.is_empty() && value != "0") {
        println!(
            "cargo:warning=FLOWCRATE_SKIP_EDITOR is set: embedding a page instead of the editor"
        );
        return table::write_fallback(&out, "this build was made with FLOWCRATE_SKIP_EDITOR set");
    }
    if !npm::available() {
        // Once npm is installed, PATH is likely to change with it.
        println!("cargo:rerun-if-env-changed=PATH");
        println!("cargo:warning=npm is not on PATH: embedding a page instead of the editor");
        return table::write_fallback(&out, "npm was not on PATH when this server was built");
    }
    let dist = npm::build(&source, &out)?;
    table::write(&out, &dist)
}
