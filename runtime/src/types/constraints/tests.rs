//! Each kind of constraint, by what is said of values that meet it and that do not.

use serde_json::json;

use super::*;

/// What is said of each value, in turn; nothing where it is fine.
fn said(schema: &Value, values: &[Value]) -> Vec<String> {
    let said = |value| match meets(schema, value) {
        Ok(()) => String::new(),
        Err(ProjectError { path, problem }) if path.is_empty() => problem,
        Err(ProjectError { path, problem }) => format!("{path}: {problem}"),
    };
    values.iter().map(said).collect()
}

#[test]
fn numbers_are_within_their_bounds() {
    let schema = json!({"minimum": 1, "exclusiveMaximum": 10});
    assert_eq!(
        said(&schema, &[json!(1), json!(0), json!(9.5), json!(10), json!("text")]),
        [
            "",
            "expected at least 1, found the number 0",
            "",
            "expected less than 10, found the number 10",
            ""
        ]
    );
    let schema = json!({"exclusiveMinimum": 0.5, "maximum": 2});
    let wrong = |bound: &str, found: &str| format!("expected {bound}, found the number {found}");
    assert_eq!(
        said(&schema, &[json!(0.5), json!(0.6), json!(2.1)]),
        [wrong("more than 0.5", "0.5"), String::new(), wrong("at most 2", "2.1")]
    );
    assert_eq!(
        said(&json!({"multipleOf": 0.1}), &[json!(0.3), json!(0.35), json!(7)]),
        ["", "expected a multiple of 0.1, found the number 0.35", ""]
    );
    assert_eq!(
        said(&json!({"multipleOf": 5}), &[json!(15), json!(-5), json!(i64::MIN), json!(1)]),
        [
            "",
            "",
            "expected a multiple of 5, found the number -9223372036854775808",
            "expected a multiple of 5, found the number 1"
        ]
    );
    assert_eq!(
        said(&json!({"enum": [1, 2.5, "a"]}), &[json!(1.0), json!(2), json!("a")]),
        ["", "expected 1 or 2.5 or \"a\", found the number 2", ""]
    );
    assert_eq!(
        said(&json!({"const": true}), &[json!(false)]),
        ["expected true, found the bool false"]
    );
}

#[test]
fn lists_and_objects_have_so_many_parts() {
    let schema = json!({"minItems": 1, "maxItems": 2, "uniqueItems": true});
    assert_eq!(
        said(&schema, &[json!([]), json!([1]), json!([1, 1.0]), json!([1, 2, 3])]),
        [
            "expected at least 1 element, found 0",
            "",
            "[1]: is found twice, at [0] too",
            "expected at most 2 elements, found 3"
        ]
    );
    let schema = json!({"minProperties": 2, "propertyNames": {"maxLength": 2},
        "dependentRequired": {"a": ["b"]}});
    assert_eq!(
        said(
            &schema,
            &[
                json!({"a": 1, "b": null}),
                json!({"a": 1, "c": 1}),
                json!({"a": 1, "b": 1, "long": 1}),
                json!({"b": 1, "c": 1}),
            ]
        ),
        [
            "expected at least 2 entries, found 1",
            "b: is missing, and `a` is there",
            "long: by its name expected at most 2 characters, found 4",
            ""
        ]
    );
    let schema = json!({"required": ["a", "n"], "properties": {"n": {"type": ["null", "string"]}},
        "additionalProperties": {"maximum": 3}});
    assert_eq!(
        said(&schema, &[json!({"a": 1}), json!({}), json!({"a": 4}), json!({"a": null})]),
        ["", "a: is missing", "a: expected at most 3, found the number 4", "a: is missing"]
    );
    assert_eq!(
        said(&json!({"additionalProperties": false, "properties": {"a": {}}}), &[json!({"b": 1})]),
        ["b: is not expected"]
    );
}

#[test]
fn a_choice_is_met_with_all_that_it_says() {
    let schema = json!({"oneOf": [
        {"type": "object", "properties": {"kind": {"const": "card"}, "last4": {"minLength": 4}},
            "required": ["kind"]},
        {"type": "object", "properties": {"kind": {"const": "iban"}}, "required": ["kind", "iban"]},
    ]});
    assert_eq!(
        said(
            &schema,
            &[
                json!({"kind": "card", "last4": "4242"}),
                json!({"kind": "iban", "iban": "x"}),
                json!({"kind": "cash"}),
                json!(3),
                json!({"kind": "card", "last4": "42"}),
            ]
        ),
        [
            "",
            "",
            "is none of what is expected",
            "is none of what is expected",
            "last4: expected at least 4 characters, found 2"
        ]
    );
    let one = json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
    let any = json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]});
    let values = [json!({"a": 1}), json!({"a": 1, "b": 1}), json!({})];
    assert_eq!(
        said(&one, &values),
        ["", "is more than one of what only one is expected of", "is none of what is expected"]
    );
    assert_eq!(said(&any, &values)[..2], ["", ""]);
    let all = json!({"allOf": [{"minimum": 1}, {"maximum": 2}]});
    assert_eq!(said(&all, &[json!(1), json!(3)]), ["", "expected at most 2, found the number 3"]);
    let by_form = json!({"anyOf": [{"type": "integer", "minimum": 5}, {"type": "string"}]});
    assert_eq!(said(&by_form, &[json!(5), json!("x"), json!(4)])[..2], ["", ""]);
    assert!(meets(&by_form, &json!(4)).is_err());
}

#[test]
fn references_are_followed_as_deep_as_the_value_goes() {
    let schema = json!({"$ref": "#/$defs/tree", "$defs": {"tree": {
        "properties": {"size": {"minimum": 0}, "children": {"items": {"$ref": "#/$defs/tree"}}}}}});
    let value = json!({"size": 1, "children": [{"size": 2, "children": [{"size": -1}]}]});
    assert_eq!(
        said(&schema, &[value]),
        ["children[0].children[0].size: expected at least 0, found the number -1"]
    );
    // A circle that no value ends is an end by itself; the compiler lets none through.
    let circle = json!({"$ref": "#"});
    assert_eq!(said(&circle, &[json!(1)]), ["is nested too deeply"]);
}

#[test]
fn what_is_absent_meets_everything() {
    let schema = json!({"properties": {"a": {"minimum": 1}, "b": {"enum": [1]}}});
    assert_eq!(said(&schema, &[json!({"a": null}), json!({})]), ["", ""]);
    assert_eq!(said(&json!({"enum": [1, null]}), &[json!(null)]), [""]);
}

#[test]
#[cfg(feature = "expr-regex")]
fn texts_are_as_long_as_they_should_be_and_match() {
    let schema = json!({"minLength": 2, "maxLength": 3, "pattern": "^[a-zß]+$"});
    assert_eq!(
        said(&schema, &[json!("ßß"), json!("a"), json!("abcd"), json!("A1")]),
        [
            "",
            "expected at least 2 characters, found 1",
            "expected at most 3 characters, found 4",
            "expected text that matches \"^[a-zß]+$\", found the string \"A1\""
        ]
    );
}

#[test]
#[cfg(not(feature = "expr-regex"))]
fn a_pattern_that_cannot_be_asked_lets_nothing_through() {
    let [said] = &said(&json!({"pattern": "x"}), &[json!("x")])[..] else { panic!("one") };
    assert!(said.contains("expr-regex"), "{said}");
}
