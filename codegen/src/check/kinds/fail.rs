//! `fail@1`: an ordinary failure that is never tried again.

use super::{ERROR, Handles};

/// Only `error`: nothing follows a failure but its handler.
pub(super) fn handles() -> Handles {
    Handles::new([ERROR], None)
}
