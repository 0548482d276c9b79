//! Whole documents in the dialect, one rule each.

use serde_json::{Value, json};

use super::*;
use crate::diagnostic::Severity;

fn node(id: &str, ty: &str, config: &Value) -> Value {
    json!({ "id": id, "type": ty, "position": { "x": 7, "y": 0.5 },
            "data": { "type": ty, "label": format!("The {id}"), "config": config } })
}

fn import(nodes: &[Value], edges: &Value) -> Imported {
    let document = json!({ "name": "My flow", "nodes": nodes, "edges": edges, "kept": 1 });
    vercel(document.to_string().as_bytes(), None)
}

fn manual() -> Value {
    node("t-1", "trigger", &json!({ "triggerType": "Manual" }))
}

fn errors(imported: &Imported) -> Vec<(&str, Option<&str>)> {
    assert!(imported.graph.is_none(), "{:#?}", imported.graph);
    let errors = imported.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    errors.map(|found| (found.code, found.node.as_deref())).collect()
}

#[test]
fn an_unknown_action_becomes_a_custom_node_with_its_inputs() {
    let send = json!({ "actionType": "slack/send", "text": "Hi {{@t-1:The t-1.name}}!",
                       "raw": "{{@t-1:The t-1.items}}", "json": "{\"a\": {\"b\": 1}}" });
    let edges = json!([{ "id": "e", "source": "t-1", "target": "send", "sourceHandle": null }]);
    let imported = import(&[manual(), node("send", "action", &send)], &edges);
    let graph = imported.graph.unwrap();
    assert_eq!(graph["name"], "my-flow");
    assert_eq!(graph["description"], "My flow");
    assert_eq!(graph["origin"], json!({ "tool": "vercel", "name": "My flow", "kept": 1 }));
    let custom = &graph["nodes"][1];
    assert_eq!(custom["position"], json!({ "x": 7, "y": 0.5 }));
    assert_eq!(
        custom["data"],
        json!({
            "label": "The send",
            "description": "Did `slack/send` in the original.",
            "kind": "custom@1",
            "inputs": { "text": "Hi {{ trigger.name }}!", "raw": "{{ trigger.items }}",
                        "json": "{\"a\": {\"b\": 1}}" },
            "origin": { "id": "send", "action": "slack/send" },
        })
    );
    assert_eq!(
        graph["edges"],
        json!([{ "id": "e", "source": "t_1", "sourceHandle": "out",
                                        "target": "send", "targetHandle": "in" }])
    );
    let warning = &imported.diagnostics[0];
    assert_eq!((warning.code, warning.node.as_deref()), ("W601", Some("send")));
}

#[test]
fn an_http_request_is_ours() {
    let call = json!({
        "actionType": "HTTP Request", "endpoint": " https://x.example/{{@t-1:The t-1.id}} ",
        "httpMethod": "post", "httpHeaders": "{\"X-A\": \"{{@t-1:The t-1.key}}\", \"N\": 5}",
        "httpBody": "{\"id\": {{@t-1:The t-1.id}}, \"say\": \"it is \\\"{{@t-1:The t-1.id}}\\\"\"}",
    });
    let then = json!({ "actionType": "a/b", "whole": "{{@call-1:The call-1}}",
                       "data": "{{@call-1:The call-1.data.id}}", "id": "{{@call-1:The call-1.id}}" });
    let nodes = [manual(), node("call-1", "action", &call), node("then", "action", &then)];
    let graph = import(&nodes, &json!([])).graph.unwrap();
    assert_eq!(graph["nodes"][1]["data"]["kind"], "http.request@1");
    assert_eq!(
        graph["nodes"][1]["data"]["inputs"],
        json!({
            "method": "POST", "url": "https://x.example/{{ trigger.id }}",
            "headers": { "X-A": "{{ trigger.key }}", "N": "5" },
            "json": { "id": "{{ trigger.id }}", "say": "it is \"{{ trigger.id }}\"" },
        })
    );
    assert_eq!(
        graph["nodes"][2]["data"]["inputs"],
        json!({
            "whole": "{{ steps.call_1.body }}", "data": "{{ steps.call_1.body.id }}",
            "id": "{{ steps.call_1.body.id }}",
        })
    );
}

