//! Habits of other languages, JavaScript's above all: what is written here in its place.

/// Operators of JavaScript and what they are here, the longer ones first.
const OPERATORS: [(&str, &str); 4] =
    [("===", "=="), ("!==", "!="), ("&&", " and "), ("||", " or ")];

/// What is said of syntax that is JavaScript's.
pub(super) fn syntax_help(source: &str) -> Option<&'static str> {
    const HELPS: [(&str, &str); 15] = [
        ("$json", "read `trigger.<field>`, or `steps.<id>.<field>` for what a node gave"),
        ("$input", "read `trigger.<field>`, or `steps.<id>.<field>` for what a node gave"),
        ("$node", "read `steps.<id>.<field>` for what a node gave"),
        ("$(", "read `steps.<id>.<field>` for what a node gave"),
        ("$now", "no clock in expressions: read `run.started_at`"),
        ("$env", "expressions read no environment: use a connection, or the trigger"),
        ("$", "names have no `$`: read `trigger.<field>` or `steps.<id>.<field>`"),
        ("=>", "no functions: write `map(attribute='field')` or `selectattr('field', '>', 3)`"),
        ("??", "write `a | default(b)` for `a ?? b`"),
        ("?.", "write `a.b | default(…)` where something on the way may be absent"),
        ("`", "write `'text ' ~ value` for a template literal"),
        ("===", "write `==` for `===`"),
        ("!==", "write `!=` for `!==`"),
        ("&&", "write `and` for `&&`"),
        ("||", "write `or` for `||`"),
    ];
    let plain = without_texts(source);
    if plain.trim_start().starts_with("new ") {
        return Some("write `timestamp(text)` for an instant; now is `run.started_at`");
    }
    HELPS.iter().find(|(sign, _)| plain.contains(sign)).map(|(_, help)| *help)
}

/// The source with JavaScript's operators as they are written here, if there are any.
pub(super) fn translated(source: &str) -> Option<String> {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    let mut quote: Option<char> = None;
    let mut changed = false;
    while let Some(character) = rest.chars().next() {
        let operator = OPERATORS.iter().find(|(js, _)| quote.is_none() && rest.starts_with(js));
        if let Some((js, ours)) = operator {
            // Spaces only where there are none yet.
            let ours = if out.ends_with(' ') { ours.trim_start() } else { ours };
            rest = rest.get(js.len()..).unwrap_or_default();
            let spaced = rest.starts_with(' ');
            out.push_str(if spaced { ours.trim_end() } else { ours });
            changed = true;
            continue;
        }
        let mut width = character.len_utf8();
        match (quote, character) {
            (Some(_), '\\') => width += rest.chars().nth(1).map_or(0, char::len_utf8),
            (Some(begun), end) if begun == end => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            _ => {}
        }
        let (taken, others) = rest.split_at_checked(width).unwrap_or((rest, ""));
        out.push_str(taken);
        rest = others;
    }
    changed.then_some(out)
}

/// The source without what stands in quotes.
fn without_texts(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut quote = None;
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(begun), end) if begun == end => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, other) => out.push(other),
        }
    }
    out
}

/// The filter that a method, or a function of one value, is here.
pub(super) fn filter_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "toUpperCase" | "toLocaleUpperCase" => "upper",
        "toLowerCase" | "toLocaleLowerCase" => "lower",
        "strip" => "trim",
        "startsWith" => "startswith",
        "endsWith" => "endswith",
        "includes" => "contains",
        "replaceAll" => "replace",
        "toString" | "toISOString" | "String" | "str" => "string",
        "parseInt" | "trunc" => "int",
        "parseFloat" | "Number" => "float",
        "Boolean" => "bool",
        "len" | "size" => "length",
        "toFixed" => "fixed",
        "flat" => "flatten",
        "concat" => "chain",
        "match" => "regex_find",
        "matchAll" => "regex_find_all",
        "encodeURIComponent" => "urlencode",
        "decodeURIComponent" => "urldecode",
        "btoa" => "base64encode",
        "atob" => "base64decode",
        "stringify" => "tojson",
        "parse" => "fromjson",
        "entries" => "items",
        "getTime" => "unix_ms",
        "getFullYear" => "year",
        "getDate" => "day",
        "getHours" => "hour",
        "getMinutes" => "minute",
        "toFormat" | "strftime" => "format",
        "startOf" => "start_of",
        _ => return None,
    })
}

/// What to write for a method that no filter is.
pub(super) fn method_help(name: &str) -> Option<&'static str> {
    Some(match name {
        "filter" => "write `list | selectattr('field', '>', 3)`, or use a `filter` node",
        "map" => "write `list | map(attribute='field')`",
        "find" => "write `list | selectattr('field', '==', 3) | first`",
        "some" | "every" => "compare lengths: `(list | selectattr('field') | length) > 0`",
        "forEach" => "use a `for_each` node",
        "reduce" => "use an `aggregate` node, or `| sum`, `| min`, `| max`",
        "slice" | "substring" | "substr" => "write a slice: `value[1:3]`",
        "at" | "charAt" => "write `list[0]`, or `text[0:1]`",
        "test" => "write `text is matching('pattern')`",
        "plus" => "add a duration: `at + duration('1h')`, or `at | add_months(1)`",
        "minus" => "subtract a duration: `at - duration('1h')`",
        _ => return None,
    })
}

/// Objects of JavaScript whose functions are called as methods: `Math.round(x)`.
pub(super) const OBJECTS: [&str; 8] =
    ["JSON", "Math", "Object", "Number", "String", "Array", "Date", "DateTime"];

/// What to write for `Math.round(x)` and its like.
pub(super) fn object_help(object: &str, method: &str) -> Option<String> {
    match (object, method) {
        ("Math", "min" | "max") => Some(format!("write `[a, b] | {method}`")),
        ("Math", "pow") => Some("write `a ** b`".to_owned()),
        ("Math", "random") => Some("no randomness in expressions: `run.id` is unique".to_owned()),
        ("Math", "round" | "floor" | "ceil" | "abs") | ("Object", "keys" | "values") => {
            Some(format!("write the filter: `value | {method}`"))
        }
        ("Date" | "DateTime", "now") => {
            Some("no clock in expressions: read `run.started_at`".to_owned())
        }
        ("Date" | "DateTime", _) => Some("write `timestamp(text)`".to_owned()),
        _ => filter_of(method).map(|filter| format!("write the filter: `value | {filter}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;

    #[test]
    fn operators_are_translated_but_not_in_texts() {
        for (js, ours) in [
            (" a === 'b&&c' && !d ", Some(" a == 'b&&c' and !d ")),
            ("a||b", Some("a or b")),
            ("a!==\"\\\"||\"", Some("a!=\"\\\"||\"")),
            ("a == b", None),
            ("'ü&&'", None),
        ] {
            assert_eq!(translated(js).as_deref(), ours, "{js}");
        }
        assert!(syntax_help("'$json'").is_none() && syntax_help("$json.a").is_some());
    }

    #[test]
    fn what_is_recommended_exists() {
        for habit in ["toUpperCase", "parseInt", "toFixed", "flat", "match", "stringify", "getTime"]
        {
            let filter = filter_of(habit).expect("a filter");
            assert!(!table::filters(filter).is_empty(), "{filter}");
        }
    }
}
