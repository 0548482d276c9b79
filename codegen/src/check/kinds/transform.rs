//! `transform@1`: a value made of other values; pure, recomputed.

use super::Found;
use crate::check::Body;
use crate::check::site::Site;

/// The output is the value.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["value"]);
    let value = site.required_input("value", None);
    let output = value.as_ref().map(|value| value.ty.clone());
    Found::giving(value.map(|value| Body::Transform { value }), output)
}
