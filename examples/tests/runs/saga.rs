//! The saga: what is done, what is undone, and that a kill in between changes nothing.

use std::time::Duration;

use super::program::Folder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_order_saga");

#[test]
fn what_can_be_shipped_is_and_nothing_is_undone() {
    let lines = Folder::new().start(PROGRAM, &["teapot"]).finish();
    assert_eq!(
        lines,
        [
            "reserved: teapot",
            "charged for: teapot",
            "shipped: teapot",
            "sent: parcel with one teapot"
        ]
    );
}

#[test]
fn what_cannot_is_undone_the_latest_first() {
    let lines = Folder::new().start(PROGRAM, &["unicorn"]).finish();
    let expected = [
        "reserved: unicorn",
        "charged for: unicorn",
        "refunded: payment",
        "put back on shelf 7: unicorn",
    ];
    assert_eq!(lines[..4], expected);
    assert!(lines[4].starts_with("not sent: ship: nobody carries unicorns"), "{lines:#?}");
}

#[test]
fn what_is_undone_is_not_undone_again_after_a_kill() {
    let folder = Folder::new();
    let mut first = folder.start(PROGRAM, &["unicorn"]);
    first.line("refunded");
    // The outcome is durable some moments after the body printed, and well before the item is
    // back on its shelf.
    std::thread::sleep(Duration::from_millis(500));
    first.kill();
    let lines = folder.start(PROGRAM, &["unicorn"]).finish();
    assert_eq!(lines[0], "put back on shelf 7: unicorn", "{lines:#?}");
    assert!(lines[1].starts_with("not sent: "), "{lines:#?}");
}
