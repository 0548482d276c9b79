//! Schemas that contain themselves, and the recursive types that they are.
//!
//! Which references lead in circles is looked at before anything is read, so that a definition has
//! one type wherever it is named: a comment's replies are comments as the comment itself is.

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::types::Type;
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use serde_json::Value;

use super::Reader;
use super::combined::called;
use crate::diagnostic::code;

/// The references whose schemas contain themselves, by the number of their circle.
#[derive(Debug, Default)]
pub(super) struct Circles(BTreeMap<String, usize>);

impl Circles {
    /// Finds the circles of a document.
    pub(super) fn of(root: &Value) -> Self {
        let mut graph = DiGraph::<String, ()>::new();
        let mut places = BTreeMap::new();
        let start = graph.add_node("#".to_owned());
        places.insert("#".to_owned(), start);
        let mut next = vec![start];
        while let Some(at) = next.pop() {
            let schema = graph.node_weight(at).and_then(|target| resolved(root, target));
            let mut named = BTreeSet::new();
            if let Some(schema) = schema {
                references(schema, &mut named);
            }
            for target in named {
                let place = *places.entry(target.to_owned()).or_insert_with(|| {
                    let place = graph.add_node(target.to_owned());
                    next.push(place);
                    place
                });
                graph.add_edge(at, place, ());
            }
        }
        let circles = tarjan_scc(&graph).into_iter().enumerate().filter(|(_, nodes)| {
            nodes.len() > 1 || nodes.first().is_some_and(|node| graph.contains_edge(*node, *node))
        });
        let members =
            circles.flat_map(|(number, nodes)| nodes.into_iter().map(move |n| (n, number)));
        Self(
            members
                .filter_map(|(n, number)| Some((graph.node_weight(n)?.clone(), number)))
                .collect(),
        )
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a reference leads to a schema that contains itself.
    pub(super) fn leads_in_one(&self, target: &str) -> bool {
        self.0.contains_key(target)
    }

    fn number(&self, target: &str) -> Option<usize> {
        self.0.get(target).copied()
    }
}

/// The schema that a reference leads to.
pub(super) fn resolved<'s>(root: &'s Value, target: &str) -> Option<&'s Value> {
    root.pointer(target.strip_prefix('#')?)
}

/// All references within a schema, but for those of definitions that it only holds.
fn references<'s>(schema: &'s Value, found: &mut BTreeSet<&'s str>) {
    match schema {
        Value::Array(schemas) => schemas.iter().for_each(|schema| references(schema, found)),
        Value::Object(keywords) => {
            found.extend(keywords.get("$ref").and_then(Value::as_str));
            for key in ["items", "prefixItems", "additionalProperties", "oneOf", "anyOf", "allOf"] {
                if let Some(schema) = keywords.get(key) {
                    references(schema, found);
                }
            }
            for (_, schema) in
                keywords.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                references(schema, found);
            }
        }
        _ => {}
    }
}

/// A circle whose definitions are being read.
#[derive(Debug)]
pub(super) struct Defining {
    circle: usize,
    /// The references that were met, and what they are.
    members: Vec<(String, Option<Type>)>,
}

impl Defining {
    fn place(&mut self, target: &str) -> usize {
        let known = self.members.iter().position(|(member, _)| member == target);
        known.unwrap_or_else(|| {
            self.members.push((target.to_owned(), None));
            self.members.len() - 1
        })
    }
}

