//! Values of the language that JSON has no type for: instants, durations, bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod bytes;
mod iso;
mod text;
mod timestamp;
mod words;

pub use bytes::{Bytes, BytesError};
use text::Text;
pub use timestamp::{Timestamp, TimestampError};
pub use words::DurationError;

/// A span of time with millisecond precision; text such as `1m 30s` in JSON. What ISO 8601 writes,
/// `PT1M30S`, is read as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub std::time::Duration);

impl fmt::Display for Duration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        words::write(self.0, out)
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match iso::parse(text) {
            Some(duration) => Ok(Self(duration)),
            None => words::parse(text).map(Self),
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text::new("a duration"))
    }
}

/// `serde(with)` for a [`std::time::Duration`] written as text.
pub mod duration_text {
    use super::{Deserialize, Duration, Serialize};

    /// Writes `1m 30s`.
    pub fn serialize<S: serde::Serializer>(
        value: &std::time::Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Duration(*value).serialize(serializer)
    }

    /// Reads `1m 30s`.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<std::time::Duration, D::Error> {
        Duration::deserialize(deserializer).map(|duration| duration.0)
    }
}

/// `serde(with)` for an optional [`std::time::Duration`] written as text.
pub mod optional_duration_text {
    use super::{Deserialize, Duration, Serialize};

    /// Writes `1m 30s` or null.
    pub fn serialize<S: serde::Serializer>(
        value: &Option<std::time::Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Duration).serialize(serializer)
    }

    /// Reads `1m 30s` or null.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<std::time::Duration>, D::Error> {
        Ok(Option::<Duration>::deserialize(deserializer)?.map(|duration| duration.0))
    }
}
