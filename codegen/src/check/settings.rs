//! Static settings: `config`, which holds no expressions.

use flowcrate::types::{Type, meets, project};
use serde_json::{Map, Value};

use super::kinds::Kind;
use super::site::Site;
use super::warnings::known_any;
use crate::diagnostic::{Diagnostic, code, harmless, pointer_token, quoted};
use crate::schema::{self, Asked, Declared, SchemaIssue};

/// The keys that say of what type something is.
pub(super) const TYPE_SOURCES: [&str; 3] = ["sample", "samples", "schema"];

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

    /// The type that `schema`, `sample` or `samples` of an object of the configuration give; `any`
    /// of none. `None` where they are wrong, which is reported.
    pub(super) fn declared_type(
        &self,
        pointer: &str,
        source: Option<&'a Map<String, Value>>,
    ) -> Option<Type> {
        let part = |name: &str| source?.get(name).filter(|value| !value.is_null());
        let at = |name: &str| format!("{pointer}/{name}");
        let samples = self.samples(&at("samples"), part("samples"))?;
        let Some(schema) = part("schema") else {
            return match (part("sample"), samples) {
                (None, []) => Some(Type::Any),
                (Some(sample), []) => self.understood(&at("sample"), schema::from_sample(sample)),
                (None, samples) => self.understood(&at("samples"), schema::from_samples(samples)),
                (Some(sample), samples) => {
                    let all: Vec<Value> = [sample].into_iter().chain(samples).cloned().collect();
                    self.understood(pointer, schema::from_samples(&all))
                }
            };
        };
        let (found, asked) = self.asked(schema, schema::from_schema(schema));
        let ty = self.understood(&at("schema"), found)?;
        let one = part("sample").map(|sample| (at("sample"), sample));
        let many = samples.iter().enumerate();
        let many = many.map(|(place, sample)| (format!("{}/{place}", at("samples")), sample));
        for (pointer, sample) in one.into_iter().chain(many) {
            let met = |()| asked.as_ref().map_or(Ok(()), |asked| meets(asked, sample));
            if let Err(error) = project(&ty, sample).map(drop).and_then(met) {
                let message =
                    format!("the sample of {} is not of its schema: {error}", self.node.quoted());
                let finding = self.finding(code::WRONG_TYPE, message).field(pointer);
                self.report(finding.help("change the sample, or the schema"));
            }
        }
        let samples: Vec<Value> = part("sample").into_iter().chain(samples).cloned().collect();
        self.known_any(&at("schema"), &ty, &samples);
        if samples.is_empty() {
            self.example_known(&at("schema"), &ty, asked.as_ref());
        }
        Some(ty)
    }

    /// What a schema of a payload says beyond types is asked where the payload comes in: before a run
    /// starts, when an event is sent. What is left unasked is warned of.
    fn asked(
        &self,
        schema: &Value,
        found: Result<Declared, Vec<SchemaIssue>>,
    ) -> (Result<Declared, Vec<SchemaIssue>>, Option<Value>) {
        match found {
            Ok(declared) if self.node.kind.is_some_and(Kind::takes_payload) => {
                let Asked { schema, unasked } = schema::asked(schema, &declared.constraints);
                let warnings = schema::unchecked(&unasked).into_iter().collect();
                (Ok(Declared { warnings, ..declared }), schema)
            }
            other => (other, None),
        }
    }

    /// Warns where nobody can make an example of a payload: the crate's tests would need one.
    fn example_known(&self, pointer: &str, ty: &Type, asked: Option<&Value>) {
        let Some(schema) = asked else { return };
        let Err(error) = meets(schema, &schema::example_of(ty, asked)) else { return };
        let message = format!(
            "no example of the payload of {} is known, since its schema is more than its type: \
             {error}",
            self.node.quoted()
        );
        let found = self.finding(code::NO_EXAMPLE, message).field(pointer);
        self.report(found.help("give one as `sample`, for the crate's documents and tests"));
    }

    /// Warns where a schema says any of what its samples know.
    fn known_any(&self, pointer: &str, ty: &Type, samples: &[Value]) {
        let Ok(Declared { ty: known, .. }) = schema::from_samples(samples) else { return };
        let Some((path, known)) = known_any(ty, &known) else { return };
        let whole = path.is_empty();
        let what = if whole { "all of it".to_owned() } else { format!("`{path}`") };
        let message = format!(
            "the schema of {} lets {what} be any, and its sample knows that it is {known}",
            self.node.quoted()
        );
        let found = self.finding(code::KNOWN_ANY, message).field(pointer);
        let help = "say it in the schema: then it is checked when it comes in, not when it is read";
        let found = found.help(help);
        self.report(if whole {
            let path = format!("{}{pointer}", self.data_pointer());
            let removal = serde_json::json!({"op": "remove", "path": path});
            found.fix("take the type from the sample", vec![removal])
        } else {
            found
        });
    }

    /// The list that `samples` is. `None` where it is none, which is reported.
    fn samples(&self, pointer: &str, samples: Option<&'a Value>) -> Option<&'a [Value]> {
        match samples {
            None => Some(&[]),
            Some(Value::Array(samples)) => Some(samples),
            Some(other) => {
                let message = format!(
                    "`samples` of {} is {}, expected a list",
                    self.node.quoted(),
                    shown(other)
                );
                let finding = self.finding(code::BAD_SETTING, message).field(pointer);
                self.report(finding.help("write a list of samples, or one as `sample`"));
                None
            }
        }
    }

    fn understood(&self, pointer: &str, found: Result<Declared, Vec<SchemaIssue>>) -> Option<Type> {
        let (ty, issues) = match found {
            Ok(Declared { ty, warnings, .. }) => (Some(ty), warnings),
            Err(issues) => (None, issues),
        };
        for issue in issues {
            self.report(self.misunderstood(pointer, issue));
        }
        ty
    }

    fn misunderstood(&self, pointer: &str, issue: SchemaIssue) -> Diagnostic {
        Diagnostic {
            code: issue.code,
            severity: issue.severity,
            message: harmless(issue.message),
            node: Some(self.node.raw.id.to_string()),
            field: Some(format!("{pointer}{}", issue.pointer)),
            span: None,
            help: issue.help.map(harmless),
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
