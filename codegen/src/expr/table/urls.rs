//! URLs, queries, percent encoding.

use flowcrate::expr;

use super::super::operands::{partial, total};
use super::Pattern::{Int, Map, Optional, String};
use super::Surface::Filter;
use super::{Op, Param, Totality};

pub(super) const OPS: &[Op] = &[
    entry!(url_encode, Filter("urlencode"), [text: String] -> String, total,
        "Every byte but letters, digits and `-._~` as `%XX`.",
        |o| total(expr::url_encode(o.text(0)?))),
    entry!(map_url_encode, Filter("urlencode"), [map: Map(&String)] -> String, total,
        "A query: `a=1&b=x%20y`.",
        |o| total(expr::map_url_encode(&o.text_map(0)?))),
    entry!(url_decode, Filter("urldecode"), [text: String] -> String, partial, "Each `%XX` as the byte that it is; `+` stays.",
        |o| partial(expr::url_decode(o.text(0)?))),
    entry!(query_parse, Filter("parse_query"), [text: String] -> Map(&String), partial, "`a=1&b=x+y` as a map; of a key that stands twice, the last value.",
        |o| partial(expr::query_parse(o.text(0)?))),
    entry!(url_scheme, Filter("url_scheme"), [text: String] -> String, partial, "What stands before the `:` of a URL, in lower case.",
        |o| partial(expr::url_scheme(o.text(0)?))),
    entry!(url_host, Filter("url_host"), [text: String] -> Optional(&String), partial, "A URL's host, in lower case.",
        |o| partial(expr::url_host(o.text(0)?))),
    entry!(url_port, Filter("url_port"), [text: String] -> Optional(&Int), partial, "The port that a URL names.",
        |o| partial(expr::url_port(o.text(0)?))),
    entry!(url_path, Filter("url_path"), [text: String] -> String, partial, "A URL's path, as it is written.",
        |o| partial(expr::url_path(o.text(0)?))),
    entry!(url_query, Filter("url_query"), [text: String] -> Map(&String), partial, "A URL's query as a map.",
        |o| partial(expr::url_query(o.text(0)?))),
    entry!(url_fragment, Filter("url_fragment"), [text: String] -> Optional(&String), partial, "What follows the `#` of a URL.",
        |o| partial(expr::url_fragment(o.text(0)?))),
];
