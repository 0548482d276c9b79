//! What expressions mean, told by examples: type and value, or code and message.

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::types::{Type, project};
use serde_json::{Value, json};

use super::super::{
    Access, Binding, Env, Expr, ExprIssue, Name, Names, Reference, Root, Understood, Unresolved,
    check, check_json, eval, facts, parse,
};
use super::*;

/// Names with types and values, for tests.
pub(in crate::expr) struct Scope {
    names: BTreeMap<&'static str, (Name, Type, Value)>,
    one_present: bool,
}

fn record(fields: &[(&str, Type)]) -> Type {
    Type::record(fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())))
}

pub(in crate::expr) fn scope() -> Scope {
    let line = record(&[
        ("label", Type::String),
        ("price", Type::Number),
        ("count", Type::Int),
        ("gift", Type::Bool),
        ("note", Type::String.optional()),
    ]);
    let status = Type::enumeration(["new".to_owned(), "paid".to_owned()]);
    let trigger = record(&[
        ("id", Type::String),
        ("total", Type::Int),
        ("rate", Type::Number),
        ("vip", Type::Bool),
        ("at", Type::Timestamp),
        ("wait", Type::Duration),
        ("blob", Type::Bytes),
        ("note", Type::String.optional()),
        ("status", status),
        ("lines", Type::list(line.clone())),
        ("tags", Type::list(Type::String)),
        ("stock", Type::map(Type::Int)),
        ("more", record(&[("deep", Type::Int.optional())]).optional()),
    ]);
    let value = json!({
        "id": "o-1", "total": 1250, "rate": 0.5, "vip": true, "at": "2026-11-21T08:30:00.000Z",
        "wait": "1m 30s", "blob": "Zm9v", "status": "paid", "tags": ["b", "a", "b"],
        "stock": {"x": 1, "y": 2},
        "lines": [
            {"label": "tea", "price": 2.5, "count": 2, "gift": false},
            {"label": "jam", "price": 1.0, "count": 1, "gift": true, "note": "red"},
        ],
    });
    let body = json!({"name": "Ada", "n": 3, "list": [1, 2], "none": null, "x": {"y": "z"}});
    let customer = record(&[("email", Type::String), ("age", Type::Int)]);
    let names = [
        ("trigger", Name::Trigger, trigger, value),
        ("steps.body", Name::Step("body".into()), Type::Any, body),
        ("steps.a", Name::Step("a".into()), customer.clone().optional(), Value::Null),
        (
            "steps.b",
            Name::Step("b".into()),
            customer.clone().optional(),
            json!({"email": "b@x", "age": 7}),
        ),
        ("steps.sure", Name::Step("sure".into()), customer, json!({"email": "s@x", "age": 9})),
        (
            "item",
            Name::Item("each".into()),
            line,
            json!({"label": "tea", "price": 2.5, "count": 2, "gift": false}),
        ),
        ("index", Name::Index("each".into()), Type::Int, json!(4)),
        ("run.id", Name::RunId, Type::String, json!("run-7")),
        ("run.started_at", Name::RunStartedAt, Type::Timestamp, json!("2026-11-21T08:00:00.000Z")),
    ];
    let names = names
        .into_iter()
        .map(|(key, name, ty, value)| {
            let value = project(&ty, &value).expect("a test value of its type");
            (key, (name, ty, value))
        })
        .collect();
    Scope { names, one_present: false }
}

impl Scope {
    /// The value of a name, by how it is written.
    pub(in crate::expr) fn value(&self, name: &str) -> Value {
        self.names.get(name).map(|(.., value)| value.clone()).unwrap_or_default()
    }
}

impl Names for Scope {
    fn resolve(&self, reference: &Reference) -> Result<Binding, Unresolved> {
        if *reference == Reference::Error("a".to_owned()) {
            let issue = ExprIssue::new(code::OUT_OF_PLACE.id, Span::default(), "not here");
            return Err(Unresolved::Unusable(Box::new(issue)));
        }
        let (name, ty, _) =
            self.names.get(reference.to_string().as_str()).ok_or(Unresolved::Unknown)?;
        Ok(Binding { name: name.clone(), ty: ty.clone() })
    }

    fn candidates(&self, root: Root) -> Vec<String> {
        let prefix = format!("{}.", root.text());
        self.names.keys().filter_map(|key| key.strip_prefix(&prefix)).map(str::to_owned).collect()
    }

