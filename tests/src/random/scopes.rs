//! Random scopes and what they hold.

use serde_json::{Map, Value, json};

use super::graph::{MadeNode, Maker, Placed, Within};
use super::kinds::made;
use super::types::{Name, Ty};

impl Maker<'_> {
    /// Fills a region with nodes; what its end sees, and what stands in it.
    fn region(&mut self, scope: &str, region: &str, within: &Within) -> (Vec<Name>, Vec<Placed>) {
        let scope = Some((scope.to_owned(), region.to_owned()));
        let within = Within { scope, ..within.clone() };
        let mut placed = Vec::new();
        let count = self.rng.between(1, 4);
        for _ in 0..count {
            // A region holds something.
            self.budget = self.budget.max(usize::from(placed.is_empty()));
            self.node(&mut placed, &within);
        }
        if within.answers && !self.returns && self.rng.percent(25) {
            self.returns = true;
            self.return_within(&mut placed, &within);
        }
        // At the end a node has left or not: nobody knows.
        let mut names = within.names.clone();
        for node in &placed {
            if let Some(ty) = node.gives.clone().filter(|ty| *ty != Ty::Null) {
                let rooted = node.preds.is_empty() && !node.continues && !node.fails_over;
                let only = node.handles.first().is_some_and(|handle| handle == "out")
                    && node.handles.len() == 1;
                let path = format!("steps.{}", node.id);
                names.push(Name { path, ty, sure: rooted && only });
            }
        }
        (names, placed)
    }

    /// A result that is written down, or what the default result gives.
    fn result(
        &mut self,
        names: &[Name],
        placed: &[Placed],
        own: Option<Ty>,
    ) -> (Option<Value>, Ty) {
        if let Some(ty) = own {
            let value = self.value_of(&ty, names);
            return (Some(value), ty);
        }
        let followed = |at: usize| {
            placed.iter().any(|node| node.preds.iter().any(|(source, _)| *source == at))
        };
        let sinks: Vec<&Placed> = placed
            .iter()
            .enumerate()
            .filter(|(at, _)| !followed(*at))
            .map(|(_, node)| node)
            .collect();
        // Whether the only sink is sure to have a value the generator does not know.
        if let ([sink], true) = (sinks.as_slice(), self.rng.percent(40))
            && let Some(ty) = sink.gives.clone()
        {
            return (None, ty.optional());
        }
        let ty = self.some_type();
        let value = self.value_of(&ty, names);
        (Some(value), ty)
    }

    fn inner(within: &Within, names: &[Name]) -> Within {
        let names = names.to_vec();
        Within { depth: within.depth + 1, names, answers: false, ..within.clone() }
    }

    pub(super) fn for_each(&mut self, id: &str, names: &[Name], within: &Within) -> MadeNode {
        let kids = if self.drawn(30) { self.exprs(names).kids() } else { None };
        let rows = self.broad && kids.is_none() && self.rng.percent(25);
        let rows = rows.then(|| self.exprs(names).rows()).flatten();
        let item = match (&kids, &rows) {
            (Some(_), _) => Ty::Tree,
            (_, Some(_)) => Ty::record([("k", Ty::Int), ("t", Ty::Text)]),
            _ => Ty::Int,
        };
        let whole = kids.or(rows);
        let items = match self.rng.below(3) {
            _ if whole.is_some() => json!(format!("{{{{ {} }}}}", whole.unwrap_or_default())),
            0 if within.names.first().is_some_and(|name| {
                name.path == "trigger" && name.ty == super::graph::payload(self.rich, self.broad)
            }) =>
            {
                json!("{{ trigger.xs }}")
            }
            1 => json!(format!("{{{{ range({}) }}}}", self.rng.below(4))),
            _ => json!(format!("{{{{ {} }}}}", self.exprs(names).of(&Ty::ints(), 1))),
        };
        let mut inner = Self::inner(within, names);
        inner.looped = true;
        inner.names.retain(|name| !matches!(name.path.as_str(), "item" | "index"));
        inner.names.push(Name::sure("item", item.clone()));
        inner.names.push(Name::sure("index", Ty::Int));
        inner.names.push(Name::sure(format!("loops.{id}.item"), item));
        let (seen, placed) = self.region(id, "", &inner);
        let (result, ty) = self.result(&seen, &placed, None);
        let mode = self.rng.pick(&["fail", "skip", "collect"]).copied().unwrap_or("fail");
        let concurrency = self.rng.between(1, 3);
        let config = json!({ "concurrency": concurrency, "on_item_error": mode });
        let mut data =
            json!({ "kind": "for_each@1", "config": config, "inputs": { "items": items } });
        data["result"] = result.unwrap_or_default();
        let of = if mode == "collect" {
            let error = Ty::record([("code", Ty::Text), ("attempts", Ty::Int)]).optional();
            Ty::record([("index", Ty::Int), ("value", ty.optional()), ("error", error)])
        } else {
            ty
        };
        made(data, Some(Ty::List(Box::new(of))))
    }

    pub(super) fn while_loop(&mut self, id: &str, names: &[Name], within: &Within) -> MadeNode {
        let mut inner = Self::inner(within, names);
        inner.looped = true;
        inner.names.retain(|name| name.path != "index");
        inner.names.push(Name::sure("index", Ty::Int));
        let state = format!("loops.{id}.state");
        inner.names.push(Name::sure(state.clone(), Ty::Int));
        let (seen, _) = self.region(id, "", &inner);
        let added = self.exprs(&seen).of(&Ty::Int, 1);
        let step = self.rng.between(1, 3);
        let result = if self.rng.percent(40) {
            format!("{{{{ {state} + {step} + ({added} | abs) }}}}")
        } else {
            format!("{{{{ {state} + {step} }}}}")
        };
        let init = self.rng.below(3);
        let limit = self.rng.between(1, 6);
        let most = self.rng.between(1, 5);
        let condition = format!("{{{{ {state} < {limit} }}}}");
        let data = json!({
            "kind": "while@1",
            "config": { "max_iterations": most },
            "inputs": { "init": init, "condition": condition },
            "result": result,
        });
        made(data, Some(Ty::Int))
    }

    pub(super) fn race(&mut self, id: &str, names: &[Name], within: &Within) -> MadeNode {
        let inner = Self::inner(within, names);
        let mut branches = vec!["left", "right"];
        if self.rng.percent(30) {
            branches.push("type");
        }
        let mut fields = vec![(
            "winner",
            Ty::Enum(branches.iter().map(|branch| (*branch).to_owned()).collect()),
        )];
        let mut results = Map::new();
        for branch in &branches {
            let (seen, placed) = self.region(id, branch, &inner);
            let (result, ty) = self.result(&seen, &placed, None);
            if let Some(result) = result {
                results.insert((*branch).to_owned(), result);
            }
            fields.push((branch, ty.optional()));
        }
        let mut data = json!({ "kind": "race@1", "result": results });
        if self.rng.percent(15) {
            let kept = self.rng.pick(&branches).copied().unwrap_or("left");
            data["config"] = json!({ "keep": [kept] });
        }
        made(data, Some(Ty::record(fields)))
    }

    pub(super) fn try_scope(&mut self, id: &str, names: &[Name], within: &Within) -> MadeNode {
        let inner = Self::inner(within, names);
        // S31: body and catch may both return, since only one of them counts.
        let (answers, returned) = (within.answers, self.returns);
        let answering = Within { answers, ..inner.clone() };
        let (has_catch, has_finally) = match self.rng.below(4) {
            0 => (true, true),
            1 => (false, true),
            _ => (true, false),
        };
        let ty = self.some_type();
        let mut results = Map::new();
        let (seen, placed) = self.region(id, "body", &answering);
        let body_returned = std::mem::replace(&mut self.returns, returned);
        let own = has_catch.then(|| ty.clone());
        let (result, ty) = self.result(&seen, &placed, own);
        results.extend(result.map(|result| ("body".to_owned(), result)));
        if has_catch {
            let mut catch = answering;
            let error = format!("errors.{id}");
            catch.names.push(Name::sure(format!("{error}.code"), Ty::Text));
            catch.names.push(Name::sure(format!("{error}.attempts"), Ty::Int));
            let seen =
                if self.rng.percent(25) { catch.names } else { self.region(id, "catch", &catch).0 };
            let (result, _) = self.result(&seen, &[], Some(ty.clone()));
            results.extend(result.map(|result| ("catch".to_owned(), result)));
        }
        self.returns |= body_returned;
        if has_finally {
            self.region(id, "finally", &inner);
        }
        let mut data = json!({ "kind": "try@1", "result": results });
        if has_catch && self.rng.percent(35) {
            data["config"] = json!({ "compensate": true });
        }
        made(data, Some(ty))
    }
}