impl Reader<'_> {
    /// The type of a schema that contains itself.
    pub(super) fn recursive(&mut self, target: &str, depth: usize) -> Option<Type> {
        let circle = self.circles.number(target)?;
        if let Some(known) = self.recursive.get(target) {
            return Some(known.clone());
        }
        let within = self.defining.iter_mut().find(|defining| defining.circle == circle);
        if let Some(defining) = within {
            return Some(Type::Own { def: defining.place(target) });
        }
        let members = vec![(target.to_owned(), None)];
        self.defining.push(Defining { circle, members });
        let complete = self.define(depth);
        let defining = self.defining.pop()?;
        complete.and_then(|()| self.close(&defining))
    }

    /// Reads the definitions of the innermost circle, and those that they name.
    fn define(&mut self, depth: usize) -> Option<()> {
        loop {
            let members = &self.defining.last()?.members;
            let unread = members.iter().position(|(_, body)| body.is_none());
            let Some(place) = unread else { return Some(()) };
            let target = members.get(place)?.0.clone();
            let body = self.definition(&target, depth)?;
            self.defining.last_mut()?.members.get_mut(place)?.1 = Some(body);
        }
    }

    /// What stands at a reference that leads in a circle, itself and not its name.
    pub(super) fn definition(&mut self, target: &str, depth: usize) -> Option<Type> {
        let root = self.root;
        let schema = resolved(root, target)?;
        let pointer = target.trim_start_matches('#').to_owned();
        self.entered = Some(pointer.clone());
        let before = std::mem::replace(&mut self.pointer, pointer);
        let ty = self.schema(schema, depth + 1);
        self.pointer = before;
        ty.map(|ty| called(ty, target))
    }

    /// The types of a circle's definitions.
    fn close(&mut self, defining: &Defining) -> Option<Type> {
        let targets: Vec<&str> = defining.members.iter().map(|(name, _)| name.as_str()).collect();
        let bodies: Vec<Type> = defining.members.iter().filter_map(|(_, ty)| ty.clone()).collect();
        // A definition that may be null is an optional one, and one that is another is that.
        let mut meant = Vec::with_capacity(bodies.len());
        for (place, target) in targets.iter().enumerate() {
            let Some(own) = followed(&bodies, place) else {
                return self.endless(target, "is nothing but itself");
            };
            meant.push(own);
        }
        let own = |def: usize| meant.get(def).cloned().unwrap_or(Type::Any);
        let defs: Vec<Type> = bodies.iter().map(|body| substituted(body.some(), &own)).collect();
        for (def, target) in defs.iter().zip(&targets) {
            if !matches!(def, Type::Record(_) | Type::Union(_) | Type::Own { .. }) {
                return self.endless(target, "contains itself without being an object or a choice");
            }
        }
        if let Some(target) = targets.iter().zip(finite(&defs)).find(|(_, finite)| !finite) {
            return self.endless(target.0, "needs another of itself in each, without end");
        }
        let whole = |place: usize| match meant.get(place)? {
            Type::Own { def } => Some(Type::recursive(&defs, *def)),
            Type::Optional { some } => match some.as_ref() {
                Type::Own { def } => Some(Type::recursive(&defs, *def).optional()),
                _ => None,
            },
            _ => None,
        };
        for (place, target) in targets.iter().enumerate() {
            if let Some(ty) = whole(place) {
                self.recursive.insert((*target).to_owned(), ty);
            }
        }
        whole(0)
    }

    fn endless(&mut self, target: &str, what: &str) -> Option<Type> {
        let help = "make it an object with an optional field, or a list, of itself: \
                    `\"children\": {\"type\": \"array\", \"items\": {\"$ref\": …}}`";
        self.wrong(code::SCHEMA_REFERENCE, "$ref", format!("`{target}` {what}"), help)
    }
}

/// The definition that one is: itself, unless it is only another's name. `None` in a circle of names.
fn followed(bodies: &[Type], place: usize) -> Option<Type> {
    let (mut at, mut absent) = (place, false);
    for _ in 0..=bodies.len() {
        let body = bodies.get(at)?;
        absent |= body.may_be_absent();
        let Type::Own { def } = body.some() else {
            let own = Type::Own { def: at };
            return Some(if absent { own.optional() } else { own });
        };
        at = *def;
    }
    None
}

/// `ty` with other types in the place of the definitions that it names.
fn substituted(ty: &Type, own: &dyn Fn(usize) -> Type) -> Type {
    match ty {
        Type::Own { def } => own(*def),
        Type::Recursive(_) => ty.clone(),
        other => other.with_parts(&mut |part| substituted(part, own)),
    }
}

/// Of each definition, whether a value of it comes to an end.
fn finite(defs: &[Type]) -> Vec<bool> {
    let mut found = vec![false; defs.len()];
    loop {
        let next: Vec<bool> = defs.iter().map(|def| ends(def, &found)).collect();
        if next == found {
            return found;
        }
        found = next;
    }
}

fn ends(ty: &Type, found: &[bool]) -> bool {
    match ty {
        Type::Own { def } => found.get(*def).copied().unwrap_or_default(),
        Type::Record(record) => record.fields.values().all(|field| ends(&field.ty, found)),
        Type::Tuple { items } => items.iter().all(|item| ends(item, found)),
        Type::Union(union) => union.choices.values().any(|choice| ends(choice, found)),
        _ => true,
    }
}
