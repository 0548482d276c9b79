//! Cases of what speaks to the outside: dates, encodings, URLs, digests, patterns; and of what
//! lays out text and cuts lists.

use flowcrate::expr as rust;

use super::{BTreeMap, Case, ExprError, Value, at, json, partial, texts, total};

pub(super) fn cases() -> Vec<Case> {
    [times(), encodings(), urls(), digests(), patterns(), layout(), lists()].concat()
}

fn times() -> Vec<Case> {
    const TIME: &str = "2026-11-21T08:30:15.250Z";
    let moment = at(TIME);
    let zone = "Europe/Berlin";
    vec![
        ("timestamp_year", "TIME | year", total(rust::timestamp_year(moment))),
        ("timestamp_month", "TIME | month", total(rust::timestamp_month(moment))),
        ("timestamp_day", "TIME | day", total(rust::timestamp_day(moment))),
        ("timestamp_hour", "TIME | hour", total(rust::timestamp_hour(moment))),
        ("timestamp_minute", "TIME | minute", total(rust::timestamp_minute(moment))),
        ("timestamp_second", "TIME | second", total(rust::timestamp_second(moment))),
        ("timestamp_weekday", "TIME | weekday", total(rust::timestamp_weekday(moment))),
        ("timestamp_unix_ms", "TIME | unix_ms", total(rust::timestamp_unix_ms(moment))),
        ("timestamp_from_unix", "from_unix(-1)", partial(rust::timestamp_from_unix(-1))),
        (
            "timestamp_from_unix",
            "from_unix(9223372036854775807)",
            partial(rust::timestamp_from_unix(i64::MAX)),
        ),
        ("timestamp_from_unix_ms", "from_unix_ms(1)", partial(rust::timestamp_from_unix_ms(1))),
        (
            "timestamp_add_months",
            "TIME | add_months(3)",
            partial(rust::timestamp_add_months(moment, 3)),
        ),
        (
            "timestamp_add_months",
            "TIME | add_months(120000)",
            partial(rust::timestamp_add_months(moment, 120_000)),
        ),
        (
            "timestamp_format",
            "TIME | format('%d.%m.%Y %H:%M', 'Europe/Berlin')",
            partial(rust::timestamp_format(moment, "%d.%m.%Y %H:%M", zone)),
        ),
        (
            "timestamp_format",
            "TIME | format('%Y', timezone='MARS' | lower)",
            partial(rust::timestamp_format(moment, "%Y", "mars")),
        ),
        (
            "timestamp_parse_format",
            "timestamp('21.11.2026', '%d.%m.%Y', timezone='Europe/Berlin')",
            partial(rust::timestamp_parse_format("21.11.2026", "%d.%m.%Y", zone)),
        ),
        (
            "timestamp_parse_format",
            "timestamp('21.11.', '%d.%m.%Y')",
            partial(rust::timestamp_parse_format("21.11.", "%d.%m.%Y", "UTC")),
        ),
        (
            "timestamp_start_of",
            "TIME | start_of('week')",
            partial(rust::timestamp_start_of(moment, "week", "UTC")),
        ),
        (
            "timestamp_start_of",
            "TIME | start_of('EON' | lower)",
            partial(rust::timestamp_start_of(moment, "eon", "UTC")),
        ),
    ]
}

fn encodings() -> Vec<Case> {
    vec![
        ("hex_encode_text", "'ü' | hexencode", total(rust::hex_encode_text("ü"))),
        ("hex_encode", "'ü' | encode | hexencode", total(rust::hex_encode("ü".as_bytes()))),
        ("hex_decode", "'00fF' | hexdecode", partial(rust::hex_decode("00fF"))),
        ("hex_decode", "'0' | hexdecode", partial(rust::hex_decode("0"))),
        (
            "base64_url_encode_text",
            "'~?>' | base64urlencode",
            total(rust::base64_url_encode_text("~?>")),
        ),
        (
            "base64_url_encode",
            "'~?>' | encode | base64urlencode",
            total(rust::base64_url_encode(b"~?>")),
        ),
        ("base64_url_decode", "'fj8-' | base64urldecode", partial(rust::base64_url_decode("fj8-"))),
        ("base64_url_decode", "'fj8+' | base64urldecode", partial(rust::base64_url_decode("fj8+"))),
    ]
}

