//! The JavaScript subset: precedence, literals, and where the rest is refused.

use super::*;

/// A compact form that shows the structure.
fn shape(script: &Script) -> String {
    match &script.kind {
        ScriptKind::Null => "null".to_owned(),
        ScriptKind::Bool(value) => value.to_string(),
        ScriptKind::Number(number) => number.clone(),
        ScriptKind::Text(text) => format!("{text:?}"),
        ScriptKind::Reference(inner) => format!("<{inner}>"),
        ScriptKind::Not(inner) => format!("(not {})", shape(inner)),
        ScriptKind::And(a, b) => format!("(and {} {})", shape(a), shape(b)),
        ScriptKind::Or(a, b) => format!("(or {} {})", shape(a), shape(b)),
        ScriptKind::Compare(how, a, b) => {
            let how = match how {
                Comparison::Equal { strict: true } => "===",
                Comparison::Equal { strict: false } => "==",
                Comparison::NotEqual { strict: true } => "!==",
                Comparison::NotEqual { strict: false } => "!=",
                Comparison::Order(how) => how,
            };
            format!("({how} {} {})", shape(a), shape(b))
        }
    }
}

fn parsed(text: &str) -> String {
    parse(text).map_or_else(|refusal| format!("{refusal:?}"), |script| shape(&script))
}

#[test]
fn operators_bind_as_in_javascript() {
    assert_eq!(parsed("1 < 2 && 3 >= 4 || !true"), "(or (and (< 1 2) (>= 3 4)) (not true))");
    assert_eq!(parsed("1 || 2 && 3"), "(or 1 (and 2 3))");
    assert_eq!(parsed("(1 || 2) && 3"), "(and (or 1 2) 3)");
    assert_eq!(parsed("1 == 2 === 3"), "(=== (== 1 2) 3)");
    assert_eq!(parsed("1 < 2 == 3"), "(== (< 1 2) 3)");
    assert_eq!(parsed("!!a == null"), "Name(\"a\", Span { start: 2, end: 3 })");
}

#[test]
fn values_are_read() {
    assert_eq!(parsed("{{@a-1:My label.x}} !== 'it\\'s'"), "(!== <@a-1:My label.x> \"it's\")");
    assert_eq!(parsed("-1.50 <= .5"), "(<= -1.5 0.5)");
    assert_eq!(parsed("1e3 > 9007199254740993"), "(> 1000.0 9007199254740993)");
    assert_eq!(parsed("undefined == null"), "(== null null)");
}

#[test]
fn what_is_outside_is_refused_where_it_stands() {
    for (text, start) in [
        ("a.b", 0),
        ("{{@a:b}}.length > 1", 8),
        ("1 + 2 > 2", 2),
        ("{{@a:b}}.includes('x')", 8),
        ("x => true", 0),
        ("1 ? 2 : 3", 2),
        ("'abc", 0),
        ("{{@a:b", 0),
        ("1 &&", 4),
        ("(1", 0),
        ("0x1F == 1", 0),
        ("007 == 1", 0),
        ("`a` == 'a'", 0),
        ("1 2", 2),
        ("'\\x41' == 'A'", 1),
        ("1n == 1", 0),
        ("", 0),
    ] {
        let Err(Refusal::Name(_, span) | Refusal::Other(_, span)) = parse(text) else {
            panic!("{text} was accepted");
        };
        assert_eq!(span.start, start, "{text}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    assert!(parse(&"(".repeat(100_000)).is_err());
    assert!(parse(&"!".repeat(100_000)).is_err());
    assert!(parse(&vec!["1"; 100_000].join("&&")).is_err());
    assert!(parse(&vec!["1"; 400].join("&&")).is_ok());
}