    fn one_is_present(&self, names: &[Name]) -> bool {
        let (a, b) = (Name::Step("a".to_owned()), Name::Step("b".to_owned()));
        self.one_present && names.contains(&a) && names.contains(&b)
    }
}

impl Env for Scope {
    fn get(&self, name: &Name) -> Option<Value> {
        self.names.values().find(|(known, ..)| known == name).map(|(.., value)| value.clone())
    }
}

fn typed(text: &str, expected: Option<&Type>) -> Result<Expr, Vec<ExprIssue>> {
    check(&parse(text)?, &scope(), expected)
}

/// `type = value` of an expression.
fn value(text: &str) -> String {
    match typed(&format!("{{{{ {text} }}}}"), None) {
        Err(issues) => panic!("{text}: {issues:#?}"),
        Ok(expr) => {
            let value = eval(&expr, &scope());
            if let Ok(value) = &value {
                let canonical = project(&expr.ty, value).expect("a value of its type");
                assert_eq!(*value, canonical, "{text} gives its canonical form");
            }
            match value {
                Ok(value) => format!("{} = {value}", expr.ty),
                Err(error) => format!("{} ! {error}", expr.ty),
            }
        }
    }
}

/// `code message` of the first issue, and its text.
fn issue(text: &str) -> (String, String) {
    issue_in(&format!("{{{{ {text} }}}}"), None)
}

fn issue_in(text: &str, expected: Option<&Type>) -> (String, String) {
    let issues = match typed(text, expected) {
        Ok(expr) => panic!("{text} is of type {}", expr.ty),
        Err(issues) => issues,
    };
    let first = issues.into_iter().next().expect("an issue");
    let at = text.get(first.span.start..first.span.end).expect("a span within the text");
    (format!("{} {}", first.code, first.message), at.to_owned())
}

/// Expressions with the type and value, or failure, that they have.
pub(in crate::expr) const ARITHMETIC: &[(&str, &str)] = &[
    ("1 + 2 * 3", "int = 7"),
    ("7 // 2", "int = 3"),
    ("-7 // 2", "int = -4"),
    ("-7 % 3", "int = 2"),
    ("7 / 2", "number = 3.5"),
    ("6 / 2", "number = 3.0"),
    ("2 ** 10", "int = 1024"),
    ("2.0 ** -1", "number = 0.5"),
    ("1 + 0.5", "number = 1.5"),
    ("trigger.total + 1", "int = 1251"),
    ("trigger.total * trigger.rate", "number = 625.0"),
    ("-trigger.total", "int = -1250"),
    ("-9223372036854775808", "int = -9223372036854775808"),
    ("trigger.total // (trigger.total - 1250)", "int ! division by zero"),
    ("trigger.total / (trigger.rate - 0.5)", "number ! division by zero"),
    ("9223372036854775807 + trigger.total", "int ! integer overflow in 9223372036854775807 + 1250"),
    ("1 / 0", "number ! division by zero"),
    ("trigger.at + trigger.wait", "timestamp = \"2026-11-21T08:31:30.000Z\""),
    ("trigger.at - run.started_at", "duration = \"30m\""),
    ("duration('30s') * 3", "duration = \"1m 30s\""),
    ("trigger.at - duration('1h')", "timestamp = \"2026-11-21T07:30:00.000Z\""),
    ("[1] + [2.5]", "list<number> = [1.0,2.5]"),
    ("'a' + trigger.id", "string = \"ao-1\""),
];

