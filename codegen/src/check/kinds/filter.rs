//! `filter@1`: the elements of a list for which a condition holds; pure, recomputed.

use flowcrate::types::Type;

use super::{Found, elements};
use crate::check::Body;
use crate::check::site::Site;

/// The condition reads the element as `item` (S16); the output is a list of the same type.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["items", "condition"]);
    let items = elements::items(site);
    if site.raw_input("condition").is_none() {
        site.missing_input("condition", &Type::Bool);
    }
    let Some((list, element)) = items else { return Found::giving(None, None) };
    let output = list.ty.clone();
    let condition = site
        .raw_input("condition")
        .and_then(|_| elements::over_each(site, ("condition", &element), Some(&Type::Bool)));
    let body = condition.map(|condition| {
        let op = ("list_select", output.clone());
        Body::Transform { value: elements::operation(site, op, (list, condition), []) }
    });
    Found::giving(body, Some(output))
}
