//! A plugin's action: typed by its manifest.

use flowcrate::catalogue::ActionManifest;
use flowcrate::types::{RecordType, Type};
use serde_json::Value;

use super::Found;
use crate::check::Body;
use crate::check::policy;
use crate::check::settings::shown;
use crate::check::site::Site;
use crate::diagnostic::pointer_token;
use crate::expr::Expr;

/// The field of `config` that types the manifest's generic output field.
const RESPONSE: &str = "response";

/// Input and output as the manifest has them.
pub(super) fn check(site: &Site<'_>, manifest: &ActionManifest) -> Found {
    let generic = manifest.generic_output.as_ref().map(|field| (field, response(site)));
    let input = input(site, &manifest.input);
    let policy = policy::check(site);
    let output = match &generic {
        None => Some(manifest.output.clone()),
        Some((field, ty)) => ty.as_ref().map(|ty| with_field(&manifest.output, field, ty)),
    };
    let generic = generic.and_then(|(_, ty)| ty);
    let overridden = site.node.raw.overridden;
    let body = input.zip(policy).map(|(input, policy)| Body::Action {
        input,
        policy,
        generic,
        undo: None,
        overridden,
    });
    Found::giving(body, output)
}

/// The type that `config.response` declares.
fn response(site: &Site<'_>) -> Option<Type> {
    let declared = site.setting(RESPONSE);
    let source = declared.and_then(Value::as_object);
    if let (Some(declared), None) = (declared, source) {
        let problem = format!("is {}, expected `schema`, `sample` or `samples`", shown(declared));
        site.bad_setting(RESPONSE, &problem, "write an object with `schema` or `sample`");
        return None;
    }
    site.declared_type("/config/response", source)
}

/// A record with one field's type replaced; where the field is optional it stays so.
fn with_field(output: &Type, name: &str, ty: &Type) -> Type {
    let Type::Record(record) = output else { return output.clone() };
    let mut record = RecordType::clone(record);
    if let Some(field) = record.fields.get_mut(name) {
        let optional = matches!(field.ty, Type::Optional { .. });
        field.ty = if optional { ty.clone().optional() } else { ty.clone() };
    }
    Type::Record(record.into())
}

/// The inputs as a record of the manifest's type.
fn input(site: &Site<'_>, expected: &Type) -> Option<Expr> {
    let Type::Record(record) = expected else {
        return site.typed("/inputs", &site.all_inputs(), Some(expected));
    };
    let known: Vec<&str> = record.fields.keys().map(String::as_str).collect();
    site.only_inputs(&known);
    for (name, field) in &record.fields {
        if !field.ty.may_be_absent() && site.raw_input(name).is_none() {
            site.missing_input(name, &field.ty);
        }
    }
    if !site.is_broken() {
        return site.typed("/inputs", &site.all_inputs(), Some(expected));
    }
    // Names are wrong: the values that do belong to an input are still checked, one by one.
    for (name, value) in site.node.raw.inputs.iter().filter(|(_, value)| !value.is_null()) {
        if let Some(field) = record.fields.get(name) {
            let pointer = format!("/inputs/{}", pointer_token(name));
            site.typed(&pointer, value, Some(&field.ty));
        }
    }
    None
}