fn urls() -> Vec<Case> {
    const URL: &str = "https://Example.com:8443/a?x=1&y=%20#top";
    vec![
        ("url_decode", "'a%20b' | urldecode", partial(rust::url_decode("a%20b"))),
        ("url_decode", "'a%2' | urldecode", partial(rust::url_decode("a%2"))),
        ("query_parse", "'a=1&b=x+y' | parse_query", partial(rust::query_parse("a=1&b=x+y"))),
        ("query_parse", "'a=%' | parse_query", partial(rust::query_parse("a=%"))),
        (
            "map_url_encode",
            "'a=1&b=x+y' | parse_query | urlencode",
            total(rust::map_url_encode(&BTreeMap::from([
                ("a".to_owned(), "1".to_owned()),
                ("b".to_owned(), "x y".to_owned()),
            ]))),
        ),
        (
            "map_url_encode",
            "{'a': 'x y'} | urlencode",
            total(rust::map_url_encode(&BTreeMap::from([("a".to_owned(), "x y".to_owned())]))),
        ),
        ("url_scheme", "URL | url_scheme", partial(rust::url_scheme(URL))),
        ("url_scheme", "'a b' | url_scheme", partial(rust::url_scheme("a b"))),
        ("url_host", "URL | url_host", partial(rust::url_host(URL))),
        ("url_host", "'mailto:a' | url_host", partial(rust::url_host("mailto:a"))),
        ("url_port", "URL | url_port", partial(rust::url_port(URL))),
        ("url_path", "URL | url_path", partial(rust::url_path(URL))),
        ("url_query", "URL | url_query", partial(rust::url_query(URL))),
        ("url_fragment", "URL | url_fragment", partial(rust::url_fragment(URL))),
    ]
}

fn digests() -> Vec<Case> {
    vec![
        ("md5_text", "'a' | md5", total(rust::md5_text("a"))),
        ("md5", "'a' | encode | md5", total(rust::md5(b"a"))),
        ("sha1_text", "'a' | sha1", total(rust::sha1_text("a"))),
        ("sha1", "'a' | encode | sha1", total(rust::sha1(b"a"))),
        ("sha256_text", "'a' | sha256", total(rust::sha256_text("a"))),
        ("sha256", "'a' | encode | sha256", total(rust::sha256(b"a"))),
        ("sha512_text", "'a' | sha512", total(rust::sha512_text("a"))),
        ("sha512", "'a' | encode | sha512", total(rust::sha512(b"a"))),
        ("hmac_sha1_text", "'a' | hmac_sha1('k')", total(rust::hmac_sha1_text("a", "k"))),
        ("hmac_sha1", "'a' | encode | hmac_sha1('k' | encode)", total(rust::hmac_sha1(b"a", b"k"))),
        ("hmac_sha256_text", "'a' | hmac_sha256('k')", total(rust::hmac_sha256_text("a", "k"))),
        (
            "hmac_sha256",
            "'a' | encode | hmac_sha256('k' | encode)",
            total(rust::hmac_sha256(b"a", b"k")),
        ),
        ("hmac_sha512_text", "'a' | hmac_sha512('k')", total(rust::hmac_sha512_text("a", "k"))),
        (
            "hmac_sha512",
            "'a' | encode | hmac_sha512('k' | encode)",
            total(rust::hmac_sha512(b"a", b"k")),
        ),
    ]
}