/// Expressions with the type and value, or failure, that they have.
pub(in crate::expr) const COMPARISONS: &[(&str, &str)] = &[
    ("1 < 1.5", "bool = true"),
    ("1 < 2 <= 2", "bool = true"),
    ("'a' < 'b'", "bool = true"),
    ("trigger.status == 'paid'", "bool = true"),
    ("'new' != trigger.status", "bool = true"),
    ("trigger.status in ['new', 'paid']", "bool = true"),
    ("trigger.status in ['other', 'paid']", "bool = true"),
    ("trigger.at < timestamp('2030-01-01T00:00:00Z')", "bool = true"),
    ("trigger.at > '2030-01-01T00:00:00+02:00'", "bool = false"),
    ("trigger.wait >= duration('1m')", "bool = true"),
    ("1 == 1.0", "bool = true"),
    ("[1, 2] == [1, 2.0]", "bool = true"),
    ("{'a': 1} == {'a': 1, 'b': none}", "bool = true"),
    ("steps.body.name == 'Ada'", "bool = true"),
    ("steps.body.n == 3.0", "bool = true"),
    ("steps.body.name != trigger.id", "bool = true"),
    ("'a' in trigger.tags", "bool = true"),
    ("'c' not in trigger.tags", "bool = true"),
    ("'x' in trigger.stock", "bool = true"),
    ("'o-' in trigger.id", "bool = true"),
    ("2 in [1, 2.5]", "bool = false"),
    ("not trigger.vip or trigger.total > 100", "bool = true"),
    ("trigger.total is odd", "bool = false"),
    ("trigger.total is divisibleby 5", "bool = true"),
    ("trigger.id is startingwith 'o'", "bool = true"),
    ("steps.body.n is number and steps.body.x is mapping", "bool = true"),
];

/// Expressions with the type and value, or failure, that they have.
pub(in crate::expr) const FILTERS: &[(&str, &str)] = &[
    ("trigger.id | upper", "string = \"O-1\""),
    ("trigger.tags | length", "int = 3"),
    ("trigger.id | count", "int = 3"),
    ("trigger.stock | keys | join(', ')", "string = \"x, y\""),
    ("trigger.stock | values | sum", "int = 3"),
    ("[1, 2.5] | sum", "number = 3.5"),
    ("trigger.lines | map(attribute='price') | sum", "number = 3.5"),
    ("trigger.lines | sum(attribute='count')", "int = 3"),
    (
        "trigger.lines | sort(attribute='price') | map(attribute='label') | join('-')",
        "string = \"jam-tea\"",
    ),
    (
        "trigger.lines | sort(attribute='label', reverse=true) | map(attribute='count')",
        "list<int> = [2,1]",
    ),
    ("trigger.lines | join('/', attribute='price')", "string = \"2.5/1.0\""),
    ("(trigger.lines | max(attribute='price')) is defined", "bool = true"),
    ("trigger.lines | selectattr('gift') | map(attribute='label')", "list<string> = [\"jam\"]"),
    ("trigger.lines | rejectattr('gift') | length", "int = 1"),
    ("trigger.lines | selectattr('price', '>', 2) | length", "int = 1"),
    ("trigger.lines | selectattr('label', 'in', ['tea']) | length", "int = 1"),
    ("trigger.tags | map('upper') | unique | sort", "list<string> = [\"A\",\"B\"]"),
    ("trigger.tags | map('replace', 'b', 'c') | first | default('')", "string = \"c\""),
    ("(trigger.tags | sort(reverse=true))[0]", "string = \"b\""),
    ("trigger.tags[-1]", "string = \"b\""),
    ("trigger.tags[9]", "string ! index 9 is out of range in a list of 3"),
    ("trigger.tags[1:]", "list<string> = [\"a\",\"b\"]"),
    ("trigger.id[:1]", "string = \"o\""),
    ("trigger.tags | join", "string = \"bab\""),
    ("[1, 2] | join(',')", "string = \"1,2\""),
    ("trigger.stock.x", "int = 1"),
    ("trigger.stock['z']", "int ! the map has no key `z`"),
    (
        "trigger.stock | items",
        "list<{key: string, value: int}> = [{\"key\":\"x\",\"value\":1},{\"key\":\"y\",\"value\":2}]",
    ),
    ("steps.body.x | items | map(attribute='value') | first", "any = \"z\""),
    ("not trigger.total > 3 or not not trigger.vip", "bool = true"),
    ("trigger.rate | round", "number = 1.0"),
    ("trigger.total | round", "int = 1250"),
    ("trigger.rate | int", "int = 0"),
    ("'12' | int + 1", "int = 13"),
    ("trigger.id | int", "int ! the string \"o-1\" is not an int"),
    ("trigger.total | float", "number = 1250.0"),
    ("{'b': 1, 'a': none} | tojson", "string = \"{\\\"b\\\":1}\""),
    ("'[1]' | fromjson", "any = [1]"),
    ("trigger.at | date", "string = \"2026-11-21\""),
    ("trigger.wait | seconds", "number = 90.0"),
    ("trigger.blob | decode | base64encode", "string = \"Zm9v\""),
    ("'a b' | urlencode", "string = \"a%20b\""),
    ("range(3)", "list<int> = [0,1,2]"),
    ("range(1, 6, step=2)", "list<int> = [1,3,5]"),
    ("trigger.id | truncate(2, end='')", "string = \"o-\""),
    (
        "1 ~ 'a' ~ 2.0 ~ true ~ trigger.at ~ trigger.status",
        "string = \"1a2.0true2026-11-21T08:30:00.000Zpaid\"",
    ),
    ("'x' if trigger.vip else 'y'", "string = \"x\""),
    ("1 if trigger.vip else 0.5", "number = 1.0"),
    ("[none, 1]", "list<optional<int>> = [null,1]"),
    ("{'a': [1], 'b': {'c': none}}", "{a: list<int>, b: {c: null}} = {\"a\":[1],\"b\":{}}"),
    ("item.price * item.count + index", "number = 9.0"),
];

