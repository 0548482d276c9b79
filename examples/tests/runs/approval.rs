//! The approval: answered while somebody waits, while nobody does, and not at all.

use super::program::Folder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_approval");

#[test]
fn an_answer_reaches_the_process_that_waits() {
    let folder = Folder::new();
    let mut waiting = folder.start(PROGRAM, &["ask", "4200", "3600"]);
    waiting.line("asking grace");
    assert_eq!(folder.start(PROGRAM, &["reject", "not this year"]).finish(), ["answered"]);
    assert_eq!(waiting.finish(), ["asking grace", "rejected: not this year"]);
}

#[test]
fn an_answer_that_nobody_waited_for_counts_as_soon_as_somebody_does() {
    let folder = Folder::new();
    let mut first = folder.start(PROGRAM, &["ask", "4200", "3600"]);
    first.line("asking grace");
    first.kill();
    assert_eq!(folder.start(PROGRAM, &["approve", "have fun"]).finish(), ["answered"]);
    let lines = folder.start(PROGRAM, &["ask", "4200", "3600"]).finish();
    assert_eq!(lines, ["asking grace", "paying 4200 cents", "paid 4200 cents: have fun"]);
}

#[test]
fn time_runs_while_nobody_drives_the_run() {
    let folder = Folder::new();
    let mut first = folder.start(PROGRAM, &["ask", "4200", "5"]);
    first.line("asking grace");
    // The timer is durable some moments after the question was asked.
    std::thread::sleep(std::time::Duration::from_millis(500));
    first.kill();
    std::thread::sleep(std::time::Duration::from_secs(5));
    let begun = std::time::Instant::now();
    let lines = folder.start(PROGRAM, &["ask", "4200", "5"]).finish();
    assert_eq!(lines, ["asking grace", "nobody answered in time"]);
    assert!(begun.elapsed().as_millis() < 4_900, "it waited once more");
}
