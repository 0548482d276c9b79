//! Modules of an order: groups of nodes that all others see alike.

/// Above this many nodes every node stays on its own: the search is cubic.
const LIMIT: usize = 200;

/// Groups the nodes, given in topological order, so that each group stands in one relation to
/// every node outside of it. The groups come in topological order.
pub(super) fn modules(nodes: &[usize], before: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = nodes.iter().map(|&node| vec![node]).collect();
    if nodes.len() > LIMIT {
        return groups;
    }
    while groups.len() > 2 {
        let Some((first, second)) = twins(&groups, &before) else { break };
        let merged = groups.remove(second);
        groups[first].extend(merged);
        groups[first].sort_unstable();
    }
    groups.sort();
    groups
}

/// Two groups that every third one sees alike, those next to each other in the order first.
fn twins(groups: &[Vec<usize>], before: impl Fn(usize, usize) -> bool) -> Option<(usize, usize)> {
    let relation = |left: usize, right: usize| {
        let (left, right) = (groups[left][0], groups[right][0]);
        (before(left, right), before(right, left))
    };
    let pairs = (0..groups.len())
        .flat_map(|first| (first + 1..groups.len()).map(move |second| (first, second)));
    let are_twins = |first: usize, second: usize| {
        (0..groups.len())
            .filter(|third| ![first, second].contains(third))
            .all(|third| relation(first, third) == relation(second, third))
    };
    let mut found = None;
    for (first, second) in pairs {
        if are_twins(first, second) {
            if relation(first, second).0 {
                return Some((first, second));
            }
            found = found.or(Some((first, second)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_within_a_prime_order_become_groups() {
        // 0 < 1 < 3, 2 < 3, 2 < 4: an N once 0 and 1 are one.
        let edges = [(0, 1), (0, 3), (1, 3), (2, 3), (2, 4)];
        let groups = modules(&[0, 1, 2, 3, 4], |first, second| edges.contains(&(first, second)));
        assert_eq!(groups, [vec![0, 1], vec![2], vec![3], vec![4]]);
    }

    #[test]
    fn of_many_nodes_each_stays_alone() {
        let chain = |first: usize, second: usize| first < second;
        let nodes: Vec<usize> = (0..=LIMIT).collect();
        assert_eq!(modules(&nodes, chain).len(), LIMIT + 1);
        assert_eq!(modules(&nodes[1..], chain).len(), 2);
    }
}