/// Expressions with the type and value, or failure, that they have.
pub(in crate::expr) const ANY: &[(&str, &str)] = &[
    ("steps.body.x.y", "any = \"z\""),
    ("steps.body.list[1]", "any = 2"),
    (
        "steps.body.nope",
        "any ! there is no key `nope`; the keys are `list`, `n`, `name`, `none`, `x`",
    ),
    ("steps.body.name.first", "any ! cannot read `first` of the string \"Ada\""),
    ("(steps.body.n | int) + 1", "int = 4"),
    ("steps.body.name | upper", "string = \"ADA\""),
    ("steps.body.n | upper", "string ! expected a string, found the number 3"),
    ("'<' ~ steps.body.n ~ '>'", "string = \"<3>\""),
    (
        "'<' ~ steps.body.list ~ '>'",
        "string ! a list has no text of its own; make one with `| tojson`",
    ),
    ("steps.body.list | length", "int = 2"),
    ("steps.body.list | first", "any = 1"),
    ("steps.body.list | map('string') | join('+')", "string = \"1+2\""),
    ("steps.body.nope.deeper | default('d')", "any = \"d\""),
    ("steps.body.none | default(1)", "any = 1"),
    ("steps.body.nope is defined", "bool = false"),
    ("steps.body.x.y is defined", "bool = true"),
    (
        "steps.body[trigger.id]",
        "any ! there is no key `o-1`; the keys are `list`, `n`, `name`, `none`, `x`",
    ),
    ("true if steps.body.vip | default(false) else false", "bool = false"),
    ("true if steps.body.name else false", "bool ! expected a bool, found the string \"Ada\""),
    ("first_of(steps.body.nope, steps.body.n)", "any = 3"),
];

/// Expressions with the type and value, or failure, that they have.
pub(in crate::expr) const PRESENCE: &[(&str, &str)] = &[
    ("trigger.note | default('-')", "string = \"-\""),
    ("trigger.more.deep | default(1.5)", "number = 1.5"),
    ("steps.a.email | default('x')", "string = \"x\""),
    ("steps.b.email | default('x')", "string = \"b@x\""),
    ("trigger.note is defined", "bool = false"),
    ("trigger.note is none", "bool = true"),
    ("trigger.note == none", "bool = true"),
    ("trigger.id is defined", "bool = true"),
    ("steps.b.email if steps.b is defined else ''", "string = \"b@x\""),
    ("steps.b.email if steps.b.email is defined else ''", "string = \"b@x\""),
    ("'' if steps.b is not defined else steps.b.email", "string = \"b@x\""),
    ("steps.b is defined and steps.b.age > 3", "bool = true"),
    ("steps.a is undefined or steps.a.age > 3", "bool = true"),
    (
        "not (steps.a is undefined or steps.b is undefined) and steps.a.age < steps.b.age",
        "bool = false",
    ),
    ("first_of(steps.a.age, steps.b.age)", "optional<int> = 7"),
    ("first_of(steps.a.age, steps.b.age, 0.5)", "number = 7.0"),
    ("first_of(steps.a, steps.sure).age", "int = 9"),
    ("first_of(steps.a, none)", "optional<{age: int, email: string}> = null"),
    ("trigger.tags | first", "optional<string> = \"b\""),
    ("trigger.tags[7] | default('z')", "string = \"z\""),
    ("trigger.stock.z | default(0)", "int = 0"),
    ("trigger.status | default('new')", "\"new\" | \"paid\" = \"paid\""),
    ("'x' if trigger.vip", "optional<string> = \"x\""),
];

