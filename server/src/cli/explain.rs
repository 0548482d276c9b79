//! `flowcrate explain`: the page of a diagnostic's code.

use serde_json::json;

use super::Outcome;
use super::output::{self, OutputArgs};

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The code, such as E301
    code: String,
    #[command(flatten)]
    output: OutputArgs,
}

/// Prints the page.
pub(super) fn execute(args: &Args) -> Outcome {
    let code = args.code.to_ascii_uppercase();
    match flowcrate_codegen::diagnostic::explain(&code) {
        Some(page) if args.output.json => output::say_json(&json!({ "code": code, "page": page })),
        Some(page) => output::say(page.trim_end()),
        None => {
            output::complain(&format!("there is no diagnostic {code:?}"));
            return Outcome::Misused;
        }
    }
    Outcome::Fine
}
