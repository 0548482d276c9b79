//! What a block hands to the code after it.

use flowcrate::types::Type;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

use super::super::expr::{Code, Exprs};
use super::super::locals::{Form, HandleForm, Locals};
use super::super::mentions::Mentioned;
use super::super::types::Types;
use super::{Flow, no_hint, variable};
use crate::check::{Body, Node};
use crate::ir::{Block, Export, Part, Stmt, Subject};
use crate::lower::handles;

/// One value that a block hands out.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// A part of a node's outcome.
    Part {
        /// Which.
        export: Export,
        /// Whether its type is told by some block that gives it, and not by absence alone.
        told: bool,
    },
    /// The run's output, whichever return gave it.
    Returned {
        /// Whether it may be absent.
        optional: bool,
        /// The type of the run's output.
        ty: Type,
        /// The returns that may give it.
        from: Vec<Export>,
        /// Whether some block tells its type.
        told: bool,
    },
}

impl Slot {
    /// Whether the slot is filled by these exports alone.
    pub(super) fn is_of(&self, exports: &[Export]) -> bool {
        let has = |export: &Export| {
            exports.iter().any(|other| (&other.node, other.part) == (&export.node, export.part))
        };
        match self {
            Self::Part { export, .. } => has(export),
            Self::Returned { from, .. } => from.iter().all(has),
        }
    }
}

impl Flow<'_, '_> {
    /// The slots for exports; those of returns become one. `exhaustive`: whether one of the blocks
    /// is sure to run.
    pub(super) fn slots(
        &self,
        exports: &[Export],
        blocks: &[&Block],
        exhaustive: bool,
        locals: &Locals,
    ) -> Vec<Slot> {
        let (returns, others): (Vec<&Export>, Vec<&Export>) =
            exports.iter().partition(|export| self.is_return(export));
        let told = |export: &Export| self.is_told(export, blocks, locals);
        let part = |export: &Export| Slot::Part { export: export.clone(), told: told(export) };
        let mut slots: Vec<Slot> = others.into_iter().map(part).collect();
        if !returns.is_empty() && !self.doomed {
            let certain = exhaustive && blocks.iter().all(|block| self.returns(block));
            let ty = self.emitter.workflow.output.clone();
            let told = returns.iter().any(|export| told(export));
            let from = returns.into_iter().cloned().collect();
            slots.push(Slot::Returned { optional: !certain, ty, from, told });
        }
        slots
    }

    /// Whether a block is sure to decide the run's output.
    fn returns(&self, block: &Block) -> bool {
        block.0.iter().any(|stmt| match stmt {
            Stmt::Run(id) => self.node(id).is_some_and(|node| {
                !node.disabled && !super::catches(node) && matches!(node.body, Body::Return { .. })
            }),
            Stmt::Branch(branch) => {
                self.is_exhaustive(branch) && branch.arms.iter().all(|arm| self.returns(&arm.block))
            }
            Stmt::When(_) | Stmt::Tasks(_) => false,
            Stmt::Join(join) => join.blocks.iter().any(|block| self.returns(block)),
        })
    }

    /// Whether every handle has an arm.
    pub(super) fn is_exhaustive(&self, branch: &crate::ir::Branch) -> bool {
        match &branch.on {
            Subject::Trigger => branch.arms.len() == self.emitter.workflow.triggers.len(),
            Subject::Node(id) => {
                self.node(id).is_some_and(|node| branch.arms.len() == handles(node).len())
            }
        }
    }

    /// Binds the slots in `locals` and gives the pattern that takes them.
    pub(super) fn bind(&mut self, slots: &[Slot], locals: &mut Locals) -> TokenStream {
        let names: Vec<_> = slots.iter().map(|slot| self.bind_slot(slot, locals)).collect();
        super::tuple(&names)
    }