#[test]
fn s17_arithmetic_keeps_ints_and_fails_where_it_must() {
    for (text, expected) in ARITHMETIC {
        assert_eq!(value(text), *expected, "{text}");
    }
}

#[test]
fn comparisons_are_typed() {
    for (text, expected) in COMPARISONS {
        assert_eq!(value(text), *expected, "{text}");
    }
}

#[test]
fn filters_and_functions_have_types() {
    for (text, expected) in FILTERS {
        assert_eq!(value(text), *expected, "{text}");
    }
}

#[test]
fn s12_any_is_checked_when_it_is_read() {
    for (text, expected) in ANY {
        assert_eq!(value(text), *expected, "{text}");
    }
    assert_eq!(
        issue("steps.body.n + 1"),
        (
            "E309 `+` needs to know the type of each operand, found any and int".into(),
            "steps.body.n + 1".into()
        )
    );
}

#[test]
fn s8_what_may_be_absent_is_covered_or_refused() {
    for (text, expected) in PRESENCE {
        let text_value = typed(&format!("{{{{ {text} }}}}"), Some(&expected_type(text)))
            .unwrap_or_else(|issues| panic!("{text}: {issues:#?}"));
        let value = eval(&text_value, &scope()).expect("a value");
        assert_eq!(format!("{} = {value}", text_value.ty), *expected, "{text}");
    }
    for (text, message) in [
        ("trigger.note", "E407 `trigger.note` may be absent here: its type is optional<string>"),
        (
            "steps.a.email",
            "E407 `steps.a` may be absent here: its type is optional<{age: int, email: string}>",
        ),
        (
            "trigger.note | upper",
            "E407 `trigger.note` may be absent here: its type is optional<string>",
        ),
        (
            "trigger.note | upper | default('')",
            "E407 `trigger.note` may be absent here: its type is optional<string>",
        ),
        (
            "(trigger.tags | first) ~ ''",
            "E407 this value may be absent here: its type is optional<string>",
        ),
        ("[trigger.note]", "E407 `trigger.note` may be absent here: its type is optional<string>"),
        (
            "steps.a is defined or steps.a.age > 3",
            "E407 `steps.a` may be absent here: its type is optional<{age: int, email: string}>",
        ),
        (
            "steps.b.age if steps.a is defined else 0",
            "E407 `steps.b` may be absent here: its type is optional<{age: int, email: string}>",
        ),
        (
            "first_of(steps.a, steps.b)",
            "E407 this value may be absent here: its type is optional<{age: int, email: string}>",
        ),
    ] {
        assert_eq!(issue(text).0, message, "{text}");
    }
}

/// What may be null because that is said.
pub(in crate::expr) const MEANT: &[(&str, &str)] = &[
    ("trigger.note | default(none)", "optional<string> = null"),
    ("steps.b.age | default(none)", "optional<int> = 7"),
    ("trigger.id | default(none)", "string = \"o-1\""),
    ("'x' if trigger.vip else none", "optional<string> = \"x\""),
    ("[trigger.note | default(none), 'x']", "list<optional<string>> = [null,\"x\"]"),
    ("{'n': trigger.note | default(none)}", "{n?: string} = {}"),
    ("[{'n': trigger.note | default(none)}, steps.body][0] | length", "int = 1"),
];

#[test]
fn s8_absence_that_is_meant_may_stand_as_null() {
    for (text, expected) in MEANT {
        assert_eq!(value(text), *expected, "{text}");
    }
    let body = json!({"n": "{{ trigger.note | default(none) }}", "m": null, "t": "{{ trigger.more | default(none) }}"});
    let expr = check_json(&body, &scope(), Some(&Type::Any)).expect("any").expr;
    assert_eq!(eval(&expr, &scope()), Ok(json!({"n": null, "m": null, "t": null})));
    for (text, code) in [
        ("(trigger.note | default(none)) | upper", "E407"),
        ("'x' ~ (trigger.note | default(none))", "E407"),
        ("('x' if trigger.vip else none) == 'x'", "E407"),
        ("'x' if trigger.vip", "E407"),
        ("first_of(steps.a, steps.b)", "E407"),
    ] {
        assert_eq!(issue(text).0.get(..4), Some(code), "{text}");
    }
}

