//! Branches: `if`, `if let` and `match` over the handle that a node left by.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::kinds;
use super::super::locals::{Form, HandleForm, Locals};
use super::super::mentions::mentions;
use super::super::names::ident;
use super::pattern::{Pattern, bound_names, form_size, unbound};
use super::simpler::{Simple, effect, has_let, literal};
use super::unused::has_effect;
use super::{BlockCode, Final, Flow, Lines, LoneIf, Mode, Slot, catches, collapse, variable};
use crate::check::{Body, Node, NodeId};
use crate::ir::{Block, Branch, Part, Subject};
use crate::lower::handles;

/// What a branch looks at.
pub(super) struct Scrutinee {
    /// The expression.
    pub(super) code: TokenStream,
    /// How it tells the handle.
    pub(super) form: HandleForm,
    /// Whether it is a variable that later code reads too.
    pub(super) shared: bool,
}

/// One arm, ready to be printed.
pub(super) struct ArmCode {
    pub(super) handle: String,
    pub(super) pattern: TokenStream,
    /// What else has to hold, of what the pattern binds.
    pub(super) guard: Option<TokenStream>,
    /// Whether the pattern binds something.
    pub(super) binds: bool,
    pub(super) body: BlockCode,
}

impl Flow<'_, '_> {
    /// A node and the branch right behind it; the node gets no variable unless it needs one.
    pub(super) fn run_and_branch(
        &mut self,
        node: &Node,
        branch: &Branch,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        self.next += 1;
        self.inline_branch(node, branch, None, locals, lines);
    }

    /// The same at the end of a function.
    pub(super) fn run_and_branch_tail(
        &mut self,
        node: &Node,
        branch: &Branch,
        locals: &mut Locals,
        end: &Final<'_>,
        lines: &mut Lines,
    ) {
        self.inline_branch(node, branch, Some(end), locals, lines);
    }

    fn inline_branch(
        &mut self,
        node: &Node,
        branch: &Branch,
        end: Option<&Final<'_>>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let after = self.next
            + branch.arms.iter().map(|arm| super::super::readers::size(&arm.block)).sum::<usize>();
        let readers = &self.emitter.readers;
        let read_later = [Part::Output, Part::Error, Part::Handle, Part::Returned]
            .into_iter()
            .any(|part| readers.within(&node.id, part, after, usize::MAX));
        if read_later || node.disabled || handles(node).len() < 2 {
            self.run(node, locals, lines);
            if !lines.diverges {
                self.branch(branch, end, locals, lines);
            }
            return;
        }
        if let Body::Switch { cases } = &node.body
            && !catches(node)
            && self.switch_branch(node, cases, branch, end, locals, lines)
        {
            return;
        }
        let code = kinds::emit(self, node, locals);
        let caught = catches(node) && code.may_fail();
        let form = match (&node.body, caught) {
            (Body::Condition { .. }, false) => HandleForm::Bool,
            (Body::Condition { .. }, true) => HandleForm::CaughtBool,
            (Body::Switch { .. }, false) => HandleForm::Text,
            (Body::Switch { .. }, true) => HandleForm::CaughtText,
            (Body::WaitEvent { timeout: Some(_), .. }, false) => HandleForm::Event,
            (Body::WaitEvent { timeout: Some(_), .. }, true) => HandleForm::CaughtEvent,
            (Body::Approval(approval), false) if approval.timeout.is_some() => HandleForm::Answer,
            (Body::Approval(_), false) => HandleForm::Verdict,
            (Body::Approval(approval), true) if approval.timeout.is_some() => {
                HandleForm::CaughtAnswer
            }
            (Body::Approval(_), true) => HandleForm::CaughtVerdict,
            (_, true) => HandleForm::Caught,
            (_, false) => {
                // Cannot fail: only the default arm can be reached.
                self.run(node, locals, lines);
                self.branch(branch, end, locals, lines);
                return;
            }
        };
        let comment = super::super::comment(node);
        let code = if caught {
            self.caught(code)
        } else {
            for line in code.prelude {
                lines.push(line);
            }
            code.outcome.unwrapped()
        };
        if matches!(form, HandleForm::Text | HandleForm::Verdict) {
            // An `if` within the head of a `match` is hard to read; and one field of a verdict
            // decides, the others are read.
            let name = variable(&self.emitter.names(&node.id).value);
            lines.push_let(comment.as_ref(), &name, &code);
            locals.bind_handle(&node.id, name.clone(), form);
            locals.bind_sound(&node.id);
            if let (HandleForm::Verdict, Some(ty)) = (form, super::run::held_type(node)) {
                locals.bind_output(&node.id, name, ty, Form::Plain);
            }
            self.branch(branch, end, locals, lines);
            return;
        }
        locals.forget(&node.id);
        let scrutinee = Scrutinee { code, form, shared: false };
        self.branch_on(branch, Some(node), &scrutinee, comment.as_ref(), end, locals, lines);
    }

