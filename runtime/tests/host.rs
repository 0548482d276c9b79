//! The command line of a workflow as real processes: run, killed, resumed, served.
//!
//! This binary is both: the tests, and, started with `program` as its first argument, the
//! program that they start.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "host/commands.rs"]
mod commands;
#[path = "host/control.rs"]
mod control;
#[path = "host/kills.rs"]
mod kills;
#[path = "host/kit.rs"]
mod kit;
#[path = "host/program.rs"]
mod program;
#[path = "host/serving.rs"]
mod serving;

use std::process::ExitCode;

/// Names a test function after itself.
macro_rules! tests {
    ($($module:ident: $($test:ident),+ $(,)?;)+) => {
        vec![$($((
            concat!(stringify!($module), "::", stringify!($test)),
            $module::$test as fn(),
        ),)+)+]
    };
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == "program") {
        return program::main(arguments.skip(1));
    }
    let tests: Vec<(&str, fn())> = tests! {
        commands:
            a_run_prints_its_output,
            a_journal_is_checked,
            ended_runs_are_purged,
            a_run_that_fails_says_so,
            an_input_that_does_not_fit_is_refused_by_its_path,
            wrong_use_is_told_from_failure,
            a_key_gives_the_same_run,
            runs_are_listed_and_shown,
            an_event_wakes_the_run_of_another_process,
            a_run_that_only_waits_is_left_waiting,
            a_cancel_ends_the_run_of_another_process,
            a_stopped_run_goes_on;
        control:
            a_terminate_ends_the_run_of_another_process,
            a_run_is_paused_and_resumed,
            a_failed_run_is_forked_with_another_input,
            a_run_says_what_it_waits_for,
            a_run_is_adopted_by_another_revision,
            a_changed_function_is_told_of,
            a_question_is_answered,
            what_a_run_says_and_has_not_read_is_shown,
            progress_is_read_from_an_item_on;
        kills:
            a_killed_run_goes_on_by_its_key,
            a_killed_run_goes_on_by_resume;
        serving:
            a_webhook_starts_a_run,
            a_request_that_makes_no_sense_is_refused,
            a_schedule_fires_what_it_missed,
            a_server_keeps_runs_for_a_time,
            a_run_joins_the_process_that_serves,
            a_killed_server_loses_nothing;
    };
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |name: &str| filter.is_empty() || filter.iter().any(|part| name.contains(part));
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in tests.iter().filter(|(name, _)| wanted(name)) {
        let ok = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
        if ok { passed += 1 } else { failed += 1 }
    }
    let out = tests.len() - passed - failed;
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; \
         {out} filtered out"
    );
    ExitCode::from(u8::from(failed > 0))
}
