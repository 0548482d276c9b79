//! Joins and tasks.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use super::super::kinds::{self, Outcome};
use super::super::locals::Locals;
use super::super::mentions::Mentioned;
use super::{Final, Flow, Lines, Slot, catches, is_wanted, tuple, unused, variable};
use crate::check::{Body, NodeId};
use crate::ir::{Block, Export, Join, Live, Part, Stmt, Task, Tasks};

/// What a task takes from those before it.
struct Needed {
    /// Their places.
    tasks: BTreeSet<usize>,
    /// Which of their outcomes it reads.
    read: Vec<Export>,
}

impl Needed {
    fn add(&mut self, task: usize, export: &Export) {
        self.tasks.insert(task);
        self.read.push(export.clone());
    }
}

/// `join` takes tuples of at most this many futures; larger ones nest.
const WIDEST: usize = 12;

impl Flow<'_, '_> {
    pub(super) fn join(&mut self, join: &Join, locals: &mut Locals, lines: &mut Lines) {
        let mut futures = Vec::new();
        let mut patterns = Vec::new();
        let mut outer = locals.clone();
        self.joins += 1;
        for block in &join.blocks {
            let inside = nodes_in(block);
            let exports: Vec<_> = join
                .exports
                .iter()
                .filter(|export| inside.contains(&export.node))
                .cloned()
                .collect();
            let slots = self.slots(&exports, &[block], true, locals);
            futures.push(self.future(block, locals, &slots));
            patterns.push(if slots.is_empty() { quote!(_) } else { self.bind(&slots, &mut outer) });
        }
        self.joins -= 1;
        if planted!("a join takes turns") {
            for (pattern, future) in patterns.iter().zip(&futures) {
                lines.push(quote!(let #pattern = #future.await?;));
            }
            *locals = outer;
            return;
        }
        let any = join.exports.iter().any(|_| true);
        let call = self.joined(&futures);
        if any {
            let pattern = nested(&patterns, &|group, _| quote!((#(#group),*)));
            lines.push(quote!(let #pattern = #call.await?;));
        } else {
            lines.push(quote!(#call.await?;));
        }
        *locals = outer;
    }

    /// A join of futures. One within a branch of another fails with that one: both are of one scope
    /// of the graph (S22).
    fn joined(&mut self, futures: &[TokenStream]) -> TokenStream {
        let within = "flowcrate::join_within";
        let outer = if self.joins == 0 { "flowcrate::join" } else { within };
        let outer = self.emitter.symbols.import(outer);
        let is_wide = futures.len() > WIDEST;
        let inner = if is_wide { self.emitter.symbols.import(within) } else { outer.clone() };
        nested(futures, &|group, is_inner| {
            let function = if is_inner { &inner } else { &outer };
            quote!(#function((#(#group),*)))
        })
    }

    /// A future of a block's slots: the step itself if it is one, else an async block.
    fn future(&mut self, block: &Block, locals: &Locals, slots: &[Slot]) -> TokenStream {
        if let [Stmt::Run(id)] = block.0.as_slice()
            && let Some(node) = self.node(id)
            && !node.disabled
            && !self.emitter.checked.dropped.contains(id)
            && !catches(node)
            && !matches!(node.body, Body::Try { returns: true, .. })
            && (slots.is_empty() || is_wanted(node, &Final::Slots(slots.to_vec())))
        {
            let written = self.emitter.functions.len();
            let code = kinds::emit(self, node, locals);
            if let (Outcome::Future(future), true) = (code.outcome, code.prelude.is_empty()) {
                self.next += 1;
                return future;
            }
            // It is emitted again below.
            self.emitter.functions.truncate(written);
        }
        let body = self.future_body(block, locals.captured(), slots);
        quote!(async { #body })
    }

    pub(super) fn tasks(&mut self, tasks: &Tasks, locals: &mut Locals, lines: &mut Lines) {
        let function = self.emitter.symbols.import("flowcrate::task");
        let mut names: Vec<proc_macro2::Ident> = Vec::new();
        let mut taken = BTreeSet::new();
        let mut given: Vec<Vec<Slot>> = Vec::new();
        let before = lines.code.len();
        self.joins += 1;
        for (one, Needed { tasks: needed, read }) in tasks.tasks.iter().zip(self.needed(tasks)) {
            let slots = self.task_slots(one, locals);
            let mut inner = locals.captured();
            let awaited = self.await_tasks(&needed, &read, (&names, &given), &mut inner);
            let live = match &one.live {
                Live::Always => None,
                live => Some(self.live(live, &inner)),
            };
            let name = self.task_name(one, &mut taken);
            let body = match live {
                None => self.future_body(&one.block, inner, &slots),
                Some(live) => self.guarded(one, &live, &slots, &inner),
            };
            // What reads it may have been left out.
            let awaited = unused::without_unused(vec![awaited], &body);
            lines.push(quote!(let #name = #function(async { #(#awaited)* #body });));
            names.push(name);
            given.push(slots);
        }
        self.joins -= 1;
        let mut borrowed = Mentioned::default();
        for line in lines.code.iter().skip(before) {
            borrowed.add(line.clone());
        }
        locals.lend(&mut |name| borrowed.has_variable(name));
        self.finish_tasks(tasks, &names, &given, locals, lines);
    }

    /// The body of a task that may not be live.
    fn guarded(
        &mut self,
        task: &Task,
        live: &TokenStream,
        slots: &[Slot],
        inner: &Locals,
    ) -> TokenStream {
        let end = Final::Slots(slots.to_vec());
        // What it comes to where it is not live tells its type.
        let around = self.untyped.take();
        if slots.is_empty() {
            let body = self.block(Some(&task.block), inner.clone(), &super::Mode::Statements);
            self.untyped = around;
            let silent = body.code.is_empty();
            let (live, body) = super::collapse(live.clone(), body);
            let guarded = (!silent).then(|| quote!(if #live { #body }));
            let guarded =
                if planted!("a task runs in any case") { Some(quote!({ #body })) } else { guarded };
            return quote!(#guarded Ok(()));
        }
        let body = self.body(&task.block, inner.clone(), &end);
        let none = self.body(&Block::default(), inner.clone(), &end);
        self.untyped = around;
        quote!(if #live { #body } else { #none })
    }

    /// A task's slots: all optional where it may not be live.
    fn task_slots(&self, task: &Task, locals: &Locals) -> Vec<Slot> {
        let mut exports = task.exports.clone();
        if task.live != Live::Always {
            for export in &mut exports {
                export.optional = true;
            }
        }
        let mut slots = self.slots(&exports, &[&task.block], true, locals);
        for slot in &mut slots {
            if let Slot::Returned { optional, .. } = slot {
                *optional |= task.live != Live::Always;
            }
        }
        slots
    }

    /// For each task the earlier ones that it waits for, and which of their outcomes it reads.
    fn needed(&self, tasks: &Tasks) -> Vec<Needed> {
        let mut needed: Vec<Needed> = Vec::with_capacity(tasks.tasks.len());
        // Where the statements of each task begin; then where the last one ends.
        let mut starts = vec![self.next];
        let mut handles: BTreeMap<&NodeId, (usize, &Export)> = BTreeMap::new();
        for (index, task) in tasks.tasks.iter().enumerate() {
            let start = starts.last().copied().unwrap_or(self.next);
            starts.push(start + super::super::readers::size(&task.block));
            let mut own = Needed { tasks: task.after.iter().copied().collect(), read: Vec::new() };
            looked_at(&task.live, &mut |id| {
                if let Some(&(earlier, export)) = handles.get(id) {
                    own.add(earlier, export);
                }
            });
            let given = task.exports.iter().filter(|export| export.part == Part::Handle);
            handles.extend(given.map(|export| (&export.node, (index, export))));
            needed.push(own);
        }
        for (index, task) in tasks.tasks.iter().enumerate() {
            for export in &task.exports {
                for place in self.emitter.readers.places(&export.node, export.part) {
                    let reader = starts.partition_point(|start| start <= place);
                    let later = reader.checked_sub(1).filter(|reader| *reader > index);
                    if let Some(reader) = later.and_then(|reader| needed.get_mut(reader)) {
                        reader.add(index, export);
                    }
                }
            }
        }
        needed
    }

    fn await_tasks(
        &mut self,
        needed: &BTreeSet<usize>,
        read: &[Export],
        (names, given): (&[proc_macro2::Ident], &[Vec<Slot>]),
        locals: &mut Locals,
    ) -> TokenStream {
        let mut futures = Vec::new();
        let mut patterns = Vec::new();
        let mut bound = false;
        for &earlier in needed {
            let (Some(name), Some(slots)) = (names.get(earlier), given.get(earlier)) else {
                continue;
            };
            futures.push(quote!(#name.clone()));
            let mut parts = Vec::new();
            for slot in slots {
                // A task that is waited for, but not read, binds nothing.
                if slot.is_of(read) {
                    bound = true;
                    parts.push(self.bind(std::slice::from_ref(slot), locals));
                } else {
                    parts.push(quote!(_));
                }
            }
            let nothing = parts.iter().all(|part| part.to_string() == "_");
            patterns.push(if nothing { quote!(_) } else { tuple(&parts) });
        }
        let awaited = match futures.as_slice() {
            [] => return TokenStream::new(),
            [future] => quote!(#future.await?),
            futures => {
                let call = self.joined(futures);
                quote!(#call.await?)
            }
        };
        if !bound {
            return quote!(#awaited;);
        }
        let pattern = nested(&patterns, &|group, _| tuple(group));
        quote!(let #pattern = #awaited;)
    }

    /// Drives all tasks to their end and binds what later statements use.
    fn finish_tasks(
        &mut self,
        tasks: &Tasks,
        names: &[proc_macro2::Ident],
        given: &[Vec<Slot>],
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let used = |slot: &Slot| slot.is_of(&tasks.exports);
        let awaited: BTreeSet<usize> =
            tasks.tasks.iter().flat_map(|task| task.after.iter().copied()).collect();
        let mut futures = Vec::new();
        let mut patterns = Vec::new();
        let mut bound = false;
        for (index, (name, slots)) in names.iter().zip(given).enumerate() {
            let read = slots.iter().any(used);
            // Those that others wait for stand here, too: each has its turn in the program's order,
            // whoever waits for it (S41).
            futures.push(if awaited.contains(&index) {
                quote!(#name.clone())
            } else {
                quote!(#name)
            });
            if !read {
                patterns.push(quote!(_));
                continue;
            }
            bound = true;
            let mut parts = Vec::new();
            for slot in slots {
                parts.push(if used(slot) {
                    self.bind(std::slice::from_ref(slot), locals)
                } else {
                    quote!(_)
                });
            }
            patterns.push(tuple(&parts));
        }
        let call = match futures.as_slice() {
            [future] => future.clone(),
            futures => self.joined(futures),
        };
        if bound {
            let pattern = nested(&patterns, &|group, _| tuple(group));
            lines.push(quote!(let #pattern = #call.await?;));
        } else {
            lines.push(quote!(#call.await?;));
        }
    }

    /// A task is named after its last node.
    fn task_name(&self, task: &Task, taken: &mut BTreeSet<String>) -> proc_macro2::Ident {
        let last = nodes_in_order(&task.block).into_iter().next_back();
        let name =
            last.map_or_else(|| "empty".to_owned(), |id| self.emitter.names(&id).value.clone());
        // `match_` is the variable of a node `match`: `match__task` would be no snake case.
        let stem = name.trim_end_matches('_');
        let numbers = std::iter::once(String::new()).chain((2..).map(|n: usize| n.to_string()));
        let mut names = numbers.map(|number| format!("{stem}_task{number}"));
        variable(&names.find(|name| taken.insert(name.clone())).unwrap_or(name))
    }
}

/// Groups of at most [`WIDEST`], nested until one is left.
fn nested(
    items: &[TokenStream],
    group: &dyn Fn(&[TokenStream], bool) -> TokenStream,
) -> TokenStream {
    groups_of(items, group, false)
}

fn groups_of(
    items: &[TokenStream],
    group: &dyn Fn(&[TokenStream], bool) -> TokenStream,
    is_inner: bool,
) -> TokenStream {
    if items.len() <= WIDEST {
        return group(items, is_inner);
    }
    let size = items.len().div_ceil(items.len().div_ceil(WIDEST)).max(2);
    let groups: Vec<TokenStream> = items
        .chunks(size)
        .map(|chunk| match chunk {
            [one] => one.clone(),
            chunk => groups_of(chunk, group, true),
        })
        .collect();
    groups_of(&groups, group, is_inner)
}

/// Calls `found` with each node whose way out decides.
fn looked_at(live: &Live, found: &mut dyn FnMut(&NodeId)) {
    match live {
        Live::Always => {}
        Live::Left { node, .. } => found(node),
        Live::Any(parts) | Live::All(parts) => {
            for part in parts {
                looked_at(part, found);
            }
        }
    }
}

fn nodes_in(block: &Block) -> BTreeSet<NodeId> {
    nodes_in_order(block).into_iter().collect()
}

fn nodes_in_order(block: &Block) -> Vec<NodeId> {
    let mut found = Vec::new();
    for stmt in &block.0 {
        match stmt {
            Stmt::Run(id) => found.push(id.clone()),
            Stmt::Branch(branch) => {
                found.extend(branch.arms.iter().flat_map(|arm| nodes_in_order(&arm.block)));
            }
            Stmt::When(when) => found.extend(nodes_in_order(&when.block)),
            Stmt::Join(join) => found.extend(join.blocks.iter().flat_map(nodes_in_order)),
            Stmt::Tasks(tasks) => {
                found.extend(tasks.tasks.iter().flat_map(|task| nodes_in_order(&task.block)));
            }
        }
    }
    found
}
