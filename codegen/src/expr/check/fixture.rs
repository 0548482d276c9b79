//! The running fixture that holds the examples of the checker's tests and every operation of the
//! table: compiled to a crate, they give what the interpreter gives here (S18).

use std::fs;
use std::path::Path;

use flowcrate::types::Type;
use serde_json::{Map, Value, json};

use super::super::ast::{Ast, AstKind};
use super::super::table::tests::expressions;
use super::super::{
    Binding, Env, ExprKind, Name, Names, Reference, Root, Unresolved, check, eval, parse,
};
use super::tests::{ANY, ARITHMETIC, COMPARISONS, FILTERS, MEANT, PRESENCE, scope};
use crate::diagnostic::Span;

/// Examples that read what a run of the fixture has too, and whose values are always there.
fn examples() -> Vec<&'static str> {
    let elsewhere =
        |text: &str| ["item", "index", "run.", "steps.sure"].iter().any(|name| text.contains(name));
    [ARITHMETIC, COMPARISONS, FILTERS, ANY, PRESENCE]
        .into_iter()
        .flatten()
        .filter(|(text, expected)| !elsewhere(text) && !expected.starts_with("optional<"))
        .chain(MEANT)
        .map(|(text, _)| *text)
        .collect()
}

/// Constants as fields of the trigger, `trigger.k.x7`, so that nothing is folded.
#[derive(Default)]
struct Constants {
    types: Vec<(String, Type)>,
    values: Map<String, Value>,
}

impl Constants {
    fn field(&mut self, ty: Type, value: Value) -> String {
        let known = self
            .types
            .iter()
            .find(|(name, known)| *known == ty && self.values.get(name) == Some(&value));
        if let Some((name, _)) = known {
            return format!("trigger.k.{name}");
        }
        let name = format!("x{}", self.types.len());
        self.types.push((name.clone(), ty));
        self.values.insert(name.clone(), value);
        format!("trigger.k.{name}")
    }

    /// The text with its constants read from the trigger.
    fn hide(&mut self, text: &str) -> String {
        let text = text.replace("trigger", &self.field(Type::map(Type::Int), json!({"a": 1})));
        let template = parse(&text).expect("it parses");
        let mut found = Vec::new();
        constants(template.exact().expect("one expression"), &mut found);
        found.sort_by_key(|(span, ..)| *span);
        let mut hidden = text.clone();
        for (span, ty, value) in found.into_iter().rev() {
            hidden.replace_range(span.start..span.end, &self.field(ty, value));
        }
        hidden
    }
}

/// The constants of an expression, but for those that must be literal.
fn constants(ast: &Ast, found: &mut Vec<(Span, Type, Value)>) {
    match &ast.kind {
        AstKind::Int(int) => {
            if let Ok(int) = i64::try_from(*int) {
                found.push((ast.span, Type::Int, int.into()));
            }
        }
        AstKind::Number(number) => found.push((ast.span, Type::Number, (*number).into())),
        AstKind::Text(text) => found.push((ast.span, Type::String, text.clone().into())),
        AstKind::Bool(bool) => found.push((ast.span, Type::Bool, (*bool).into())),
        AstKind::Dict(entries) => entries.iter().for_each(|(_, value)| constants(value, found)),
        AstKind::Filter { value, call } => {
            constants(value, found);
            // The names of fields, filters and tests are literal.
            let literal = match call.name.as_str() {
                "map" | "groupby" => 1,
                "selectattr" | "rejectattr" => 2,
                _ => 0,
            };
            call.args.iter().skip(literal).for_each(|arg| constants(arg, found));
            let named = call.named.iter().filter(|(name, _)| name != "attribute");
            named.for_each(|(_, arg)| constants(arg, found));
        }
        _ => ast.children().into_iter().for_each(|child| constants(child, found)),
    }
}

