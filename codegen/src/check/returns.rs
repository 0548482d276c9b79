//! Returns (S31): together they decide the run's output. Responses (S32), of which a run gives one.

use flowcrate::types::{Type, unify};
use petgraph::graph::NodeIndex;

use super::Body;
use super::kinds::{Kind, r#return};
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

/// Reports nodes of a kind that may meet in one run.
fn exclusive(stage: &mut Stage<'_>, kind: Kind<'_>, what: &str) {
    if !stage.graph.whole {
        return;
    }
    let overlaps = stage.guards.overlaps(&all(stage, kind)).into_iter();
    let found: Vec<Diagnostic> =
        overlaps.map(|(earlier, later)| overlap(stage, earlier, later, what)).collect();
    stage.out.extend(found);
}

/// The enabled nodes of a kind that may run, in order.
fn all(stage: &Stage<'_>, kind: Kind<'_>) -> Vec<NodeIndex> {
    let is_return = |index: &NodeIndex| {
        let node = stage.graph.node(*index);
        node.kind == Some(kind) && !node.raw.disabled && stage.counts(*index)
    };
    stage.graph.top.iter().copied().filter(is_return).collect()
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
    let events: Vec<_> =
        returns.iter().map(|&index| (index, super::guards::Event::Value)).collect();
    let sure = stage.guards.implies(stage.guards.end(None), &events);
    let ty = ty.unwrap_or(Type::Null);
    if sure { ty } else { ty.optional() }
}
