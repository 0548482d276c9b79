//! Against a real server on a loopback port.

pub(super) mod server;

use std::time::Instant;

use hyper::Method as Verb;
use serde_json::json;

use super::*;
use server::{Answer, Seen, Server};

fn to(server: &Server, path: &str) -> Request {
    Request { url: server.url(path), allow_private: Some(true), ..Request::default() }
}

fn call<B: DeserializeOwned>(input: Request) -> Result<Response<B>, StepError> {
    server::block_on(request(StepContext::detached("fetch"), input))
}

#[expect(clippy::unnecessary_wraps, reason = "that is what the fields take")]
fn text_map(pairs: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Some(pairs.collect())
}

/// What the server saw of a request that it answered with nothing.
fn seen(input: impl FnOnce(&Server) -> Request) -> Seen {
    let server = Server::start(|_| Answer::status(204));
    let response: Response<Value> = call(input(&server)).unwrap();
    assert_eq!((response.status, response.body), (204, Value::Null));
    server.seen().pop().unwrap()
}

#[test]
fn every_method_is_sent() {
    for (method, verb) in [
        (Method::Get, Verb::GET),
        (Method::Head, Verb::HEAD),
        (Method::Post, Verb::POST),
        (Method::Put, Verb::PUT),
        (Method::Patch, Verb::PATCH),
        (Method::Delete, Verb::DELETE),
        (Method::Options, Verb::OPTIONS),
    ] {
        let seen = seen(|server| Request { method: Some(method), ..to(server, "/") });
        assert_eq!(seen.method, verb);
        // The key is the same for all attempts; reading needs none.
        let keyed = !matches!(method, Method::Get | Method::Head);
        assert_eq!(seen.header("idempotency-key").is_some(), keyed, "{method:?}");
    }
}

#[test]
fn the_key_is_the_steps_unless_the_user_sets_one() {
    let step = StepContext::detached("fetch");
    let key = step.idempotency_key().to_owned();
    let server = Server::start(|_| Answer::status(200));
    let input = Request { method: Some(Method::Post), ..to(&server, "/") };
    let _: Response<Value> = server::block_on(request(step, input.clone())).unwrap();
    let headers = text_map(&[("Idempotency-Key", "mine")]);
    let _: Response<Value> = call(Request { headers, ..input }).unwrap();
    let keys: Vec<_> = server.seen().iter().map(|seen| seen.header("idempotency-key")).collect();
    assert_eq!(keys, [Some(key), Some("mine".to_owned())]);
}

#[test]
fn headers_and_query_are_sent() {
    let seen = seen(|server| Request {
        headers: text_map(&[("X-One", " 1 "), ("User-Agent", "mine")]),
        query: text_map(&[("q", "a b&c"), ("z", "ü")]),
        ..to(server, "/path?x=1")
    });
    assert_eq!(seen.path, "/path?x=1&q=a%20b%26c&z=%C3%BC");
    assert_eq!(seen.header("x-one").as_deref(), Some("1"));
    assert_eq!(seen.header("user-agent").as_deref(), Some("mine"));
    assert_eq!(seen.header("accept").as_deref(), Some("*/*"));
}

