//! The README's blocks that tests run.

use crate::emitted;

/// The fenced block right after `<!-- test: NAME -->`.
///
/// # Panics
///
/// Where the README has no such block: the test that needs it has failed.
#[expect(clippy::expect_used, reason = "this is how a test fails")]
pub fn block(name: &str) -> String {
    let readme = std::fs::read_to_string(emitted::root().join("README.md")).expect("README.md");
    let marker = format!("<!-- test: {name} -->");
    let (_, after) = readme.split_once(&marker).expect("the README has this block");
    let body = after.trim_start().split_once('\n').expect("an opening fence").1;
    body.split("\n```").next().expect("a closing fence").to_owned()
}