fn patterns() -> Vec<Case> {
    const TEXT: &str = "A-17, B-4";
    const PATTERN: &str = "(?<letter>[A-Z])-([0-9]+)";
    vec![
        (
            "regex_is_match",
            "TEXT is matching '^[A-Z]'",
            partial(rust::regex_is_match(TEXT, "^[A-Z]")),
        ),
        (
            "regex_is_match",
            "TEXT is matching('(' | lower)",
            partial(rust::regex_is_match(TEXT, "(")),
        ),
        ("regex_find", "TEXT | regex_find('[0-9]+')", partial(rust::regex_find(TEXT, "[0-9]+"))),
        ("regex_find", "TEXT | regex_find('z')", partial(rust::regex_find(TEXT, "z"))),
        (
            "regex_find_all",
            "TEXT | regex_find_all('[0-9]+')",
            partial(rust::regex_find_all(TEXT, "[0-9]+")),
        ),
        (
            "regex_groups",
            "TEXT | regex_groups('(?<letter>[A-Z])-([0-9]+)')",
            partial(rust::regex_groups(TEXT, PATTERN)),
        ),
        (
            "regex_replace",
            "TEXT | regex_replace('(?<letter>[A-Z])-([0-9]+)', '$2${letter}')",
            partial(rust::regex_replace(TEXT, PATTERN, "$2${letter}")),
        ),
        ("regex_split", "TEXT | regex_split(', *')", partial(rust::regex_split(TEXT, ", *"))),
    ]
}

fn layout() -> Vec<Case> {
    vec![
        ("string_title", "'ada LOVELACE' | title", total(rust::string_title("ada LOVELACE"))),
        (
            "string_indent",
            "'a\\nb' | indent(2, first=true)",
            partial(rust::string_indent("a\nb", 2, true)),
        ),
        ("string_indent", "'a' | indent(2000)", partial(rust::string_indent("a", 2_000, false))),
        ("string_escape", "'<a>' | escape", total(rust::string_escape("<a>"))),
        ("string_trim_of", "'--a-' | trim('-')", total(rust::string_trim_of("--a-", "-"))),
        ("string_list", "'aü' | list", total(rust::string_list("aü"))),
        (
            "string_split_at_most",
            "'a,b,c' | split(',', 1)",
            total(rust::string_split_at_most("a,b,c", ",", 1)),
        ),
        ("string_contains", "'abc' is containing('b')", total(rust::string_contains("abc", "b"))),
        ("string_is_lower", "'ab1' is lower", total(rust::string_is_lower("ab1"))),
        ("string_is_upper", "'1' is upper", total(rust::string_is_upper("1"))),
        ("number_fixed", "1.005 | fixed", total(rust::number_fixed(1.005, 2))),
        ("any_is_integer", "'1' | fromjson is int", total(rust::any_is_integer(&json!(1)))),
        ("any_is_float", "'1.0' | fromjson is float", total(rust::any_is_float(&json!(1.0)))),
        ("any_is_true", "'1' | fromjson is true", total(rust::any_is_true(&json!(1)))),
        ("any_is_false", "'false' | fromjson is false", total(rust::any_is_false(&json!(false)))),
    ]
}

fn lists() -> Vec<Case> {
    let people = || vec![json!({"age": 7, "name": "b"}), json!({"age": 3, "name": "a"})];
    let name = |person: &Value| {
        Ok::<String, ExprError>(person["name"].as_str().unwrap_or_default().to_owned())
    };
    vec![
        ("list_concat", "[1] | chain([2])", total(rust::list_concat(&[1], &[2]))),
        (
            "list_flatten",
            "[[1], [2, 3]] | flatten",
            total(rust::list_flatten(&[vec![1], vec![2, 3]])),
        ),
        ("list_batch", "[1, 2, 3] | batch(2)", partial(rust::list_batch(&[1, 2, 3], 2))),
        ("list_batch", "['a'] | batch(0)", partial(rust::list_batch(&texts(&["a"]), 0))),
        ("list_divide", "[1, 2, 3] | slice(2)", partial(rust::list_divide(&[1, 2, 3], 2))),
        (
            "list_group_by",
            "PEOPLE | groupby('name')",
            partial(rust::list_group_by(&people(), name)),
        ),
        ("map_keys", "MAP | list", total(rust::map_keys(&BTreeMap::from([("a".to_owned(), 1)])))),
    ]
}