#[test]
fn each_form_of_body_is_sent_with_its_content_type() {
    let post = |server: &Server| Request { method: Some(Method::Post), ..to(server, "/") };
    let json = json!({ "b": [1, null], "a": "ü" });
    let sent = seen(|server| Request { json, ..post(server) });
    assert_eq!(sent.body, r#"{"a":"ü","b":[1,null]}"#.as_bytes());
    assert_eq!(sent.header("content-type").as_deref(), Some("application/json"));
    let form = text_map(&[("a", "1 2+3"), ("b", "x=y")]);
    let sent = seen(|server| Request { form, ..post(server) });
    assert_eq!(sent.body, b"a=1+2%2B3&b=x%3Dy");
    assert_eq!(sent.header("content-type").as_deref(), Some("application/x-www-form-urlencoded"));
    let text = Some("hé".to_owned());
    let sent = seen(|server| Request { text, ..post(server) });
    assert_eq!(sent.body, "hé".as_bytes());
    assert_eq!(sent.header("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    let bytes = Some(Bytes(vec![0, 255]));
    let headers = text_map(&[("content-type", "image/x")]);
    let sent = seen(|server| Request { headers, bytes, ..post(server) });
    assert_eq!(
        (sent.body.as_slice(), sent.header("content-length").as_deref()),
        (&[0, 255][..], Some("2"))
    );
    assert_eq!(sent.header("content-type").as_deref(), Some("image/x"));
}

#[test]
fn what_cannot_be_sent_is_refused_before_it_is() {
    let server = Server::start(|_| Answer::status(200));
    let base = || to(&server, "/");
    for input in [
        Request { json: json!(1), text: Some(String::new()), ..base() },
        Request { method: Some(Method::Head), text: Some("x".into()), ..base() },
        Request { headers: text_map(&[("a b", "x")]), ..base() },
        Request { headers: text_map(&[("a", "x\ny")]), ..base() },
        Request { headers: text_map(&[("Content-Length", "5")]), ..base() },
        Request { headers: text_map(&[("Transfer-Encoding", "chunked")]), ..base() },
        Request { url: "ftp://example.com".into(), ..base() },
        Request { max_body: Some(-1), ..base() },
        Request { max_redirects: Some(-1), ..base() },
        Request { timeout: Some(Duration::default()), ..base() },
    ] {
        let error = call::<Value>(input.clone()).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.is_retryable()),
            ("invalid_request", false),
            "{input:?}"
        );
    }
    assert!(server.seen().is_empty());
}

#[test]
fn a_body_is_what_its_content_type_says() {
    let read = |content_type: &'static str, body: &'static [u8], read_as: Option<ReadAs>| {
        let server = Server::start(move |_| Answer::body(content_type, body));
        call::<Value>(Request { read_as, ..to(&server, "/") }).unwrap().body
    };
    assert_eq!(read("application/json; charset=utf-8", b"{\"a\":1}", None), json!({ "a": 1 }));
    assert_eq!(read("application/problem+json", b"[1]", None), json!([1]));
    assert_eq!(read("application/json", b"", None), Value::Null);
    assert_eq!(read("text/html", b"<p>1</p>", None), json!("<p>1</p>"));
    assert_eq!(read("text/plain", b"", None), json!(""));
    assert_eq!(read("application/atom+xml", b"<a/>", None), json!("<a/>"));
    assert_eq!(read("image/png", b"\x00\xff", None), json!("AP8="));
    assert_eq!(read("", b"plain", None), json!("plain"));
    assert_eq!(read("", b"\xff", None), json!("/w=="));
    assert_eq!(read("text/plain", b"[1]", Some(ReadAs::Json)), json!([1]));
    assert_eq!(read("application/json", b"[1]", Some(ReadAs::Text)), json!("[1]"));
    assert_eq!(read("text/plain", b"A", Some(ReadAs::Bytes)), json!("QQ=="));
}

#[test]
fn a_body_has_the_declared_type_or_fails_with_a_code() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct User {
        name: String,
    }
    let server = Server::start(|seen| match seen.path.as_str() {
        "/user" => Answer::body("application/json", b"{\"name\":\"Ada\",\"more\":1}"),
        "/broken" => Answer::body("application/json", b"{\"name\":"),
        "/file" => Answer::body("application/pdf", b"%PDF"),
        _ => Answer::body("application/json", b"{\"name\":5}"),
    });
    let user: Response<User> = call(to(&server, "/user")).unwrap();
    assert_eq!(user.body, User { name: "Ada".into() });
    assert_eq!(user.headers["content-type"], "application/json");
    let file: Response<Bytes> = call(to(&server, "/file")).unwrap();
    assert_eq!(file.body, Bytes(b"%PDF".to_vec()));
    for (path, says) in [("/other", "body.name"), ("/broken", "is no JSON")] {
        let error = call::<User>(to(&server, path)).unwrap_err();
        assert_eq!((error.code.as_str(), error.is_retryable()), ("bad_response", false));
        assert!(error.message.contains(says), "{}", error.message);
    }
}

/// S41: emitted code decodes into its own struct, the interpreter projects by the same type.
#[test]
fn a_typed_body_is_the_same_as_a_projected_one() {
    #[derive(Debug, Serialize, Deserialize, Typed)]
    struct User {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        age: Option<i64>,
    }
    for body in [
        r#"{"name":"Ada","age":36,"more":true}"#,
        r#"{"name":"Ada","age":null}"#,
        r#"{"name":5}"#,
        r#"{"age":36}"#,
        r#"["Ada",36]"#,
        r#"{"name":"Ada","age":3.5}"#,
        "null",
        "",
        "{",
    ] {
        let server = Server::start(move |_| Answer::body("application/json", body.as_bytes()));
        let typed =
            call::<User>(to(&server, "/")).map(|response| serde_json::to_value(response).unwrap());
        let projected = call::<Value>(to(&server, "/")).and_then(|response| {
            let raw = serde_json::to_value(response).unwrap();
            flowcrate::types::project(&Response::<User>::ty(), &raw)
                .map_err(|error| StepError::fatal("bad_response", error.to_string()))
        });
        // The date goes on between the two.
        let without_date = |outcome: Result<Value, StepError>| {
            outcome.map(|mut value| {
                value["headers"].as_object_mut().unwrap().remove("date");
                value
            })
        };
        assert_eq!(without_date(typed), without_date(projected), "{body}");
    }
}

