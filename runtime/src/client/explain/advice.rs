//! What to do about a run that is paused.

use crate::failure::Failure;

/// What somebody who finds a paused run should do.
pub(super) fn for_pause(failure: Option<&Failure>, revision: &str) -> String {
    let code = failure.map_or("", |failure| failure.code.as_str());
    match code {
        "kind_changed" | "input_changed" | "undecodable" | "unreached" | "duplicate_path"
        | "wrong_scope" => format!(
            "the code of revision {revision} does not do what the journal says it did: run the \
             code that wrote it, or mend this one, then resume the run; or cancel it"
        ),
        "foreign_await" => "let the workflow await only what its context gives, deploy that, and \
                            resume the run"
            .to_owned(),
        "workflow_panic" | "busy_loop" | "bad_path" | "bad_name" => {
            "mend the workflow's code, deploy that, and resume the run".to_owned()
        }
        "crash_loop" => "find what kills the process: memory, an abort, a stack overflow; then \
                         resume the run"
            .to_owned(),
        "paused" => "resume the run when it may go on".to_owned(),
        "conflict" => "this is a bug in flowcrate: please report it with the run's journal; the \
                       run can be cancelled"
            .to_owned(),
        "not_registered" => format!("deploy revision {revision}, then resume the run"),
        "not_written" => "write the node's function in custom.rs of the exported crate, deploy \
                          it, and resume the run"
            .to_owned(),
        _ => "mend what made the step fail, then resume the run, which grants its policy anew; \
              or cancel it"
            .to_owned(),
    }
}
