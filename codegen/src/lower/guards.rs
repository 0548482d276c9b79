//! Guards (S6) as decision diagrams: one many-valued variable per node that has several handles.
//!
//! Diagrams are reduced and shared, so equal guards are equal numbers.

use std::collections::HashMap;

/// A formula: an index into [`Guards::nodes`]. Equal formulas have equal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Formula(u32);

/// Never.
pub(super) const FALSE: Formula = Formula(0);
/// Always.
pub(super) const TRUE: Formula = Formula(1);

/// Diagrams larger than this in all are given up; the scope then becomes tasks, which look at
/// their incoming edges as they run.
const LIMIT: usize = 200_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    /// Index of the variable; a child's is greater.
    variable: usize,
    /// One child per value.
    children: Vec<Formula>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Op {
    And,
    Or,
    /// The first and not the second.
    Without,
}

/// A store of formulas.
#[derive(Debug, Default)]
pub(super) struct Guards {
    nodes: Vec<Node>,
    known: HashMap<Node, Formula>,
    done: HashMap<(Op, Formula, Formula), Formula>,
    given_up: bool,
}

impl Guards {
    /// Whether the formulas outgrew the limit; then none of them means anything.
    pub(super) fn given_up(&self) -> bool {
        self.given_up
    }

    /// "The variable has this value", of `count` values.
    pub(super) fn value(&mut self, variable: usize, value: usize, count: usize) -> Formula {
        let children = (0..count).map(|each| if each == value { TRUE } else { FALSE }).collect();
        self.node(variable, children)
    }

    /// Both.
    pub(super) fn and(&mut self, left: Formula, right: Formula) -> Formula {
        self.apply(Op::And, left, right)
    }

    /// Either.
    pub(super) fn or(&mut self, left: Formula, right: Formula) -> Formula {
        self.apply(Op::Or, left, right)
    }

    /// Whether `left` is never true without `right`.
    pub(super) fn implies(&mut self, left: Formula, right: Formula) -> bool {
        self.apply(Op::Without, left, right) == FALSE
    }

    /// Whether both are never true at once.
    pub(super) fn disjoint(&mut self, left: Formula, right: Formula) -> bool {
        self.apply(Op::And, left, right) == FALSE
    }

    /// The variables that a formula depends on, in order.
    pub(super) fn support(&self, formula: Formula) -> Vec<usize> {
        let mut seen = std::collections::BTreeSet::new();
        let mut variables = std::collections::BTreeSet::new();
        let mut open = vec![formula];
        while let Some(next) = open.pop() {
            let Some(node) = self.get(next) else { continue };
            if seen.insert(next) {
                variables.insert(node.variable);
                open.extend(&node.children);
            }
        }
        variables.into_iter().collect()
    }

    fn get(&self, formula: Formula) -> Option<&Node> {
        (formula.0 as usize).checked_sub(2).and_then(|index| self.nodes.get(index))
    }

    fn node(&mut self, variable: usize, children: Vec<Formula>) -> Formula {
        match children.first() {
            Some(&first) if children.iter().all(|&child| child == first) => return first,
            Some(_) => {}
            None => return FALSE,
        }
        let node = Node { variable, children };
        if let Some(&formula) = self.known.get(&node) {
            return formula;
        }
        let Some(formula) = u32::try_from(self.nodes.len() + 2)
            .ok()
            .filter(|_| self.nodes.len() < LIMIT)
            .map(Formula)
        else {
            self.given_up = true;
            return FALSE;
        };
        self.nodes.push(node.clone());
        self.known.insert(node, formula);
        formula
    }

    fn apply(&mut self, op: Op, left: Formula, right: Formula) -> Formula {
        if let Some(formula) = shortcut(op, left, right) {
            return formula;
        }
        if let Some(&formula) = self.done.get(&(op, left, right)) {
            return formula;
        }
        let first = |node: Option<&Node>| node.map_or(usize::MAX, |node| node.variable);
        let variable = first(self.get(left)).min(first(self.get(right)));
        let lefts = self.split(left, variable);
        let rights = self.split(right, variable);
        let count = lefts.len().max(rights.len());
        let pick = |children: &[Formula], index: usize, whole: Formula| {
            children.get(index).copied().unwrap_or(whole)
        };
        let children = (0..count)
            .map(|index| self.apply(op, pick(&lefts, index, left), pick(&rights, index, right)))
            .collect();
        let formula = self.node(variable, children);
        self.done.insert((op, left, right), formula);
        formula
    }

    /// The children by `variable`; none if the formula does not begin with it.
    fn split(&self, formula: Formula, variable: usize) -> Vec<Formula> {
        match self.get(formula) {
            Some(node) if node.variable == variable => node.children.clone(),
            Some(_) | None => Vec::new(),
        }
    }
}

fn shortcut(op: Op, left: Formula, right: Formula) -> Option<Formula> {
    match op {
        Op::And if left == FALSE || right == FALSE => Some(FALSE),
        Op::And if left == TRUE || left == right => Some(right),
        Op::And if right == TRUE => Some(left),
        Op::Or if left == TRUE || right == TRUE => Some(TRUE),
        Op::Or if left == FALSE || left == right => Some(right),
        Op::Without if left == FALSE || right == TRUE || left == right => Some(FALSE),
        Op::Or | Op::Without if right == FALSE => Some(left),
        Op::And | Op::Or | Op::Without => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_exhausted_by_its_values() {
        let mut guards = Guards::default();
        let values: Vec<_> = (0..3).map(|value| guards.value(4, value, 3)).collect();
        let two = guards.or(values[0], values[1]);
        assert_ne!(two, TRUE);
        assert_eq!(guards.or(two, values[2]), TRUE);
        assert!(guards.disjoint(two, values[2]));
    }

    #[test]
    fn implication_sees_through_merges() {
        let mut guards = Guards::default();
        let a = guards.value(0, 0, 2);
        let not_a = guards.value(0, 1, 2);
        let b = guards.value(1, 0, 2);
        let inner = guards.and(a, b);
        let merge = guards.or(inner, not_a);
        assert!(guards.implies(inner, a));
        assert!(guards.implies(not_a, merge));
        assert!(!guards.implies(a, merge));
        assert_eq!(guards.support(merge), [0, 1]);
    }
}
