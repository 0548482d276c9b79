//! Returns (S31): together they decide the run's output. Responses (S32), of which a run gives one.

use flowcrate::types::{Type, unify};
use petgraph::graph::NodeIndex;

use super::Body;
use super::kinds::{Kind, TRY_REGIONS, r#return};
use super::site::Site;
use super::stage::Stage;
use crate::diagnostic::{Diagnostic, code};

/// Reports returns that may meet in one run or have no common type, and widens their values to
/// the common type.
pub(super) fn check(stage: &mut Stage<'_>) {
    exclusive(stage, Kind::Respond, "responses");
    exclusive(stage, Kind::Return, "returns");
    let returns = all(stage, Kind::Return);
    let Some(common) = common(stage, &returns) else { return };
    for index in returns {
        let site = Site::at(stage, index);
        // What is wrong with it was said when it was checked by itself.
        let value = r#return::value(&site, Some(&common));
        if let Some(value) = value {
            stage.bodies.insert(index, Body::Return { value });
        }
    }
}

/// Reports nodes of a kind that may meet in one run. What the catch of a try does counts only where
/// its body failed, and nothing that the body did then counts: those of one never meet the other's.
fn exclusive(stage: &mut Stage<'_>, kind: Kind<'_>, what: &str) {
    if !stage.graph.whole {
        return;
    }
    let mut found = Vec::new();
    let mut open = vec![(None, "")];
    while let Some((scope, region)) = open.pop() {
        let decided = decided_by(stage, kind, scope, region);
        let is_try = |index| stage.graph.node(index).kind != Some(kind);
        let overlaps = stage.guards.overlaps(&decided, is_try).into_iter();
        found.extend(overlaps.map(|(earlier, later)| overlap(stage, earlier, later, what)));
        let tries = decided.into_iter().filter(|index| is_try(*index));
        open.extend(tries.flat_map(|index| RETURNING.map(|region| (Some(index), region))));
    }
    stage.out.extend(found);
}

/// The regions of a try in which a run may return.
const RETURNING: [&str; 2] = [TRY_REGIONS[0], TRY_REGIONS[1]];

/// The nodes of a scope's region that do what a kind is for: such nodes, and tries that hold any.
fn decided_by(
    stage: &Stage<'_>,
    kind: Kind<'_>,
    scope: Option<NodeIndex>,
    region: &str,
) -> Vec<NodeIndex> {
    let members = stage.graph.members(scope).iter().copied();
    members.filter(|index| decides(stage, kind, *index, region)).collect()
}

fn decides(stage: &Stage<'_>, kind: Kind<'_>, index: NodeIndex, region: &str) -> bool {
    let node = stage.graph.node(index);
    let counts = node.region == region && !node.raw.disabled && stage.counts(index);
    counts
        && match node.kind {
            Some(Kind::Try) => holds(stage, kind, index),
            own => own == Some(kind),
        }
}

/// Whether a try holds nodes of a kind in its body or catch. Scopes are nested to a fixed depth.
fn holds(stage: &Stage<'_>, kind: Kind<'_>, index: NodeIndex) -> bool {
    let children = &stage.graph.node(index).children;
    RETURNING.iter().any(|region| children.iter().any(|child| decides(stage, kind, *child, region)))
}

/// Whether a run may return from within a try.
pub(super) fn returns_within(stage: &Stage<'_>, index: NodeIndex) -> bool {
    holds(stage, Kind::Return, index)
}

/// The enabled nodes of a kind that may run, in order.
fn all(stage: &Stage<'_>, kind: Kind<'_>) -> Vec<NodeIndex> {
    let mut found = Vec::new();
    let mut open = vec![(None, "")];
    while let Some((scope, region)) = open.pop() {
        for index in decided_by(stage, kind, scope, region) {
            if stage.graph.node(index).kind == Some(kind) {
                found.push(index);
            } else {
                open.extend(RETURNING.map(|region| (Some(index), region)));
            }
        }
    }
    found
}

/// The type of the run's output where a return is reached; null of none.
/// `None` where values have errors or no common type, which is reported.
fn common(stage: &mut Stage<'_>, returns: &[NodeIndex]) -> Option<Type> {
    let mut common: Option<Type> = None;
    for &index in returns {
        let Some(Body::Return { value }) = stage.bodies.get(index) else { return None };
        common = match common {
            None => Some(value.ty.clone()),
            Some(others) => match unify(&others, &value.ty) {
                Ok(both) => Some(both),
                Err(mismatch) => {
                    let node = stage.graph.node(index);
                    let message = format!(
                        "{} returns {}, earlier returns {others}: {mismatch}",
                        node.quoted(),
                        value.ty
                    );
                    stage.out.push(
                        Diagnostic::new(code::NO_COMMON_TYPE, message)
                            .node(&*node.raw.id)
                            .field("/inputs/value")
                            .help("return values of one type, or one record with optional fields"),
                    );
                    return None;
                }
            },
        };
    }
    common
}

fn overlap(stage: &Stage<'_>, earlier: NodeIndex, later: NodeIndex, what: &str) -> Diagnostic {
    let (first, second) = (stage.graph.node(earlier), stage.graph.node(later));
    let message = format!(
        "{} and {} may both be reached in one run, expected {what} that exclude each other",
        first.quoted(),
        second.quoted()
    );
    Diagnostic::new(code::RETURNS_OVERLAP, message)
        .node(&*second.raw.id)
        .help("lead them from different handles of one condition, or draw one, after a join")
}

/// The type of the run's output: null where no return is reached, so optional where that may be.
pub(super) fn output(stage: &Stage<'_>) -> Type {
    let returns = all(stage, Kind::Return);
    let ty = returns.first().and_then(|index| match stage.bodies.get(*index) {
        Some(Body::Return { value }) => Some(value.ty.clone()),
        _ => None,
    });
    let sure = is_sure(stage, None, "");
    let ty = ty.unwrap_or(Type::Null);
    if sure { ty } else { ty.optional() }
}

/// Whether a return is reached wherever a scope's region is done.
fn is_sure(stage: &Stage<'_>, scope: Option<NodeIndex>, region: &str) -> bool {
    // A catch may be nothing but its result, which returns nothing.
    let catches = |index: NodeIndex| {
        matches!(stage.bodies.get(index), Some(Body::Try { catch: Some(_), .. }))
    };
    let returns = |index: &NodeIndex| match stage.graph.node(*index).kind {
        Some(Kind::Try) => {
            is_sure(stage, Some(*index), RETURNING[0])
                && (!catches(*index) || is_sure(stage, Some(*index), RETURNING[1]))
        }
        _ => true,
    };
    let decided = decided_by(stage, Kind::Return, scope, region).into_iter();
    let events: Vec<_> =
        decided.filter(returns).map(|index| (index, super::guards::Event::Value)).collect();
    stage.guards.implies(stage.guards.end(scope), &events)
}
