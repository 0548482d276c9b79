//! Guards as text: for `flowcrate compile --emit guards`, and for golden files.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use super::bdd::Ref;
use super::{Choice, Guards};
use crate::check::kinds::ERROR;
use crate::resolve::Graph;

/// Of more ways in which a node comes to run only the first are shown.
const MOST: usize = 8;

/// What is chosen on one path of a diagram: for each variable whether it holds.
type Chosen = BTreeMap<u32, bool>;

impl Guards {
    /// When each node runs: for each of the ways in which it comes to, what must have happened.
    /// `a.true & b.out | a.false` are two ways; `charge.error+` is the default handle after a
    /// failure; `?` is what is past the limit.
    pub(crate) fn text(&self, graph: &Graph<'_>) -> String {
        let mut lines = Vec::new();
        for (id, &index) in graph.ids.iter() {
            let text = match self.facts(index) {
                Some(facts) if facts.reached => self.formula(graph, facts.guard),
                _ => "unreachable".to_owned(),
            };
            lines.push((id.to_string(), text));
        }
        crate::inspect::columns(&lines)
    }

    fn formula(&self, graph: &Graph<'_>, guard: Ref) -> String {
        if guard == Ref::TRUE {
            return "always".to_owned();
        }
        let mut ways: Vec<String> = Vec::new();
        let mut open = vec![(guard, Chosen::new())];
        let bdd = self.bdd.borrow();
        while let Some((function, chosen)) = open.pop() {
            if function == Ref::FALSE {
                continue;
            }
            if function == Ref::TRUE {
                ways.push(self.way(graph, &chosen));
                if ways.len() > MOST {
                    break;
                }
                continue;
            }
            let (variable, high, low) = bdd.branches(function);
            for (next, holds) in [(low, false), (high, true)] {
                let mut chosen = chosen.clone();
                chosen.insert(variable, holds);
                open.push((next, chosen));
            }
        }
        let more = ways.len() > MOST;
        ways.truncate(MOST);
        ways.dedup();
        let mut text = ways.join(" | ");
        if more {
            text.push_str(" | …");
        }
        text
    }

    /// What one path of the diagram says, older nodes first.
    fn way(&self, graph: &Graph<'_>, chosen: &Chosen) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut seen: Vec<Choice> = Vec::new();
        for &variable in chosen.keys() {
            let Some(&choice) = self.choice(variable) else { continue };
            if choice != Choice::Unknown && seen.contains(&choice) {
                continue;
            }
            seen.push(choice);
            parts.push(match choice {
                Choice::Unknown => "?".to_owned(),
                Choice::Trigger => self.one_of(triggers(graph), choice, chosen),
                Choice::Way(node) => self.one_of(self.way_names(graph, node), choice, chosen),
            });
        }
        parts.join(" & ")
    }

    fn choice(&self, variable: u32) -> Option<&Choice> {
        self.choices.get(usize::try_from(variable).ok()?.checked_sub(1)?)
    }

    fn way_names(&self, graph: &Graph<'_>, node: NodeIndex) -> Vec<String> {
        let ways = self.facts(node).map_or(&[][..], |facts| facts.ways.as_slice());
        let name = |way: &super::Way| {
            let after_failure = way.outcome.error && way.outcome.handle != *ERROR;
            let plus = if after_failure { "+" } else { "" };
            format!("{}.{}{plus}", graph.id(node), way.outcome.handle)
        };
        ways.iter().map(name).collect()
    }

    /// Which of some alternatives the choices leave: each is chosen by its own variable, after all
    /// earlier ones were not; the last one by none.
    fn one_of(&self, names: Vec<String>, choice: Choice, chosen: &Chosen) -> String {
        let first = self.choices.iter().position(|other| *other == choice).unwrap_or_default();
        let holds = |place: usize| {
            let variable = u32::try_from(first + place + 1).unwrap_or(u32::MAX);
            chosen.get(&variable).copied()
        };
        let count = names.len();
        let possible = |place: usize| {
            let earlier = (0..place).all(|earlier| holds(earlier) != Some(true));
            earlier && (place + 1 == count || holds(place) != Some(false))
        };
        let all = names.into_iter().enumerate();
        let left: Vec<String> =
            all.filter(|(place, _)| possible(*place)).map(|(_, name)| name).collect();
        match left.as_slice() {
            [one] => one.clone(),
            _ => format!("({})", left.join(" or ")),
        }
    }
}

/// The triggers, in the order in which the diagrams choose between them.
fn triggers(graph: &Graph<'_>) -> Vec<String> {
    let starts = |index: &&NodeIndex| super::outcomes::starts_runs(graph.node(**index));
    graph.top.iter().filter(starts).map(|&index| graph.id(index).to_string()).collect()
}
