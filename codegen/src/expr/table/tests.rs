//! Every entry of the table: the checker picks it, and the interpreter and constant folding give
//! what its Rust function gives. The language page lists it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use flowcrate::expr::{self as rust, ExprError};
use flowcrate::types::project;
use flowcrate::{Bytes, Duration, Timestamp};
use serde_json::{Value, json};

use super::super::check::unfolded;
use super::super::eval::eval;
use super::super::operands::{Raw, partial, total};
use super::super::{Binding, ExprKind, Names, Reference, Root, Unresolved, check, parse};
use super::*;

mod jinja;
mod outside;

struct NoNames;

impl Names for NoNames {
    fn resolve(&self, _: &Reference) -> Result<Binding, Unresolved> {
        Err(Unresolved::Unknown)
    }

    fn candidates(&self, _: Root) -> Vec<String> {
        Vec::new()
    }
}

type Case = (&'static str, &'static str, Result<Value, ExprError>);

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn span(text: &str) -> Duration {
    text.parse().expect("a duration")
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn arithmetic() -> Vec<Case> {
    vec![
        ("int_add", "1 + 2", partial(rust::int_add(1, 2))),
        ("int_add", "9223372036854775807 + 1", partial(rust::int_add(i64::MAX, 1))),
        ("number_add", "1 + 0.5", partial(rust::number_add(1.0, 0.5))),
        ("number_add", "1.7e308 + 1.7e308", partial(rust::number_add(1.7e308, 1.7e308))),
        (
            "duration_add",
            "duration('1m') + duration('1s')",
            partial(rust::duration_add(span("1m"), span("1s"))),
        ),
        (
            "timestamp_add",
            "timestamp('2026-11-21T00:00:00Z') + duration('1day')",
            partial(rust::timestamp_add(at("2026-11-21T00:00:00Z"), span("1day"))),
        ),
        (
            "timestamp_add",
            "timestamp('9999-12-31T00:00:00Z') + duration('1day')",
            partial(rust::timestamp_add(at("9999-12-31T00:00:00Z"), span("1day"))),
        ),
        ("list_concat", "[1] + [2, 3]", total(rust::list_concat(&[1], &[2, 3]))),
        ("int_sub", "1 - 2", partial(rust::int_sub(1, 2))),
        ("int_sub", "-9223372036854775808 - 1", partial(rust::int_sub(i64::MIN, 1))),
        ("number_sub", "1.5 - 2", partial(rust::number_sub(1.5, 2.0))),
        (
            "duration_sub",
            "duration('1m') - duration('1s')",
            partial(rust::duration_sub(span("1m"), span("1s"))),
        ),
        (
            "duration_sub",
            "duration('1s') - duration('1m')",
            partial(rust::duration_sub(span("1s"), span("1m"))),
        ),
        (
            "timestamp_sub",
            "timestamp('2026-11-21T00:00:00Z') - duration('1ms')",
            partial(rust::timestamp_sub(at("2026-11-21T00:00:00Z"), span("1ms"))),
        ),
        (
            "timestamp_since",
            "timestamp('2026-11-21T00:00:00Z') - timestamp('2026-11-20T00:00:00Z')",
            partial(rust::timestamp_since(at("2026-11-21T00:00:00Z"), at("2026-11-20T00:00:00Z"))),
        ),
        (
            "timestamp_since",
            "timestamp('2026-11-20T00:00:00Z') - timestamp('2026-11-21T00:00:00Z')",
            partial(rust::timestamp_since(at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z"))),
        ),
        ("int_mul", "6 * 7", partial(rust::int_mul(6, 7))),
        ("int_mul", "9223372036854775807 * 2", partial(rust::int_mul(i64::MAX, 2))),
        ("number_mul", "0.1 * 3", partial(rust::number_mul(0.1, 3.0))),
        ("duration_mul", "duration('30s') * 3", partial(rust::duration_mul(span("30s"), 3))),
        ("duration_mul", "duration('30s') * -1", partial(rust::duration_mul(span("30s"), -1))),
        ("number_div", "7 / 2", partial(rust::number_div(7.0, 2.0))),
        ("number_div", "1 / 0", partial(rust::number_div(1.0, 0.0))),
        ("int_floor_div", "-7 // 2", partial(rust::int_floor_div(-7, 2))),
        ("int_floor_div", "1 // 0", partial(rust::int_floor_div(1, 0))),
        ("number_floor_div", "-7.5 // 2", partial(rust::number_floor_div(-7.5, 2.0))),
        ("int_rem", "-7 % 3", partial(rust::int_rem(-7, 3))),
        ("int_rem", "1 % 0", partial(rust::int_rem(1, 0))),
        ("number_rem", "-7.5 % 2", partial(rust::number_rem(-7.5, 2.0))),
        ("int_pow", "2 ** 10", partial(rust::int_pow(2, 10))),
        ("int_pow", "2 ** -1", partial(rust::int_pow(2, -1))),
        ("number_pow", "2.0 ** 0.5", partial(rust::number_pow(2.0, 0.5))),
        ("int_neg", "-(1 + 1)", partial(rust::int_neg(2))),
        ("int_neg", "-(-9223372036854775808)", partial(rust::int_neg(i64::MIN))),
        ("number_neg", "-(1.5 + 0)", total(rust::number_neg(1.5))),
        ("not", "not true", total(rust::not(true))),
    ]
}

fn comparisons() -> Vec<Case> {
    let map = BTreeMap::from([("a".to_owned(), 1)]);
    vec![
        ("any_equal", "'1' | fromjson == 1.0", total(rust::any_equal(&json!(1), &json!(1.0)))),
        ("equal", "'a' == 'b'", total(rust::equal("a", "b"))),
        ("equal", "[1, 2.5] == [1.0, 2.5]", total(rust::equal(&[1.0, 2.5], &[1.0, 2.5]))),
        ("not_equal", "1 != 2", total(rust::not_equal(&1, &2))),
        ("less", "1 < 1.5", total(rust::less(&1.0, &1.5))),
        ("less", "duration('2s') < duration('10s')", total(rust::less(&span("2s"), &span("10s")))),
        ("less_equal", "'b' <= 'a'", total(rust::less_equal(&"b".to_owned(), &"a".to_owned()))),
        ("greater", "true > false", total(rust::greater(&true, &false))),
        (
            "greater_equal",
            "timestamp('2026-11-21T00:00:00Z') >= timestamp('2026-11-21T01:00:00+01:00')",
            total(rust::greater_equal(&at("2026-11-21T00:00:00Z"), &at("2026-11-21T00:00:00Z"))),
        ),
        ("string_contains", "'b' in 'abc'", total(rust::string_contains("abc", "b"))),
        ("list_contains", "2 in [1, 2]", total(rust::list_contains(&[1, 2], &2))),
        ("list_slice", "[1, 2, 3][1:]", total(rust::list_slice(&[1, 2, 3], Some(1), None))),
        ("string_slice", "'äbc'[-2:5]", total(rust::string_slice("äbc", Some(-2), Some(5)))),
        ("map_contains", "MAP 'a' in", total(rust::map_contains(&map, "a"))),
        ("int_is_odd", "3 is odd", total(rust::int_is_odd(3))),
        ("int_is_even", "3 is even", total(rust::int_is_even(3))),
        ("int_is_divisible_by", "9 is divisibleby 3", partial(rust::int_is_divisible_by(9, 3))),
        ("int_is_divisible_by", "9 is divisibleby 0", partial(rust::int_is_divisible_by(9, 0))),
        ("any_is_string", "'1' | fromjson is string", total(rust::any_is_string(&json!(1)))),
        ("any_is_number", "'1' | fromjson is number", total(rust::any_is_number(&json!(1)))),
        ("any_is_integer", "'1.5' | fromjson is integer", total(rust::any_is_integer(&json!(1.5)))),
        (
            "any_is_boolean",
            "'true' | fromjson is boolean",
            total(rust::any_is_boolean(&json!(true))),
        ),
        ("any_is_list", "'[]' | fromjson is sequence", total(rust::any_is_list(&json!([])))),
        ("any_is_mapping", "'[]' | fromjson is mapping", total(rust::any_is_mapping(&json!([])))),
    ]
}

fn conversions() -> Vec<Case> {
    vec![
        ("int_text", "-12 | string", total(rust::int_text(-12))),
        ("number_text", "1e21 | string", total(rust::number_text(1e21))),
        ("bool_text", "true | string", total(rust::bool_text(true))),
        (
            "timestamp_text",
            "timestamp('2026-11-21T00:00:00+01:00') | string",
            total(rust::timestamp_text(at("2026-11-21T00:00:00+01:00"))),
        ),
        ("duration_text", "duration('90s') | string", total(rust::duration_text(span("90s")))),
        ("any_text", "'1.0' | fromjson | string", partial(rust::any_text(&json!(1.0)))),
        ("any_text", "'[]' | fromjson | string", partial(rust::any_text(&json!([])))),
        ("string_to_int", "' 12' | int", partial(rust::string_to_int(" 12"))),
        ("string_to_int", "'1.5' | int", partial(rust::string_to_int("1.5"))),
        ("number_to_int", "-3.9 | int", partial(rust::number_to_int(-3.9))),
        ("number_to_int", "1e300 | int", partial(rust::number_to_int(1e300))),
        ("bool_to_int", "true | int", total(rust::bool_to_int(true))),
        ("any_to_int", "'3.9' | fromjson | int", partial(rust::any_to_int(&json!(3.9)))),
        ("string_to_number", "'1e3' | float", partial(rust::string_to_number("1e3"))),
        ("string_to_number", "'nan' | float", partial(rust::string_to_number("nan"))),
        ("any_to_number", "'3' | fromjson | float", partial(rust::any_to_number(&json!(3)))),
        ("string_to_bool", "'true' | bool", partial(rust::string_to_bool("true"))),
        ("string_to_bool", "'yes' | bool", partial(rust::string_to_bool("yes"))),
        ("any_to_bool", "'1' | fromjson | bool", partial(rust::any_to_bool(&json!(1)))),
        (
            "to_json",
            "{'b': [1, 2.0, none], 'a': none} | tojson",
            total(rust::to_json(&json!({"b": [1.0, 2.0, null]}))),
        ),
        ("from_json", "'{\"a\": [1]}' | fromjson", partial(rust::from_json("{\"a\": [1]}"))),
        ("from_json", "'{' | fromjson", partial(rust::from_json("{"))),
        ("base64_encode_text", "'ü' | base64encode", total(rust::base64_encode_text("ü"))),
        (
            "base64_encode",
            "'ü' | encode | base64encode",
            total(rust::base64_encode("ü".as_bytes())),
        ),
        ("base64_decode", "'Zm8=' | base64decode", partial(rust::base64_decode("Zm8="))),
        ("base64_decode", "'?' | base64decode", partial(rust::base64_decode("?"))),
        ("text_to_bytes", "'fo' | encode", total(rust::text_to_bytes("fo"))),
        (
            "bytes_to_text",
            "'w7w=' | base64decode | decode",
            partial(rust::bytes_to_text("ü".as_bytes())),
        ),
        ("bytes_to_text", "'/w==' | base64decode | decode", partial(rust::bytes_to_text(&[0xff]))),
        ("url_encode", "'a b/ü' | urlencode", total(rust::url_encode("a b/ü"))),
        (
            "timestamp_parse",
            "timestamp('2026-11-21T00:00:00+01:00')",
            partial(rust::timestamp_parse("2026-11-21T00:00:00+01:00")),
        ),
        ("duration_parse", "duration('90s')", partial(rust::duration_parse("90s"))),
        (
            "timestamp_date",
            "timestamp('2026-11-21T00:00:00+01:00') | date",
            total(rust::timestamp_date(at("2026-11-21T00:00:00+01:00"))),
        ),
        (
            "timestamp_unix",
            "timestamp('1969-12-31T23:59:59.5Z') | unix",
            total(rust::timestamp_unix(at("1969-12-31T23:59:59.5Z"))),
        ),
        (
            "duration_seconds",
            "duration('1s 500ms') | seconds",
            total(rust::duration_seconds(span("1s 500ms"))),
        ),
        (
            "duration_milliseconds",
            "duration('1s 500ms') | milliseconds",
            partial(rust::duration_milliseconds(span("1s 500ms"))),
        ),
        ("int_abs", "-3 | abs", partial(rust::int_abs(-3))),
        ("number_abs", "-3.5 | abs", total(rust::number_abs(-3.5))),
        ("number_round", "2.345 | round(2)", total(rust::number_round(2.345, 2))),
        ("number_round", "2.5 | round", total(rust::number_round(2.5, 0))),
        ("number_floor", "-2.5 | floor", total(rust::number_floor(-2.5))),
        ("number_ceil", "-2.5 | ceil", total(rust::number_ceil(-2.5))),
    ]
}

fn strings() -> Vec<Case> {
    vec![
        ("string_length", "'aü🙂' | length", total(rust::string_length("aü🙂"))),
        ("string_upper", "'straße' | upper", total(rust::string_upper("straße"))),
        ("string_lower", "'ÄB' | lower", total(rust::string_lower("ÄB"))),
        ("string_capitalize", "'aBC' | capitalize", total(rust::string_capitalize("aBC"))),
        ("string_trim", "' a ' | trim", total(rust::string_trim(" a "))),
        (
            "string_replace",
            "'abab' | replace('a', to='x')",
            total(rust::string_replace("abab", "a", "x")),
        ),
        ("string_words", "' a b ' | split", total(rust::string_words(" a b "))),
        ("string_split", "'a,b' | split(',')", total(rust::string_split("a,b", ","))),
        ("string_lines", "'a\\nb' | lines", total(rust::string_lines("a\nb"))),
        (
            "string_join",
            "['a', 'b'] | join('-')",
            total(rust::string_join(&texts(&["a", "b"]), "-")),
        ),
        (
            "string_starts_with",
            "'abc' | startswith('a')",
            total(rust::string_starts_with("abc", "a")),
        ),
        (
            "string_starts_with",
            "'abc' is startingwith 'b'",
            total(rust::string_starts_with("abc", "b")),
        ),
        ("string_ends_with", "'abc' | endswith('c')", total(rust::string_ends_with("abc", "c"))),
        ("string_ends_with", "'abc' is endingwith 'b'", total(rust::string_ends_with("abc", "b"))),
        ("string_contains", "'abc' | contains('b')", total(rust::string_contains("abc", "b"))),
        ("string_reverse", "'aü' | reverse", total(rust::string_reverse("aü"))),
        (
            "string_truncate",
            "'abcdef' | truncate(4)",
            total(rust::string_truncate("abcdef", 4, "...")),
        ),
    ]
}

fn lists() -> Vec<Case> {
    let people = || vec![json!({"age": 7, "name": "b"}), json!({"age": 3, "name": "a"})];
    let age = |person: &Value| Ok::<i64, ExprError>(person["age"].as_i64().unwrap_or_default());
    let adult = |person: &Value| Ok::<bool, ExprError>(person["age"].as_i64() > Some(5));
    vec![
        ("list_length", "[1, 2] | length", total(rust::list_length(&[1, 2]))),
        ("bytes_length", "'Zm8=' | base64decode | length", total(rust::bytes_length(b"fo"))),
        ("any_length", "'[1]' | fromjson | length", partial(rust::any_length(&json!([1])))),
        ("any_length", "'1' | fromjson | length", partial(rust::any_length(&json!(1)))),
        ("list_first", "[1, 2] | first", total(rust::list_first(&[1, 2]))),
        ("list_last", "[1, 2] | last", total(rust::list_last(&[1, 2]))),
        ("list_contains", "[1, 2] | contains(2)", total(rust::list_contains(&[1, 2], &2))),
        ("list_reverse", "[1, 2] | reverse", total(rust::list_reverse(&[1, 2]))),
        ("list_unique", "[2, 1, 2] | unique", total(rust::list_unique(&[2, 1, 2]))),
        ("list_sort", "[2, 1.5] | sort", total(rust::list_sort(&[2.0, 1.5], false))),
        (
            "list_sort",
            "[duration('2s'), duration('10s')] | sort(true)",
            total(rust::list_sort(&[span("2s"), span("10s")], true)),
        ),
        (
            "list_sort_by",
            "PEOPLE | sort(attribute='age')",
            partial(rust::list_sort_by(&people(), age, false)),
        ),
        ("list_min", "['b', 'a'] | min", total(rust::list_min(&texts(&["b", "a"])))),
        (
            "list_min_by",
            "PEOPLE | min(attribute='age')",
            partial(rust::list_min_by(&people(), age)),
        ),
        ("list_max", "[1, 3, 2] | max", total(rust::list_max(&[1, 3, 2]))),
        (
            "list_max_by",
            "PEOPLE | max(attribute='age')",
            partial(rust::list_max_by(&people(), age)),
        ),
        ("int_sum", "[1, 2] | sum", partial(rust::int_sum(&[1, 2]))),
        ("int_sum", "[9223372036854775807, 1] | sum", partial(rust::int_sum(&[i64::MAX, 1]))),
        ("number_sum", "[1, 0.5] | sum", partial(rust::number_sum(&[1.0, 0.5]))),
        ("number_average", "[1, 0.5] | average", partial(rust::number_average(&[1.0, 0.5]))),
        ("list_map", "PEOPLE | map(attribute='age')", partial(rust::list_map(&people(), age))),
        (
            "list_map",
            "['a'] | map('upper')",
            partial(rust::list_map(&texts(&["a"]), |text| Ok(rust::string_upper(text)))),
        ),
        (
            "list_select",
            "PEOPLE | selectattr('age', '>', 5)",
            partial(rust::list_select(&people(), adult)),
        ),
        (
            "list_reject",
            "PEOPLE | rejectattr('age', 'gt', 5)",
            partial(rust::list_reject(&people(), adult)),
        ),
        (
            "map_length",
            "MAP | length",
            total(rust::map_length(&BTreeMap::from([("a".to_owned(), 1)]))),
        ),
        ("map_keys", "MAP | keys", total(rust::map_keys(&BTreeMap::from([("a".to_owned(), 1)])))),
        (
            "map_values",
            "MAP | values",
            total(rust::map_values(&BTreeMap::from([("a".to_owned(), 1)]))),
        ),
        ("int_range", "range(3)", partial(rust::int_range(0, 3, 1))),
        ("int_range", "range(3, 0, -2)", partial(rust::int_range(3, 0, -2))),
        ("int_range", "range(0, 1000000)", partial(rust::int_range(0, 1_000_000, 1))),
    ]
}

/// Maps have no literal of their own: the name that stands for one.
struct MapNames;

impl Names for MapNames {
    fn resolve(&self, reference: &Reference) -> Result<Binding, Unresolved> {
        match reference {
            Reference::Trigger => Ok(Binding {
                name: super::super::Name::Trigger,
                ty: flowcrate::types::Type::map(flowcrate::types::Type::Int),
            }),
            _ => NoNames.resolve(reference),
        }
    }

    fn candidates(&self, root: Root) -> Vec<String> {
        NoNames.candidates(root)
    }
}

impl super::super::Env for MapNames {
    fn get(&self, _: &super::super::Name) -> Option<Value> {
        Some(json!({"a": 1}))
    }
}

fn cases() -> impl Iterator<Item = Case> {
    [arithmetic(), comparisons(), conversions(), strings(), lists(), outside::cases()]
        .into_iter()
        .flatten()
}

/// The expressions of all cases, with the operation that each is.
pub(in crate::expr) fn expressions() -> impl Iterator<Item = (&'static str, String)> {
    cases().map(|(name, text, _)| (name, source(text)))
}

fn source(text: &str) -> String {
    const PEOPLE: &str = "[{'age': 7, 'name': 'b'}, {'age': 3, 'name': 'a'}]";
    let text = match text.strip_prefix("MAP 'a' in") {
        Some(_) => "'a' in trigger".to_owned(),
        None => text
            .replace("MAP", "trigger")
            .replace("PEOPLE", PEOPLE)
            .replace("TIME", "timestamp('2026-11-21T08:30:15.250Z')")
            .replace("URL", "'https://Example.com:8443/a?x=1&y=%20#top'")
            .replace("TEXT", "'A-17, B-4'"),
    };
    format!("{{{{ {text} }}}}")
}

#[test]
fn s18_every_entry_does_what_its_function_does() {
    let mut covered = BTreeSet::new();
    for (name, text, direct) in cases() {
        let template = parse(&source(text)).expect("it parses");
        let typed = unfolded(&template, &MapNames).unwrap_or_else(|i| panic!("{text}: {i:#?}"));
        let ExprKind::Call { op, .. } = &typed.kind else { panic!("{text} is no call: {typed:?}") };
        assert_eq!(*op, name, "the entry of {text}");
        covered.insert(name);
        let value = eval(&typed, &MapNames);
        assert_eq!(value, direct, "{text}");
        let optional = typed.ty.clone().optional();
        let folded = check(&template, &MapNames, Some(&optional)).expect("it checks");
        assert_eq!(eval(&folded, &MapNames), direct, "{text}, folded");
        let entry = super::op(name).expect("an entry");
        if let Ok(value) = value {
            assert_eq!(project(&typed.ty, &value).as_ref(), Ok(&value), "{text} is canonical");
        } else {
            assert_eq!(entry.totality, Totality::Partial, "{name} is said to be total");
        }
    }
    let missing: Vec<&str> =
        ops().map(|op| op.name).filter(|name| !covered.contains(name)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn entries_are_consistent() {
    let mut seen = BTreeSet::new();
    for op in ops() {
        assert!(seen.insert((op.surface, op.name)), "{} twice on one surface", op.name);
        assert_eq!(op.rust, format!("flowcrate::expr::{}", op.name));
        let twin = super::op(op.name).expect("an entry");
        assert_eq!((twin.params, twin.result, twin.totality), (op.params, op.result, op.totality));
        assert!(!op.doc.is_empty() && op.doc.ends_with(['.', ':']), "{}", op.name);
    }
    let raw = Bytes(vec![1]).into_raw();
    assert_eq!(raw, json!("AQ=="));
}

/// The table of the language page.
fn page() -> String {
    let mut page = String::new();
    page.push_str("| written | gives | fails | function | what |\n|---|---|---|---|---|\n");
    for op in ops() {
        let fails = if op.totality == Totality::Partial { "yes" } else { "" };
        let _ = writeln!(
            page,
            "| `{}` | `{}` | {fails} | `{}` | {} |",
            written(op).replace('|', "\\|"),
            op.result.text(),
            op.name,
            op.doc.replace('|', "\\|"),
        );
    }
    page
}

fn written(op: &Op) -> String {
    let typed = |param: &Param| {
        let optional = match param.default {
            None => String::new(),
            Some(Literal::Int(int)) => format!(" = {int}"),
            Some(Literal::Text(text)) => format!(" = '{text}'"),
            Some(Literal::Bool(bool)) => format!(" = {bool}"),
            Some(Literal::Null) => " = none".to_owned(),
        };
        format!("{}: {}{optional}", param.name, param.ty.text())
    };
    let ty = |at: usize| op.params.get(at).map(|param| param.ty.text()).unwrap_or_default();
    let rest = |skip: usize| {
        let rest: Vec<String> = op.params.iter().skip(skip).map(typed).collect();
        if rest.is_empty() { String::new() } else { format!("({})", rest.join(", ")) }
    };
    match op.surface {
        Surface::Binary("in") => format!("{} in {}", ty(1), ty(0)),
        Surface::Binary(symbol) => format!("{} {symbol} {}", ty(0), ty(1)),
        Surface::Unary("-") => format!("-{}", ty(0)),
        Surface::Unary(symbol) => format!("{symbol} {}", ty(0)),
        Surface::Filter(name) => format!("{} | {name}{}", ty(0), rest(1)),
        Surface::Test(name) => format!("{} is {name}{}", ty(0), rest(1)),
        Surface::Function(name) => format!("{name}{}", rest(0)),
        Surface::Slice => format!("{}[start:stop]", ty(0)),
    }
}

/// Set `UPDATE_SEMANTICS=1` to write the table into the page.
#[test]
fn the_language_page_lists_every_entry() {
    const START: &str = "<!-- operations: generated from the table by `UPDATE_SEMANTICS=1 cargo test -p flowcrate-codegen language_page` -->\n";
    const END: &str = "<!-- end of operations -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/SEMANTICS.md");
    let text = std::fs::read_to_string(path).expect("the page");
    let (before, rest) = text.split_once(START).expect("the mark before the table");
    let (table, after) = rest.split_once(END).expect("the mark after the table");
    if std::env::var_os("UPDATE_SEMANTICS").is_some() {
        let text = format!("{before}{START}{}{END}{after}", page());
        std::fs::write(path, text).expect("the page can be written");
    } else {
        assert_eq!(table, page(), "run with UPDATE_SEMANTICS=1 and read what was written");
    }
}
