//! Random graphs: regions, their nodes and edges.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::rng::Rng;
use super::types::{Name, Ty};
use super::{lists, shapes};

/// Ids that make trouble for a generator of Rust.
const WORDS: [&str; 24] = [
    "type", "match", "self_", "loop", "async", "ctx", "trigger", "ok", "err", "some", "none",
    "result", "output", "input", "item", "index", "steps", "vec", "string", "charge", "notify",
    "fetch", "sum", "left_by",
];

/// A node that stands in a graph already.
#[derive(Clone, Debug, Default)]
pub(super) struct Placed {
    pub(super) id: String,
    /// Handles by which it may be left; the first is the default one.
    pub(super) handles: Vec<String>,
    /// The handle that tells of a value.
    pub(super) gives: Option<Ty>,
    /// Whether a failure leaves by `error`.
    pub(super) fails_over: bool,
    /// Whether it may leave by its default handle without a value.
    pub(super) continues: bool,
    pub(super) preds: Vec<(usize, String)>,
    pub(super) all: bool,
}

/// What a graph is made of.
#[expect(clippy::struct_excessive_bools, reason = "what it has so far, and what it may have")]
pub(super) struct Maker<'r> {
    pub(super) rng: &'r mut Rng,
    pub(super) nodes: Vec<Value>,
    pub(super) edges: Vec<Value>,
    pub(super) ids: BTreeSet<String>,
    /// Declared events, with whether they have a key.
    pub(super) events: BTreeMap<String, bool>,
    /// How many more nodes there may be.
    pub(super) budget: usize,
    pub(super) responds: bool,
    /// Whether a return stands in a try.
    pub(super) returns: bool,
    /// Whether it goes beyond records: every other seed. The others are what they were before.
    pub(super) rich: bool,
    /// Whether it goes further: lists, maps, texts, wide joins, notes. Every fourth seed.
    pub(super) broad: bool,
}

/// Where a region stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Within {
    /// The scope and the region's name.
    pub(super) scope: Option<(String, String)>,
    pub(super) depth: usize,
    /// Whether a loop is around, so that there is an `index`.
    pub(super) looped: bool,
    /// Whether a return or respond may stand here (S31, S32).
    pub(super) answers: bool,
    /// Names from around.
    pub(super) names: Vec<Name>,
}

/// A document, and the events that its workflow declares.
pub(super) fn document(rng: &mut Rng, seed: u64) -> (Value, BTreeMap<String, bool>) {
    // Mostly small, so that what fails is easily read; and some that are not.
    let (least, most) = match rng.below(100) {
        0..85 => (3, 16),
        85..95 => (17, 30),
        _ => (31, 60),
    };
    let budget = usize::try_from(rng.between(least, most)).unwrap_or(8);
    let (ids, events) = (BTreeSet::new(), BTreeMap::new());
    let mut maker = Maker {
        rng,
        nodes: Vec::new(),
        edges: Vec::new(),
        ids,
        events,
        budget,
        responds: false,
        returns: false,
        rich: seed % 2 == 1,
        broad: seed % 4 == 3,
    };
    let mut placed = maker.triggers();
    let count = maker.rng.between(2, 7) + least / 4;
    let within = Within { names: names_of_triggers(&placed), answers: true, ..Within::default() };
    for _ in 0..count {
        maker.node(&mut placed, &within);
    }
    if !maker.returns {
        maker.returns(&placed, &within);
    }
    if maker.broad {
        maker.asides(&placed);
    }
    let Maker { nodes, edges, events, .. } = maker;
    let name = format!("g{seed}");
    let graph = json!({ "format": 1, "name": name, "nodes": nodes, "edges": edges });
    (graph, events)
}

/// What every trigger takes.
pub(super) fn payload(rich: bool, broad: bool) -> Ty {
    let plain = Ty::record([
        ("n", Ty::Int),
        ("flag", Ty::Bool),
        ("s", Ty::Text),
        ("xs", Ty::ints()),
        ("o", Ty::Int.optional()),
        ("f", Ty::Number),
        ("raw", Ty::Any),
    ]);
    match plain {
        Ty::Record(mut fields) if rich => {
            fields.extend(shapes::fields());
            if broad {
                fields.extend(lists::fields());
            }
            Ty::Record(fields)
        }
        plain => plain,
    }
}

