//! The nearest name, for "did you mean".

use std::cell::Cell;

/// Comparisons that all suggestions of one check may take together: a graph full of unknown
/// names gets suggestions for the first of them.
const COMPARISONS: usize = 300_000;

/// Suggests nearest names, and stops where that would cost too much.
#[derive(Debug)]
pub struct Suggestions {
    left: Cell<usize>,
}

impl Default for Suggestions {
    fn default() -> Self {
        Self { left: Cell::new(COMPARISONS) }
    }
}

impl Suggestions {
    /// As [`nearest`], while comparisons are left.
    pub fn nearest<'a>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        if self.left.get() == 0 {
            return None;
        }
        nearest(name, candidates.into_iter().inspect(|_| self.spend(1)))
    }

    /// Whether so many comparisons are left; if so, they are spent.
    pub fn afford(&self, comparisons: usize) -> bool {
        let affordable = self.left.get() >= comparisons;
        if affordable {
            self.spend(comparisons);
        }
        affordable
    }

    fn spend(&self, comparisons: usize) {
        self.left.set(self.left.get().saturating_sub(comparisons));
    }
}

/// Longer texts are no misspelt names, and comparing them would cost.
const LONGEST: usize = 64;

/// The candidate that is nearest to `name`, if one is near enough to be meant; ties go to the
/// first.
///
/// ```
/// use flowcrate_codegen::diagnostic::nearest;
/// assert_eq!(nearest("custmer", ["order", "customer"]), Some("customer"));
/// assert_eq!(nearest("weather", ["order", "customer"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().take(LONGEST + 1).collect();
    if wanted.len() > LONGEST {
        return None;
    }
    let allowed = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let near = best.map_or(allowed, |(distance, _)| distance.saturating_sub(1));
        if best.is_some_and(|(distance, _)| distance == 0) {
            break;
        }
        if let Some(distance) = distance(&wanted, candidate, near) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The number of insertions, removals, replacements and swaps of neighbours between two texts,
/// ASCII case aside, where it is at most `limit`.
fn distance(wanted: &[char], candidate: &str, limit: usize) -> Option<usize> {
    let found: Vec<char> = candidate.chars().take(LONGEST + 1).collect();
    if found.len() > LONGEST || found.len().abs_diff(wanted.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=found.len()).collect();
    for (i, &a) in wanted.iter().enumerate() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        for (j, &b) in found.iter().enumerate() {
            let same = a.eq_ignore_ascii_case(&b);
            let mut cost = (at(&last, j) + usize::from(!same)).min(at(&last, j + 1) + 1);
            cost = cost.min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && wanted.get(i - 1) == Some(&b);
            if swapped && found.get(j - 1) == Some(&a) {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|&distance| distance <= limit)
}

fn at(row: &[usize], index: usize) -> usize {
    row.get(index).copied().unwrap_or(usize::MAX / 2)
}