/// The type that an expression has, optional where it is, so that an optional one passes.
fn expected_type(text: &str) -> Type {
    let text = format!("{{{{ {text} }}}}");
    let scope = scope();
    let mut checker = Checker::new(&scope);
    let template = parse(&text).expect("it parses");
    let expr = checker.expr(template.exact().expect("exact"));
    expr.unwrap_or_else(|| panic!("{text}: {:#?}", checker.issues)).ty
}

#[test]
fn s9_first_of_is_certain_where_the_guards_say_so() {
    let scope = Scope { one_present: true, ..scope() };
    for (text, ty) in [
        ("first_of(steps.a, steps.b)", "{age: int, email: string}"),
        ("first_of(steps.a.age, steps.b.age)", "int"),
    ] {
        let template = parse(&format!("{{{{ {text} }}}}")).expect("it parses");
        let expr = check(&template, &scope, None).expect("certain");
        assert_eq!(expr.ty.to_string(), ty);
    }
    let template = parse("{{ first_of(steps.a, trigger.more) }}").expect("it parses");
    assert!(check(&template, &scope, None).is_err());
}

#[test]
fn facts_follow_logic() {
    let access = |id: &str| Access { name: Name::Step(id.to_owned()), path: Vec::new() };
    let known = |text: &str| {
        let facts = facts(&typed(&format!("{{{{ {text} }}}}"), None).expect("a condition"));
        (facts.when_true, facts.when_false)
    };
    let (a, b) = (access("a"), access("b"));
    let set = |accesses: &[&Access]| accesses.iter().map(|a| (*a).clone()).collect::<BTreeSet<_>>();
    assert_eq!(known("steps.a is defined"), (set(&[&a]), set(&[])));
    assert_eq!(known("steps.a is none"), (set(&[]), set(&[&a])));
    assert_eq!(known("steps.a is defined and steps.b is defined"), (set(&[&a, &b]), set(&[])));
    assert_eq!(
        known("not (steps.a is defined and steps.b is defined)"),
        (set(&[]), set(&[&a, &b]))
    );
    assert_eq!(known("steps.a is defined or steps.b is defined"), (set(&[]), set(&[])));
    let (when_true, _) = known("steps.a.email is defined");
    assert!(when_true.contains(&a) && when_true.len() == 2);
}

#[test]
fn s15_text_takes_what_has_a_text() {
    let text = "{{ trigger.total }} x {{ trigger.rate }} {{ steps.body.name }}{{ trigger.status }}";
    let expr = typed(text, None).expect("text");
    assert_eq!(eval(&expr, &scope()), Ok(json!("1250 x 0.5 Adapaid")));
    for (text, message) in [
        ("a {{ trigger.tags }}", "E310 a list<string> has no text of its own"),
        ("a {{ trigger }}", "E310 a record has no text of its own"),
        ("a {{ trigger.blob }}", "E310 bytes has no text of its own"),
        ("a {{ none }}", "E310 null has no text of its own"),
        (
            "a {{ trigger.note }}",
            "E407 `trigger.note` may be absent here: its type is optional<string>",
        ),
    ] {
        assert_eq!(issue_in(text, None).0, message);
    }
}

