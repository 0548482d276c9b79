//! Blocks of pages that tests run.

use crate::emitted;

/// The fenced block right after `<!-- test: NAME -->`.
///
/// # Panics
///
/// Where the README has no such block: the test that needs it has failed.
pub fn block(name: &str) -> String {
    block_of("README.md", name)
}

/// The same of another page of this repository.
///
/// # Panics
///
/// As [`block`].
#[expect(clippy::expect_used, reason = "this is how a test fails")]
pub fn block_of(page: &str, name: &str) -> String {
    let page = std::fs::read_to_string(emitted::root().join(page)).expect("a page");
    let marker = format!("<!-- test: {name} -->");
    let (_, after) = page.split_once(&marker).expect("the page has this block");
    let body = after.trim_start().split_once('\n').expect("an opening fence").1;
    body.split("\n```").next().expect("a closing fence").to_owned()
}
