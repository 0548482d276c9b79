//! The kinds of the language itself, as data.

use std::sync::Arc;

use flowcrate::types::{Field, RecordType, Type};
use serde_json::{Value, json};

use super::{FieldView, Group, KindView};

/// Triggers, then control, pure kinds, custom code and notes.
pub(super) fn kinds() -> Vec<KindView> {
    [triggers(), choices(), waits(), calls(), ends(), rest()].concat()
}

fn triggers() -> Vec<KindView> {
    vec![
        kind("manual@1", "Manual start", Group::Trigger, "Triggers")
            .description("Starts when a person or a program asks for it.")
            .config(payload()),
        kind("webhook@1", "Webhook", Group::Trigger, "Triggers")
            .description("Starts on a POST to its own path; the JSON body is the payload.")
            .config([setting("path", "Path", Type::String)
                .doc("The last part of `/hooks/…`; the workflow's name if it is left out.")])
            .config(payload()),
        kind("schedule@1", "Schedule", Group::Trigger, "Triggers")
            .description(
                "Starts at the times of a cron expression; the payload is `{scheduled_at}`.",
            )
            .config([
                setting("cron", "Cron", Type::String)
                    .required()
                    .default(json!("0 * * * *"))
                    .doc("Five fields: minute, hour, day of month, month, day of week."),
                setting("timezone", "Time zone", Type::String)
                    .default(json!("UTC"))
                    .doc("A name such as `Europe/Berlin`."),
            ])
            .output(record("Tick", [("scheduled_at", Type::Timestamp)])),
    ]
}

fn choices() -> Vec<KindView> {
    vec![
        kind("condition@1", "Condition", Group::Control, "Flow")
            .description("Leaves by `true` or by `false`.")
            .handles(["true", "false", "error"])
            .input(field("condition", "Condition", Type::Bool).required().default(json!("{{ true }}"))),
        kind("switch@1", "Switch", Group::Control, "Flow")
            .description("Leaves by the first case that holds, else by `default`.")
            .handles(["default", "error"])
            .input(
                field("value", "Value", Type::Any)
                    .doc("What the cases with `equals` are compared with."),
            )
            .config([setting("cases", "Cases", Type::list(Type::Any))
                .required()
                .default(json!([{ "name": "first", "when": "{{ true }}" }]))
                .doc("In order: `{name, equals: literal}` or `{name, when: \"{{ bool }}\"}`.")]),
        kind("for_each@1", "For each", Group::Control, "Flow")
            .description("Runs its body once for each element of a list, and gives the list of results.")
            .input(field("items", "Items", Type::list(Type::Any)).required())
            .config([
                setting("concurrency", "Items at once", Type::Int).default(json!(1)),
                setting("on_item_error", "When an item fails", Type::String)
                    .default(json!("fail"))
                    .options(["fail", "skip", "collect"])
                    .doc("`fail` stops the loop, `skip` leaves the item out, `collect` gives `{index, value?, error?}`."),
            ]),
        kind("race@1", "Race", Group::Control, "Flow")
            .description("Runs its branches at once; the first to succeed wins, the others are cancelled.")
            .config([setting("keep", "Keep", Type::list(Type::String))
                .doc("Branches whose effects stay where they lose.")]),
        kind("try@1", "Try", Group::Control, "Flow")
            .description("Runs its body; where that fails its catch, and in any case its finally.")
            .config([setting("compensate", "Undo the body first", Type::Bool)
                .doc("Undoes what the body did before its failure is caught.")]),
        kind("while@1", "While", Group::Control, "Flow")
            .description("Runs its body from state to state while a condition holds; gives the last state.")
            .input(
                field("init", "First state", Type::Any).required().default(json!("{{ 0 }}")),
            )
            .input(
                field("condition", "Goes on while", Type::Bool)
                    .required()
                    .default(json!("{{ false }}"))
                    .doc("Reads the state as `loops.<id>.state`; the scope's result is the next one."),
            )
            .config([
                setting("max_iterations", "Iterations at most", Type::Int)
                    .default(json!(100))
                    .doc("The loop fails where it takes more."),
                setting("state", "Type of the state", Type::Any)
                    .doc("`{schema}` or `{sample}`, where the first state does not show it."),
            ]),
    ]
}

