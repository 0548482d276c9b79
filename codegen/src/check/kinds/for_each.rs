//! `for_each@1`: runs what it holds for each item of a list (S25, S26).

use std::collections::BTreeMap;

use flowcrate::types::{Field, RecordType, Type};

use super::{Found, elements, result};
use crate::check::settings::shown;
use crate::check::site::Site;
use crate::check::{Body, OnItemError, assemble, failure_type};
use crate::diagnostic::{nearest, quoted};
use crate::expr::Expr;

/// More items in flight than this are no concurrency, but a flood.
const MAX_CONCURRENCY: u64 = 10_000;

/// What is known of a loop before its body is checked.
#[derive(Clone, Debug)]
pub(in crate::check) struct Opened {
    items: Option<Expr>,
    /// The type of an item.
    pub(in crate::check) item: Type,
    concurrency: u32,
    on_item_error: OnItemError,
}

/// Checks what stands outside the body.
pub(in crate::check) fn open(site: &Site<'_>) -> Opened {
    site.only_inputs(&["items"]);
    let (items, item) = elements::items(site).unzip();
    let item = item.unwrap_or(Type::Any);
    let (concurrency, on_item_error) = (concurrency(site), on_item_error(site));
    Opened { items, item, concurrency, on_item_error }
}

fn concurrency(site: &Site<'_>) -> u32 {
    let Some(value) = site.setting("concurrency") else { return 1 };
    let number = value.as_u64().filter(|number| (1..=MAX_CONCURRENCY).contains(number));
    if let Some(number) = number.and_then(|number| u32::try_from(number).ok()) {
        return number;
    }
    let problem =
        format!("is {}, expected a whole number from 1 to {MAX_CONCURRENCY}", shown(value));
    site.bad_setting("concurrency", &problem, "say how many items may be in flight at once");
    1
}

fn on_item_error(site: &Site<'_>) -> OnItemError {
    match site.text_setting("on_item_error") {
        Some("fail") | None => OnItemError::Fail,
        Some("skip") => OnItemError::Skip,
        Some("collect") => OnItemError::Collect,
        Some(other) => {
            let problem = format!("is {}, expected `fail`, `skip` or `collect`", quoted(other));
            let help = match nearest(other, ["fail", "skip", "collect"]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "say what becomes of the loop when an item fails".to_owned(),
            };
            site.bad_setting("on_item_error", &problem, &help);
            OnItemError::Fail
        }
    }
}

/// Checks the result, once the body is checked. `site` is the end of the body.
pub(in crate::check) fn close(site: &Site<'_>, opened: Opened) -> Found {
    let Opened { items, item: _, concurrency, on_item_error } = opened;
    let result = result::of(site, None);
    let output = result.as_ref().map(|result| of_all(on_item_error, &result.ty));
    let body = items.zip(result).map(|(items, result)| Body::ForEach {
        items,
        concurrency,
        on_item_error,
        body: assemble::scope(site.stage, Some(site.index), "", Some(result)),
    });
    Found::giving(body, output)
}

/// The type of the loop's output, of each item's result.
fn of_all(on_item_error: OnItemError, result: &Type) -> Type {
    match on_item_error {
        OnItemError::Fail | OnItemError::Skip => Type::list(result.clone()),
        OnItemError::Collect => {
            let fields = [
                ("index", Type::Int),
                ("value", result.clone().optional()),
                ("error", failure_type().optional()),
            ];
            let field = |(name, ty): (&str, Type)| (name.to_owned(), Field { ty, doc: None });
            let fields: BTreeMap<String, Field> = fields.into_iter().map(field).collect();
            let name = Some("ItemOutcome".to_owned());
            Type::list(Type::Record(RecordType { name, fields, closed: false }.into()))
        }
    }
}
