//! `custom@1`: a step that a person writes.

use serde_json::Value;

use super::Found;
use crate::check::Body;
use crate::check::policy;
use crate::check::settings::shown;
use crate::check::site::Site;

/// The inputs are a record of any fields; the output has the type that `config.output` declares.
pub(super) fn check(site: &Site<'_>) -> Found {
    let declared = site.setting("output");
    let source = declared.and_then(Value::as_object);
    if let (Some(declared), None) = (declared, source) {
        let problem = format!("is {}, expected `schema`, `sample` or `samples`", shown(declared));
        site.bad_setting("output", &problem, "write an object with `schema` or `sample`");
    }
    let output = site.declared_type("/config/output", source);
    let input = site.typed("/inputs", &site.all_inputs(), None);
    let policy = policy::check(site);
    let body = input.zip(policy).map(|(input, policy)| Body::Custom { input, policy, undo: None });
    Found::giving(body, output)
}
