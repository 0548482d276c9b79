//! Binary decision diagrams, reduced and ordered, with a fixed limit.
//!
//! A function is a reference; equal functions have equal references. A variable with a higher
//! number stands nearer the root, so that what hangs off the newest variable costs one node.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

/// A boolean function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ref(u32);

impl Ref {
    /// Never.
    pub(crate) const FALSE: Self = Self(0);
    /// Always.
    pub(crate) const TRUE: Self = Self(1);
}

/// How long operations may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Steps of one operation.
    pub(crate) steps: usize,
    /// Steps that all operations may take together before each is held to `few_steps`.
    pub(crate) all_steps: usize,
    /// Steps of one operation from then on.
    pub(crate) few_steps: usize,
}

impl Limits {
    /// Of the check stage (`SEMANTICS.md`, Guards).
    pub(crate) const CHECK: Self = Self { steps: 2_048, all_steps: 100_000, few_steps: 32 };
}

#[derive(Clone, Copy, Debug)]
struct Node {
    variable: u32,
    low: Ref,
    high: Ref,
}

/// The operations on two functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Op {
    And,
    Or,
    /// Left and not right: unsatisfiable exactly if left implies right.
    Less,
}

/// A store of functions.
#[derive(Debug)]
pub(crate) struct Bdd {
    nodes: Vec<Node>,
    unique: HashMap<(u32, Ref, Ref), Ref, FastHash>,
    done: HashMap<(Op, Ref, Ref), Ref, FastHash>,
    variables: u32,
    steps: usize,
    limits: Limits,
    /// The stacks of [`Bdd::apply`], kept so that an operation costs no allocation.
    tasks: Vec<Task>,
    results: Vec<Ref>,
}

impl Bdd {
    pub(crate) fn new(limits: Limits) -> Self {
        let leaf = |value| Node { variable: 0, low: Ref(value), high: Ref(value) };
        Self {
            nodes: vec![leaf(0), leaf(1)],
            unique: HashMap::default(),
            done: HashMap::default(),
            variables: 0,
            steps: 0,
            limits,
            tasks: Vec::new(),
            results: Vec::new(),
        }
    }

    /// How long operations may take from now on.
    pub(crate) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// A new variable, nearer the root than all before it.
    pub(crate) fn variable(&mut self) -> u32 {
        self.variables += 1;
        self.variables
    }

    /// `high` where the variable holds, else `low`. The variable must be newer than both.
    pub(crate) fn choice(&mut self, variable: u32, high: Ref, low: Ref) -> Ref {
        if high == low {
            return low;
        }
        let nodes = &mut self.nodes;
        *self.unique.entry((variable, low, high)).or_insert_with(|| {
            nodes.push(Node { variable, low, high });
            // Past four billion nodes memory would have ended long before.
            Ref(u32::try_from(nodes.len() - 1).unwrap_or(u32::MAX))
        })
    }

    /// Cuts a function into parts that exclude each other and together are the whole; also gives
    /// the new variables that choose between them.
    pub(crate) fn partition(&mut self, whole: Ref, parts: usize) -> (Vec<Ref>, Range<u32>) {
        let first = self.variables + 1;
        let mut rest = whole;
        let mut functions = Vec::with_capacity(parts);
        for _ in 1..parts {
            let variable = self.variable();
            functions.push(self.choice(variable, rest, Ref::FALSE));
            rest = self.choice(variable, Ref::FALSE, rest);
        }
        functions.push(rest);
        (functions, first..self.variables + 1)
    }

    /// The variables that a function depends on.
    pub(crate) fn support(&self, function: Ref) -> BTreeSet<u32> {
        let mut seen = HashSet::with_hasher(FastHash::default());
        let mut variables = BTreeSet::new();
        let mut open = vec![function];
        while let Some(next) = open.pop() {
            if next == Ref::FALSE || next == Ref::TRUE || !seen.insert(next) {
                continue;
            }
            let Node { variable, low, high } = self.node(next);
            variables.insert(variable);
            open.extend([low, high]);
        }
        variables
    }

    /// Both; `None` where that takes too long.
    pub(crate) fn and(&mut self, left: Ref, right: Ref) -> Option<Ref> {
        self.apply(Op::And, left, right)
    }

    /// Either; `None` where that takes too long.
    pub(crate) fn or(&mut self, left: Ref, right: Ref) -> Option<Ref> {
        self.apply(Op::Or, left, right)
    }

    /// Whether `left` implies `right`; `None` where that takes too long.
    pub(crate) fn implies(&mut self, left: Ref, right: Ref) -> Option<bool> {
        self.apply(Op::Less, left, right).map(|rest| rest == Ref::FALSE)
    }

    /// A function's newest variable, and what it is where that holds and where it does not.
    pub(crate) fn branches(&self, function: Ref) -> (u32, Ref, Ref) {
        let Node { variable, low, high } = self.node(function);
        (variable, high, low)
    }

