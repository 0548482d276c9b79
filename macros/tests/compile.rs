//! What the macros accept, and what they say where they do not.
//!
//! `TRYBUILD=overwrite cargo test -p flowcrate-macros --test compile` writes what is said now.

#[test]
fn what_is_accepted_compiles_and_runs() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}

#[test]
fn what_is_refused_says_what_is_accepted() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
