//! Guards (S6) of one scope: one many-valued variable per node that has several handles.
//!
//! The diagrams are those of [`crate::check::guards`]: a variable of several values is as many
//! choices between one value and the later ones. Equal guards are equal references.

use std::collections::{BTreeSet, HashMap};

use crate::check::guards::{Bdd, Limits, Ref};

/// A formula. Equal formulas are equal.
pub(super) type Formula = Ref;

/// Never.
pub(super) const FALSE: Formula = Ref::FALSE;
/// Always.
pub(super) const TRUE: Formula = Ref::TRUE;

/// Past this the formulas are given up; the scope then becomes tasks, which look at their incoming
/// edges as they run.
const LIMITS: Limits = Limits { steps: 200_000, all_steps: 2_000_000, few_steps: 0 };
/// From then on. What still is known says which values are certain, and no more is worth knowing.
const GIVEN_UP: Limits = Limits { steps: 16, all_steps: usize::MAX, few_steps: 16 };

/// A store of formulas.
#[derive(Debug)]
pub(super) struct Guards {
    diagrams: Bdd,
    /// What each variable's values are.
    values: HashMap<usize, Vec<Formula>>,
    /// The variable that each choice of the diagrams belongs to.
    owners: HashMap<u32, usize>,
    given_up: bool,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            diagrams: Bdd::new(LIMITS),
            values: HashMap::new(),
            owners: HashMap::new(),
            given_up: false,
        }
    }
}

impl Guards {
    /// Whether the formulas outgrew the limit. What took too long to work out is a variable of its
    /// own, of which nothing is known: what then is implied still is, but not the other way round.
    pub(super) fn given_up(&self) -> bool {
        self.given_up
    }

    /// "The variable has this value", of `count` values.
    pub(super) fn value(&mut self, variable: usize, value: usize, count: usize) -> Formula {
        if !self.values.contains_key(&variable) {
            let (values, choices) = self.diagrams.partition(TRUE, count);
            self.owners.extend(choices.map(|choice| (choice, variable)));
            self.values.insert(variable, values);
        }
        let values = self.values.get(&variable);
        values.and_then(|values| values.get(value)).copied().unwrap_or(FALSE)
    }

    /// Both.
    pub(super) fn and(&mut self, left: Formula, right: Formula) -> Formula {
        let both = self.diagrams.and(left, right);
        self.known(both)
    }

    /// Either.
    pub(super) fn or(&mut self, left: Formula, right: Formula) -> Formula {
        let either = self.diagrams.or(left, right);
        self.known(either)
    }

    /// Whether `left` is never true without `right`.
    pub(super) fn implies(&mut self, left: Formula, right: Formula) -> bool {
        let implied = self.diagrams.implies(left, right);
        if implied.is_none() {
            self.give_up();
        }
        implied.unwrap_or(false)
    }

    /// Whether both are never true at once.
    pub(super) fn disjoint(&mut self, left: Formula, right: Formula) -> bool {
        self.and(left, right) == FALSE
    }

    /// The variables that a formula depends on, in order.
    pub(super) fn support(&self, formula: Formula) -> Vec<usize> {
        let choices = self.diagrams.support(formula);
        let owners = choices.iter().filter_map(|choice| self.owners.get(choice).copied());
        owners.collect::<BTreeSet<usize>>().into_iter().collect()
    }

    fn known(&mut self, formula: Option<Formula>) -> Formula {
        formula.unwrap_or_else(|| {
            self.give_up();
            let unknown = self.diagrams.variable();
            self.diagrams.choice(unknown, TRUE, FALSE)
        })
    }

    fn give_up(&mut self) {
        self.given_up = true;
        self.diagrams.limit(GIVEN_UP);
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
        assert_eq!(guards.support(values[2]), [4]);
    }

    #[test]
    fn what_is_not_known_implies_nothing() {
        let mut guards = Guards::default();
        let a = guards.value(0, 0, 2);
        let unknown = guards.known(None);
        assert!(guards.given_up());
        assert_ne!(unknown, guards.known(None));
        assert!(guards.implies(unknown, unknown));
        assert!(!guards.implies(unknown, a) && !guards.implies(a, unknown));
        assert!(!guards.disjoint(unknown, a));
        let both = guards.and(unknown, a);
        assert!(guards.implies(both, unknown) && guards.implies(both, a));
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
