//! The body of a scope, or of one of its regions: a closure, or the call of a function of its own.

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

use crate::check::{Node, Scope};
use crate::emit::flow::{Final, Flow};
use crate::emit::locals::{Held, Locals};
use crate::emit::mentions::{Mentioned, mentions};
use crate::emit::names::{NodeNames, ident, joined, snake};
use crate::emit::{docs, print};
use crate::expr::{Expr, ExprKind};
use crate::ir::{Block, Region};

/// Every so many nested loops the body becomes a function of its own.
const DEEPEST: usize = 3;

/// So does a body of more lines than this.
const LONGEST: usize = 40;

/// More parameters than this make clippy speak up.
const MOST_PARAMETERS: usize = 7;

/// What a scope runs.
pub(super) struct ScopeBody<'l> {
    pub(super) region: &'l str,
    pub(super) scope: &'l Scope,
    pub(super) given: Given,
    /// Whether the run's output is given beside its result: what it, or the try that it is a part
    /// of, returned.
    pub(super) returns: bool,
    /// What types that only it needs are named after, and what its function is.
    pub(super) what: (&'static str, String),
}

/// What a body is given besides its context.
pub(super) enum Given {
    /// Nothing.
    Nothing,
    /// An item or a state of this type, and the number of the iteration.
    Iteration(Type),
    /// What the body of a try failed with.
    Failure,
}

impl ScopeBody<'_> {
    /// The variables that it is given.
    fn parameters(&self, names: &NodeNames) -> Vec<String> {
        match self.given {
            Given::Nothing => Vec::new(),
            Given::Iteration(_) => vec![names.item.clone(), names.index.clone()],
            Given::Failure => vec![names.error.clone()],
        }
    }

    fn bind(&self, node: &Node, names: &NodeNames, mut inner: Locals) -> Locals {
        inner.returned = None;
        match &self.given {
            Given::Nothing => {}
            Given::Iteration(ty) => {
                inner.bind_loop(&node.id, ident(&names.item), ident(&names.index), ty.clone());
            }
            Given::Failure => inner.bind_caught(&node.id, ident(&names.error)),
        }
        inner
    }
}

/// The body itself, or a call of a function if it is long or nested deeply.
pub(super) fn closure(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    own: &ScopeBody<'_>,
) -> TokenStream {
    let names = &flow.emitter.names(&node.id);
    flow.emitter.loop_depth += 1;
    let deep = flow.emitter.loop_depth.is_multiple_of(DEEPEST);
    let written = flow.emitter.functions.len();
    let mut code = None;
    if !deep {
        let whole = body(flow, node, own.bind(node, names, locals.captured()), own);
        if print::lines(&whole) <= LONGEST {
            // A failure tells nothing of the type of a success.
            let fails = block(flow, node, own).is_some_and(|block| flow.only_fails(block));
            let ty = fails.then(|| result_type(flow, node, own));
            code = Some(inline(&whole, &own.parameters(names), ty.as_ref()));
        }
    }
    let code = code.unwrap_or_else(|| {
        flow.emitter.functions.truncate(written);
        outlined(flow, node, locals, own, names)
    });
    flow.emitter.loop_depth -= 1;
    code
}