#[test]
fn expected_types_are_met_or_refused() {
    let status = Type::enumeration(["new".to_owned(), "paid".to_owned()]);
    let given = |text: &str, expected: &Type| {
        let expr =
            typed(text, Some(expected)).unwrap_or_else(|issues| panic!("{text}: {issues:#?}"));
        assert_eq!(expr.ty, *expected, "{text}");
        eval(&expr, &scope()).unwrap_or_else(|error| json!(error.to_string()))
    };
    assert_eq!(given("{{ trigger.total }}", &Type::Number), json!(1250.0));
    assert_eq!(given("30s", &Type::Duration), json!("30s"));
    assert_eq!(given("90s", &Type::Duration.optional()), json!("1m 30s"));
    assert_eq!(
        given("2026-11-21T09:30:00+01:00", &Type::Timestamp),
        json!("2026-11-21T08:30:00.000Z")
    );
    assert_eq!(given("paid", &status), json!("paid"));
    assert_eq!(given("{{ 'new' if trigger.vip else 'paid' }}", &status), json!("new"));
    assert_eq!(given("{{ trigger.status }}", &Type::String), json!("paid"));
    assert_eq!(given("{{ trigger.note }}", &Type::String.optional()), json!(null));
    assert_eq!(given("{{ steps.body.name }}", &Type::String), json!("Ada"));
    assert_eq!(
        given("{{ steps.body.n }}", &Type::String),
        json!("expected a string, found the number 3")
    );
    assert_eq!(given("{{ [] }}", &Type::list(Type::Int)), json!([]));
    assert_eq!(given("{{ {'a': 1} }}", &Type::map(Type::Number)), json!({"a": 1.0}));
    assert_eq!(
        given("{{ {'a': trigger.note} }}", &record(&[("a", Type::String.optional())])),
        json!({})
    );
    for (text, expected, message) in [
        ("{{ trigger.id }}", Type::Int, "E301 expected int, found string"),
        ("30 sec onds", Type::Duration, "E311 `30 sec onds` is not a duration"),
        ("payd", status.clone(), "E307 `payd` is none of \"new\" | \"paid\"; did you mean `paid`?"),
        ("{{ 'payd' }}", status, "E307 `payd` is none of \"new\" | \"paid\"; did you mean `paid`?"),
        ("5", Type::Int, "E301 expected int, found the text `5`"),
        (" {{ trigger.vip }}", Type::Bool, "E301 expected bool, found text with expressions in it"),
        (
            "{{ trigger.note }}",
            Type::Any,
            "E407 `trigger.note` may be absent here: its type is optional<string>",
        ),
        (
            "{{ {'b': 1} }}",
            record(&[("ab", Type::Int)]),
            "E306 the field `ab` of type int is missing",
        ),
    ] {
        assert_eq!(issue_in(text, Some(&expected)).0, message, "{text}");
    }
}

#[test]
fn mistakes_say_what_where_and_how_to_mend_them() {
    for (text, message, at) in [
        ("triger.total", "E405 there is no name `triger`; did you mean `trigger`?", "triger"),
        ("trigger.totl + 1", "E303 `trigger` has no field `totl`; did you mean `total`?", "totl"),
        ("steps.bdy.x", "E406 there is no node `bdy` to read here; did you mean `body`?", "bdy"),
        ("steps", "E417 `steps` alone is no value", "steps"),
        ("run.started", "E405 `run` has no `started`", "run.started"),
        ("loops.x", "E417 `loops.x` alone is no value", "loops.x"),
        ("loops.x.foo", "E405 `loops.x` has no `foo`", "foo"),
        ("errors.a.code", "E425 not here", "errors.a"),
        ("trigger.id.length", "E304 string has no field `length`", "length"),
        ("trigger.tags.first", "E304 list<string> has no field `first`", "first"),
        ("trigger.id[0]", "E304 string cannot be indexed with int", "trigger.id[0]"),
        ("trigger.id | uper", "E408 there is no filter `uper`; did you mean `upper`?", "uper"),
        ("trigger.id is evn", "E409 there is no test `evn`; did you mean `even`?", "evn"),
        ("now()", "E410 there is no function `now`", "now"),
        ("upper(trigger.id)", "E410 there is no function `upper`", "upper"),
        ("trigger.id.upper()", "E413 a method, `.upper(…)`, is not part of the language", "upper"),
        (
            "trigger.id | replace('a')",
            "E411 `replace` takes other arguments",
            "trigger.id | replace('a')",
        ),
        (
            "trigger.lines | sort(attribut='x')",
            "E411 `sort` has no argument `attribut`",
            "trigger.lines | sort(attribut='x')",
        ),
        (
            "trigger.lines | sort(attribute=trigger.id)",
            "E411 a field's name must be literal text, so that its type is known",
            "trigger.id",
        ),
        (
            "trigger.lines | map(attribute='prise')",
            "E303 the record has no field `prise`; did you mean `price`?",
            "'prise'",
        ),
        (
            "trigger.lines | map(attribute='note')",
            "E407 `element.note` may be absent here: its type is optional<string>",
            "'note'",
        ),
        (
            "trigger.lines | sort",
            "E412 `sort` is not defined for list<{count: int, gift: bool, label: string, note?: string, price: number}>",
            "trigger.lines | sort",
        ),
        ("trigger.id + 1", "E412 `+` is not defined for string and int", "trigger.id + 1"),
        ("trigger.vip + 1", "E412 `+` is not defined for bool and int", "trigger.vip + 1"),
        ("trigger.total == 'x'", "E308 int and string are never equal", "trigger.total == 'x'"),
        (
            "trigger.status == 'payd'",
            "E307 `payd` is none of \"new\" | \"paid\"; did you mean `paid`?",
            "'payd'",
        ),
        ("1 if trigger.total else 2", "E416 a condition is a bool, found int", "trigger.total"),
        ("trigger.vip and 'x'", "E416 a condition is a bool, found string", "'x'"),
        (
            "[1, 'a']",
            "E302 the elements of the list have no common type: int and string have no common type",
            "[1, 'a']",
        ),
        (
            "trigger.note | default(1)",
            "E302 the default is of type int, the value of type string",
            "1",
        ),
        ("trigger.note | default('', true)", "E411 `default` takes one argument", "default"),
        ("99999999999999999999", "E414 the number is too large for an int", "99999999999999999999"),
        (
            "duration('soon')",
            "E415 the string \"soon\" is not a duration such as 1m 30s",
            "duration('soon')",
        ),
        (
            "{trigger.id: 1}",
            "E413 a key that is not literal text is not part of the language",
            "trigger.id",
        ),
        ("{'a': 1, 'a': 2}", "E413 the key `a` stands here twice", "'a'"),
        (
            "[trigger.stock] | map('items')",
            "E408 the first argument of `map` is no filter's name",
            "'items'",
        ),
        ("first_of()", "E411 `first_of` takes one or more values", "first_of"),
        ("null", "E405 there is no name `null`", "null"),
    ] {
        assert_eq!(issue(text), (message.to_owned(), at.to_owned()), "{text}");
    }
}

