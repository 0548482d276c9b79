//! Dominators: what every path to a point goes through.
//!
//! Vertices come in topological order, so one pass with nearest common ancestors gives the tree.
//! Jump pointers (Myers, 1983) make each question logarithmic, however deep the tree is.

use super::bdd::Ref;

/// A point of the graph: the entry of a node, or one way of leaving it. Later points are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Vertex(usize);

#[derive(Clone, Copy, Debug)]
struct Point {
    /// The nearest dominator.
    above: Vertex,
    /// A dominator further up; the jumps of a path form a skew-binary number.
    jump: Vertex,
    depth: usize,
    guard: Ref,
}

/// The dominator tree of all points so far.
#[derive(Debug)]
pub(super) struct Dominators(Vec<Point>);

impl Dominators {
    /// The start of a run; it dominates everything.
    pub(super) const ROOT: Vertex = Vertex(0);

    pub(super) fn new() -> Self {
        Self(vec![Point { above: Self::ROOT, jump: Self::ROOT, depth: 0, guard: Ref::TRUE }])
    }

    /// A new point right below another, with the guard that it is reached under.
    pub(super) fn add(&mut self, above: Vertex, guard: Ref) -> Vertex {
        let parent = self.point(above);
        let next = self.point(parent.jump);
        let even = parent.depth - next.depth == next.depth - self.point(next.jump).depth;
        let jump = if even { next.jump } else { above };
        self.0.push(Point { above, jump, depth: parent.depth + 1, guard });
        Vertex(self.0.len() - 1)
    }

    /// The nearest point that dominates all of these; `None` of none.
    pub(super) fn common(&self, points: impl IntoIterator<Item = Vertex>) -> Option<Vertex> {
        points.into_iter().reduce(|a, b| self.meet(a, b))
    }

    /// Whether every path to `below` goes through `above`.
    pub(super) fn dominates(&self, above: Vertex, below: Vertex) -> bool {
        self.climb(below, self.point(above).depth) == above
    }

    /// The point and all that dominate it, the nearest first.
    pub(super) fn above(&self, from: Vertex) -> impl Iterator<Item = Vertex> {
        std::iter::successors(Some(from), |&vertex| {
            (vertex != Self::ROOT).then(|| self.point(vertex).above)
        })
    }

    /// The guard of a point.
    pub(super) fn guard(&self, point: Vertex) -> Ref {
        self.point(point).guard
    }

    fn point(&self, vertex: Vertex) -> Point {
        let root = Point { above: Self::ROOT, jump: Self::ROOT, depth: 0, guard: Ref::TRUE };
        self.0.get(vertex.0).copied().unwrap_or(root)
    }

    /// The dominator of `from` at this depth, or `from` itself where it is no deeper.
    fn climb(&self, mut from: Vertex, depth: usize) -> Vertex {
        while self.point(from).depth > depth {
            let Point { above, jump, .. } = self.point(from);
            from = if self.point(jump).depth >= depth { jump } else { above };
        }
        from
    }

    fn meet(&self, a: Vertex, b: Vertex) -> Vertex {
        let depth = self.point(a).depth.min(self.point(b).depth);
        let (mut a, mut b) = (self.climb(a, depth), self.climb(b, depth));
        while a != b {
            let (left, right) = (self.point(a), self.point(b));
            // Points of one depth have jumps of one length.
            (a, b) = if left.jump == right.jump {
                (left.above, right.above)
            } else {
                (left.jump, right.jump)
            };
        }
        a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of points: a long path with branches that begin everywhere along it.
    fn tree() -> (Dominators, Vec<Vertex>) {
        let mut tree = Dominators::new();
        let mut points = vec![Dominators::ROOT];
        for place in 0..200 {
            let above = if place % 3 == 2 { points[place * 7 / 11] } else { points[place] };
            points.push(tree.add(above, Ref::TRUE));
        }
        (tree, points)
    }

    #[test]
    fn every_question_is_answered_as_by_climbing_step_by_step() {
        let (tree, points) = tree();
        for &below in &points {
            let path: Vec<Vertex> = tree.above(below).collect();
            assert_eq!(path.last(), Some(&Dominators::ROOT));
            assert_eq!(path.len(), tree.point(below).depth + 1);
            for &other in &points {
                assert_eq!(tree.dominates(other, below), path.contains(&other));
                let common = tree.above(other).find(|above| path.contains(above));
                assert_eq!(tree.common([below, other]), common);
            }
        }
        assert_eq!(tree.common([]), None);
    }

    #[test]
    fn a_long_way_is_a_few_jumps() {
        let mut tree = Dominators::new();
        let mut last = Dominators::ROOT;
        for _ in 0..1_000 {
            last = tree.add(last, Ref::TRUE);
        }
        for target in 0..1_000 {
            let (mut from, mut hops) = (last, 0);
            while tree.point(from).depth > target {
                let Point { above, jump, .. } = tree.point(from);
                from = if tree.point(jump).depth >= target { jump } else { above };
                hops += 1;
            }
            assert!(hops <= 24, "{hops} hops to depth {target}");
        }
    }
}
