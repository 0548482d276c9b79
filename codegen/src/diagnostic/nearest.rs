//! The nearest name, for "did you mean".

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
