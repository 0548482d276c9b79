//! Values that are larger than the store takes: they fail where they come up (R9), so that no
//! write is refused for them.

use super::store_backend::StoreBackend;
use super::{Outcome, Site};
use crate::failure::Failure;
use crate::payload::Payload;

impl StoreBackend {
    /// Takes values of this many bytes at most.
    pub(crate) fn limit_values(&mut self, bytes: usize) {
        self.max_payload = bytes;
    }

    pub(super) fn fits(&self, value: &Payload) -> bool {
        value.as_str().len() <= self.max_payload
    }

    /// The outcome, or the failure that is recorded in its place.
    pub(super) fn fitting(&self, outcome: Outcome, path: &str) -> Outcome {
        match outcome {
            Outcome::Completed(Some(output)) if !self.fits(&output) => {
                Outcome::Failed(too_large("the output", &output, self.max_payload).at(path))
            }
            outcome => outcome,
        }
    }

    /// The site without an input that is too large, and the failure that this is.
    pub(super) fn fitting_site(&self, mut site: Site) -> (Site, Option<Failure>) {
        let refused = site.input.take_if(|input| input.as_str().len() > self.max_payload);
        let failure = refused.map(|input| too_large("the input", &input, self.max_payload));
        let failure = failure.map(|failure| failure.at(&*site.path));
        (site, failure)
    }
}

/// Why a value is not taken.
pub(crate) fn too_large(what: &str, value: &Payload, limit: usize) -> Failure {
    let bytes = value.as_str().len();
    let message = format!("{what} has {bytes} bytes of JSON, and the store takes {limit}");
    Failure::new("value_too_large", message)
}