    /// A branch by a variable, or by the trigger.
    pub(super) fn branch(
        &mut self,
        branch: &Branch,
        end: Option<&Final<'_>>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let id = match &branch.on {
            Subject::Trigger => return self.trigger_branch(branch, end, locals, lines),
            Subject::Node(id) => id,
        };
        if let Some(handle) = locals.certain_handle(id).map(str::to_owned) {
            return self.only_arm(branch, &handle, end, locals, lines);
        }
        let (Some(node), Some((name, form))) = (self.node(id), locals.handle(id)) else { return };
        let scrutinee = match form {
            HandleForm::Verdict => {
                Scrutinee { code: quote!(#name.approved), form: HandleForm::Bool, shared: true }
            }
            form => Scrutinee { code: quote!(#name), form, shared: true },
        };
        self.branch_on(branch, Some(node), &scrutinee, None, end, locals, lines);
    }

    /// The arm of a handle that is certain, in place of the branch.
    fn only_arm(
        &mut self,
        branch: &Branch,
        handle: &str,
        end: Option<&Final<'_>>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let slots = self.branch_slots(branch, locals);
        let mut block = BlockCode::default();
        let mode = mode(end, &slots);
        let mut found = false;
        for arm in &branch.arms {
            if arm.handle == handle {
                block = self.block(Some(&arm.block), locals.clone(), &mode);
                found = true;
            } else {
                self.next += super::super::readers::size(&arm.block);
            }
        }
        if !found {
            block = self.block(None, locals.clone(), &mode);
        }
        self.place_block(block, &slots, end, locals, lines);
    }

    /// Puts the only way on that there is where the branch stood.
    fn place_block(
        &mut self,
        block: BlockCode,
        slots: &[Slot],
        end: Option<&Final<'_>>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let code = block.code;
        if end.is_some() {
            lines.push(code);
            lines.diverges = true;
        } else if slots.is_empty() {
            lines.diverges = block.diverges;
            if !code.is_empty() {
                let lone = lines.code.is_empty();
                lines.push(code);
                lines.lone_if = block.lone_if.filter(|_| lone);
            }
        } else {
            let pattern = self.bind(slots, locals);
            // A comment stands before a statement.
            let commented =
                code.clone().into_iter().next().is_some_and(|first| first.to_string() == "#");
            let bare = !commented && syn::parse2::<syn::Expr>(code.clone()).is_ok();
            let code = if bare { self.told_here(code, slots) } else { quote!({ #code }) };
            lines.push_values(None, pattern, &code);
        }
    }

    pub(super) fn branch_slots(&self, branch: &Branch, locals: &Locals) -> Vec<Slot> {
        let blocks: Vec<&Block> = branch.arms.iter().map(|arm| &arm.block).collect();
        if self.is_exhaustive(branch) {
            self.slots(&branch.exports, &blocks, true, locals)
        } else {
            let empty = Block::default();
            let blocks: Vec<&Block> = blocks.into_iter().chain([&empty]).collect();
            self.slots(&branch.exports, &blocks, true, locals)
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one branch, all that shapes it")]
    fn branch_on(
        &mut self,
        branch: &Branch,
        node: Option<&Node>,
        scrutinee: &Scrutinee,
        comment: Option<&TokenStream>,
        end: Option<&Final<'_>>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let Some(node) = node else { return };
        let slots = self.branch_slots(branch, locals);
        let mode = mode(end, &slots);
        let mut arms = Vec::new();
        for arm in &branch.arms {
            let start = self.next;
            let stop = start + super::super::readers::size(&arm.block);
            let mut inner = locals.clone();
            let bound = self.pattern(node, &arm.handle, scrutinee, (start, stop), &mut inner);
            let body = self.block(Some(&arm.block), inner, &mode);
            if let Some(Pattern { code: pattern, mut guard, binds }) = bound {
                // Whoever answered, and did not approve, has rejected.
                let follows = arm.handle == "rejected" && arms.iter().any(ArmCode::is_approved);
                guard = guard.filter(|_| !follows);
                let read = |name: &str| {
                    mentions(&body.code, name)
                        || guard.as_ref().is_some_and(|guard| mentions(guard, name))
                };
                // What reads it may have been left out.
                let binds = binds && bound_names(&pattern).iter().any(|name| read(name));
                let unread = follows || guard.is_none();
                let pattern = if unread && !binds { unbound(pattern) } else { pattern };
                arms.push(ArmCode { handle: arm.handle.clone(), pattern, guard, binds, body });
            }
        }
        let complete = arms.len() == form_size(node, scrutinee.form);
        let missing = (!complete && !matches!(mode, Mode::Statements))
            .then(|| self.block(None, locals.clone(), &mode));
        if arms.is_empty() && matches!(scrutinee.form, HandleForm::Bool | HandleForm::Text) {
            // Its only edges are those of a failure, and it cannot fail.
            if let Some(missing) = missing {
                self.place_block(missing, &slots, end, locals, lines);
            }
            return;
        }
        let code = &scrutinee.code;
        if matches!(mode, Mode::Statements) && arms.iter().all(|arm| arm.body.code.is_empty()) {
            if let Some(effect) = effect(code) {
                lines.push(quote!(#comment #effect));
            }
            return;
        }
        let (condition, arms) = match scrutinee.form {
            HandleForm::Bool => {
                return self.bool_branch(code, arms, missing, &slots, end, comment, locals, lines);
            }
            HandleForm::Text | HandleForm::CaughtText => {
                (code.clone(), fill_cases(node, arms, missing.as_ref(), scrutinee.form))
            }
            _ => (code.clone(), arms),
        };
        let whole = match_code(&condition, scrutinee, arms, missing, complete);
        self.place(whole, &slots, end, comment, locals, lines);
    }

    /// Puts a branch where its mode wants it.
    pub(super) fn place(
        &mut self,
        whole: Whole,
        slots: &[Slot],
        end: Option<&Final<'_>>,
        comment: Option<&TokenStream>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let silent = end.is_none() && slots.is_empty();
        let whole = match whole.simpler(silent) {
            Simple::Whole(whole) => whole,
            Simple::Block(effect, block) => {
                if let Some(effect) = effect {
                    lines.push(quote!(#comment #effect));
                }
                return self.place_block(block, slots, end, locals, lines);
            }
        };
        if end.is_some() {
            let code = whole.code();
            lines.push(quote!(#comment #code));
            lines.diverges = true;
        } else if slots.is_empty() {
            lines.diverges = whole.diverges();
            match whole {
                Whole::If { condition, body, otherwise: None } => {
                    let (condition, body) = collapse(condition, body);
                    lines.push_if(comment, condition, body);
                }
                whole => {
                    let code = whole.code();
                    lines.push(quote!(#comment #code));
                }
            }
        } else {
            let code = whole.code();
            let pattern = self.bind(slots, locals);
            lines.push_values(comment, pattern, &code);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one branch, all that shapes it")]
    fn bool_branch(
        &mut self,
        code: &TokenStream,
        arms: Vec<ArmCode>,
        missing: Option<BlockCode>,
        slots: &[Slot],
        end: Option<&Final<'_>>,
        comment: Option<&TokenStream>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let (mut yes, mut no) = (None, None);
        for arm in arms {
            let way =
                if matches!(arm.handle.as_str(), "true" | "approved") { &mut yes } else { &mut no };
            *way = Some(arm.body);
        }
        let whole = match (yes, no) {
            (Some(yes), no) => {
                Whole::If { condition: code.clone(), body: yes, otherwise: no.or(missing) }
            }
            (None, Some(no)) => {
                Whole::If { condition: negated(code), body: no, otherwise: missing }
            }
            (None, None) => return,
        };
        self.place(whole, slots, end, comment, locals, lines);
    }

    fn trigger_branch(
        &mut self,
        branch: &Branch,
        end: Option<&Final<'_>>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let slots = self.branch_slots(branch, locals);
        let mode = mode(end, &slots);
        let (input, _) = self.emitter.input_variants();
        let mut arms = Vec::new();
        for arm in &branch.arms {
            let id = NodeId::from(arm.handle.as_str());
            let mut inner = locals.clone();
            let name = variable(&self.emitter.names(&id).value);
            let ty = self.node(&id).and_then(|node| node.output.clone());
            inner.bind_trigger(
                &id,
                name.clone(),
                ty.unwrap_or(flowcrate::types::Type::Null),
                Form::Reference,
            );
            let body = self.block(Some(&arm.block), inner, &mode);
            let used = mentions(&body.code, &name.to_string());
            let variant = ident(&self.emitter.input_variant(&id).unwrap_or_default());
            let payload = if used { quote!(#name) } else { quote!(_) };
            let pattern = quote!(#input::#variant(#payload));
            let handle = arm.handle.clone();
            arms.push(ArmCode { handle, pattern, guard: None, binds: used, body });
        }
        let complete = self.is_exhaustive(branch);
        let missing = (!complete && !matches!(mode, Mode::Statements))
            .then(|| self.block(None, locals.clone(), &mode));
        let scrutinee = Scrutinee { code: quote!(&trigger), form: HandleForm::Text, shared: false };
        let whole = match_code(&scrutinee.code, &scrutinee, arms, missing, complete);
        self.place(whole, &slots, end, None, locals, lines);
    }

    /// "The node ran and left by this handle", as a bool.
    pub(super) fn left(&mut self, id: &NodeId, handle: &str, locals: &Locals) -> TokenStream {
        if let Some(certain) = locals.certain_handle(id) {
            let left = certain == handle;
            return quote!(#left);
        }
        if self.emitter.workflow.triggers.contains(id) {
            let (input, _) = self.emitter.input_variants();
            let variant = ident(&self.emitter.input_variant(id).unwrap_or_default());
            return quote!(matches!(trigger, #input::#variant(_)));
        }
        let Some((name, form)) = locals.handle(id) else { return quote!(false) };
        match (form, handle) {
            (HandleForm::Bool, "true") | (HandleForm::Ran, _) => quote!(#name),
            (HandleForm::Bool, _) => quote!(!#name),
            (HandleForm::OptionalBool, handle) => {
                let value = handle == "true";
                quote!(#name == Some(#value))
            }
            (HandleForm::Text, handle) => quote!(#name == #handle),
            (HandleForm::OptionalText, handle) => quote!(#name == Some(#handle)),
            (HandleForm::Caught, "out") => quote!(#name.is_ok()),
            (HandleForm::Event, "out") => quote!(#name.is_some()),
            (HandleForm::Event, _) | (HandleForm::Answer, "timeout") => quote!(#name.is_none()),
            (HandleForm::CaughtEvent, "out") => quote!(matches!(#name, Ok(Some(_)))),
            (HandleForm::CaughtEvent | HandleForm::CaughtAnswer, "timeout") => {
                quote!(matches!(#name, Ok(None)))
            }
            (HandleForm::CaughtBool, "true") => quote!(matches!(#name, Ok(true))),
            (HandleForm::CaughtBool, "false") => quote!(matches!(#name, Ok(false))),
            (HandleForm::Verdict, "approved") => quote!(#name.approved),
            (HandleForm::Verdict, _) => quote!(!#name.approved),
            (HandleForm::Answer | HandleForm::CaughtVerdict | HandleForm::CaughtAnswer, answer)
                if answer != "error" =>
            {
                let not = (answer == "rejected").then(|| quote!(!));
                match form {
                    HandleForm::Answer => {
                        quote!(#name.as_ref().is_some_and(|answer| #not answer.approved))
                    }
                    HandleForm::CaughtVerdict => {
                        quote!(#name.as_ref().is_ok_and(|answer| #not answer.approved))
                    }
                    _ => quote! {
                        #name.as_ref().is_ok_and(|answer| {
                            answer.as_ref().is_some_and(|answer| #not answer.approved)
                        })
                    },
                }
            }
            (_, "error") => quote!(#name.is_err()),
            (_, text) => quote!(matches!(#name, Ok(#text))),
        }
    }
}

/// A branch as a whole.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
pub(super) enum Whole {
    /// `if`, with an `else` if there is anything in it.
    If { condition: TokenStream, body: BlockCode, otherwise: Option<BlockCode> },
    /// `match`.
    Match { code: TokenStream, diverges: bool },
}

impl Whole {
    fn diverges(&self) -> bool {
        match self {
            Self::If { body, otherwise, .. } => {
                body.diverges && otherwise.as_ref().is_some_and(|block| block.diverges)
            }
            Self::Match { diverges, .. } => *diverges,
        }
    }

    fn code(self) -> TokenStream {
        match self {
            Self::Match { code, .. } => code,
            Self::If { condition, body, otherwise } => {
                let body = body.code;
                match otherwise {
                    None => quote!(if #condition { #body }),
                    Some(otherwise) => {
                        let other = otherwise.code;
                        if otherwise.lone_if.is_some() {
                            quote!(if #condition { #body } else #other)
                        } else {
                            quote!(if #condition { #body } else { #other })
                        }
                    }
                }
            }
        }
    }
}

fn mode<'m>(end: Option<&'m Final<'m>>, slots: &'m [Slot]) -> Mode<'m> {
    match end {
        Some(end) => Mode::Tail(end),
        None if slots.is_empty() => Mode::Statements,
        None => Mode::Values(slots),
    }
}

/// Where `default` is drawn it must not take the cases that are not.
fn fill_cases(
    node: &Node,
    mut arms: Vec<ArmCode>,
    missing: Option<&BlockCode>,
    form: HandleForm,
) -> Vec<ArmCode> {
    if !arms.iter().any(|arm| arm.handle == "default") {
        return arms;
    }
    let drawn: Vec<String> = arms.iter().map(|arm| arm.handle.clone()).collect();
    let mut absent = handles(node);
    absent.retain(|handle| !drawn.iter().any(|other| other == handle));
    for handle in absent {
        let pattern = match (form, handle) {
            (HandleForm::CaughtText, "error") => quote!(Err(_)),
            (HandleForm::CaughtText, text) => quote!(Ok(#text)),
            (_, text) => quote!(#text),
        };
        let code = missing.map(|block| block.code.clone()).unwrap_or_default();
        let body = BlockCode { code, diverges: false, lone_if: None };
        let handle = handle.to_owned();
        arms.insert(0, ArmCode { handle, pattern, guard: None, binds: false, body });
    }
    // `default` is the pattern that takes the rest: it comes after the cases.
    arms.sort_by_key(|arm| (arm.handle == "error", arm.handle == "default"));
    arms
}

fn match_code(
    code: &TokenStream,
    scrutinee: &Scrutinee,
    mut arms: Vec<ArmCode>,
    missing: Option<BlockCode>,
    complete: bool,
) -> Whole {
    let looked_at = if scrutinee.shared
        && !matches!(
            scrutinee.form,
            HandleForm::Text
                | HandleForm::OptionalBool
                | HandleForm::OptionalText
                | HandleForm::Bool
        ) {
        quote!(&#code)
    } else {
        code.clone()
    };
    let complete = complete || arms.iter().any(|arm| arm.pattern.to_string() == "_");
    if arms.len() == 1 && !complete {
        let arm = arms.remove(0);
        let condition = if_condition(&arm, code, &looked_at);
        return Whole::If { condition, body: arm.body, otherwise: missing };
    }
    if arms.len() == 2 && complete && is_simple(&arms[0].pattern) && !arms[1].binds {
        let second = arms.remove(1);
        let first = arms.remove(0);
        let condition = if_condition(&first, code, &looked_at);
        return Whole::If { condition, body: first.body, otherwise: Some(second.body) };
    }
    let mut diverges = complete || missing.is_some();
    let mut printed = Vec::new();
    let rest_is_silent = !complete && missing.is_none();
    for ArmCode { pattern, guard, body, .. } in arms {
        diverges &= body.diverges;
        printed.push(arm(&pattern, guard, body, rest_is_silent));
    }
    if !complete {
        diverges &= missing.as_ref().is_some_and(|block| block.diverges);
        let code = missing.map(|block| block.code).unwrap_or_default();
        printed.push(quote!(_ => { #code }));
    }
    Whole::Match { code: quote!(match #looked_at { #(#printed)* }), diverges }
}

/// An arm. What it asks before all else may as well be asked before it, if nothing else follows.
pub(super) fn arm(
    pattern: &TokenStream,
    guard: Option<TokenStream>,
    body: BlockCode,
    rest_is_silent: bool,
) -> TokenStream {
    if let (true, None, Some(LoneIf { comment, condition, body })) =
        (rest_is_silent, &guard, &body.lone_if)
        && !has_effect(condition)
        && !has_let(condition)
    {
        return quote!(#comment #pattern if #condition => { #body });
    }
    let code = body.code;
    let guard = guard.map(|guard| quote!(if #guard));
    quote!(#pattern #guard => { #code })
}

/// Whether `if let` reads better than `match`.
fn is_simple(pattern: &TokenStream) -> bool {
    let text = pattern.to_string();
    text.starts_with("Ok") || text.starts_with("Some") || text.starts_with("Err")
}

fn if_condition(arm: &ArmCode, code: &TokenStream, looked_at: &TokenStream) -> TokenStream {
    let pattern = &arm.pattern;
    if let Some(guard) = &arm.guard {
        return quote!(let #pattern = #looked_at && #guard);
    }
    match pattern.to_string().replace(' ', "").as_str() {
        "Ok(_)" => quote!(#code.is_ok()),
        "Err(_)" => quote!(#code.is_err()),
        "Some(_)" => quote!(#code.is_some()),
        "None" => quote!(#code.is_none()),
        text if text.ends_with("(_)") && text.contains("::") => {
            quote!(matches!(trigger, #pattern))
        }
        text if text.starts_with('"')
            || text.starts_with("Some(\"")
            || text == "Some(true)"
            || text == "Some(false)" =>
        {
            quote!(#code == #pattern)
        }
        _ => quote!(let #pattern = #looked_at),
    }
}

/// The method that tells the contrary.
fn opposite(method: &Ident) -> Option<Ident> {
    let pairs = [("is_ok", "is_err"), ("is_some", "is_none")];
    let other = |(one, other): (&str, &'static str)| (method == one).then(|| ident(other));
    pairs
        .into_iter()
        .find_map(other)
        .or_else(|| pairs.into_iter().map(|(one, other)| (other, one)).find_map(other))
}

/// `!condition`, of any condition. Numbers of the language are finite, so all comparisons turn.
pub(super) fn negated(code: &TokenStream) -> TokenStream {
    match syn::parse2::<syn::Expr>(code.clone()) {
        Ok(syn::Expr::Binary(mut binary)) => {
            let flipped = match binary.op {
                syn::BinOp::Eq(_) => Some(syn::BinOp::Ne(syn::token::Ne::default())),
                syn::BinOp::Ne(_) => Some(syn::BinOp::Eq(syn::token::EqEq::default())),
                syn::BinOp::Lt(_) => Some(syn::BinOp::Ge(syn::token::Ge::default())),
                syn::BinOp::Le(_) => Some(syn::BinOp::Gt(syn::token::Gt::default())),
                syn::BinOp::Gt(_) => Some(syn::BinOp::Le(syn::token::Le::default())),
                syn::BinOp::Ge(_) => Some(syn::BinOp::Lt(syn::token::Lt::default())),
                _ => None,
            };
            if let Some(op) = flipped {
                binary.op = op;
                quote!(#binary)
            } else {
                quote!(!(#code))
            }
        }
        Ok(syn::Expr::MethodCall(mut call)) if opposite(&call.method).is_some() => {
            call.method = opposite(&call.method).unwrap_or(call.method);
            quote!(#call)
        }
        Ok(syn::Expr::Unary(unary)) if matches!(unary.op, syn::UnOp::Not(_)) => match *unary.expr {
            syn::Expr::Paren(inner) => {
                let inner = inner.expr;
                quote!(#inner)
            }
            inner => quote!(#inner),
        },
        Ok(syn::Expr::Lit(_)) if literal(code).is_some() => {
            let fails = literal(code) == Some(false);
            quote!(#fails)
        }
        Ok(
            syn::Expr::Path(_)
            | syn::Expr::MethodCall(_)
            | syn::Expr::Call(_)
            | syn::Expr::Field(_)
            | syn::Expr::Macro(_),
        ) => {
            quote!(!#code)
        }
        Ok(syn::Expr::Paren(_)) => quote!(!#code),
        _ => quote!(!(#code)),
    }
}