/// The `Result` that the body gives.
fn result_type(flow: &mut Flow<'_, '_>, node: &Node, own: &ScopeBody<'_>) -> TokenStream {
    let hint = flow.emitter.hint(&node.id, own.what.0, &own.what.1);
    let result = flow.emitter.symbols.import("flowcrate::Result");
    let output = own.scope.result.as_ref().map_or(Type::Null, |result| result.ty.clone());
    let output = flow.emitter.types.rust(&output, &hint, &mut flow.emitter.symbols);
    if own.returns {
        let hint = flow.emitter.output_hint();
        let returned = flow.emitter.workflow_output().optional();
        let returned = flow.emitter.types.rust(&returned, &hint, &mut flow.emitter.symbols);
        return quote!(#result<(#output, #returned)>);
    }
    quote!(#result<#output>)
}

fn inline(body: &TokenStream, parameters: &[String], result: Option<&TokenStream>) -> TokenStream {
    let parameter = |name: &str| {
        let name = mentions(body, name).then(|| ident(name));
        name.map_or_else(|| quote!(_), |name| quote!(#name))
    };
    let outer = planted!("a scope has no context of its own");
    let ctx = if outer { quote!(_) } else { parameter("ctx") };
    let parameters = parameters.iter().map(|name| parameter(name));
    let result = result.map(|result| quote!(-> #result));
    quote!(async |#ctx #(, #parameters)*| #result { #body })
}

/// The body as a function; gives the closure that calls it.
fn outlined(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    outer: &Locals,
    own: &ScopeBody<'_>,
    names: &NodeNames,
) -> TokenStream {
    let inner = own.bind(node, names, outer.borrowed());
    let given = own.parameters(names);
    let body = body(flow, node, inner.clone(), own);
    let name = match own.region {
        "" => ident(&joined(&names.value, "body")),
        region => ident(&joined(&names.value, &snake(region, "body"))),
    };
    let hint = flow.emitter.hint(&node.id, own.what.0, &own.what.1);
    let mut parameters = Vec::new();
    let mut arguments = Vec::new();
    let mut owns_buffer = false;
    let context = flow.emitter.symbols.import("flowcrate::Context");
    let mut mentioned = Mentioned::default();
    mentioned.add(body.clone());
    let ctx = if mentioned.has("ctx") { ident("ctx") } else { ident("_ctx") };
    parameters.push(quote!(#ctx: #context));
    arguments.push(quote!(ctx));
    for (variable, held) in inner.variables() {
        if !mentioned.has_variable(&variable) {
            continue;
        }
        let is_given = given.contains(&variable);
        let variable = ident(&variable);
        let (ty, borrowed) = flow.emitter.held_type(&held, &hint);
        if borrowed && !is_given {
            owns_buffer |= matches!(held, Held::Value(Type::List { .. } | Type::String));
            parameters.push(quote!(#variable: &#ty));
            let passed = outer.is_reference(&variable.to_string());
            arguments.push(if passed { quote!(#variable) } else { quote!(&#variable) });
        } else {
            parameters.push(quote!(#variable: #ty));
            arguments.push(quote!(#variable));
        }
    }
    if flow.emitter.has_many_triggers() && mentioned.has("trigger") {
        let ty = flow.emitter.input_type();
        parameters.push(quote!(trigger: &#ty));
        let passed = outer.is_reference("trigger");
        arguments.push(if passed { quote!(trigger) } else { quote!(&trigger) });
    }
    let result = result_type(flow, node, own);
    let doc = docs::attributes(&[format!(
        "{} `{}` ({}).",
        own.what.1,
        node.id,
        docs::plain(&node.label)
    )]);
    let lint = (parameters.len() > MOST_PARAMETERS)
        .then(|| quote!(#[expect(clippy::too_many_arguments, reason = "the body uses them")]));
    let slices = owns_buffer.then(|| {
        quote!(#[allow(clippy::ptr_arg, reason = "what is borrowed is a list or text of its own")])
    });
    // Those of the code around it are among them, and do no harm here.
    let lints = crate::emit::lints::attributes(&flow.emitter.lints);
    flow.emitter.functions.push(quote! {
        #doc
        #lint
        #slices
        #lints
        async fn #name(#(#parameters),*) -> #result { #body }
    });
    let used = |name: &str| {
        let used = arguments.iter().any(|argument| argument.to_string() == name);
        let name = ident(name);
        if used { quote!(#name) } else { quote!(_) }
    };
    let given = given.iter().map(|name| used(name));
    quote!(async |ctx #(, #given)*| #name(#(#arguments),*).await)
}

/// The body of the closure.
fn body(flow: &mut Flow<'_, '_>, node: &Node, locals: Locals, own: &ScopeBody<'_>) -> TokenStream {
    let nothing = Expr {
        kind: ExprKind::Literal(serde_json::Value::Null),
        ty: flowcrate::types::Type::Null,
        span: crate::diagnostic::Span::default(),
    };
    let result = own.scope.result.as_ref().unwrap_or(&nothing);
    let empty = Block::default();
    let block = block(flow, node, own).unwrap_or(&empty);
    let end = if own.returns {
        let output = flow.emitter.workflow_output();
        Final::Returning { id: &node.id, expr: result, output }
    } else {
        Final::Result { id: &node.id, expr: result }
    };
    Flow::new(flow.emitter).body(block, locals, &end)
}

fn block<'a>(flow: &Flow<'_, 'a>, node: &Node, own: &ScopeBody<'_>) -> Option<&'a Block> {
    let workflow = flow.emitter.workflow;
    workflow.scopes.get(&Region::new(&node.id, own.region))
}
