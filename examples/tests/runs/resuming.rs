//! Examples that go on where a killed process stood.

use super::program::Folder;

#[test]
fn hello_says_each_thing_once_though_it_is_killed_in_between() {
    let folder = Folder::new();
    let mut first = folder.start(env!("CARGO_BIN_EXE_hello"), &["Ada"]);
    first.line("hello, Ada");
    // The outcome is durable some moments after the body printed, and before the next step's.
    std::thread::sleep(std::time::Duration::from_millis(500));
    first.kill();
    let lines = folder.start(env!("CARGO_BIN_EXE_hello"), &["Ada"]).finish();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(lines[0], "goodbye");
    assert!(lines[1].ends_with("says: hello and goodbye, Ada"), "{lines:#?}");
    // The key is taken: a third start is the same run, which has ended.
    let again = folder.start(env!("CARGO_BIN_EXE_hello"), &["Ada"]).finish();
    assert_eq!(again, lines[1..]);
}

#[test]
fn fan_out_does_ten_thousand_items_once_though_it_is_killed_half_way() {
    let folder = Folder::new();
    let mut first = folder.start(env!("CARGO_BIN_EXE_fan_out"), &["10000"]);
    first.line("5000 done");
    first.kill();
    let lines = folder.start(env!("CARGO_BIN_EXE_fan_out"), &["10000"]).finish();
    let last = lines.last().unwrap();
    let (bytes, done) = last.split_once(" bytes in all, ").unwrap();
    assert_eq!(bytes, "495000");
    let done: u32 = done.split_once(' ').unwrap().0.parse().unwrap();
    // What was under way when the first was killed is done again, at most as many as may be at
    // once (and as many more whose outcomes waited for their commit).
    assert!((1..=5_128).contains(&done), "{last}");
}
