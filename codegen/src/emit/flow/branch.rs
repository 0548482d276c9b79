//! Branches: `if`, `if let` and `match` over the handle that a node left by.

mod left;
mod negated;
mod whole;

use proc_macro2::TokenStream;
use quote::quote;

use super::super::kinds;
use super::super::locals::{Form, HandleForm, Locals};
use super::super::mentions::mentions;
use super::super::names::ident;
use super::pattern::{Pattern, bound_names, form_size, unbound};
use super::simpler::{Simple, effect};
use super::{BlockCode, Final, Flow, Lines, Mode, Slot, catches, collapse, goes_on, variable};
use crate::check::{Body, Node, NodeId};
use crate::ir::{Block, Branch, Part, Subject};
use crate::lower::handles;

pub(super) use negated::negated;
pub(super) use whole::{Whole, arm};
use whole::{fill_cases, match_code};

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
        // Of what went on after its failure an output is read where its variable stands.
        let read = [Part::Output, Part::Error].iter().any(|&part| readers.any(&node.id, part));
        let read_within = goes_on(node) && read;
        if read_later || read_within || node.disabled || handles(node).len() < 2 {
            self.run(node, locals, lines);
            if !lines.diverges {
                self.branch(branch, end, locals, lines);
            }
            return;
        }
        if let Body::Switch { cases, .. } = &node.body
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
        } else if block.diverges {
            // Nothing reads what it does not come to.
            self.bind(slots, locals);
            lines.push(code);
            lines.diverges = true;
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
        let mut slots = self.branch_slots(branch, locals);
        // An arm that is not printed, such as that of an error that cannot be, tells nothing.
        let uncaught = matches!(scrutinee.form, HandleForm::Bool | HandleForm::Text);
        for slot in slots.iter_mut().filter(|_| uncaught) {
            if let Slot::Part { export, told } = slot {
                *told = *told && self.branch_tells(branch, export, locals);
            }
        }
        let mode = mode(end, &slots);
        let mut arms = Vec::new();
        for arm in &branch.arms {
            let start = self.next;
            let stop = start + super::super::readers::size(&arm.block);
            let mut inner = locals.clone();
            let bound = self.pattern(node, &arm.handle, scrutinee, (start, stop), &mut inner);
            let body = self.block(Some(&arm.block), inner, &mode);
            if let Some(Pattern { code: pattern, mut guard, binds }) = bound {
                // Whoever answered, and did not approve, which comes first, has rejected.
                let follows = arm.handle == "rejected" && !arms.is_empty();
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
                let form = (scrutinee.form, locals.is_sound(&node.id));
                (code.clone(), fill_cases(node, arms, missing.as_ref(), form))
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
}

fn mode<'m>(end: Option<&'m Final<'m>>, slots: &'m [Slot]) -> Mode<'m> {
    match end {
        Some(end) => Mode::Tail(end),
        None if slots.is_empty() => Mode::Statements,
        None => Mode::Values(slots),
    }
}
