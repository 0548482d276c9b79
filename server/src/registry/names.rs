//! What crates may be called.

use crate::error::Error;

/// The longest name that registries take.
const LONGEST: usize = 64;

/// Names of devices, which one system takes for files whatever follows the dot.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Whether the text has the form of a crate's name.
pub(super) fn is_crate_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() <= LONGEST
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// Refuses a name that a published crate must not have, with one that it may.
pub(super) fn publishable(name: &str) -> Result<(), Error> {
    let refused =
        |why, suggestion: String| Err(Error::CrateName { name: name.to_owned(), why, suggestion });
    if !is_crate_name(name) {
        let kept: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let kept = kept.trim_matches('-');
        let begins = kept.starts_with(|first: char| first.is_ascii_alphabetic());
        let kept = if begins { kept.to_owned() } else { format!("workflow-{kept}") };
        let kept = kept.get(..LONGEST).unwrap_or(&kept).trim_matches('-').to_owned();
        return refused("a name is at most 64 letters, digits, - and _ after a letter", kept);
    }
    let folded = crate::store::folded(name);
    if DEVICES.contains(&folded.as_str()) {
        return refused("some systems cannot have a file of this name", format!("workflow-{name}"));
    }
    if folded == "flowcrate" || folded.starts_with("flowcrate-") {
        let rest = folded.strip_prefix("flowcrate-").filter(|rest| !rest.is_empty());
        let rest =
            rest.map_or_else(|| "workflow-flowcrate".to_owned(), |rest| format!("workflow-{rest}"));
        return refused("names that begin with flowcrate are for its own crates", rest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(name: &str) -> String {
        match publishable(name) {
            Err(Error::CrateName { suggestion, .. }) => {
                assert!(publishable(&suggestion).is_ok(), "{suggestion}");
                suggestion
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_a_crate_has_a_suggestion_that_can() {
        assert!(publishable("order-intake").is_ok());
        assert_eq!(suggestion("con"), "workflow-con");
        assert_eq!(suggestion("Flowcrate_Macros"), "workflow-macros");
        assert_eq!(suggestion("flowcrate"), "workflow-flowcrate");
        assert_eq!(suggestion("2fa"), "workflow-2fa");
        assert_eq!(suggestion(&format!("{}-b", "a".repeat(63))), "a".repeat(63));
    }
}