fn waits() -> Vec<KindView> {
    vec![
        kind("wait@1", "Wait", Group::Control, "Flow")
            .description(
                "Waits for a span of time or until an instant; a waiting run costs nothing.",
            )
            .input(
                field("duration", "For", Type::Duration.optional())
                    .default(json!("10s"))
                    .doc("Such as `90s` or `1h 30m`; or set `until`."),
            )
            .input(field("until", "Until", Type::Timestamp.optional())),
        kind("wait_event@1", "Wait for event", Group::Control, "Flow")
            .description(
                "Waits until somebody sends the event to the run; its payload is the output.",
            )
            .handles(["out", "timeout", "error"])
            .input(
                field("key", "Key", Type::String.optional())
                    .doc("Takes only events that were sent with this key."),
            )
            .input(
                field("timeout", "Timeout", Type::Duration.optional())
                    .doc("Then the node leaves by `timeout`."),
            )
            .config([setting("event", "Event", Type::String).required().default(json!("event"))])
            .config(payload()),
        kind("approval@1", "Approval", Group::Control, "Flow")
            .description("Asks people, and leaves by what they decide; the answer is the output.")
            .handles(["approved", "rejected", "timeout", "error"])
            .input(
                field("assignees", "Who decides", Type::list(Type::String).optional())
                    .doc("Names of those who may answer; anybody where it is left out."),
            )
            .input(
                field("key", "Key", Type::String.optional())
                    .doc("Takes only answers that were sent with this key."),
            )
            .input(
                field("timeout", "Timeout", Type::Duration.optional())
                    .doc("Then the node leaves by `timeout`."),
            )
            .config([
                setting("form", "Form", Type::String).doc("What is shown to them, by its name."),
                setting("event", "Event", Type::String)
                    .doc("The event by which the answer comes; the node's id if it is left out."),
            ])
            .config(payload()),
    ]
}

fn calls() -> Vec<KindView> {
    let called = |kind: KindView| {
        kind.input(
            field("input", "Input", Type::Any)
                .multiline()
                .doc("What starts the other run: the payload of its trigger."),
        )
        .config([
            setting("workflow", "Workflow", Type::String)
                .required()
                .doc("The name of a stored workflow; its revision is kept with this one's."),
            setting("trigger", "Trigger", Type::String)
                .doc("Which trigger starts it, where it has several."),
        ])
    };
    vec![
        called(kind("call_workflow@1", "Call workflow", Group::Control, "Flow").description(
            "Runs another workflow and waits for its output; its failure is this node's.",
        )),
        called(
            kind("start_workflow@1", "Start workflow", Group::Control, "Flow")
                .description("Starts another workflow and goes on; gives the id of its run.")
                .output(Type::String),
        ),
    ]
}

fn ends() -> Vec<KindView> {
    vec![
        kind("return@1", "Return", Group::Control, "Flow")
            .description("Sets the run's output; the run ends when every node is decided.")
            .input(field("value", "Value", Type::Any).required().multiline()),
        kind("respond@1", "Respond", Group::Control, "Flow")
            .description("Answers the webhook's caller; the run goes on.")
            .input(field("value", "Value", Type::Any).required().multiline()),
        kind("fail@1", "Fail", Group::Control, "Flow")
            .description("Fails with a message and a code of yours.")
            .handles(["error"])
            .input(field("message", "Message", Type::String).required().multiline())
            .input(field("code", "Code", Type::String.optional()).default(json!("failed"))),
    ]
}

