//! The operations of the expression language that have a name, from the compiler's own table.

use flowcrate_codegen::expr::table::{Op, Surface, ops};
use serde::Serialize;
use utoipa::ToSchema;

/// A filter, test or function, for completion and help.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct OperationView {
    surface: SurfaceView,
    /// What is written: `upper`.
    name: &'static str,
    /// Type of what stands before a filter or test, `list<T>`; absent for a function.
    #[serde(skip_serializing_if = "Option::is_none")]
    operand: Option<String>,
    /// What stands in the parentheses, `from: string, to: string`; empty without any.
    params: String,
    /// Type of the result, `string`.
    result: String,
    /// One sentence.
    doc: &'static str,
}

/// How an operation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SurfaceView {
    /// `value | name`.
    Filter,
    /// `value is name`.
    Test,
    /// `name(…)`.
    Function,
}

/// Names that the checker treats by themselves, so that the table has no entry of theirs.
const SPECIAL: [(SurfaceView, &str, &str, &str, &str); 4] = [
    (SurfaceView::Filter, "default", "value: T", "T", "The value, or this one where it is absent."),
    (SurfaceView::Test, "defined", "", "bool", "Whether the value is there; narrows its type."),
    (SurfaceView::Test, "none", "", "bool", "Whether the value is absent."),
    (
        SurfaceView::Function,
        "first_of",
        "a: T, b: T",
        "T",
        "The first of the values that is there.",
    ),
];

/// The table's entries with a name, after the special ones.
pub(super) fn operations() -> Vec<OperationView> {
    let special = SPECIAL.map(|(surface, name, params, result, doc)| OperationView {
        surface,
        name,
        operand: (surface != SurfaceView::Function).then(|| "optional<T>".to_owned()),
        params: params.to_owned(),
        result: result.to_owned(),
        doc,
    });
    special.into_iter().chain(ops().filter_map(view)).collect()
}

fn view(op: &Op) -> Option<OperationView> {
    let (surface, name) = match op.surface {
        Surface::Filter(name) => (SurfaceView::Filter, name),
        Surface::Test(name) => (SurfaceView::Test, name),
        Surface::Function(name) => (SurfaceView::Function, name),
        Surface::Binary(_) | Surface::Unary(_) | Surface::Slice => return None,
    };
    let (operand, rest) = match (surface, op.params) {
        (SurfaceView::Function, params) => (None, params),
        (_, [operand, rest @ ..]) => (Some(operand.ty.text()), rest),
        (_, []) => (None, op.params),
    };
    let params: Vec<_> = rest
        .iter()
        .map(|param| {
            let optional = if param.default.is_some() { "?" } else { "" };
            format!("{}{optional}: {}", param.name, param.ty.text())
        })
        .collect();
    let result = op.result.text();
    Some(OperationView { surface, name, operand, params: params.join(", "), result, doc: op.doc })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_operation_is_told_with_its_types() {
        let all = operations();
        let named = ops()
            .filter(|op| {
                !matches!(op.surface, Surface::Binary(_) | Surface::Unary(_) | Surface::Slice)
            })
            .count();
        assert_eq!(all.len(), named + SPECIAL.len());
        let replace = all.iter().find(|operation| operation.name == "replace").unwrap();
        assert_eq!(replace.operand.as_deref(), Some("string"));
        assert_eq!(replace.params, "from: string, to: string");
        assert!(all.iter().all(|operation| operation.doc.ends_with('.')));
    }
}
