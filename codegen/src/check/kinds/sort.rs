//! `sort@1`: a list in the order of a key of its elements; pure, recomputed.

use flowcrate::types::Type;

use super::{Found, elements};
use crate::check::Body;
use crate::check::site::Site;
use crate::diagnostic::{code, nearest, quoted};
use crate::expr::{Expr, ordered};

/// The key `by` reads the element as `item` (S16) and is the element itself by default. Elements
/// with equal keys keep their order, in both directions.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["items", "by"]);
    let descending = is_descending(site);
    let Some((list, element)) = elements::items(site) else { return Found::giving(None, None) };
    let output = list.ty.clone();
    let reverse = Expr::literal(descending, Type::Bool, list.span);
    let value = if site.raw_input("by").is_none() && ordered(&element).as_ref() == Some(&element) {
        Some(elements::call("list_sort", vec![list, reverse], output.clone()))
    } else {
        key(site, &element).map(|key| {
            let op = ("list_sort_by", output.clone());
            elements::operation(site, op, (list, key), [reverse])
        })
    };
    Found::giving(value.map(|value| Body::Transform { value }), Some(output))
}

fn key(site: &Site<'_>, element: &Type) -> Option<Expr> {
    let key = elements::over_each(site, ("by", element), None)?;
    let Some(order) = ordered(&key.ty) else {
        let message = format!("{} sorts by a {}, which has no order", site.node.quoted(), key.ty);
        let finding = site.finding(code::WRONG_TYPE, message).field("/inputs/by");
        site.report(finding.help(
            "set `by` to a part that has one, such as `{{ item.price }}`: \
             int, number, string, bool, timestamp or duration",
        ));
        return None;
    };
    if order == key.ty {
        return Some(key);
    }
    elements::over_each(site, ("by", element), Some(&order))
}

fn is_descending(site: &Site<'_>) -> bool {
    match site.text_setting("order") {
        Some("ascending") | None => false,
        Some("descending") => true,
        Some(other) => {
            let problem = format!("is {}, expected `ascending` or `descending`", quoted(other));
            let help = match nearest(other, ["ascending", "descending"]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "say in which direction the list is sorted".to_owned(),
            };
            site.bad_setting("order", &problem, &help);
            false
        }
    }
}