#[test]
fn a_body_that_is_no_json_is_text_and_none_is_sent_with_get() {
    let call = |method: &str, body: &str| {
        json!({ "actionType": "HTTP Request", "endpoint": "https://x.example",
                "httpMethod": method, "httpBody": body, "httpHeaders": "{}" })
    };
    let nodes = [
        manual(),
        node("a", "action", &call("PUT", "plain {{@t-1:The t-1.x}}")),
        node("b", "action", &call("GET", "{\"x\": 1}")),
        node("c", "action", &call("GET", "{}")),
    ];
    let imported = import(&nodes, &json!([]));
    let graph = imported.graph.unwrap();
    assert_eq!(graph["nodes"][1]["data"]["inputs"]["text"], "plain {{ trigger.x }}");
    assert_eq!(graph["nodes"][2]["data"]["inputs"].get("json"), None);
    let left_out: Vec<_> = imported.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(left_out, ["W603"]);
}

#[test]
fn code_is_kept_in_the_description_and_what_it_reads_is_its_input() {
    let code = "const a = {{@act:The act.rows[0].n}};\nreturn `${a}` + {{@t-1:The t-1.x}}; // ```";
    let nodes = [
        manual(),
        node("act", "action", &json!({ "actionType": "a/b" })),
        node("run", "action", &json!({ "actionType": "code/run-code", "code": code })),
    ];
    let imported = import(&nodes, &json!([]));
    let data = &imported.graph.unwrap()["nodes"][2]["data"];
    assert_eq!(
        data["inputs"],
        json!({ "act_rows_0_n": "{{ steps.act.rows[0].n }}",
                                       "trigger_x": "{{ trigger.x }}" })
    );
    let description = data["description"].as_str().unwrap();
    assert!(description.contains(&format!("````js\n{code}\n````")), "{description}");
    assert!(imported.diagnostics.iter().any(|found| found.code == "W602"));
}

#[test]
fn triggers_are_ours() {
    let webhook = json!({ "triggerType": "Webhook", "webhookSchema":
        "[{\"name\":\"id\",\"type\":\"string\",\"description\":\"Who\"},{\"name\":\"tags\",\
          \"type\":\"array\",\"itemType\":\"string\"}]" });
    let graph = import(&[node("w", "trigger", &webhook)], &json!([])).graph.unwrap();
    assert_eq!(
        graph["nodes"][0]["data"]["config"]["schema"],
        json!({
            "type": "object", "required": ["id", "tags"], "properties": {
                "id": { "type": "string", "description": "Who" },
                "tags": { "type": "array", "items": { "type": "string" } },
            }
        })
    );
    let schedule = json!({ "triggerType": "Schedule", "scheduleCron": "0 * * * *",
                           "scheduleTimezone": "Europe/Berlin" });
    let graph = import(&[node("s", "trigger", &schedule)], &json!([])).graph.unwrap();
    assert_eq!(graph["nodes"][0]["data"]["kind"], "schedule@1");
    assert_eq!(
        graph["nodes"][0]["data"]["config"],
        json!({ "cron": "0 * * * *", "timezone": "Europe/Berlin" })
    );
}

#[test]
fn several_triggers_are_told_apart() {
    let nodes = [
        manual(),
        node("w", "trigger", &json!({ "triggerType": "Webhook" })),
        node("a", "action", &json!({ "actionType": "x", "v": "{{@w:The w.v}}" })),
    ];
    let graph = import(&nodes, &json!([])).graph.unwrap();
    assert_eq!(graph["nodes"][2]["data"]["inputs"]["v"], "{{ triggers.w.v }}");
}

