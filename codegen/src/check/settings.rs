//! Static settings: `config`, which holds no expressions.

use flowcrate::types::{Type, project};
use serde_json::{Map, Value};

use super::site::Site;
use crate::diagnostic::{Diagnostic, Severity, code, pointer_token, quoted};
use crate::schema::{self, SchemaIssue};

impl<'a> Site<'a> {
    /// A setting, unless it is absent or null.
    pub(super) fn setting(&self, name: &str) -> Option<&'a Value> {
        self.node.raw.config.get(name).filter(|value| !value.is_null())
    }

    /// Reports a setting.
    pub(super) fn bad_setting(&self, name: &str, problem: &str, help: &str) {
        let message = format!("`{name}` of {} {problem}", self.node.quoted());
        let field = format!("/config/{}", pointer_token(name));
        self.report(self.finding(code::BAD_SETTING, message).field(field).help(help));
    }

    /// A text setting. Anything else is reported.
    pub(super) fn text_setting(&self, name: &str) -> Option<&'a str> {
        let value = self.setting(name)?;
        let text = value.as_str();
        if text.is_none() {
            let problem = format!("is {}, expected a text", shown(value));
            self.bad_setting(name, &problem, "write it as a text");
        }
        text
    }

    /// A text setting that must be there.
    pub(super) fn required_text_setting(&self, name: &str, help: &str) -> Option<&'a str> {
        if self.setting(name).is_none() {
            self.bad_setting(name, "is missing, expected a text", help);
        }
        self.text_setting(name)
    }

    /// The type that `schema` or `sample` of an object of the configuration give; `any` of
    /// neither. `None` where they are wrong, which is reported.
    pub(super) fn declared_type(
        &self,
        pointer: &str,
        source: Option<&Map<String, Value>>,
    ) -> Option<Type> {
        let part = |name: &str| source?.get(name).filter(|value| !value.is_null());
        let (schema, sample) = (part("schema"), part("sample"));
        let at = |name: &str| format!("{pointer}/{name}");
        let Some(schema) = schema else {
            let Some(sample) = sample else { return Some(Type::Any) };
            return self.understood(&at("sample"), schema::from_sample(sample));
        };
        let ty = self.understood(&at("schema"), schema::from_schema(schema))?;
        if let Some(sample) = sample
            && let Err(error) = project(&ty, sample)
        {
            let message =
                format!("the sample of {} is not of its schema: {error}", self.node.quoted());
            self.report(
                self.finding(code::WRONG_TYPE, message)
                    .field(at("sample"))
                    .help("change the sample, or the schema"),
            );
        }
        Some(ty)
    }

    fn understood(&self, pointer: &str, found: Result<Type, Vec<SchemaIssue>>) -> Option<Type> {
        match found {
            Ok(ty) => Some(ty),
            Err(issues) => {
                for issue in issues {
                    self.report(self.misunderstood(pointer, issue));
                }
                None
            }
        }
    }

    fn misunderstood(&self, pointer: &str, issue: SchemaIssue) -> Diagnostic {
        Diagnostic {
            code: issue.code,
            severity: Severity::Error,
            message: issue.message,
            node: Some(self.node.raw.id.to_string()),
            field: Some(format!("{pointer}{}", issue.pointer)),
            span: None,
            help: issue.help,
            fix: None,
        }
    }
}

/// A setting's value for a message.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