impl Names for Constants {
    fn resolve(&self, reference: &Reference) -> Result<Binding, Unresolved> {
        match reference {
            Reference::Trigger => {
                let ty = Type::record([("k".to_owned(), Type::record(self.types.clone()))]);
                Ok(Binding { name: Name::Trigger, ty })
            }
            _ => Err(Unresolved::Unknown),
        }
    }

    fn candidates(&self, _: Root) -> Vec<String> {
        Vec::new()
    }
}

impl Env for Constants {
    fn get(&self, _: &Name) -> Option<Value> {
        Some(json!({"k": self.values}))
    }
}

fn json_type(ty: &Type) -> Value {
    match ty {
        Type::Int => json!({"type": "integer"}),
        Type::Number => json!({"type": "number"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Map { .. } => json!({"type": "object", "additionalProperties": {"type": "integer"}}),
        _ => json!({"type": "string"}),
    }
}

fn node(id: &str, kind: &str, inputs: &Value) -> Value {
    json!({"id": id, "type": "node", "position": {"x": 0, "y": 0},
        "data": {"label": id, "kind": kind, "inputs": inputs}})
}

fn transform(id: &str, value: &Value) -> Value {
    node(id, "transform@1", &json!({"value": value}))
}

fn edge(source: &str, handle: &str, target: &str) -> Value {
    json!({"id": format!("{source}_{handle}_{target}"), "source": source,
        "sourceHandle": handle, "target": target})
}

fn schema(constants: &Constants) -> Value {
    let fields: Map<String, Value> =
        constants.types.iter().map(|(name, ty)| (name.clone(), json_type(ty))).collect();
    let names: Vec<&String> = fields.keys().collect();
    let constants =
        json!({"type": "object", "title": "Constants", "required": names, "properties": fields});
    let line = json!({"type": "object", "title": "Line", "properties": {
        "label": {"type": "string"}, "price": {"type": "number"}, "count": {"type": "integer"},
        "gift": {"type": "boolean"}, "note": {"type": "string"},
    }, "required": ["label", "price", "count", "gift"]});
    json!({"type": "object", "title": "Order", "properties": {
        "id": {"type": "string"}, "total": {"type": "integer"}, "rate": {"type": "number"},
        "vip": {"type": "boolean"}, "at": {"type": "string", "format": "date-time"},
        "wait": {"type": "string", "format": "duration"},
        "blob": {"type": "string", "format": "byte"}, "note": {"type": "string"},
        "status": {"enum": ["new", "paid"], "title": "Status"},
        "lines": {"type": "array", "items": line},
        "tags": {"type": "array", "items": {"type": "string"}},
        "stock": {"type": "object", "additionalProperties": {"type": "integer"}},
        "more": {"type": "object", "properties": {"deep": {"type": "integer"}}},
        "body": {}, "k": constants,
    }, "required": ["id", "total", "rate", "vip", "at", "wait", "blob", "status", "lines", "tags",
        "stock", "body", "k"]})
}

/// Texts with what they give, or why they give nothing.
fn outcomes(constants: &mut Constants) -> Vec<(String, Result<Value, String>)> {
    let mut outcomes = Vec::new();
    for text in examples() {
        let text = format!("{{{{ {text} }}}}");
        let expr = check(&parse(&text).expect("it parses"), &scope(), None).expect("a type");
        outcomes.push((text, eval(&expr, &scope()).map_err(|error| error.message)));
    }
    let hidden: Vec<(&str, String)> =
        expressions().map(|(name, text)| (name, constants.hide(&text))).collect();
    for (name, text) in hidden {
        let template = parse(&text).unwrap_or_else(|issues| panic!("{text}: {issues:#?}"));
        let expr =
            super::unfolded(&template, constants).unwrap_or_else(|i| panic!("{text}: {i:#?}"));
        assert!(matches!(expr.kind, ExprKind::Call { op, .. } if op == name), "{name}: {text}");
        let text = match &expr.ty {
            // A place that takes what may be absent: text, with a word for absence.
            Type::Optional { .. } => {
                let inside = text.trim_start_matches("{{").trim_end_matches("}}");
                format!("{{{{ 'none' if ({inside}) is none else 'some' }}}}")
            }
            _ => text,
        };
        let expr = check(&parse(&text).expect("it parses"), constants, None).expect("a type");
        outcomes.push((text, eval(&expr, constants).map_err(|error| error.message)));
    }
    outcomes
}

/// The graph, its input, and the output of its run.
fn fixture() -> [(&'static str, Value); 3] {
    let mut constants = Constants::default();
    let outcomes = outcomes(&mut constants);
    let start = json!({"id": "start", "type": "node", "position": {"x": 0, "y": 0},
        "data": {"label": "start", "kind": "manual@1", "config": {"schema": schema(&constants)}}});
    let customer = |email: &str, age: i64| json!({"email": email, "age": age});
    let mut nodes = vec![
        start,
        node("pick", "condition@1", &json!({"condition": "{{ trigger.vip }}"})),
        transform("a", &customer("a@x", 1)),
        transform("b", &customer("b@x", 7)),
        transform("body", &json!("{{ trigger.body }}")),
    ];
    let mut edges = vec![
        edge("start", "out", "pick"),
        edge("start", "out", "body"),
        edge("pick", "false", "a"),
        edge("pick", "true", "b"),
        edge("a", "out", "values"),
        edge("b", "out", "values"),
        edge("body", "out", "values"),
        edge("values", "out", "done"),
    ];
    let (mut values, mut failures) = (Map::new(), Map::new());
    let (mut given, mut told) = (Map::new(), Map::new());
    for (at, (text, outcome)) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(value) => {
                // Null is absent from a record.
                if !value.is_null() {
                    given.insert(format!("v{at:03}"), value);
                }
                values.insert(format!("v{at:03}"), json!(text));
            }
            Err(message) => {
                let (fails, caught) = (format!("f{at:03}"), format!("g{at:03}"));
                nodes.push(transform(&fails, &json!(text)));
                nodes.push(transform(&caught, &json!(format!("{{{{ errors.{fails}.message }}}}"))));
                edges.push(edge("values", "out", &fails));
                edges.push(edge(&fails, "error", &caught));
                edges.push(edge(&caught, "out", "done"));
                let read = format!("{{{{ steps.{caught} | default('no failure') }}}}");
                failures.insert(fails.clone(), json!(read));
                told.insert(fails, json!(message));
            }
        }
    }
    nodes.push(transform("values", &Value::Object(values)));
    let result = json!({"values": "{{ steps.values }}", "failures": failures});
    nodes.push(node("done", "return@1", &json!({"value": result})));
    let graph = json!({"format": 1, "name": "operations", "nodes": nodes, "edges": edges,
        "description": "Every operation of the expression language, and the checker's examples"});
    let mut input = input();
    input["k"] = Value::Object(constants.values);
    let output = json!({"values": given, "failures": told});
    [("graph.json", graph), ("input.json", input), ("output.json", output)]
}

fn input() -> Value {
    let scope = scope();
    let value = |name: &str| scope.value(name);
    let mut input = value("trigger");
    input["body"] = value("steps.body");
    input
}

/// Set `UPDATE_FIXTURES=1` to write the files.
#[test]
fn the_running_fixture_holds_the_examples() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/run/s18_operations");
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    for (name, value) in fixture() {
        let path = Path::new(folder).join(name);
        let text = serde_json::to_string_pretty(&value).expect("JSON") + "\n";
        if update {
            fs::create_dir_all(folder).expect("the folder can be made");
            fs::write(&path, text).expect("the file can be written");
        } else {
            let found = fs::read_to_string(&path).unwrap_or_default();
            let found: Value = serde_json::from_str(&found).unwrap_or_default();
            assert_eq!(found, value, "{name}: run with UPDATE_FIXTURES=1, read what was written");
        }
    }
}
