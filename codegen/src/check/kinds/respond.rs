//! `respond@1`: answers whoever waits for the run's response; the run goes on (S32).

use super::Found;
use crate::check::Body;
use crate::check::site::Site;

/// The value is the body of the answer.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["value"]);
    let value = site.required_input("value", None);
    Found::silent(value.map(|value| Body::Respond { value }))
}