/// S16, S30: `trigger` where all payloads have one type.
fn names_of_triggers(placed: &[Placed]) -> Vec<Name> {
    let first = placed.first().and_then(|node| node.gives.clone());
    if placed.iter().all(|node| node.gives == first) {
        return first.map(|ty| Name::sure("trigger", ty)).into_iter().collect();
    }
    let name = |node: &Placed| {
        let path = format!("triggers.{}", node.id);
        node.gives.clone().map(|ty| Name { path, ty, sure: false })
    };
    placed.iter().filter_map(name).collect()
}

impl Maker<'_> {
    pub(super) fn id(&mut self) -> String {
        loop {
            let word = self.rng.pick(&WORDS).copied().unwrap_or("node");
            let number = self.rng.below(30);
            let id = if number == 0 { word.to_owned() } else { format!("{word}{number}") };
            if self.ids.insert(id.clone()) {
                return id;
            }
        }
    }

    fn triggers(&mut self) -> Vec<Placed> {
        let mut schema = json!({
            "type": "object",
            "required": ["n", "flag", "s", "xs", "f"],
            "properties": {
                "n": { "type": "integer" },
                "flag": { "type": "boolean" },
                "s": { "type": "string" },
                "xs": { "type": "array", "items": { "type": "integer" } },
                "o": { "type": "integer" },
                "f": { "type": "number" },
                "raw": {},
            },
        });
        if self.rich {
            shapes::widen_schema(&mut schema);
        }
        if self.broad {
            lists::widen_schema(&mut schema);
        }
        let kinds: &[&str] = match self.rng.below(100) {
            0..80 => &["manual@1"],
            80..90 => &["manual@1", "webhook@1"],
            90..95 => &["schedule@1"],
            _ => &["manual@1", "schedule@1"],
        };
        let mut placed = Vec::new();
        for kind in kinds {
            let id = self.id();
            let (config, gives) = if *kind == "schedule@1" {
                let gives = Ty::record([("scheduled_at", Ty::Instant)]);
                (json!({ "cron": "*/5 * * * *" }), gives)
            } else {
                (json!({ "schema": schema }), payload(self.rich, self.broad))
            };
            let data = json!({ "label": id, "kind": kind, "config": config });
            self.nodes.push(json!({ "id": id, "type": "trigger", "data": data }));
            placed.push(Placed {
                id,
                handles: vec!["out".to_owned()],
                gives: Some(gives),
                fails_over: false,
                continues: false,
                preds: Vec::new(),
                all: false,
            });
        }
        placed
    }

    /// A node somewhere behind those that stand already.
    pub(super) fn node(&mut self, placed: &mut Vec<Placed>, within: &Within) {
        if self.budget == 0 {
            return;
        }
        if self.rng.percent(3) && !placed.is_empty() {
            return self.two_waits(placed, within);
        }
        if self.drawn(3) && !placed.is_empty() {
            return self.crossing(placed, within);
        }
        if self.broad && within.depth < 3 && !placed.is_empty() && self.rng.percent(2) {
            return self.wide(placed, within);
        }
        self.budget -= 1;
        let (preds, all) = self.preds(placed, within);
        let names = self.names(placed, &preds, all, within);
        let id = self.id();
        let mut made = self.make(&id, &names, within);
        if all {
            made.data["join"] = "all".into();
        }
        self.place(&id, made.data, within);
        self.connect(placed, &id, &preds);
        let Made { handles, gives, fails_over, continues, .. } = made.rest;
        placed.push(Placed { id, handles, gives, fails_over, continues, preds, all });
    }

    pub(super) fn place(&mut self, id: &str, mut data: Value, within: &Within) {
        data["label"] = format!("Node {id}").into();
        let mut node = Map::new();
        node.insert("id".to_owned(), id.into());
        if let Some((scope, region)) = &within.scope {
            node.insert("parentId".to_owned(), scope.as_str().into());
            if !region.is_empty() {
                data["region"] = region.as_str().into();
            }
        }
        node.insert("data".to_owned(), data);
        self.nodes.push(Value::Object(node));
    }

    pub(super) fn connect(&mut self, placed: &[Placed], id: &str, preds: &[(usize, String)]) {
        for (source, handle) in preds {
            let Some(source) = placed.get(*source) else { continue };
            let number = self.edges.len();
            let mut edge = json!({ "id": format!("e{number}"), "source": source.id, "target": id });
            if source.handles.first() != Some(handle) || self.rng.percent(20) || handle != "out" {
                edge["sourceHandle"] = handle.as_str().into();
            }
            self.edges.push(edge);
        }
    }

    /// What a node follows: of top-level nodes at least one.
    fn preds(&mut self, placed: &[Placed], within: &Within) -> (Vec<(usize, String)>, bool) {
        let may_be_root = within.scope.is_some();
        if placed.is_empty() || (may_be_root && self.rng.percent(25)) {
            return (Vec::new(), false);
        }
        let wanted = match self.rng.below(100) {
            0..60 => 1,
            60..88 => 2,
            _ => 3,
        };
        let mut preds: Vec<(usize, String)> = Vec::new();
        for _ in 0..wanted {
            // Mostly what came last, so that graphs are deep as well as wide.
            let far = self.rng.percent(45);
            let back = if far { placed.len() } else { placed.len().min(3) };
            let source = placed.len() - 1 - self.rng.below(back);
            let Some(node) = placed.get(source) else { continue };
            let Some(handle) = self.rng.pick(&node.handles).cloned() else { continue };
            let known =
                |known: &(usize, String)| known.0 == source && (!self.broad || known.1 == handle);
            if !preds.iter().any(known) {
                preds.push((source, handle));
            }
        }
        if preds.is_empty() {
            // Whatever stands first can be left.
            let first = placed.iter().position(|node| !node.handles.is_empty());
            let handle = |at: usize| placed.get(at)?.handles.first().cloned();
            preds.extend(first.and_then(|at| Some((at, handle(at)?))));
        }
        // All handles of one node are never left by.
        let sources: BTreeSet<usize> = preds.iter().map(|(source, _)| *source).collect();
        let all = preds.len() > 1 && self.rng.percent(30) && sources.len() == preds.len();
        (preds, all)
    }

    /// What can be read behind these edges.
    pub(super) fn names(
        &self,
        placed: &[Placed],
        preds: &[(usize, String)],
        all: bool,
        within: &Within,
    ) -> Vec<Name> {
        let mut before = BTreeSet::new();
        let mut open: Vec<usize> = preds.iter().map(|(source, _)| *source).collect();
        while let Some(at) = open.pop() {
            if before.insert(at)
                && let Some(node) = placed.get(at)
            {
                open.extend(node.preds.iter().map(|(source, _)| *source));
            }
        }
        let mut names = within.names.clone();
        names.extend(self.certain_trigger(placed, preds, all, within));
        for at in before {
            let Some(node) = placed.get(at) else { continue };
            if let Some(ty) = node.gives.clone().filter(|ty| *ty != Ty::Null) {
                let sure = sure_by(placed, preds, all, (at, true));
                let failed = node.fails_over && sure_by(placed, preds, all, (at, false));
                if !failed {
                    names.push(Name { path: format!("steps.{}", node.id), ty, sure });
                }
            }
            let errs = node.fails_over && sure_by(placed, preds, all, (at, false));
            if errs || node.continues {
                let path = |field: &str| format!("errors.{}.{field}", node.id);
                names.push(Name { path: path("code"), ty: Ty::Text, sure: errs });
                names.push(Name { path: path("attempts"), ty: Ty::Int, sure: errs });
            }
        }
        names
    }

    /// S16: of several triggers the one that started whatever comes here.
    fn certain_trigger(
        &self,
        placed: &[Placed],
        preds: &[(usize, String)],
        all: bool,
        within: &Within,
    ) -> Option<Name> {
        let several = within.names.iter().any(|name| name.path.starts_with("triggers."));
        let known = within.names.iter().any(|name| name.path == "trigger");
        if !self.broad || !several || known || within.scope.is_some() {
            return None;
        }
        let triggers = placed.iter().take_while(|node| node.preds.is_empty()).enumerate();
        let mut certain = triggers.filter(|(at, _)| sure_by(placed, preds, all, (*at, true)));
        let (_, trigger) = certain.next()?;
        trigger.gives.clone().map(|ty| Name::sure("trigger", ty))
    }

    /// One return behind some of what stands, or two that exclude each other.
    fn returns(&mut self, placed: &[Placed], within: &Within) {
        let choice = placed.iter().rposition(|node| node.handles.iter().any(|h| h == "true"));
        let choice = choice.filter(|_| self.rng.percent(35));
        let ends: Vec<Vec<(usize, String)>> = match choice {
            Some(at) => ["true", "false"].map(|handle| vec![(at, handle.to_owned())]).to_vec(),
            None => vec![self.last_preds(placed)],
        };
        let several = ends.len() > 1;
        for preds in ends {
            let all = preds.len() > 1 && self.rng.percent(20);
            let names = self.names(placed, &preds, all, within);
            let id = self.id();
            let mut value = self.returned(&names);
            if !several {
                let whole: Vec<&Name> = names
                    .iter()
                    .filter(|name| name.sure && name.path.starts_with("steps."))
                    .collect();
                for (number, name) in whole.iter().enumerate() {
                    value.insert(format!("w{number}"), format!("{{{{ {} }}}}", name.path).into());
                }
            }
            let mut data = json!({ "kind": "return@1", "inputs": { "value": value } });
            if all {
                data["join"] = "all".into();
            }
            self.place(&id, data, within);
            self.connect(placed, &id, &preds);
        }
    }

    /// What every return gives.
    fn returned(&mut self, names: &[Name]) -> Map<String, Value> {
        let shape = [("a", Ty::Int), ("b", Ty::Text), ("c", Ty::ints()), ("d", Ty::Bool)];
        let mut value = Map::new();
        for (name, ty) in &shape {
            let field = self.exprs(names).field(ty);
            value.insert((*name).to_owned(), field);
        }
        value
    }

    /// A return within a try (S31).
    pub(super) fn return_within(&mut self, placed: &mut Vec<Placed>, within: &Within) {
        let (preds, all) = self.preds(placed, within);
        let names = self.names(placed, &preds, all, within);
        let id = self.id();
        let value = self.returned(&names);
        let mut data = json!({ "kind": "return@1", "inputs": { "value": value } });
        if all {
            data["join"] = "all".into();
        }
        self.place(&id, data, within);
        self.connect(placed, &id, &preds);
        let handles = vec!["out".to_owned()];
        let (gives, fails_over, continues) = (None, false, false);
        placed.push(Placed { id, handles, gives, fails_over, continues, preds, all });
    }

    /// The nodes that nothing follows yet, and some others.
    fn last_preds(&mut self, placed: &[Placed]) -> Vec<(usize, String)> {
        let followed: BTreeSet<usize> =
            placed.iter().flat_map(|node| node.preds.iter().map(|(source, _)| *source)).collect();
        let mut preds = Vec::new();
        for (at, node) in placed.iter().enumerate() {
            let wanted = if followed.contains(&at) { 10 } else { 85 };
            if self.rng.percent(wanted)
                && let Some(handle) = self.rng.pick(&node.handles)
            {
                preds.push((at, handle.clone()));
            }
        }
        if preds.is_empty() {
            preds.push((0, "out".to_owned()));
        }
        preds
    }
}

/// What making a node gave.
pub(super) struct Made {
    pub(super) handles: Vec<String>,
    pub(super) gives: Option<Ty>,
    pub(super) fails_over: bool,
    pub(super) continues: bool,
}

/// A node's `data`, and what is known of it.
pub(super) struct MadeNode {
    pub(super) data: Value,
    pub(super) rest: Made,
}

/// Whether a node has left with a value (or by `error`) wherever these edges lead: cautiously, edge
/// by edge.
fn sure_by(
    placed: &[Placed],
    preds: &[(usize, String)],
    all: bool,
    (of, value): (usize, bool),
) -> bool {
    let by = |(source, handle): &(usize, String)| {
        let Some(node) = placed.get(*source) else { return false };
        if *source == of {
            return if value {
                let gives = matches!(handle.as_str(), "out" | "approved" | "rejected");
                gives && node.handles.contains(handle) && !node.continues
            } else {
                handle == "error"
            };
        }
        sure_by(placed, &node.preds, node.all, (of, value))
    };
    if preds.is_empty() {
        return false;
    }
    if all { preds.iter().any(by) } else { preds.iter().all(by) }
}
