//! `fail@1`: an ordinary failure that is never tried again.

use flowcrate::types::Type;
use serde_json::json;

use super::{ERROR, Found, Handles};
use crate::check::Body;
use crate::check::site::Site;

/// Only `error`: nothing follows a failure but its handler.
pub(super) fn handles() -> Handles {
    Handles::new([ERROR], None)
}

/// A message, and a code that is `failed` where none is given.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["code", "message"]);
    let message = site.required_input("message", Some(&Type::String));
    let code = match site.raw_input("code") {
        Some(_) => site.input("code", Some(&Type::String)),
        None => site.typed("/inputs/code", &json!("failed"), Some(&Type::String)),
    };
    Found::silent(code.zip(message).map(|(code, message)| Body::Fail { code, message }))
}