    fn bind_slot(&mut self, slot: &Slot, locals: &mut Locals) -> TokenStream {
        let export = match slot {
            Slot::Returned { optional, .. } => {
                let name = variable("output");
                locals.returned = Some((name.clone(), *optional));
                return quote!(#name);
            }
            Slot::Part { export, .. } => export,
        };
        let Some(node) = self.node(&export.node) else { return quote!(_) };
        let names = self.emitter.names(&node.id);
        match export.part {
            Part::Output => {
                let name = variable(&names.value);
                locals.bind_output(&node.id, name.clone(), output_type(export, node), Form::Plain);
                quote!(#name)
            }
            Part::Error => {
                let name = variable(&names.error);
                locals.bind_error(&node.id, name.clone(), export.optional, Form::Plain);
                quote!(#name)
            }
            // Returns have a slot of their own.
            Part::Returned => quote!(_),
            Part::Handle => {
                let own = if node.output.is_some() { &names.handle } else { &names.value };
                let name = variable(own);
                locals.bind_handle(&node.id, name.clone(), exported_form(node, export.optional));
                quote!(#name)
            }
        }
    }

    /// The values of slots at the end of a block. One that is given away is copied where another
    /// one still tells by it how the node was left.
    pub(super) fn slot_values(&mut self, slots: &[Slot], locals: &Locals) -> Vec<TokenStream> {
        let mut values: Vec<TokenStream> =
            slots.iter().map(|slot| self.slot_value(slot, locals)).collect();
        let mut later = Mentioned::default();
        for value in values.iter_mut().rev() {
            if let Some(name) = given_away(value)
                && later.has(&name.to_string())
            {
                *value = super::replace(value.clone(), &name, &quote!(#name.clone()));
            }
            later.add(value.clone());
        }
        values
    }

    /// The value of a slot at the end of a block; what the block did not decide is absent.
    fn slot_value(&mut self, slot: &Slot, locals: &Locals) -> TokenStream {
        let (export, told) = match slot {
            Slot::Part { export, told } => (export, *told),
            Slot::Returned { optional, ty, told, .. } => {
                if locals.returned.is_none() && !told {
                    return self.typed_absent(&ty.clone().optional());
                }
                return returned_value(*optional, ty, locals);
            }
        };
        let Some(node) = self.node(&export.node) else { return quote!(()) };
        let (found, movable, want) = match export.part {
            Part::Handle => return self.handle_value(node, export.optional, told, locals),
            // Returns have a slot of their own.
            Part::Returned => return quote!(()),
            Part::Output => {
                (locals.output(&node.id), locals.movable(&node.id), output_type(export, node))
            }
            Part::Error => {
                let ty = Types::failure();
                let ty = if export.optional { ty.optional() } else { ty };
                (locals.error(&node.id), locals.movable_error(&node.id), ty)
            }
        };
        match (found, movable) {
            (None, _) if told => Code::Absent.owned(&want),
            (None, _) => self.typed_absent(&want),
            (Some((_, have)), Some(name)) if have == want => quote!(#name),
            (Some((_, have)), Some(name)) if have.clone().optional() == want => quote!(Some(#name)),
            (Some((code, have)), _) => {
                let mut exprs = Exprs::new(self.emitter, locals, no_hint());
                exprs.adapt(code, &have, &want).owned(&want)
            }
        }
    }

    /// The types of slots, as a tuple (one bare).
    pub(super) fn types_of(&mut self, slots: &[Slot]) -> TokenStream {
        let types: Vec<TokenStream> = slots.iter().map(|slot| self.type_of(slot)).collect();
        if types.is_empty() { quote!(()) } else { super::tuple(&types) }
    }

    fn type_of(&mut self, slot: &Slot) -> TokenStream {
        let optional = |ty: Type, is: bool| if is { ty.optional() } else { ty };
        let ty = match slot {
            Slot::Returned { optional: is, ty, .. } => optional(ty.clone(), *is),
            Slot::Part { export, .. } => {
                let Some(node) = self.node(&export.node) else { return quote!(()) };
                match export.part {
                    Part::Output => output_type(export, node),
                    Part::Error => optional(Types::failure(), export.optional),
                    Part::Returned => return quote!(()),
                    Part::Handle => {
                        return match exported_form(node, export.optional) {
                            HandleForm::Text => quote!(&str),
                            HandleForm::OptionalText => quote!(Option<&str>),
                            HandleForm::OptionalBool => quote!(Option<bool>),
                            _ => quote!(bool),
                        };
                    }
                }
            }
        };
        let emitter = &mut *self.emitter;
        emitter.types.rust(&ty, &no_hint(), &mut emitter.symbols)
    }

    /// What is not there, where nothing else tells its type.
    fn typed_absent(&mut self, ty: &Type) -> TokenStream {
        let Type::Optional { some } = ty else { return Code::Absent.owned(ty) };
        let emitter = &mut *self.emitter;
        let some = emitter.types.rust(some, &no_hint(), &mut emitter.symbols);
        quote!(None::<#some>)
    }

    /// The values of a block that stands where a branch stood: no other arm tells the type of what
    /// is absent in it.
    pub(super) fn told_here(&mut self, code: TokenStream, slots: &[Slot]) -> TokenStream {
        let tokens: Vec<TokenTree> = code.clone().into_iter().collect();
        let values: Vec<TokenStream> = match (tokens.as_slice(), slots.len()) {
            ([TokenTree::Ident(_)], 1) => vec![code.clone()],
            ([TokenTree::Group(group)], many) if many > 1 => {
                let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
                tokens.split(is_comma).map(|value| value.iter().cloned().collect()).collect()
            }
            _ => return code,
        };
        let typed = slots.iter().zip(values).map(|(slot, value)| {
            if value.to_string() == "None" { self.absent_slot(slot) } else { value }
        });
        let typed: Vec<TokenStream> = typed.collect();
        if typed.len() == slots.len() { super::tuple(&typed) } else { code }
    }

    /// What is absent of a slot, with its type.
    fn absent_slot(&mut self, slot: &Slot) -> TokenStream {
        match slot {
            Slot::Returned { ty, .. } => self.typed_absent(&ty.clone().optional()),
            Slot::Part { export, .. } => {
                let Some(node) = self.node(&export.node) else { return quote!(None) };
                match export.part {
                    Part::Output => self.typed_absent(&output_type(export, node)),
                    Part::Error => self.typed_absent(&Types::failure().optional()),
                    _ if exported_form(node, true) == HandleForm::OptionalText => {
                        quote!(None::<&str>)
                    }
                    _ => quote!(None::<bool>),
                }
            }
        }
    }

    fn handle_value(
        &mut self,
        node: &Node,
        optional: bool,
        told: bool,
        locals: &Locals,
    ) -> TokenStream {
        let wanted = exported_form(node, optional);
        // What an inner block has handed out is handed on as it is: it tells as well that the node
        // did not run.
        if let Some((name, form)) = locals.handle(&node.id)
            && form == wanted
        {
            return quote!(#name);
        }
        let decided =
            locals.handle(&node.id).is_some() || locals.certain_handle(&node.id).is_some();
        match wanted {
            HandleForm::Ran => quote!(#decided),
            HandleForm::Bool => self.left(&node.id, "true", locals),
            HandleForm::OptionalBool if decided => {
                let value = self.left(&node.id, "true", locals);
                quote!(Some(#value))
            }
            HandleForm::Text => self.handle_text(node, locals),
            HandleForm::OptionalText if decided => {
                let value = self.handle_text(node, locals);
                quote!(Some(#value))
            }
            _ if told => quote!(None),
            HandleForm::OptionalText => quote!(None::<&str>),
            _ => quote!(None::<bool>),
        }
    }

    fn handle_text(&mut self, node: &Node, locals: &Locals) -> TokenStream {
        if let Some((name, HandleForm::Text)) = locals.handle(&node.id) {
            return quote!(#name);
        }
        if let Some(certain) = locals.certain_handle(&node.id) {
            return quote!(#certain);
        }
        let handles = handles(node);
        let last = handles.last().copied().unwrap_or_default();
        let mut code = quote!({ #last });
        for handle in handles.iter().rev().skip(1) {
            let test = self.left(&node.id, handle, locals);
            code = quote!(if #test { #handle } else #code);
        }
        code
    }
}

/// The variable that a value is, or that it wraps.
fn given_away(value: &TokenStream) -> Option<Ident> {
    let tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(name)] => {
            let text = name.to_string();
            let variable = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
            (variable && text != "true" && text != "false").then(|| name.clone())
        }
        [TokenTree::Ident(some), TokenTree::Group(group)] if some == "Some" => {
            given_away(&group.stream())
        }
        _ => None,
    }
}

pub(super) fn returned_value(optional: bool, ty: &Type, locals: &Locals) -> TokenStream {
    let is_option = ty.clone().optional() == *ty;
    match &locals.returned {
        None if is_option => Code::Absent.owned(ty),
        None => quote!(None),
        Some((name, have)) if *have == optional || is_option => quote!(#name),
        Some((name, _)) => quote!(Some(#name)),
    }
}

/// The type of an exported output.
fn output_type(export: &Export, node: &Node) -> Type {
    let ty = node.output.clone().unwrap_or(Type::Null);
    if export.optional { ty.optional() } else { ty }
}

/// How an exported handle is told.
fn exported_form(node: &Node, optional: bool) -> HandleForm {
    let handles = handles(node);
    match (handles.as_slice(), optional) {
        ([_], _) => HandleForm::Ran,
        (["true", "false"], false) => HandleForm::Bool,
        (["true", "false"], true) => HandleForm::OptionalBool,
        (_, false) => HandleForm::Text,
        (_, true) => HandleForm::OptionalText,
    }
}
