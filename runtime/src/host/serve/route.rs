//! Which of the host's HTTP operations a request means.

/// An operation, with the parts of the path that vary.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `GET /healthz`
    Health,
    /// `POST /hooks/{path}`
    Hook { path: String },
    /// `GET /runs/{id}`
    Run { id: String },
    /// `POST /runs/{id}/events/{name}`
    Event { id: String, name: String, key: Option<String> },
    /// A path that exists, but not for this method.
    WrongMethod { allowed: &'static str },
    /// No such path.
    Unknown,
}

/// Finds the operation. Every part of the path and query is percent-decoded.
pub(super) fn route(method: &str, path: &str, query: Option<&str>) -> Route {
    let parts: Option<Vec<String>> =
        path.trim_start_matches('/').split('/').map(percent_decode).collect();
    let Some(parts) = parts else { return Route::Unknown };
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (expected, route) = match parts[..] {
        ["healthz"] => ("GET", Route::Health),
        ["hooks", ref path @ ..] if !path.is_empty() => {
            ("POST", Route::Hook { path: path.join("/") })
        }
        ["runs", id] => ("GET", Route::Run { id: id.to_owned() }),
        ["runs", id, "events", name] => {
            let key = query.and_then(|query| parameter(query, "key"));
            ("POST", Route::Event { id: id.to_owned(), name: name.to_owned(), key })
        }
        _ => return Route::Unknown,
    };
    if method == expected { route } else { Route::WrongMethod { allowed: expected } }
}

/// A parameter of a query string.
fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    percent_decode(&value.replace('+', " "))
}

/// `None` for what is not UTF-8 or not well-formed.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            bytes.push(hex(rest.next()?)? * 16 + hex(rest.next()?)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods() {
        assert_eq!(route("GET", "/healthz", None), Route::Health);
        assert_eq!(
            route("POST", "/hooks/orders/new%20one", None),
            Route::Hook { path: "orders/new one".into() }
        );
        assert_eq!(route("GET", "/runs/r1", None), Route::Run { id: "r1".into() });
        assert_eq!(
            route("POST", "/runs/r1/events/a%2Fb", Some("x=1&key=k+%C3%BC")),
            Route::Event { id: "r1".into(), name: "a/b".into(), key: Some("k ü".into()) }
        );
        assert_eq!(route("GET", "/hooks/x", None), Route::WrongMethod { allowed: "POST" });
        assert_eq!(route("DELETE", "/runs/r1", None), Route::WrongMethod { allowed: "GET" });
    }

    #[test]
    fn what_is_no_path_of_ours() {
        for path in
            ["/", "", "/hooks", "/runs", "/runs/r1/events", "/healthz/x", "/runs/%zz", "/runs/%ff"]
        {
            assert_eq!(route("GET", path, None), Route::Unknown, "{path}");
        }
    }
}
