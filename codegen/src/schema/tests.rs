//! Schemas and samples, and the types that they are.

use flowcrate::types::project;
use serde_json::{Value, json};

use super::*;

fn read(schema: &Value) -> String {
    match from_schema(schema) {
        Ok(declared) => declared.ty.to_string(),
        Err(issues) => issues
            .iter()
            .map(|issue| format!("{} {} {}", issue.pointer, issue.code, issue.message))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

#[test]
fn s12_schemas_are_types() {
    for (schema, ty) in [
        (json!({}), "any"),
        (json!(true), "any"),
        (json!({"type": "string", "minLength": 3, "pattern": "x"}), "string"),
        (json!({"type": "string", "format": "date-time"}), "timestamp"),
        (json!({"type": "string", "format": "duration"}), "duration"),
        (json!({"type": "string", "format": "byte"}), "bytes"),
        (json!({"type": "string", "contentEncoding": "base64"}), "bytes"),
        (json!({"type": "string", "format": "uuid"}), "string"),
        (json!({"type": "integer", "minimum": 0}), "int"),
        (json!({"type": ["integer", "number"]}), "number"),
        (json!({"type": ["null", "boolean"]}), "optional<bool>"),
        (json!({"type": "integer", "nullable": true}), "optional<int>"),
        (json!({"type": "null"}), "null"),
        (json!({"enum": ["b", "a", "b"]}), "\"a\" | \"b\""),
        (json!({"enum": ["a", null]}), "optional<\"a\">"),
        (json!({"enum": [1, 2.5]}), "number"),
        (json!({"const": "x"}), "\"x\""),
        (json!({"const": 7}), "int"),
        (json!({"oneOf": [{"type": "string"}, {"type": "null"}]}), "optional<string>"),
        (json!({"anyOf": [{"const": "a"}, {"const": "b"}]}), "\"a\" | \"b\""),
        (json!({"type": "array"}), "list<any>"),
        (json!({"items": {"type": "integer"}}), "list<int>"),
        (json!({"type": "object"}), "map<any>"),
        (json!({"type": "object", "additionalProperties": {"type": "integer"}}), "map<int>"),
        (json!({"type": "object", "additionalProperties": false}), "{}"),
        (
            json!({"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}),
            "{a: int, b: any}",
        ),
        (
            json!({"$ref": "#/$defs/order", "$defs": {
                "order": {"type": "object", "properties": {"line": {"$ref": "#/definitions/a~1b"}}},
            }, "definitions": {"a/b": {"type": "number"}}}),
            "{line?: number}",
        ),
        (
            json!({"allOf": [
                {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
                {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"required": ["b"]},
            ]}),
            "{a: int, b: string}",
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}},
                "anyOf": [{"required": ["a"]}]}),
            "{a?: string}",
        ),
    ] {
        assert_eq!(read(&schema), ty, "{schema}");
    }
}

#[test]
fn what_is_no_type_is_refused_where_it_stands() {
    for (schema, issues) in [
        (json!(3), " E321 a schema is an object or true, found another value"),
        (
            json!({"properties": {"a": {"type": "strng"}, "b": {"type": 3}}}),
            "/properties/a/type E321 there is no type `strng`; did you mean `string`?; \
             /properties/b/type E321 a type is a text or a list of texts",
        ),
        (
            json!({"properties": {"a": {}}, "required": ["aa"]}),
            "/required E321 `aa` is required, but not among the properties; did you mean `a`?",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"items": {"type": "string"}}, {"items": {"type": "integer"}}]}),
            "/anyOf E323 the choices have no common type, and one form: string and int have no common \
             type (at `[]`)",
        ),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "string", "format": "duration"}]}),
            "/oneOf E323 the choices have no common type, and one form: string and duration have no \
             common type",
        ),
        (
            json!({"items": {"not": {}}}),
            "/items/not E323 `not` has no counterpart among the types of the language",
        ),
        (
            json!({"prefixItems": vec![json!({}); 13]}),
            "/prefixItems E323 a tuple has at most 12 elements",
        ),
        (
            json!({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}),
            "/items E323 a tuple has no elements behind those that are listed",
        ),
        (json!({"$ref": "#/$defs/a"}), "/$ref E322 there is nothing at `#/$defs/a`"),
        (json!({"$ref": "other.json"}), "/$ref E322 `other.json` lies outside the schema"),
        (
            json!({"$ref": "#/$defs/t", "$defs": {"t": {"items": {"$ref": "#/$defs/t"}}}}),
            "/$ref E322 `#/$defs/t` contains itself without being an object or a choice",
        ),
        (
            json!({"items": {"$ref": "#"}}),
            "/$ref E322 `#` contains itself without being an object or a choice",
        ),
        (
            json!({"$ref": "#/$defs/a", "$defs": {
                "a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a", "nullable": true}}}),
            "/$ref E322 `#/$defs/a` is nothing but itself",
        ),
        (
            json!({"$ref": "#/$defs/a", "$defs": {
                "a": {"properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["a"]}}}),
            "/$ref E322 `#/$defs/a` needs another of itself in each, without end",
        ),
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/a"}]}}}),
            "/$defs/a/anyOf/1 E322 `#/$defs/a` is a choice of itself",
        ),
        (json!({"enum": []}), "/enum E321 `enum` is a list of values"),
        (
            json!({"enum": ["a", [1]]}),
            "/enum E321 the values of `enum` are not all texts, numbers or bools",
        ),
        (
            json!({"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "integer"}}}]}),
            "/allOf E321 the parts of `allOf` differ about `a`: optional<string> and optional<int>",
        ),
    ] {
        assert_eq!(read(&schema), issues, "{schema}");
    }
}

#[test]
fn s12_schemas_made_of_others_say_all_of_it() {
    let base = json!({"type": "object", "properties": {"id": {"type": "string"}}});
    for (schema, ty) in [
        // What stands beside a reference holds too.
        (
            json!({"$ref": "#/$defs/base", "$defs": {"base": base}, "required": ["id", "n"],
                "properties": {"n": {"type": "integer"}}}),
            "{id: string, n: int}",
        ),
        // A tagged union, each of whose choices has what all have.
        (
            json!({"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}},
            "required": ["at", "kind"], "oneOf": [
                {"properties": {"kind": {"const": "card"}, "last4": {"type": "string"}},
                    "required": ["kind", "last4"]},
                {"properties": {"kind": {"const": "iban"}, "iban": {"type": "string"}},
                    "required": ["kind", "iban"]},
            ]}),
            "{kind: \"card\", at: timestamp, last4: string} | \
             {kind: \"iban\", at: timestamp, iban: string}",
        ),
        (
            json!({"allOf": [{"$ref": "#/$defs/base"}, {"required": ["id"]}], "$defs": {"base": base}}),
            "{id: string}",
        ),
        (json!({"allOf": [{"type": "string"}, {"enum": ["a", "b"]}]}), "\"a\" | \"b\""),
        (json!({"allOf": [{"type": "number"}, {"type": ["integer", "null"]}]}), "int"),
        (
            json!({"allOf": [{"$ref": "#/$defs/base"}, {"required": ["no"]}], "$defs": {"base": base}}),
            "/required E321 `no` is required, but not among the properties",
        ),
        (
            json!({"type": "integer", "oneOf": [{"type": "string"}]}),
            "/oneOf E321 the parts of `oneOf` differ in their types: int and string",
        ),
    ] {
        assert_eq!(read(&schema), ty, "{schema}");
    }
}

#[test]
fn s12_unlike_types_are_unions_and_lists_of_them_tuples() {
    for (schema, ty) in [
        (json!({"type": ["string", "integer", "null"]}), "optional<int | string>"),
        (json!({"enum": ["a", 1, "b"]}), "int | \"a\" | \"b\""),
        // Forms that two choices have are one choice.
        (
            json!({"anyOf": [{"type": "integer"}, {"type": "string"}, {"const": "x"}, {"type": "number"}]}),
            "number | string",
        ),
        (
            json!({"oneOf": [{"type": "boolean"}, {"items": {"type": "string"}},
                {"oneOf": [{"properties": {"k": {"const": "a"}}, "required": ["k"]},
                    {"properties": {"k": {"const": "b"}, "n": {"type": "integer"}}, "required": ["k"]}]}]}),
            "bool | list<string> | {k: \"a\"} | {k: \"b\", n?: int}",
        ),
        // A tag that is not always there tells nothing apart.
        (
            json!({"oneOf": [{"properties": {"k": {"const": "a"}}},
                {"properties": {"k": {"const": "b"}}, "required": ["k"]}]}),
            "{k?: \"a\" | \"b\"}",
        ),
        (
            json!({"prefixItems": [{"type": "string"}, {"type": ["number", "null"]}], "items": false}),
            "tuple<string, optional<number>>",
        ),
        (json!({"items": [{"type": "string"}, {"type": "null"}]}), "tuple<string, null>"),
    ] {
        assert_eq!(read(&schema), ty, "{schema}");
    }
}

#[test]
fn s12_schemas_that_contain_themselves_are_recursive_types() {
    let node = json!({"type": "object", "required": ["value"], "properties": {
        "value": {"type": "integer"}, "next": {"$ref": "#/$defs/node"}}});
    for (schema, ty) in [
        (
            json!({"$ref": "#/$defs/node", "$defs": {"node": node}}),
            "node {next?: node, value: int}",
        ),
        (
            json!({"items": {"$ref": "#/$defs/node"}, "$defs": {"node": node}}),
            "list<node {next?: node, value: int}>",
        ),
        (
            json!({"title": "Tree", "properties": {"children": {"items": {"$ref": "#"}}}}),
            "Tree {children?: list<Tree>}",
        ),
        (
            json!({"$ref": "#/$defs/json", "$defs": {"json": {"anyOf": [
                {"type": ["null", "boolean", "number", "string"]},
                {"items": {"$ref": "#/$defs/json"}},
                {"additionalProperties": {"$ref": "#/$defs/json"}, "type": "object"}]}}}),
            "optional<json (bool | list<optional<json>> | number | map<optional<json>> | string)>",
        ),
        (
            json!({"$ref": "#/$defs/expr", "$defs": {
                "expr": {"oneOf": [{"$ref": "#/$defs/add"}, {"$ref": "#/$defs/int"}]},
                "int": {"properties": {"op": {"const": "int"}, "value": {"type": "integer"}},
                    "required": ["op", "value"]},
                "add": {"properties": {"op": {"const": "add"}, "left": {"$ref": "#/$defs/expr"},
                    "right": {"$ref": "#/$defs/expr"}}, "required": ["op", "left", "right"]}}}),
            "expr ({op: \"add\", left: expr, right: expr} | {op: \"int\", value: int})",
        ),
    ] {
        assert_eq!(read(&schema), ty, "{schema}");
    }
}

#[test]
fn a_definition_has_one_type_wherever_it_is_named() {
    let defs = json!({
        "folder": {"properties": {"files": {"items": {"$ref": "#/$defs/file"}}}},
        "file": {"properties": {"within": {"$ref": "#/$defs/folder"}}},
    });
    let ty = |schema: Value| from_schema(&schema).expect("a type").ty;
    let file = ty(json!({"$ref": "#/$defs/file", "$defs": defs}));
    let folder = ty(json!({"$ref": "#/$defs/folder", "$defs": defs}));
    let Type::Record(record) = folder.unfolded().into_owned() else { panic!("{folder}") };
    assert_eq!(record.fields["files"].ty, Type::list(file).optional());
    // Nor do the names of definitions matter.
    let other = json!({"$ref": "#/$defs/f", "$defs": {
        "f": {"properties": {"files": {"items": {"$ref": "#/$defs/g"}}}},
        "g": {"properties": {"within": {"$ref": "#/$defs/f"}}},
    }});
    assert_eq!(folder, ty(other));
}

#[test]
fn what_is_not_checked_is_said_once() {
    let warned = |schema: &Value| -> Vec<String> {
        let declared = from_schema(schema).expect("a type");
        let texts = declared
            .warnings
            .iter()
            .map(|issue| format!("{} {} {}", issue.pointer, issue.code, issue.message));
        texts.collect()
    };
    for (schema, warnings) in [
        (
            json!({"type": "string", "format": "email", "description": "x", "examples": ["a"]}),
            vec![],
        ),
        (json!({"type": "object", "properties": {}, "additionalProperties": false}), vec![]),
        (
            json!({"type": "integer", "minimum": 1}),
            vec!["/minimum W321 `minimum` of the schema is not checked when a value comes in"],
        ),
        (
            json!({"properties": {"a": {"type": "string", "pattern": "x", "minLength": 1},
                "b": {"items": {"enum": [1, 2]}}}, "additionalProperties": {"type": "string"}}),
            vec![
                "/additionalProperties W321 `additionalProperties` and 3 other constraints of the \
                 schema are not checked when a value comes in",
            ],
        ),
        (
            json!({"type": "object", "required": ["a"]}),
            vec!["/required W321 `required` of the schema is not checked when a value comes in"],
        ),
    ] {
        assert_eq!(warned(&schema), warnings, "{schema}");
    }
}

#[test]
fn annotations_are_the_fields_documentation() {
    let schema = json!({"properties": {
        "a": {"type": "integer", "description": "how many", "default": 3},
        "b": {"type": "string", "description": "as written", "deprecated": true},
        "c": {"type": "string", "description": "as written"},
    }});
    let Ok(Declared { ty: Type::Record(record), .. }) = from_schema(&schema) else {
        panic!("a record")
    };
    let docs: Vec<_> = record.fields.values().map(|field| field.doc.as_deref()).collect();
    let default = "how many. Where it is absent, 3 is meant.";
    assert_eq!(docs, [Some(default), Some("as written. Deprecated."), Some("as written")]);
}

#[test]
fn hostile_schemas_end() {
    let deep = (0..100).fold(json!({}), |inner, _| json!({"items": inner}));
    assert!(read(&deep).contains("E325"));
    // Each level refers twice to the next: 2^40 types, if nothing stopped it.
    let mut defs = serde_json::Map::new();
    for level in 0..30 {
        let next = json!({"$ref": format!("#/$defs/l{}", level + 1)});
        defs.insert(format!("l{level}"), json!({"properties": {"a": next, "b": next}}));
    }
    defs.insert("l30".to_owned(), json!({}));
    let issues = from_schema(&json!({"$ref": "#/$defs/l0", "$defs": defs})).expect_err("too large");
    assert!(issues.len() < 100 && issues.iter().all(|issue| issue.code == "E325"), "{issues:?}");
}

#[test]
fn titles_and_descriptions_are_kept() {
    let schema = json!({"title": "Order", "properties": {
        "status": {"title": "Status", "enum": ["a"], "description": "how far it is"},
    }, "required": ["status"]});
    let Ok(Declared { ty: Type::Record(record), .. }) = from_schema(&schema) else {
        panic!("a record")
    };
    assert_eq!(record.name.as_deref(), Some("Order"));
    assert_eq!(record.fields["status"].doc.as_deref(), Some("how far it is"));
    let Type::Enum(status) = &record.fields["status"].ty else { panic!("an enum") };
    assert_eq!(status.name.as_deref(), Some("Status"));
}

#[test]
fn s12_samples_are_types() {
    let read = |samples: &[Value]| match from_samples(samples) {
        Ok(declared) => declared.ty.to_string(),
        Err(issues) => issues
            .iter()
            .map(|issue| format!("{} {} {}", issue.pointer, issue.code, issue.message))
            .collect::<Vec<_>>()
            .join("; "),
    };
    for (samples, ty) in [
        (&[][..], "any"),
        (&[json!(null)], "any"),
        (&[json!(1), json!(2.5)], "number"),
        (&[json!(1), json!(null)], "optional<int>"),
        (&[json!([]), json!([1])], "list<int>"),
        (&[json!([])], "list<any>"),
        (&[json!([1, null])], "list<optional<int>>"),
        (&[json!({"a": null, "b": "2026-11-21T00:00:00Z"})], "{a: any, b: string}"),
        (&[json!({"a": 1}), json!({"b": {"c": true}})], "{a?: int, b?: {c: bool}}"),
        (&[json!({"a": [{"x": 1}, {"x": "y"}]})], "{a: list<{x: any}>}"),
    ] {
        assert_eq!(read(samples), ty, "{samples:?}");
    }
    let declared = from_samples(&[json!({"x": 1}), json!({"x": "y"})]).expect("a type");
    let [warning] = declared.warnings.as_slice() else { panic!("one warning") };
    assert_eq!((warning.code, warning.pointer.as_str()), ("W324", "/x"));
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    assert!(read(&[deep]).contains("E325"));
}

/// A JSON value from a seed: shallow, with few names, so that samples meet.
fn arbitrary(seed: &mut u64, depth: u32) -> Value {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let pick = *seed >> 33;
    match pick % if depth == 0 { 5 } else { 8 } {
        0 => Value::Null,
        1 => json!(pick.is_multiple_of(2)),
        2 => json!(i64::try_from(pick).unwrap_or_default() - (1 << 20)),
        3 => json!(f64::from(u16::try_from(pick & 0xffff).unwrap_or_default()) + 0.5),
        4 => json!(format!("t{}", pick % 7)),
        5 => (0..pick % 4).map(|_| arbitrary(seed, depth - 1)).collect(),
        _ => {
            let fields = (0..pick % 5).map(|at| {
                let name = ["id", "type", "a b", "größe", ""][usize::try_from(at).unwrap_or(0)];
                (name.to_owned(), arbitrary(seed, depth - 1))
            });
            Value::Object(fields.collect())
        }
    }
}

/// Numbers by value, and without the fields that are null: absent and null are one (S10).
fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            fields.map(|(name, value)| (name.clone(), canonical(value))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn s12_the_type_of_samples_loses_nothing_of_them() {
    let (mut seed, mut unlike) = (7, 0);
    for round in 0..3_000 {
        let samples: Vec<Value> = (0..=round % 4).map(|_| arbitrary(&mut seed, 3)).collect();
        let declared = from_samples(&samples).expect("a type");
        unlike += usize::from(!declared.warnings.is_empty());
        for sample in &samples {
            let read = project(&declared.ty, sample).unwrap_or_else(|error| {
                panic!("{samples:#?} as {}: {error}", declared.ty);
            });
            assert_eq!(canonical(&read), canonical(sample), "{samples:#?} as {}", declared.ty);
        }
    }
    assert!((300..2_700).contains(&unlike), "{unlike} were unlike");
}