#[test]
fn every_issue_of_a_text_is_told_at_once() {
    let issues = typed("{{ a + b }} {{ trigger.x }} {{ 'y' | z }}", None).expect_err("issues");
    let codes: Vec<&str> = issues.iter().map(|issue| issue.code).collect();
    assert_eq!(codes, ["E405", "E405", "E303", "E408"]);
    assert!(issues.iter().all(|issue| issue.help.is_some()));
}

#[test]
fn json_holds_expressions_at_any_depth() {
    let given = |value: Value, expected: Option<&Type>| {
        check_json(&value, &scope(), expected).map(|Understood { expr, .. }| {
            (expr.ty.to_string(), eval(&expr, &scope()).expect("a value"))
        })
    };
    assert_eq!(
        given(json!({"a": "{{ trigger.total }}", "b": ["x {{ trigger.id }}", "y"], "c": 1}), None),
        Ok((
            "{a: int, b: list<string>, c: int}".to_owned(),
            json!({"a": 1250, "b": ["x o-1", "y"], "c": 1})
        ))
    );
    let input = record(&[
        ("amount", Type::Number),
        ("headers", Type::map(Type::String)),
        ("note", Type::String.optional()),
        ("body", Type::Any),
    ]);
    assert_eq!(
        given(
            json!({"amount": 5, "headers": {"x": "{{ trigger.status }}"}, "body": [1, "a", {"b": "{{ trigger.vip }}"}]}),
            Some(&input)
        )
        .map(|(_, value)| value),
        Ok(json!({"amount": 5.0, "headers": {"x": "paid"}, "body": [1, "a", {"b": true}]}))
    );
    let issues = given(json!({"amont": 5, "headers": {"a/b": "{{ x }}"}, "note": 7}), Some(&input))
        .expect_err("issues");
    let told: Vec<String> = issues
        .iter()
        .map(|found| format!("{} {} {}", found.pointer, found.issue.code, found.issue.message))
        .collect();
    assert_eq!(
        told,
        [
            "/amont E305 there is no field `amont` here; did you mean `amount`?",
            "/headers/a~1b E405 there is no name `x`",
            "/note E301 expected string, found int",
            " E306 the field `amount` of type number is missing",
            " E306 the field `body` of type any is missing",
        ][..4]
    );
    let deep = (0..100).fold(json!(1), |value, _| json!([value]));
    assert_eq!(given(deep, Some(&Type::Any)).expect_err("too deep")[0].issue.code, "E404");
}
