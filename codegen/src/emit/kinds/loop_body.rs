//! The body of a loop: a closure, or the call of a function of its own.

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

use crate::check::{Node, Scope};
use crate::emit::expr::mentions;
use crate::emit::flow::{Final, Flow};
use crate::emit::locals::Locals;
use crate::emit::names::{NodeNames, ident};
use crate::emit::{docs, print};
use crate::expr::{Expr, ExprKind};
use crate::ir::Block;

/// Every so many nested loops the body becomes a function of its own.
const DEEPEST: usize = 3;

/// So does a body of more lines than this.
const LONGEST: usize = 40;

/// More parameters than this make clippy speak up.
const MOST_PARAMETERS: usize = 7;

/// A loop's body.
pub(super) struct LoopBody<'l> {
    /// The type of the item or state.
    pub(super) variable: Type,
    pub(super) scope: &'l Scope,
    /// What types that only it needs are named after, and what its function is.
    pub(super) what: (&'static str, &'static str),
}

/// What runs for one item or state: the body itself, or a call of a function if the body is long
/// or nested deeply.
pub(super) fn closure(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    each: &LoopBody<'_>,
) -> TokenStream {
    let names = &flow.emitter.names(&node.id);
    let (item, index) = (ident(&names.item), ident(&names.index));
    let bind = |mut inner: Locals| {
        inner.returned = None;
        inner.bind_loop(&node.id, item.clone(), index.clone(), each.variable.clone());
        inner
    };
    flow.emitter.loop_depth += 1;
    let deep = flow.emitter.loop_depth.is_multiple_of(DEEPEST);
    let written = flow.emitter.functions.len();
    let mut code = None;
    if !deep {
        let whole = body(flow, node, bind(locals.captured()), each.scope);
        if print::lines(&whole) <= LONGEST {
            code = Some(inline(&whole, names));
        }
    }
    let code = code.unwrap_or_else(|| {
        flow.emitter.functions.truncate(written);
        outlined(flow, node, (locals, &bind(locals.borrowed())), each, names)
    });
    flow.emitter.loop_depth -= 1;
    code
}

fn inline(body: &TokenStream, names: &NodeNames) -> TokenStream {
    let parameter = |name: &str| {
        let name = mentions(body, name).then(|| ident(name));
        name.map_or_else(|| quote!(_), |name| quote!(#name))
    };
    let (ctx, item, index) = (parameter("ctx"), parameter(&names.item), parameter(&names.index));
    quote!(async |#ctx, #item, #index| { #body })
}

/// The body as a function; gives the closure that calls it.
fn outlined(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    (outer, inner): (&Locals, &Locals),
    each: &LoopBody<'_>,
    names: &NodeNames,
) -> TokenStream {
    let mut own = inner.clone();
    own.bind_loop(&node.id, ident(&names.item), ident(&names.index), each.variable.clone());
    let body = body(flow, node, own, each.scope);
    let name = ident(&format!("{}_body", names.value));
    let hint = flow.emitter.hint(&node.id, each.what.0, each.what.1);
    let mut parameters = Vec::new();
    let mut arguments = Vec::new();
    let context = flow.emitter.symbols.import("flowcrate::Context");
    let ctx = if mentions(&body, "ctx") { ident("ctx") } else { ident("_ctx") };
    parameters.push(quote!(#ctx: #context));
    arguments.push(quote!(ctx));
    for (variable, held) in inner.variables() {
        if !mentions(&body, &variable) {
            continue;
        }
        let own = variable == names.item;
        let variable = ident(&variable);
        let (ty, borrowed) = flow.emitter.held_type(&held, &hint);
        if borrowed && !own {
            parameters.push(quote!(#variable: &#ty));
            let passed = outer.is_reference(&variable.to_string());
            arguments.push(if passed { quote!(#variable) } else { quote!(&#variable) });
        } else {
            parameters.push(quote!(#variable: #ty));
            arguments.push(quote!(#variable));
        }
    }
    if flow.emitter.has_many_triggers() && mentions(&body, "trigger") {
        let ty = flow.emitter.input_type();
        parameters.push(quote!(trigger: &#ty));
        let passed = outer.is_reference("trigger");
        arguments.push(if passed { quote!(trigger) } else { quote!(&trigger) });
    }
    let result = flow.emitter.symbols.import("flowcrate::Result");
    let output = each.scope.result.as_ref().map_or(Type::Null, |result| result.ty.clone());
    let output = flow.emitter.types.rust(&output, &hint, &mut flow.emitter.symbols);
    let doc = docs::attributes(&[format!(
        "{} `{}` ({}).",
        each.what.1,
        node.id,
        docs::plain(&node.label)
    )]);
    let lint = (parameters.len() > MOST_PARAMETERS).then(
        || quote!(#[expect(clippy::too_many_arguments, reason = "the loop's body uses them")]),
    );
    // Those of the code around it are among them, and do no harm here.
    let lints = crate::emit::lints::attributes(&flow.emitter.lints);
    flow.emitter.functions.push(quote! {
        #doc
        #lint
        #lints
        async fn #name(#(#parameters),*) -> #result<#output> { #body }
    });
    let used = |name: &str| {
        let used = arguments.iter().any(|argument| argument.to_string() == name);
        let name = ident(name);
        if used { quote!(#name) } else { quote!(_) }
    };
    let (item, index) = (used(&names.item), used(&names.index));
    quote!(async |ctx, #item, #index| #name(#(#arguments),*).await)
}

/// The body of the closure.
fn body(flow: &mut Flow<'_, '_>, node: &Node, locals: Locals, scope: &Scope) -> TokenStream {
    let nothing = Expr {
        kind: ExprKind::Literal(serde_json::Value::Null),
        ty: flowcrate::types::Type::Null,
        span: crate::diagnostic::Span::default(),
    };
    let result = scope.result.as_ref().unwrap_or(&nothing);
    let workflow = flow.emitter.workflow;
    let empty = Block::default();
    let block = workflow.scopes.get(&node.id).unwrap_or(&empty);
    let end = Final::Result { id: &node.id, expr: result };
    Flow::new(flow.emitter).body(block, locals, &end)
}
