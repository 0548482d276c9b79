//! What a client gets: history is one line, so all follows from places on it.

use std::collections::BTreeSet;

use super::history::History;
use super::request::{End, Request};
use super::{Refusal, pkt};

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The lines before the pack.
    pub head: Vec<u8>,
    /// What the pack holds; none where the client is still asking.
    pub plan: Option<Plan>,
}

/// What a pack holds, by places in the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The commits.
    pub(super) commits: BTreeSet<usize>,
    /// The commits that the client has, with all that they hold.
    pub(super) had: BTreeSet<usize>,
    /// The versions whose tags come along.
    pub(super) tags: BTreeSet<usize>,
}

/// Answers a request; an object that is not shown is refused.
pub fn negotiate(history: &History, request: &Request) -> Result<Reply, Refusal> {
    let mut lines = Vec::new();
    if request.wants.is_empty() {
        // How clients ask whether they may ask.
        return Ok(Reply { head: lines, plan: None });
    }
    let (mut wanted, mut tags) = (BTreeSet::new(), BTreeSet::new());
    for want in &request.wants {
        let tag = history.tagged(*want);
        tags.extend(tag);
        wanted.insert(history.place(*want).or(tag).ok_or(Refusal::NotOurs(*want))?);
    }
    let cut: BTreeSet<usize> = request.shallow.iter().filter_map(|id| history.place(*id)).collect();
    let (reached, ends) = reach(&wanted, request.depth, &cut);
    if request.depth.is_some() {
        for place in ends.difference(&cut) {
            say(&mut lines, history, "shallow", *place, "");
        }
        for place in reached.intersection(&cut).filter(|place| !ends.contains(place)) {
            say(&mut lines, history, "unshallow", *place, "");
        }
        pkt::flush(&mut lines);
    }
    let common: Vec<usize> = request.haves.iter().filter_map(|id| history.place(*id)).collect();
    acknowledge(&mut lines, history, request, &common);
    if request.end != End::Done {
        return Ok(Reply { head: lines, plan: None });
    }
    let had = had(&common, &cut);
    let commits: BTreeSet<usize> = reached.difference(&had).copied().collect();
    if request.tags {
        tags.extend(&commits);
    }
    Ok(Reply { head: lines, plan: Some(Plan { commits, had, tags }) })
}

fn say(head: &mut Vec<u8>, history: &History, word: &str, place: usize, end: &str) {
    if let Some(version) = history.versions.get(place) {
        pkt::line(head, &format!("{word} {}{end}\n", version.commit.id));
    }
}

/// The commits that wanted ones reach, and those of them at which history ends for the client.
fn reach(
    wanted: &BTreeSet<usize>,
    depth: Option<usize>,
    cut: &BTreeSet<usize>,
) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut reached, mut ends) = (BTreeSet::new(), BTreeSet::new());
    let last = wanted.last().copied().unwrap_or_default();
    // How many commits are left to go, from the wanted one that is nearest above.
    let mut left = 0;
    for place in (0..=last).rev() {
        if wanted.contains(&place) {
            left = depth.unwrap_or(usize::MAX);
        }
        if left == 0 {
            continue;
        }
        reached.insert(place);
        left -= 1;
        match depth {
            Some(_) if left == 0 && place > 0 => {
                ends.insert(place);
            }
            // Behind where it has cut history off a client that says no depth wants nothing.
            None if cut.contains(&place) => left = 0,
            _ => {}
        }
    }
    (reached, ends)
}

/// The commits that a client has which has these: back to where it has cut history off.
fn had(common: &[usize], cut: &BTreeSet<usize>) -> BTreeSet<usize> {
    let Some(newest) = common.iter().max() else { return BTreeSet::new() };
    let oldest = cut.range(..=newest).next_back().copied().unwrap_or_default();
    (oldest..=*newest).collect()
}

/// Says what there is in common, and whether that is enough: on one line one commit always is.
fn acknowledge(head: &mut Vec<u8>, history: &History, request: &Request, common: &[usize]) {
    if request.end == End::Open {
        return;
    }
    if request.detailed {
        for place in common {
            say(head, history, "ACK", *place, " common");
        }
    } else if let Some(first) = common.first() {
        say(head, history, "ACK", *first, "");
    }
    match common.last() {
        None => pkt::line(head, "NAK\n"),
        Some(last) if request.end == End::Done && request.detailed => {
            say(head, history, "ACK", *last, "");
        }
        Some(last) if request.detailed => {
            say(head, history, "ACK", *last, " ready");
            pkt::line(head, "NAK\n");
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(places: &[usize]) -> BTreeSet<usize> {
        places.iter().copied().collect()
    }

    #[test]
    fn depth_counts_from_each_wanted_commit() {
        assert_eq!(reach(&set(&[3]), None, &set(&[])), (set(&[0, 1, 2, 3]), set(&[])));
        assert_eq!(reach(&set(&[3]), Some(1), &set(&[])), (set(&[3]), set(&[3])));
        assert_eq!(reach(&set(&[5, 1]), Some(2), &set(&[])), (set(&[5, 4, 1, 0]), set(&[4])));
        assert_eq!(reach(&set(&[5, 4]), Some(2), &set(&[])), (set(&[5, 4, 3]), set(&[3])));
        assert_eq!(reach(&set(&[2]), Some(9), &set(&[])), (set(&[0, 1, 2]), set(&[])));
        // A client that has only 2 wants what came after.
        assert_eq!(reach(&set(&[4]), None, &set(&[2])), (set(&[2, 3, 4]), set(&[])));
    }

    #[test]
    fn what_a_client_has_ends_where_it_cut_history_off() {
        assert_eq!(had(&[1, 3], &set(&[])), set(&[0, 1, 2, 3]));
        assert_eq!(had(&[3], &set(&[2])), set(&[2, 3]));
        assert_eq!(had(&[3], &set(&[5])), set(&[0, 1, 2, 3]));
        assert_eq!(had(&[], &set(&[2])), set(&[]));
    }
}
