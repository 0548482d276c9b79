//! Regular expressions. They take time linear in the text, whatever the pattern is.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use super::ExprError;
use crate::types::describe;

/// What one compiled pattern may take, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// How many compiled patterns a thread keeps; those of a workflow are few, and most are literal.
const KEPT: usize = 64;

thread_local! {
    static COMPILED: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
}

/// The compiled pattern; cloning one is cheap.
fn compiled(pattern: &str) -> Result<Regex, ExprError> {
    if let Some(known) = COMPILED.with_borrow(|known| known.get(pattern).cloned()) {
        return Ok(known);
    }
    let regex = RegexBuilder::new(pattern).size_limit(SIZE_LIMIT).build().map_err(|error| {
        // The last line says what is wrong; those before it draw where.
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        ExprError::new(format!("{} is no pattern: {reason}", describe(&pattern.into())))
    })?;
    COMPILED.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
    });
    Ok(regex)
}

/// Whether text is a pattern.
pub fn regex_check(pattern: &str) -> Result<(), ExprError> {
    compiled(pattern).map(drop)
}

/// `text is matching('^[A-Z]+$')`: whether it matches anywhere.
pub fn regex_is_match(text: &str, pattern: &str) -> Result<bool, ExprError> {
    compiled(pattern).map(|regex| regex.is_match(text))
}

/// `text | regex_find(pattern)`: the first match, absent where there is none.
pub fn regex_find(text: &str, pattern: &str) -> Result<Option<String>, ExprError> {
    Ok(compiled(pattern)?.find(text).map(|found| found.as_str().to_owned()))
}

/// `text | regex_find_all(pattern)`: all matches, none of which overlap.
pub fn regex_find_all(text: &str, pattern: &str) -> Result<Vec<String>, ExprError> {
    Ok(compiled(pattern)?.find_iter(text).map(|found| found.as_str().to_owned()).collect())
}

/// `text | regex_groups(pattern)`: of the first match the groups by name and by number, `0` being
/// all of it, without those that took no part; no keys where nothing matches.
pub fn regex_groups(text: &str, pattern: &str) -> Result<BTreeMap<String, String>, ExprError> {
    let regex = compiled(pattern)?;
    let Some(captures) = regex.captures(text) else { return Ok(BTreeMap::new()) };
    let mut groups = BTreeMap::new();
    for (at, (name, group)) in regex.capture_names().zip(captures.iter()).enumerate() {
        let Some(group) = group else { continue };
        groups.insert(at.to_string(), group.as_str().to_owned());
        groups.extend(name.map(|name| (name.to_owned(), group.as_str().to_owned())));
    }
    Ok(groups)
}

/// `text | regex_replace(pattern, to)`: every match replaced; `$1` and `${name}` are groups, `$$` is
/// a dollar.
pub fn regex_replace(text: &str, pattern: &str, to: &str) -> Result<String, ExprError> {
    Ok(compiled(pattern)?.replace_all(text, to).into_owned())
}

/// `text | regex_split(pattern)`: what stands between the matches.
pub fn regex_split(text: &str, pattern: &str) -> Result<Vec<String>, ExprError> {
    Ok(compiled(pattern)?.split(text).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_and_replace() {
        let text = "order 17 of 2026, order 4 of 2025";
        let pattern = r"order (?<id>\d+) of (\d{4})(x)?";
        assert_eq!(regex_is_match(text, "^order"), Ok(true));
        assert_eq!(regex_find(text, r"\d{4}"), Ok(Some("2026".to_owned())));
        assert_eq!(regex_find(text, "z"), Ok(None));
        assert_eq!(regex_find_all(text, r"\d{4}").map(|all| all.len()), Ok(2));
        let groups = regex_groups(text, pattern).expect("groups");
        let groups: Vec<_> = groups.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(groups, [("0", "order 17 of 2026"), ("1", "17"), ("2", "2026"), ("id", "17")]);
        assert_eq!(regex_groups("", pattern).map(|groups| groups.len()), Ok(0));
        let replaced = regex_replace(text, pattern, "$2-${id}$$");
        assert_eq!(replaced.as_deref(), Ok("2026-17$, 2025-4$"));
        assert_eq!(regex_split("a1b22c", r"\d+").map(|parts| parts.concat()), Ok("abc".to_owned()));
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        let error = regex_check("a(b").expect_err("no pattern");
        assert_eq!(error.message, "the string \"a(b\" is no pattern: unclosed group");
        assert!(regex_check("(?:a{1000}){1000}").is_err(), "too large");
        assert!(regex_check(r"(a)\1").is_err(), "no back references");
    }

    #[test]
    fn only_so_many_are_kept() {
        for n in 0..3 * KEPT {
            assert_eq!(regex_is_match("7", &format!("^{n}$")), Ok(n == 7));
        }
        assert!(COMPILED.with_borrow(BTreeMap::len) <= KEPT);
    }
}
