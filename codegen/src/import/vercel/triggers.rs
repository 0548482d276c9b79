//! Triggers: Manual, Webhook, Schedule.

use serde_json::Value;

use super::Translated;
use super::document::Node;
use super::schema;
use crate::Diagnostic;
use crate::diagnostic::{code, nearest};

const KNOWN: [&str; 3] = ["Manual", "Webhook", "Schedule"];

/// What starts the runs.
pub(super) fn translate(node: &Node, trigger: &str, found: &mut Vec<Diagnostic>) -> Translated {
    match trigger {
        "Manual" => Translated { kind: "manual@1", ..Translated::default() },
        "Webhook" => webhook(node, found),
        "Schedule" => schedule(node, found),
        other => {
            let near = nearest(other, KNOWN).unwrap_or("Webhook");
            let label = node.quoted();
            found.push(
                Diagnostic::new(
                    code::FOREIGN_TRIGGER,
                    format!("{label} starts runs by `{other}`, which has no counterpart here"),
                )
                .node(&node.id)
                .field("/config/triggerType")
                .help(format!("let it start by `{near}` before the import")),
            );
            Translated { kind: "manual@1", ..Translated::default() }
        }
    }
}

fn webhook(node: &Node, found: &mut Vec<Diagnostic>) -> Translated {
    let mut translated = Translated { kind: "webhook@1", ..Translated::default() };
    match schema::of_webhook(node) {
        Ok(Some(schema)) => {
            translated.config.insert("schema".into(), schema);
        }
        Ok(None) => {
            let sample = node.setting("webhookMockRequest");
            let sample = sample.and_then(|text| serde_json::from_str::<Value>(&text).ok());
            if let Some(sample) = sample.filter(Value::is_object) {
                translated.config.insert("sample".into(), sample);
            }
        }
        Err(why) => found.push(
            Diagnostic::new(
                code::FOREIGN_SETTING,
                format!("the webhook schema of {} cannot be read: {why}", node.quoted()),
            )
            .node(&node.id)
            .field("/config/webhookSchema")
            .help("write it as a JSON list of `{name, type, fields?}`"),
        ),
    }
    translated
}

fn schedule(node: &Node, found: &mut Vec<Diagnostic>) -> Translated {
    let mut translated = Translated { kind: "schedule@1", ..Translated::default() };
    match node.setting("scheduleCron") {
        Some(cron) => {
            translated.config.insert("cron".into(), cron.trim().into());
        }
        None => found.push(
            Diagnostic::new(
                code::FOREIGN_SETTING,
                format!("{} has no `scheduleCron`, so it would never fire", node.quoted()),
            )
            .node(&node.id)
            .field("/config/scheduleCron")
            .help("give it five fields, such as `0 * * * *`"),
        ),
    }
    if let Some(timezone) = node.setting("scheduleTimezone") {
        translated.config.insert("timezone".into(), timezone.trim().into());
    }
    translated
}