    fn node(&self, function: Ref) -> Node {
        let index = usize::try_from(function.0).unwrap_or(usize::MAX);
        self.nodes.get(index).copied().unwrap_or(Node {
            variable: 0,
            low: Ref::FALSE,
            high: Ref::FALSE,
        })
    }

    fn apply(&mut self, op: Op, left: Ref, right: Ref) -> Option<Ref> {
        if let Some(known) = op.trivial(left, right) {
            return Some(known);
        }
        let (mut tasks, mut results) =
            (std::mem::take(&mut self.tasks), std::mem::take(&mut self.results));
        tasks.clear();
        results.clear();
        tasks.push(Task::Expand(left, right));
        let done = self.expand(op, &mut tasks, &mut results);
        (self.tasks, self.results) = (tasks, results);
        done
    }

    /// Shannon expansion with a stack of its own: no recursion, however deep a guard is.
    fn expand(&mut self, op: Op, tasks: &mut Vec<Task>, results: &mut Vec<Ref>) -> Option<Ref> {
        let Limits { steps, all_steps, few_steps } = self.limits;
        let mut budget = if self.steps < all_steps { steps } else { few_steps };
        while let Some(task) = tasks.pop() {
            match task {
                Task::Expand(left, right) => {
                    let (left, right) = op.ordered(left, right);
                    if let Some(known) = self.known(op, left, right) {
                        results.push(known);
                        continue;
                    }
                    self.steps += 1;
                    budget = budget.checked_sub(1)?;
                    let (a, b) = (self.node(left), self.node(right));
                    let variable = a.variable.max(b.variable);
                    let split = |function: Ref, node: Node| {
                        let here = node.variable == variable;
                        if here { (node.low, node.high) } else { (function, function) }
                    };
                    let ((a_low, a_high), (b_low, b_high)) = (split(left, a), split(right, b));
                    tasks.push(Task::Combine(variable, left, right));
                    tasks.push(Task::Expand(a_high, b_high));
                    tasks.push(Task::Expand(a_low, b_low));
                }
                Task::Combine(variable, left, right) => {
                    let high = results.pop()?;
                    let low = results.pop()?;
                    let function = self.choice(variable, high, low);
                    self.done.insert((op, left, right), function);
                    results.push(function);
                }
            }
        }
        results.pop()
    }

    fn known(&self, op: Op, left: Ref, right: Ref) -> Option<Ref> {
        op.trivial(left, right).or_else(|| self.done.get(&(op, left, right)).copied())
    }
}

/// What is left to do of an operation.
#[derive(Clone, Copy, Debug)]
enum Task {
    Expand(Ref, Ref),
    Combine(u32, Ref, Ref),
}

impl Op {
    /// Operands of a symmetric operation in one order, so that each pair is computed once.
    fn ordered(self, left: Ref, right: Ref) -> (Ref, Ref) {
        match self {
            Self::And | Self::Or if right < left => (right, left),
            Self::And | Self::Or | Self::Less => (left, right),
        }
    }

    fn trivial(self, left: Ref, right: Ref) -> Option<Ref> {
        match (self, left, right) {
            (Self::And, Ref::TRUE, other) | (Self::Or, Ref::FALSE, other) => Some(other),
            (Self::And, other, Ref::TRUE) | (Self::Or | Self::Less, other, Ref::FALSE) => {
                Some(other)
            }
            (Self::And | Self::Less, Ref::FALSE, _)
            | (Self::And, _, Ref::FALSE)
            | (Self::Less, _, Ref::TRUE) => Some(Ref::FALSE),
            (Self::Or, Ref::TRUE, _) | (Self::Or, _, Ref::TRUE) => Some(Ref::TRUE),
            (Self::And | Self::Or, _, _) if left == right => Some(left),
            (Self::Less, _, _) if left == right => Some(Ref::FALSE),
            (Self::And | Self::Or | Self::Less, _, _) => None,
        }
    }
}

type FastHash = BuildHasherDefault<Mixer>;

