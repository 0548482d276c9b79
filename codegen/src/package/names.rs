//! From a workflow's slug to a name that cargo and rustc accept for a crate.

/// Names that a crate cannot have: keywords, and crates that the emitted code itself names.
const TAKEN: [&str; 66] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "flowcrate",
    "flowcrate-macros",
    "flowcrate-plugins",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "serde",
    "serde-json",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "tokio",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "build",
    "deps",
    "examples",
];

/// The package's name: the slug, unless it cannot be one.
pub(super) fn crate_name(slug: &str) -> String {
    let begins_well = slug.starts_with(|first: char| first.is_ascii_alphabetic());
    if begins_well && !TAKEN.contains(&slug) { slug.to_owned() } else { format!("workflow-{slug}") }
}

#[cfg(test)]
mod tests {
    use super::crate_name;

    #[test]
    fn keywords_and_our_own_names_are_left_to_others() {
        assert_eq!(crate_name("order-intake"), "order-intake");
        for slug in ["fn", "std", "flowcrate", "test", "2fa"] {
            assert_eq!(crate_name(slug), format!("workflow-{slug}"));
        }
    }
}