#[test]
fn statuses_fail_as_they_should_be_retried() {
    let server = Server::start(|seen| {
        let status = seen.path.trim_start_matches('/').split('?').next().unwrap().parse().unwrap();
        Answer::status(status).header("retry-after", "7").text("not  so\nfast")
    });
    for (status, retryable) in [
        (400, false),
        (401, false),
        (404, false),
        (408, true),
        (409, false),
        (425, true),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let error = call::<Value>(to(&server, &format!("/{status}?token=secret"))).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.is_retryable()),
            ("http_status", retryable),
            "{status}"
        );
        let delay = retryable.then(|| std::time::Duration::from_secs(7));
        assert_eq!(error.retry_after, delay);
        assert!(error.message.contains(&status.to_string()), "{}", error.message);
        assert!(error.message.ends_with("not so fast"), "{}", error.message);
        assert!(!error.message.contains("secret"), "{}", error.message);
    }
    let input = Request { fail_on_status: Some(false), ..to(&server, "/404") };
    assert_eq!(call::<Value>(input).unwrap().status, 404);
}

#[test]
fn redirects_keep_or_change_the_method_as_the_standard_says() {
    for (status, method, then, keeps_body) in [
        (301, Method::Post, Verb::GET, false),
        (302, Method::Post, Verb::GET, false),
        (303, Method::Put, Verb::GET, false),
        (307, Method::Post, Verb::POST, true),
        (308, Method::Put, Verb::PUT, true),
        (302, Method::Put, Verb::PUT, true),
    ] {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/a/b" => Answer::status(status).header("location", "../end?x=1"),
            _ => Answer::status(200),
        });
        let text = Some("body".to_owned());
        let headers = text_map(&[("authorization", "Bearer x")]);
        let input = Request { method: Some(method), text, headers, ..to(&server, "/a/b") };
        let _: Response<Value> = call(input).unwrap();
        let last = server.seen().pop().unwrap();
        assert_eq!((last.method.clone(), last.path.as_str()), (then, "/end?x=1"), "{status}");
        assert_eq!(last.body, if keeps_body { &b"body"[..] } else { b"" }, "{status}");
        assert_eq!(last.header("content-type").is_some(), keeps_body, "{status}");
        assert_eq!(last.header("idempotency-key").is_some(), keeps_body, "{status}");
        assert_eq!(last.header("authorization").as_deref(), Some("Bearer x"));
    }
}

#[test]
fn credentials_stay_with_their_origin() {
    let other = Server::start(|_| Answer::status(200));
    let elsewhere = other.url("/in");
    let server = Server::start(move |_| Answer::status(307).header("location", &elsewhere));
    let headers = text_map(&[("Authorization", "Bearer x"), ("Cookie", "c=1"), ("X-Kept", "yes")]);
    let _: Response<Value> = call(Request { headers, ..to(&server, "/") }).unwrap();
    let seen = other.seen().pop().unwrap();
    assert_eq!((seen.header("authorization"), seen.header("cookie")), (None, None));
    assert_eq!(seen.header("x-kept").as_deref(), Some("yes"));
}

#[test]
fn redirects_are_counted() {
    let server = Server::start(|_| Answer::status(302).header("location", "/again"));
    let error = call::<Value>(to(&server, "/")).unwrap_err();
    assert_eq!((error.code.as_str(), error.is_retryable()), ("too_many_redirects", false));
    assert_eq!(server.seen().len(), 11);
    let unfollowed = Request { max_redirects: Some(0), ..to(&server, "/") };
    let response: Response<Value> = call(unfollowed).unwrap();
    assert_eq!((response.status, response.headers["location"].as_str()), (302, "/again"));
}

