//! Strong entity tags: `If-Match` on writes, `If-None-Match` on reads.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::problem::{Problem, Result};

/// The tags that a writer accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// `*`: any state.
    Any,
    /// One of these.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Reads the header that every write of an existing thing must carry.
    pub(super) fn required(headers: &HeaderMap) -> Result<Self> {
        Self::sent(headers)?.ok_or_else(|| {
            Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "If-Match is missing",
                "send If-Match with the ETag that you read, or * to overwrite whatever is there",
            )
        })
    }

    /// Reads the header where it is there.
    pub(super) fn sent(headers: &HeaderMap) -> Result<Option<Self>> {
        parse(headers, &header::IF_MATCH)
    }

    /// Whether the writer accepts the state with this tag. Weak tags never match (RFC 9110).
    pub(super) fn accepts(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| tag == etag),
        }
    }
}

/// Whether the reader has this state already. The comparison is weak (RFC 9110).
pub(super) fn unchanged(headers: &HeaderMap, etag: &str) -> bool {
    match parse(headers, &header::IF_NONE_MATCH) {
        Ok(Some(IfMatch::Any)) => true,
        Ok(Some(IfMatch::Tags(tags))) => {
            tags.iter().any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag)
        }
        Ok(None) | Err(_) => false,
    }
}

fn parse(headers: &HeaderMap, name: &HeaderName) -> Result<Option<IfMatch>> {
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| malformed(name))?;
        for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            if tag == "*" {
                return Ok(Some(IfMatch::Any));
            }
            let bare = tag.strip_prefix("W/").unwrap_or(tag);
            if bare.len() < 2 || !bare.starts_with('"') || !bare.ends_with('"') {
                return Err(malformed(name));
            }
            tags.push(tag.to_owned());
        }
    }
    Ok(if tags.is_empty() { None } else { Some(IfMatch::Tags(tags)) })
}

fn malformed(name: &HeaderName) -> Problem {
    Problem::bad_request(format!("{name} is no list of entity tags such as \"abc\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        let value = value.parse().unwrap();
        HeaderMap::from_iter([(header::IF_MATCH, value)])
    }

    #[test]
    fn a_write_needs_a_tag() {
        assert_eq!(IfMatch::required(&HeaderMap::new()).unwrap_err().status, 428);
        assert_eq!(IfMatch::required(&headers("abc")).unwrap_err().status, 400);
        assert_eq!(IfMatch::required(&headers("*")).unwrap(), IfMatch::Any);
    }

    #[test]
    fn weak_tags_never_match_a_write() {
        let accepted = IfMatch::required(&headers("\"a\", W/\"b\"")).unwrap();
        assert!(accepted.accepts("\"a\""));
        assert!(!accepted.accepts("\"b\""));
    }

    #[test]
    fn a_reader_matches_weakly() {
        let value = "W/\"a\"".parse().unwrap();
        let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, value)]);
        assert!(unchanged(&headers, "\"a\""));
        assert!(!unchanged(&headers, "\"b\""));
    }
}