/// A quick hash of a few integers. Keys come from the analysis, not from the document's text,
/// and the tables are never walked, so neither order nor collisions can be chosen from outside.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value.unsigned_abs().try_into().unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a function where exactly these variables hold.
    fn value(bdd: &Bdd, mut function: Ref, holding: &[u32]) -> bool {
        while function != Ref::FALSE && function != Ref::TRUE {
            let node = bdd.node(function);
            function = if holding.contains(&node.variable) { node.high } else { node.low };
        }
        function == Ref::TRUE
    }

    #[test]
    fn operations_agree_with_truth_tables() {
        let mut bdd = Bdd::new(Limits::CHECK);
        let variables: Vec<u32> = (0..3).map(|_| bdd.variable()).collect();
        // All functions of three variables that two operations on literals give.
        let mut functions = vec![Ref::FALSE, Ref::TRUE];
        for &variable in &variables {
            functions.push(bdd.choice(variable, Ref::TRUE, Ref::FALSE));
            functions.push(bdd.choice(variable, Ref::FALSE, Ref::TRUE));
        }
        let literals = functions.clone();
        for &a in &literals {
            for &b in &literals {
                functions.push(bdd.and(a, b).unwrap());
                functions.push(bdd.or(a, b).unwrap());
            }
        }
        for &a in &functions {
            for &b in &functions {
                let (and, or) = (bdd.and(a, b).unwrap(), bdd.or(a, b).unwrap());
                let mut implied = true;
                for bits in 0..8_u32 {
                    let holding: Vec<u32> = variables
                        .iter()
                        .enumerate()
                        .filter(|(bit, _)| bits & (1 << bit) != 0)
                        .map(|(_, &variable)| variable)
                        .collect();
                    let (x, y) = (value(&bdd, a, &holding), value(&bdd, b, &holding));
                    assert_eq!(value(&bdd, and, &holding), x && y);
                    assert_eq!(value(&bdd, or, &holding), x || y);
                    implied &= !x || y;
                }
                assert_eq!(bdd.implies(a, b), Some(implied));
            }
        }
    }

    #[test]
    fn equal_functions_are_one() {
        let mut bdd = Bdd::new(Limits::CHECK);
        let (a, b) = (bdd.variable(), bdd.variable());
        let (a, b) = (bdd.choice(a, Ref::TRUE, Ref::FALSE), bdd.choice(b, Ref::TRUE, Ref::FALSE));
        let both = bdd.and(a, b).unwrap();
        assert_eq!(bdd.or(both, a), Some(a));
        assert_eq!(bdd.and(b, a), Some(both));
    }

    #[test]
    fn a_function_depends_on_its_variables_alone() {
        let mut bdd = Bdd::new(Limits::CHECK);
        let (parts, variables) = bdd.partition(Ref::TRUE, 3);
        assert_eq!(variables, 1..3);
        let support = |function| Vec::from_iter(bdd.support(function));
        assert!(support(Ref::TRUE).is_empty());
        assert_eq!(
            parts.iter().map(|part| support(*part)).collect::<Vec<_>>(),
            [vec![1], vec![1, 2], vec![1, 2]]
        );
    }

    /// Two functions of many variables: whether all of them hold that are even, or odd.
    fn evens_and_odds(bdd: &mut Bdd) -> (Ref, Ref) {
        let mut both = (Ref::TRUE, Ref::TRUE);
        for _ in 0..10 {
            let variable = bdd.variable();
            let of = if variable.is_multiple_of(2) { &mut both.0 } else { &mut both.1 };
            *of = bdd.choice(variable, *of, Ref::FALSE);
        }
        both
    }

    const NONE: Limits = Limits { steps: 0, all_steps: 0, few_steps: 0 };

    #[test]
    fn what_was_computed_costs_no_step() {
        let mut bdd = Bdd::new(Limits::CHECK);
        let (evens, odds) = evens_and_odds(&mut bdd);
        let both = bdd.and(evens, odds);
        let either = bdd.or(odds, evens);
        bdd.limit(NONE);
        assert!(both.is_some() && either.is_some());
        assert_eq!(bdd.and(odds, evens), both);
        assert_eq!(bdd.or(evens, odds), either);
        assert_eq!(bdd.implies(evens, odds), None);
        // Nor does what needs no computing.
        assert_eq!(bdd.and(evens, evens), Some(evens));
        assert_eq!(bdd.or(odds, odds), Some(odds));
        assert_eq!(bdd.implies(odds, odds), Some(true));
    }

    #[test]
    fn once_all_steps_are_spent_each_operation_has_few() {
        let mut bdd = Bdd::new(Limits::CHECK);
        let (evens, odds) = evens_and_odds(&mut bdd);
        let needed = 9;
        let limits = |all_steps| Limits { steps: needed, all_steps, few_steps: needed - 1 };
        bdd.limit(limits(needed));
        assert!(bdd.and(evens, odds).is_some());
        assert_eq!(bdd.or(evens, odds), None);
        bdd.limit(limits(bdd.steps + 1));
        assert!(bdd.or(evens, odds).is_some());
    }

    #[test]
    fn the_limit_gives_no_answer_rather_than_a_wrong_one() {
        let mut bdd = Bdd::new(Limits::CHECK);
        // The comparison of two long numbers with all of one number's bits before the other's
        // has as many nodes as there are numbers.
        let left: Vec<u32> = (0..16).map(|_| bdd.variable()).collect();
        let right: Vec<u32> = (0..16).map(|_| bdd.variable()).collect();
        let mut equal = Some(Ref::TRUE);
        for (&a, &b) in left.iter().zip(&right) {
            let a_holds = bdd.choice(a, Ref::TRUE, Ref::FALSE);
            let a_fails = bdd.choice(a, Ref::FALSE, Ref::TRUE);
            let same = bdd.choice(b, a_holds, a_fails);
            equal = equal.and_then(|equal| bdd.and(equal, same));
        }
        assert_eq!(equal, None);
    }
}
