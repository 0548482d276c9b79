//! What conditions translate to, and which have no translation.

use flowcrate::catalogue::Catalogue;
use serde_json::{Value, json};

use super::super::vercel;

/// A condition after a webhook with a schema and an action of unknown output.
fn imported(config: Value) -> Result<String, Vec<String>> {
    let schema = r#"[{"name":"total","type":"number"},{"name":"note","type":"string"},
                     {"name":"paid","type":"boolean"},{"name":"who","type":"object",
                      "fields":[{"name":"age","type":"number"}]}]"#;
    let mut config = config;
    config["actionType"] = "Condition".into();
    let node = |id: &str, ty: &str, config: Value| {
        json!({ "id": id, "type": ty, "position": { "x": 0, "y": 0 },
                "data": { "type": ty, "label": id, "config": config } })
    };
    let document = json!({ "name": "n", "nodes": [
        node("hook", "trigger", json!({ "triggerType": "Webhook", "webhookSchema": schema })),
        node("act-1", "action", json!({ "actionType": "x/y" })),
        node("if", "action", config),
    ], "edges": [
        { "source": "hook", "target": "act-1" },
        { "source": "act-1", "target": "if" },
    ] });
    let found = vercel(document.to_string().as_bytes(), None);
    match found.graph {
        Some(graph) => {
            // Whatever is translated is sound in our own language.
            let source = graph.to_string();
            let (_, found) = crate::check_source(source.as_bytes(), &Catalogue::default());
            assert_eq!(found, [], "{}", graph["nodes"][2]["data"]["inputs"]);
            Ok(graph["nodes"][2]["data"]["inputs"]["condition"].as_str().unwrap().into())
        }
        None => Err(found
            .diagnostics
            .iter()
            .filter(|found| found.is_error())
            .map(|found| format!("{} {}", found.code, found.message))
            .collect()),
    }
}

fn script(source: &str) -> Result<String, Vec<String>> {
    imported(json!({ "condition": source }))
}

#[test]
fn unknown_values_are_compared_as_what_they_are_compared_with() {
    for (source, ours) in [
        ("{{@act-1:act-1.n}} < 2000", "(steps.act_1.n | float) < 2000"),
        ("2000 >= {{@act-1:act-1.n}}", "2000 >= (steps.act_1.n | float)"),
        ("{{@act-1:act-1.n}} === 200", "steps.act_1.n == 200"),
        ("{{@act-1:act-1.n}} == 200", "(steps.act_1.n | float) == 200"),
        ("{{@act-1:act-1.s}} === 'a \"b\"'", "steps.act_1.s == \"a \\\"b\\\"\""),
        ("{{@act-1:act-1.s}} !== null", "steps.act_1.s is defined"),
        ("undefined == {{@act-1:act-1.s}}", "steps.act_1.s is not defined"),
        ("{{@act-1:act-1.ok}}", "steps.act_1.ok"),
        ("!{{@act-1:act-1.ok}}", "not steps.act_1.ok"),
        ("{{@act-1:act-1.ok}} === true", "steps.act_1.ok == true"),
    ] {
        assert_eq!(script(source), Ok(format!("{{{{ {ours} }}}}")), "{source}");
    }
}

#[test]
fn known_values_are_compared_as_they_are_and_truthiness_is_written_out() {
    for (source, ours) in [
        ("{{@hook:hook.total}} < 2000", "trigger.total < 2000"),
        ("{{@hook:hook.who.age}} == 3", "trigger.who.age == 3"),
        ("{{@hook:hook.paid}} && {{@hook:hook.total}}", "trigger.paid and trigger.total != 0"),
        ("!{{@hook:hook.note}}", "not (trigger.note != \"\")"),
        (
            "({{@hook:hook.paid}} || {{@hook:hook.total}} > 1) && !({{@hook:hook.note}} == 'x')",
            "(trigger.paid or trigger.total > 1) and not (trigger.note == \"x\")",
        ),
    ] {
        assert_eq!(script(source), Ok(format!("{{{{ {ours} }}}}")), "{source}");
    }
}

#[test]
fn what_cannot_be_said_is_an_error_that_quotes_the_original() {
    for (source, code) in [
        ("status === 200", "E604"),
        ("1 === 1", "E604"),
        ("true", "E604"),
        ("", "E606"),
        ("{{@nope:Nope.x}} > 1", "E603"),
        ("{{act-1.x}} > 1", "E603"),
        ("{{@act-1:act-1.s}}.includes('x')", "E602"),
        ("{{@act-1:act-1.s}} > Math.PI", "E602"),
        ("new Date({{@act-1:act-1.s}}) > 1", "E602"),
        ("{{@act-1:act-1.s}} < 'b'", "E602"),
        ("{{@hook:hook.note}} < 2", "E602"),
        ("{{@hook:hook.note}} === 2", "E602"),
        ("{{@hook:hook.paid}} > 2", "E602"),
        ("({{@hook:hook.total}} > 2) === true", "E602"),
        ("{{@hook:hook.total}} && 'x'", "E602"),
    ] {
        let errors = script(source).expect_err(source);
        assert_eq!(errors.len(), 1, "{source}: {errors:?}");
        assert!(errors[0].starts_with(code), "{source}: {errors:?}");
        assert!(errors[0].contains("the condition of \"if\""), "{errors:?}");
        assert!(errors[0].ends_with(source), "{errors:?}");
    }
}

#[test]
fn groups_of_rules_count_before_the_text() {
    let rule = |left: &str, operator: &str, right: &str| json!({ "leftOperand": left, "operator": operator, "rightOperand": right });
    let group = |logic: &str, rules: Vec<Value>| json!({ "logic": logic, "rules": rules });
    let config =
        |group: Value| json!({ "condition": "ignored()", "conditionConfig": { "group": group } });
    let nested = group(
        "AND",
        vec![
            rule("{{@act-1:act-1.n}}", "<", "2000"),
            group(
                "OR",
                vec![
                    rule("{{@hook:hook.note}}", "===", "2000"),
                    rule("{{@act-1:act-1.s}}", "!==", "on hold"),
                ],
            ),
        ],
    );
    assert_eq!(
        imported(config(nested)).unwrap(),
        "{{ (steps.act_1.n | float) < 2000 and \
         (trigger.note == \"2000\" or steps.act_1.s != \"on hold\") }}"
    );
    for (rules, code) in [
        (group("XOR", vec![rule("{{@act-1:a.n}}", "<", "1")]), "E602"),
        (group("AND", vec![rule("{{@act-1:a.n}}", "contains", "1")]), "E602"),
        (group("AND", vec![rule("n", "<", "1")]), "E604"),
        (group("AND", vec![rule("{{@nope:a.n}}", "<", "1")]), "E603"),
        (group("AND", vec![rule("{{@act-1:a.n}} + 1", "<", "1")]), "E602"),
        (group("AND", vec![group("AND", vec![])]), "E606"),
    ] {
        let errors = imported(config(rules)).unwrap_err();
        assert!(errors.len() == 1 && errors[0].starts_with(code), "{errors:?}");
    }
}
