//! What lies behind a failure.

use std::error::Error;
use std::panic::Location;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ErrorClass, Failure};

/// The most causes that are kept: a chain that is longer goes round in circles.
const MOST: usize = 16;

/// What lies behind a step's failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The class of the latest attempt's error.
    pub class: ErrorClass,
    /// The errors behind it, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
    /// Where in the code the error was made, `src/charge.rs:12:9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// A failure in full, with its cause, as journals and views write it.
///
/// ```
/// use flowcrate::{Failure, failure::Recorded};
///
/// let text = r#"{"code":"busy","message":"later","attempts":3,"path":"charge",
///                "cause":{"class":"rate_limited","chain":["429"]}}"#;
/// let Recorded(failure): Recorded<Failure> = serde_json::from_str(text).unwrap();
/// assert_eq!(failure.cause.as_ref().unwrap().chain, ["429"]);
/// assert!(serde_json::to_string(&Recorded(&failure)).unwrap().contains("rate_limited"));
/// // What a workflow sees as `errors.charge` has but four fields.
/// assert!(!serde_json::to_string(&failure).unwrap().contains("rate_limited"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<T>(pub T);

#[derive(Serialize)]
struct Writing<'a> {
    #[serde(flatten)]
    failure: &'a Failure,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a Cause>,
}

#[derive(Deserialize)]
struct Reading {
    #[serde(flatten)]
    failure: Failure,
    #[serde(default)]
    cause: Option<Box<Cause>>,
}

impl Serialize for Recorded<&Failure> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Writing { failure: self.0, cause: self.0.cause.as_deref() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Recorded<Failure> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Reading { failure, cause } = Reading::deserialize(deserializer)?;
        Ok(Self(Failure { cause, ..failure }))
    }
}

impl Recorded<Failure> {
    /// For `serde(with)`: an optional failure in full.
    #[allow(clippy::ref_option, reason = "serde calls it")]
    pub fn serialize<S: Serializer>(
        failure: &Option<Failure>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        failure.as_ref().map(Recorded).serialize(serializer)
    }

    /// For `serde(with)`: an optional failure in full.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Failure>, D::Error> {
        Ok(Option::<Self>::deserialize(deserializer)?.map(|recorded| recorded.0))
    }
}

/// `error` and its sources.
pub(super) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut chain = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| chain.len() < MOST) {
        chain.push(error.to_string());
        next = error.source();
    }
    chain
}

/// A place in the code, by its path within its crate: neither the machine on which it was built
/// nor the directory of its dependencies has a place in a journal.
pub(super) fn place(location: &Location<'_>) -> String {
    let file = location.file().replace('\\', "/");
    let within = ["/src/", "/tests/", "/examples/"]
        .iter()
        .filter_map(|directory| file.rfind(directory))
        .max()
        .map_or(file.as_str(), |at| file.get(at + 1..).unwrap_or(&file));
    let within = within.trim_start_matches('/');
    format!("{within}:{}:{}", location.line(), location.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StepError;

    #[test]
    fn an_error_knows_where_it_was_made_and_what_lies_behind_it() {
        let error = StepError::fatal("io", "no file").caused_by(&std::io::Error::other("gone"));
        let location = error.location.unwrap();
        assert!(location.starts_with("src/failure/cause.rs:"), "{location}");
        assert_eq!(error.chain, ["gone"]);
    }

    #[test]
    fn a_cause_is_recorded_and_does_not_count_as_content() {
        let error = StepError::retryable("x", "y").caused_by(&std::io::Error::other("why"));
        let failure = Failure::of(error, 2, "a/b");
        let text = serde_json::to_string(&Recorded(&failure)).unwrap();
        let Recorded(back) = serde_json::from_str::<Recorded<Failure>>(&text).unwrap();
        assert_eq!(back.cause, failure.cause);
        assert_eq!(back, Failure { cause: None, ..failure });
    }

    #[test]
    fn failures_of_older_journals_have_no_cause() {
        let text = r#"{"code":"a","message":"b","attempts":1,"path":"c"}"#;
        let Recorded(failure) = serde_json::from_str::<Recorded<Failure>>(text).unwrap();
        assert_eq!(failure.cause, None);
    }
}
