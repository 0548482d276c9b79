//! The licence that a published crate names.
//!
//! Its publisher says it, once: later versions keep it until they say otherwise. Where nobody said
//! anything nothing is claimed.

use std::iter::Peekable;

use serde::Deserialize;

use super::archive;
use super::publish::latest;
use crate::app::{App, blocking};
use crate::error::Error;
use crate::store::Release;

/// The longest expression.
const LONGEST: usize = 200;
/// The most that is read of a manifest, in bytes.
const MOST_MANIFEST: u64 = 1024 * 1024;

/// What a publisher says of the licence: an SPDX expression, or an empty text, which takes back
/// what was said before.
pub(super) fn read(text: &str) -> Result<Option<String>, Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let tokens = tokens(text);
    let mut rest = tokens.iter().copied().peekable();
    // What is no longer than that nests no deeper.
    let is_read = text.len() <= LONGEST && expression(&mut rest) && rest.next().is_none();
    if !is_read {
        return Err(Error::Unfit(format!(
            "{text:?} is no licence as SPDX writes it: expected MIT, MIT OR Apache-2.0, or \
             LicenseRef-NAME for one of your own"
        )));
    }
    let joined = tokens.join(" ");
    Ok(Some(joined.replace("( ", "(").replace(" )", ")")))
}

/// Words and parentheses.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for mut word in text.split_whitespace() {
        while let Some(at) = word.find(['(', ')']) {
            found.extend(Some(&word[..at]).filter(|part| !part.is_empty()));
            found.push(&word[at..=at]);
            word = &word[at + 1..];
        }
        found.extend(Some(word).filter(|part| !part.is_empty()));
    }
    found
}

/// Terms between `AND` and `OR`; which binds tighter makes no difference to what is well formed.
fn expression<'t>(rest: &mut Peekable<impl Iterator<Item = &'t str>>) -> bool {
    loop {
        if !term(rest) {
            return false;
        }
        if rest.next_if(|token| matches!(*token, "AND" | "OR")).is_none() {
            return true;
        }
    }
}

fn term<'t>(rest: &mut Peekable<impl Iterator<Item = &'t str>>) -> bool {
    if rest.next_if_eq(&"(").is_some() {
        return expression(rest) && rest.next_if_eq(&")").is_some();
    }
    let named = rest.next_if(|token| is_id(token.strip_suffix('+').unwrap_or(token))).is_some();
    let with = named && rest.next_if_eq(&"WITH").is_some();
    named && (!with || rest.next_if(|token| is_id(token)).is_some())
}

fn is_id(token: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    let begins = token.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && token.chars().all(letters) && !matches!(token, "AND" | "OR" | "WITH")
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    license: Option<String>,
    license_file: Option<String>,
}

/// What a manifest names: an expression, or the file where it stands.
pub(super) fn named(manifest: &str) -> Option<String> {
    let Package { license, license_file } = package(manifest);
    license.or_else(|| license_file.map(|file| format!("see {file}")))
}

fn package(manifest: &str) -> Package {
    toml::from_str(manifest).map(|manifest: Manifest| manifest.package).unwrap_or_default()
}

/// The licence of the latest version, which the next one keeps.
pub(super) async fn kept(
    app: &App,
    name: &str,
    releases: &[Release],
) -> Result<Option<String>, Error> {
    let Some(latest) = latest(releases) else { return Ok(None) };
    let package = app.store.package(name, &latest.version).await?.unwrap_or_default();
    let texts = blocking(move || archive::texts(&package, ["Cargo.toml"], MOST_MANIFEST));
    let [text] = texts.await?.map_err(|source| Error::io("cannot unpack a crate", source))?;
    Ok(text.and_then(|text| self::package(&text).license))
}

/// What a change of it is, in words.
pub(super) fn changed(before: Option<&str>, after: Option<&str>) -> Option<String> {
    match (before, after) {
        (None, Some(after)) => Some(format!("the licence is {after}; none was named before")),
        (Some(before), None) => Some(format!("no licence is named any more; it was {before}")),
        (Some(before), Some(after)) if before != after => {
            Some(format!("the licence was {before} and is {after}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_one_of_spdx() {
        for (text, expected) in [
            ("MIT", "MIT"),
            (" MIT  OR Apache-2.0 ", "MIT OR Apache-2.0"),
            ("( MIT AND (BSD-3-Clause) ) OR GPL-2.0+", "(MIT AND (BSD-3-Clause)) OR GPL-2.0+"),
            (
                "GPL-2.0-only WITH Classpath-exception-2.0",
                "GPL-2.0-only WITH Classpath-exception-2.0",
            ),
            ("LicenseRef-Ours", "LicenseRef-Ours"),
        ] {
            assert_eq!(read(text).unwrap().as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read("  ").unwrap(), None);
        for text in [
            "MIT/Apache-2.0",
            "MIT OR",
            "OR",
            "MIT Apache-2.0",
            "(MIT",
            "MIT)",
            "()",
            "MIT WITH",
            "all rights reserved",
            "MIT\"",
            "+",
            &"(".repeat(100_000),
        ] {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.contains("no licence as SPDX writes it"), "{refused}");
        }
    }

    #[test]
    fn a_manifest_names_an_expression_or_a_file() {
        let manifest = |line: &str| named(&format!("[package]\nname = \"a\"\n{line}\n"));
        assert_eq!(manifest("license = \"MIT\"").as_deref(), Some("MIT"));
        assert_eq!(manifest("license-file = \"LICENSE.txt\"").as_deref(), Some("see LICENSE.txt"));
        assert_eq!(manifest(""), None);
        assert_eq!(named("nonsense"), None);
    }
}