fn rest() -> Vec<KindView> {
    vec![
        kind("transform@1", "Transform", Group::Pure, "Data")
            .description("Builds a value out of others.")
            .input(field("value", "Value", Type::Any).required().multiline()),
        kind("filter@1", "Filter", Group::Pure, "Data")
            .description("Keeps the elements of a list for which a condition holds.")
            .input(field("items", "Items", Type::list(Type::Any)).required())
            .input(
                field("condition", "Condition", Type::Bool)
                    .required()
                    .default(json!("{{ true }}"))
                    .doc("Each element is `item`."),
            ),
        kind("sort@1", "Sort", Group::Pure, "Data")
            .description("Puts a list in order; elements with equal keys stay as they are.")
            .input(field("items", "Items", Type::list(Type::Any)).required())
            .input(
                field("by", "By", Type::Any)
                    .doc("Each element is `item`; by default it is its own key."),
            )
            .config([setting("order", "Order", Type::String)
                .default(json!("ascending"))
                .options(["ascending", "descending"])]),
        kind("aggregate@1", "Aggregate", Group::Pure, "Data")
            .description("Makes one value of all elements of a list.")
            .input(field("items", "Items", Type::list(Type::Any)).required())
            .input(
                field("value", "Value", Type::Any)
                    .doc("Each element is `item`; by default it is the value."),
            )
            .config([setting("operation", "Operation", Type::String)
                .required()
                .default(json!("count"))
                .options(["count", "sum", "average", "min", "max", "list", "unique"])
                .doc("Of no elements, `average`, `min` and `max` are absent.")]),
        kind("custom@1", "Custom code", Group::Action, "Code")
            .description("A typed Rust function that you write in the exported crate; on the server the run pauses here.")
            .config([setting("output", "Output", Type::Any)
                .doc("`{\"schema\": …}` with a JSON Schema, or `{\"sample\": …}` with any JSON.")]),
        kind("note@1", "Note", Group::Control, "Notes")
            .description("Text on the canvas; it does nothing.")
            .handles([]),
    ]
}

/// The ways to type a payload.
fn payload() -> [FieldView; 3] {
    [
        setting("schema", "JSON Schema", Type::Any).doc("The payload's schema."),
        setting("sample", "Sample", Type::Any).doc("A sample payload; its type is inferred."),
        setting("samples", "Samples", Type::list(Type::Any))
            .doc("Several sample payloads; the type is what they have in common."),
    ]
}

fn record<const N: usize>(name: &str, fields: [(&str, Type); N]) -> Type {
    let fields = fields.map(|(name, ty)| (name.to_owned(), Field { ty, doc: None }));
    Type::Record(Arc::new(RecordType {
        name: Some(name.to_owned()),
        fields: fields.into(),
        closed: false,
    }))
}

fn kind(kind: &str, label: &str, group: Group, category: &str) -> KindView {
    KindView {
        kind: kind.to_owned(),
        label: label.to_owned(),
        description: String::new(),
        category: category.to_owned(),
        group,
        handles: match group {
            Group::Trigger => vec!["out".to_owned()],
            Group::Control | Group::Pure | Group::Action => {
                vec!["out".to_owned(), "error".to_owned()]
            }
        },
        inputs: Vec::new(),
        config: Vec::new(),
        output: None,
    }
}

impl KindView {
    fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }

    fn handles<const N: usize>(mut self, handles: [&str; N]) -> Self {
        self.handles = handles.map(str::to_owned).into();
        self
    }

    fn input(mut self, field: FieldView) -> Self {
        self.inputs.push(field);
        self
    }

    fn config<const N: usize>(mut self, fields: [FieldView; N]) -> Self {
        self.config.extend(fields);
        self
    }

    fn output(mut self, ty: Type) -> Self {
        self.output = Some(ty);
        self
    }
}

/// A field that may hold expressions.
fn field(name: &str, label: &str, ty: Type) -> FieldView {
    FieldView { expression: true, ..setting(name, label, ty) }
}

/// A static field.
fn setting(name: &str, label: &str, ty: Type) -> FieldView {
    FieldView {
        name: name.to_owned(),
        label: label.to_owned(),
        ty,
        required: false,
        expression: false,
        multiline: false,
        options: Vec::new(),
        default: None,
        doc: None,
    }
}

impl FieldView {
    fn required(self) -> Self {
        Self { required: true, ..self }
    }

    fn multiline(self) -> Self {
        Self { multiline: true, ..self }
    }

    fn default(self, value: Value) -> Self {
        Self { default: Some(value), ..self }
    }

    fn options<const N: usize>(self, options: [&str; N]) -> Self {
        Self { options: options.map(Value::from).into(), ..self }
    }

    fn doc(self, text: &str) -> Self {
        Self { doc: Some(text.to_owned()), ..self }
    }
}