#[test]
fn a_body_over_the_cap_is_refused_announced_or_not() {
    let body: &[u8] = &[b'x'; 1_001];
    let announced = Server::start(move |_| Answer::body("text/plain", body));
    let chunked = Server::start(move |_| Answer::body("text/plain", body).chunked());
    for server in [&announced, &chunked] {
        let with = |cap| call::<String>(Request { max_body: Some(cap), ..to(server, "/") });
        let error = with(1_000).unwrap_err();
        assert_eq!((error.code.as_str(), error.is_retryable()), ("body_too_large", false));
        assert_eq!(with(1_001).unwrap().body.len(), 1_001);
    }
    let head = Request { method: Some(Method::Head), max_body: Some(0), ..to(&announced, "/") };
    assert_eq!(call::<Value>(head).unwrap().headers["content-length"], "1001");
}

#[test]
fn a_slow_answer_times_out_and_may_be_tried_again() {
    let server = Server::start(|_| Answer::status(200).after(std::time::Duration::from_secs(30)));
    let timeout = Some("200ms".parse().unwrap());
    let before = Instant::now();
    let error = call::<Value>(Request { timeout, ..to(&server, "/slow?k=1") }).unwrap_err();
    assert!(before.elapsed() < std::time::Duration::from_secs(10));
    assert_eq!((error.code.as_str(), error.is_retryable()), ("timeout", true));
    assert!(error.message.contains("/slow did not answer within 200ms"), "{}", error.message);
}

#[test]
fn private_addresses_are_refused_by_name_and_by_number() {
    let server = Server::start(|_| Answer::status(200));
    let port = server.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"] {
        let input = Request { url: format!("http://{host}:{port}/"), ..Request::default() };
        let error = call::<Value>(input).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.is_retryable()),
            ("private_address", false),
            "{host}"
        );
    }
    assert!(server.seen().is_empty());
    // An open connection of an allowed request is not used for one that is not allowed.
    let _: Response<Value> = call(to(&server, "/")).unwrap();
    let strict = Request { allow_private: None, ..to(&server, "/") };
    assert_eq!(call::<Value>(strict).unwrap_err().code, "private_address");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_connection_is_used_again_until_the_other_side_closes_it() {
    let server = Server::start(|seen| {
        let answer = Answer::body("text/plain", b"hello");
        if seen.path == "/close" { answer.header("connection", "close") } else { answer }
    });
    server::block_on(async {
        for path in ["/", "/", "/redirect", "/close", "/", "/"] {
            let step = StepContext::detached("fetch");
            let response: Response<String> = request(step, to(&server, path)).await.unwrap();
            assert_eq!(response.body, "hello");
        }
    });
    assert_eq!((server.seen().len(), server.connections()), (6, 2));
    // Their runtime is gone, and with it what drove the connections.
    assert_eq!(call::<String>(to(&server, "/")).unwrap().body, "hello");
    assert_eq!(server.connections(), 3);
}

#[test]
fn the_host_is_named_without_the_schemes_own_port() {
    let seen = seen(|server| to(server, "/"));
    assert!(seen.header("host").unwrap().starts_with("127.0.0.1:"));
    let target = |url: &str| url::Target::parse(url).unwrap().host_header().unwrap();
    assert_eq!(target("https://example.com:443/"), "example.com");
    assert_eq!(target("https://example.com:80/"), "example.com:80");
    assert_eq!(target("http://[::1]/"), "[::1]");
}

#[test]
fn a_closed_port_and_a_broken_answer_may_be_tried_again() {
    let closed = Server::start(|_| Answer::status(200));
    let url = closed.url("/");
    drop(closed);
    let broken = server::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
    let tls = server::raw(b"this is no TLS");
    for url in [url, format!("http://127.0.0.1:{broken}/"), format!("https://127.0.0.1:{tls}/")] {
        let input = Request { url: url.clone(), allow_private: Some(true), ..Request::default() };
        let error = call::<Value>(input).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.is_retryable()),
            ("network", true),
            "{url}: {error}"
        );
    }
}

#[test]
fn several_headers_of_one_name_are_joined() {
    let server = Server::start(|_| Answer::status(200).header("x-a", "1").header("x-a", "2"));
    assert_eq!(call::<Value>(to(&server, "/")).unwrap().headers["x-a"], "1, 2");
}

#[test]
fn inputs_and_outputs_are_the_same_json_wherever_they_are_written() {
    let input =
        json!({ "method": "POST", "url": "https://a", "json": { "x": 1 }, "timeout": "5s" });
    let read: Request = serde_json::from_value(input.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), input);
    assert_eq!(read.timeout, Some("5s".parse().unwrap()));
}