#[test]
fn conditions_have_two_handles_or_one() {
    let nodes = [
        manual(),
        node("if", "condition", &json!({ "condition": "{{@t-1:T.ok}}" })),
        node("a", "action", &json!({ "actionType": "x" })),
    ];
    let edge = |handle: Value| json!([{ "source": "if", "target": "a", "sourceHandle": handle }]);
    for (handle, ours) in
        [(json!("true"), "true"), (json!("false"), "false"), (Value::Null, "true")]
    {
        let graph = import(&nodes, &edge(handle)).graph.unwrap();
        assert_eq!(graph["edges"][0]["sourceHandle"], ours);
    }
    assert_eq!(errors(&import(&nodes, &edge(json!("maybe")))), [("E607", Some("if"))]);
}

#[test]
fn what_is_disabled_framed_or_a_placeholder() {
    let mut off = node("a", "action", &json!({ "actionType": "x" }));
    off["data"]["enabled"] = false.into();
    off["parentId"] = "frame".into();
    let nodes =
        [manual(), off, node("frame", "group", &json!({})), node("plus", "add", &json!({}))];
    let edges = json!([{ "id": "e", "source": "a", "target": "plus" }]);
    let graph = import(&nodes, &edges).graph.unwrap();
    assert_eq!(graph["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(graph["nodes"][1]["data"]["disabled"], true);
    assert_eq!(graph["nodes"][1]["position"], json!({ "x": 14, "y": 1 }));
    assert_eq!(graph["nodes"][1].get("parentId"), None);
    assert_eq!(graph["edges"], json!([]));
}

#[test]
fn every_mistake_is_an_error_at_its_node_and_nothing_is_given() {
    let action = |config: Value| [manual(), node("x-1", "action", &config)];
    let http = |key: &str, value: &str| {
        let mut config = json!({ "actionType": "HTTP Request", "endpoint": "https://x.example" });
        config[key] = value.into();
        action(config)
    };
    for (nodes, code) in [
        (action(json!({ "actionType": "a", "v": "{{@nope:Nope.x}}" })), "E603"),
        (action(json!({ "actionType": "a", "v": "{{ price }}" })), "E603"),
        (action(json!({ "actionType": "a", "v": "{{@t-1:T..x}}" })), "E603"),
        (action(json!({ "actionType": "a", "code": "{{@nope:N}}" })), "E603"),
        (action(json!({ "actionType": "run code", "code": "{{@nope:N}}" })), "E603"),
        (http("endpoint", ""), "E606"),
        (http("httpMethod", "BREW"), "E606"),
        (http("httpHeaders", "X: y"), "E606"),
        ([manual(), node("x-1", "trigger", &json!({ "triggerType": "Block" }))], "E605"),
        ([manual(), node("x-1", "trigger", &json!({ "triggerType": "Schedule" }))], "E606"),
        (
            [
                manual(),
                node(
                    "x-1",
                    "trigger",
                    &json!({ "triggerType": "Webhook",
                                                       "webhookSchema": "[{\"type\":\"string\"}]" }),
                ),
            ],
            "E606",
        ),
    ] {
        let imported = import(&nodes, &json!([]));
        assert_eq!(errors(&imported), [(code, Some("x-1"))], "{:#?}", imported.diagnostics);
    }
    let repeated = import(&[manual(), manual()], &json!([]));
    assert_eq!(errors(&repeated), [("E201", Some("t-1"))]);
    let dangling = import(&[manual()], &json!([{ "id": "e9", "source": "t-1", "target": "gone" }]));
    assert_eq!(errors(&dangling), [("E203", Some("e9"))]);
}

#[test]
fn what_is_no_document_of_theirs_is_refused() {
    for (source, code) in [
        ("", "E101"),
        ("{\"nodes\": [", "E101"),
        ("[]", "E601"),
        ("{}", "E601"),
        ("{\"nodes\": {}}", "E601"),
        ("{\"nodes\": [{}]}", "E601"),
        ("{\"nodes\": [], \"edges\": [{\"source\": 1}]}", "E601"),
    ] {
        let imported = vercel(source.as_bytes(), None);
        assert_eq!(errors(&imported).first().map(|(code, _)| *code), Some(code), "{source}");
    }
    let wrapped = vercel(b"{\"workflow\": {\"name\": \"W\", \"nodes\": []}}", Some("Own name"));
    assert_eq!(wrapped.graph.unwrap()["name"], "own-name");
}

#[test]
fn text_that_only_looks_like_an_expression_stays_text() {
    let config = json!({ "actionType": "a", "v": "open {{ here", "w": " {{@t-1:T.x}} " });
    let graph = import(&[manual(), node("a", "action", &config)], &json!([])).graph.unwrap();
    assert_eq!(graph["nodes"][1]["data"]["inputs"]["v"], "open {{ \"{{\" }} here");
    assert_eq!(graph["nodes"][1]["data"]["inputs"]["w"], "{{ trigger.x }}");
}

#[test]
fn whatever_is_translated_is_sound_in_our_language() {
    let schema = "[{\"name\":\"id\",\"type\":\"number\"},{\"name\":\"tags\",\"type\":\"array\",\
                   \"itemType\":\"string\"}]";
    let first = json!({ "actionType": "a/b", "open": "a {{ b", "close": "c }} d", "hash": "{# {% x",
                        "both": "{{@w:The w.tags[0]}} and {{@w:The w.id}}" });
    let call = json!({
        "actionType": "HTTP Request", "httpMethod": "PUT",
        "endpoint": "https://x.example/{{@w:The w.id}}?q={{@first:The first.rows[0]['unit price']}}",
        "httpHeaders": "{\"X\": \"{{@first:The first.key}}\"}",
        "httpBody": "{\"id\": {{@w:The w.id}}, \"all\": {{@first:The first}}, \"n\": [1, null]}",
    });
    let run = json!({ "actionType": "code/run-code",
                      "code": "return {{@call:The call.data.list[1].x}} + {{@first:The first['a b']}}" });
    let nodes = [
        node("w", "trigger", &json!({ "triggerType": "Webhook", "webhookSchema": schema })),
        node("first", "action", &first),
        node("call", "action", &call),
        node("run", "action", &run),
    ];
    let edge = |source: &str, target: &str| json!({ "source": source, "target": target });
    let edges = json!([edge("w", "first"), edge("first", "call"), edge("call", "run")]);
    let graph = import(&nodes, &edges).graph.unwrap();
    let catalogue = flowcrate::catalogue::Catalogue { actions: [http_like()].into() };
    let (checked, found) = crate::check_source(graph.to_string().as_bytes(), &catalogue);
    assert!(checked.is_some() && found.iter().all(|found| found.code == "W501"), "{found:#?}");
}

/// As much of `http.request@1` as an import writes; the plugin itself is above this crate.
fn http_like() -> (String, flowcrate::catalogue::ActionManifest) {
    use flowcrate::types::Type;
    let map = || Type::map(Type::String).optional();
    let field = |name: &str, ty: Type| (name.to_owned(), ty);
    let kind = "http.request@1".to_owned();
    let input = Type::record([
        field("method", Type::String.optional()),
        field("url", Type::String),
        field("headers", map()),
        field("json", Type::Any),
        field("text", Type::String.optional()),
    ]);
    let output = Type::record([
        field("status", Type::Int),
        field("headers", Type::map(Type::String)),
        field("body", Type::Any),
    ]);
    let rust = flowcrate::catalogue::RustItems {
        package: "flowcrate-plugins".to_owned(),
        feature: "http".to_owned(),
        module: "flowcrate_plugins::http".to_owned(),
        function: "request".to_owned(),
        input: "Request".to_owned(),
        output: "Response".to_owned(),
    };
    let manifest = flowcrate::catalogue::ActionManifest {
        label: "HTTP request".to_owned(),
        description: String::new(),
        category: "Network".to_owned(),
        generic_output: Some("body".to_owned()),
        effects: true,
        heartbeats: false,
        kind: kind.clone(),
        input,
        output,
        rust,
    };
    (kind, manifest)
}
