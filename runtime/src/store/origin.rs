//! What is known of a journal's past when it is opened.

/// Where a journal comes from. One that was restored from a backup does not know what its runs have
/// done since; letting them go on would do it again, so they start paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nothing is known: a journal that was put where it is counts as restored from a backup.
    #[default]
    Unknown,
    /// It was restored from a backup: its runs start paused, with the failure `restored`.
    Restored,
    /// It was moved or copied here on purpose, and nobody drives the original any more: its runs
    /// go on.
    Moved,
}

/// Why the runs of a restored journal stand still.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn restored() -> crate::Failure {
    let message = "the journal was restored from a backup, and what this run has done since is not \
                   known: resume it if it is to go on from here";
    crate::Failure::new("restored", message)
}
