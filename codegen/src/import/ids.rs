//! Ids and names of ours for those of others.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::is_id;
use crate::graph::react_flow::is_slug;

/// Longer ids are cut; what tells them apart is a number at the end.
const LONGEST_ID: usize = 100;

/// Longer names do not fit everywhere that a crate's name must.
const LONGEST_NAME: usize = 60;

/// An id of ours for each foreign id: the same where it is one already, else the nearest text
/// that is, with a number where two would meet. Depends on nothing but the ids and their order.
pub(super) fn rename<'a>(
    foreign: impl Iterator<Item = &'a str> + Clone,
) -> BTreeMap<&'a str, String> {
    let mut taken: BTreeSet<String> =
        foreign.clone().filter(|id| is_id(id)).map(str::to_owned).collect();
    let mut renamed = BTreeMap::new();
    for id in foreign {
        if renamed.contains_key(id) {
            continue;
        }
        let ours = if is_id(id) {
            id.to_owned()
        } else {
            free(&words(id, '_', "node_", LONGEST_ID), &taken)
        };
        taken.insert(ours.clone());
        renamed.insert(id, ours);
    }
    renamed
}

fn free(wanted: &str, taken: &BTreeSet<String>) -> String {
    let mut id = wanted.to_owned();
    let mut number = 1_u64;
    while taken.contains(&id) {
        number += 1;
        id = format!("{wanted}_{number}");
    }
    id
}

/// A workflow's name: `Cross-Protocol DeFi Monitor` is `cross-protocol-defi-monitor`.
pub(super) fn slug(name: &str) -> String {
    let slug = words(name, '-', "workflow-", LONGEST_NAME);
    debug_assert!(is_slug(&slug), "{slug}");
    slug
}

/// Lower-case words of ASCII letters and digits with `joint` between; `prefix` where it would
/// not start with a letter.
fn words(text: &str, joint: char, prefix: &str, longest: usize) -> String {
    let mut words = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            words.push(c.to_ascii_lowercase());
        } else if !words.is_empty() && !words.ends_with(joint) {
            words.push(joint);
        }
        if words.len() >= longest {
            break;
        }
    }
    if !words.starts_with(|c: char| c.is_ascii_lowercase()) {
        words.insert_str(0, prefix);
    }
    words.trim_end_matches(joint).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(ids: &[&str]) -> Vec<String> {
        let all = rename(ids.iter().copied());
        ids.iter().map(|id| all[id].clone()).collect()
    }

    #[test]
    fn ids_become_ours_and_stay_apart() {
        assert_eq!(
            renamed(&["trigger-1", "Oracle ETH", "ok_1"]),
            ["trigger_1", "oracle_eth", "ok_1"]
        );
        assert_eq!(renamed(&["a-b", "a_b", "a b"]), ["a_b_2", "a_b", "a_b_3"]);
        assert_eq!(renamed(&["1", "", "日本", "__x__"]), ["node_1", "node", "node_2", "x"]);
        let long = "x".repeat(5_000);
        assert!(is_id(&renamed(&[&long])[0]));
    }

    #[test]
    fn names_become_slugs() {
        assert_eq!(slug("Cross-Protocol DeFi Monitor"), "cross-protocol-defi-monitor");
        assert_eq!(slug("MCP Test: Base WETH -> USDC"), "mcp-test-base-weth-usdc");
        assert_eq!(slug("7 days"), "workflow-7-days");
        assert_eq!(slug("日本"), "workflow");
        assert!(is_slug(&slug(&"long name ".repeat(30))));
    }
}
