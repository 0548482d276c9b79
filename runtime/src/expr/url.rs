//! URLs and queries, by RFC 3986: no host names are looked up, nothing is normalised.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::ExprError;
use crate::types::describe;

/// `text | urlencode`: every byte but letters, digits and `-._~` as `%XX`.
pub fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// `map | urlencode`: a query, `a=1&b=x%20y`.
pub fn map_url_encode(map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = map
        .iter()
        .map(|(key, value)| format!("{}={}", url_encode(key), url_encode(value)))
        .collect();
    pairs.join("&")
}

/// `text | urldecode`: each `%XX` as the byte that it is; `+` stays.
pub fn url_decode(text: &str) -> Result<String, ExprError> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let digits = text.get(at + 1..at + 3).filter(|digits| !digits.starts_with('+'));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            decoded.push(byte.ok_or_else(|| {
                ExprError::new(format!(
                    "{} has a `%` without two hexadecimal digits",
                    describe(&text.into())
                ))
            })?);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).map_err(|_| {
        ExprError::new(format!("{} is not UTF-8 text once decoded", describe(&text.into())))
    })
}

/// `text | parse_query`: `a=1&b=x+y` as a map; of a key that stands twice, the last value.
pub fn query_parse(query: &str) -> Result<BTreeMap<String, String>, ExprError> {
    let query = query.strip_prefix('?').unwrap_or(query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| url_decode(&text.replace('+', " "));
            Ok((decode(key)?, decode(value)?))
        })
        .collect()
}

/// The parts of a URL as they are written.
struct Parts<'u> {
    scheme: &'u str,
    authority: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
    fragment: Option<&'u str>,
}

fn parts(url: &str) -> Result<Parts<'_>, ExprError> {
    let wrong = |why: &str| ExprError::new(format!("{} {why}", describe(&url.into())));
    let text = url.trim();
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(wrong("is no URL: it has white space within"));
    }
    let (rest, fragment) = match text.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (text, None),
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (scheme, rest) = rest
        .split_once(':')
        .filter(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        })
        .ok_or_else(|| wrong("is no URL: it does not begin like `https:`"))?;
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            (Some(authority), path)
        }
        None => (None, rest),
    };
    Ok(Parts { scheme, authority, path, query, fragment })
}

/// The host and the port of `user@host:port`; an IPv6 address keeps its brackets.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let after_address = place.rfind(']').map_or(0, |at| at + 1);
    match place.get(after_address..).and_then(|rest| rest.rfind(':')) {
        Some(colon) => {
            let (host, port) = place.split_at(after_address + colon);
            (host, Some(&port[1..]).filter(|port| !port.is_empty()))
        }
        None => (place, None),
    }
}

/// `url | url_scheme`: in lower case.
pub fn url_scheme(url: &str) -> Result<String, ExprError> {
    parts(url).map(|parts| parts.scheme.to_ascii_lowercase())
}

/// `url | url_host`: in lower case; absent where the URL has none.
pub fn url_host(url: &str) -> Result<Option<String>, ExprError> {
    let host = parts(url)?.authority.map(|authority| host_and_port(authority).0);
    Ok(host.filter(|host| !host.is_empty()).map(str::to_ascii_lowercase))
}

/// `url | url_port`: absent where the URL names none.
pub fn url_port(url: &str) -> Result<Option<i64>, ExprError> {
    let Some(port) = parts(url)?.authority.and_then(|authority| host_and_port(authority).1) else {
        return Ok(None);
    };
    let number = port.parse::<u16>().ok().filter(|_| !port.starts_with('+'));
    number.map(|port| Some(i64::from(port))).ok_or_else(|| {
        ExprError::new(format!(
            "{} has a port that is no number up to 65535",
            describe(&url.into())
        ))
    })
}

/// `url | url_path`: as it is written.
pub fn url_path(url: &str) -> Result<String, ExprError> {
    parts(url).map(|parts| parts.path.to_owned())
}

/// `url | url_query`: its query as a map; of a key that stands twice, the last value.
pub fn url_query(url: &str) -> Result<BTreeMap<String, String>, ExprError> {
    query_parse(parts(url)?.query.unwrap_or(""))
}

/// `url | url_fragment`: what follows `#`; absent where nothing does.
pub fn url_fragment(url: &str) -> Result<Option<String>, ExprError> {
    parts(url).map(|parts| parts.fragment.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_goes_both_ways() {
        assert_eq!(url_encode("a b/ü~"), "a%20b%2F%C3%BC~");
        assert_eq!(url_decode("a%20b%2f%C3%BC~+").as_deref(), Ok("a b/ü~+"));
        for wrong in ["%", "%2", "%zz", "%+2", "a%ü", "%ff"] {
            assert!(url_decode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn queries_go_both_ways() {
        let map = query_parse("?a=1&b=x+y%26&a=2&&flag").expect("a query");
        let pairs: Vec<_> = map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("a", "2"), ("b", "x y&"), ("flag", "")]);
        assert_eq!(map_url_encode(&map), "a=2&b=x%20y%26&flag=");
        assert!(query_parse("a=%").is_err());
    }

    #[test]
    fn urls_have_parts() {
        let url = "HTTPS://Ada:pw@Example.com:8443/a%20b/c?x=1#top";
        assert_eq!(url_scheme(url).as_deref(), Ok("https"));
        assert_eq!(url_host(url), Ok(Some("example.com".to_owned())));
        assert_eq!(url_port(url), Ok(Some(8443)));
        assert_eq!(url_path(url).as_deref(), Ok("/a%20b/c"));
        assert_eq!(url_query(url).map(|query| query["x"].clone()), Ok("1".to_owned()));
        assert_eq!(url_fragment(url), Ok(Some("top".to_owned())));
        assert_eq!(url_host("http://[::1]:80/"), Ok(Some("[::1]".to_owned())));
        assert_eq!(url_port("http://[::1]/"), Ok(None));
        assert_eq!(url_host("mailto:a@b.c"), Ok(None));
        assert_eq!(url_path("mailto:a@b.c").as_deref(), Ok("a@b.c"));
        assert_eq!((url_port("http://a:/"), url_fragment("http://a")), (Ok(None), Ok(None)));
        for wrong in ["", "example.com", "1http://a", "http://a b", "/path", "ht!tp://a"] {
            assert!(url_scheme(wrong).is_err(), "{wrong}");
        }
        assert!(url_port("http://a:99999").is_err() && url_port("http://a:+80").is_err());
    }
}
