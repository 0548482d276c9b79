//! Types beyond records: unions by tag and by form, and types that contain themselves (S12).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::exprs::Exprs;
use super::graph::Maker;
use super::rng::Rng;
use super::types::{Name, Ty};

/// The fields that a rich payload has besides the plain ones.
pub(super) fn fields() -> BTreeMap<String, Ty> {
    let kinds = vec!["circle".to_owned(), "box".to_owned()];
    let tagged = [
        ("t", Ty::Enum(kinds)),
        ("size", Ty::Int),
        ("r", Ty::Int.optional()),
        ("a", Ty::Int.optional()),
        ("label", Ty::Text.optional()),
    ];
    let tagged = tagged.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect();
    let fields = [("u", Ty::Tagged(tagged)), ("v", Ty::Formed), ("tree", Ty::Tree)];
    fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect()
}

/// Adds them to a payload's schema.
pub(super) fn widen_schema(schema: &mut Value) {
    let (int, text) = (json!({ "type": "integer" }), json!({ "type": "string" }));
    let circle = json!({
        "type": "object", "required": ["t", "size", "r"],
        "properties": { "t": { "const": "circle" }, "size": int, "r": int, "label": text },
    });
    let square = json!({
        "type": "object", "required": ["t", "size", "label"],
        "properties": { "t": { "const": "box" }, "size": int, "a": int, "label": text },
    });
    schema["properties"]["u"] = json!({ "oneOf": [circle, square] });
    let list = json!({ "type": "array", "items": int });
    schema["properties"]["v"] = json!({ "anyOf": [int, text, list] });
    schema["properties"]["tree"] = json!({ "$ref": "#/$defs/tree" });
    schema["$defs"]["tree"] = json!({
        "type": "object", "required": ["n", "kids"],
        "properties": {
            "n": int,
            "next": { "$ref": "#/$defs/tree" },
            "kids": { "type": "array", "items": { "$ref": "#/$defs/tree" } },
        },
    });
    if let Some(required) = schema["required"].as_array_mut() {
        required.extend(["u", "v", "tree"].map(Value::from));
    }
}

/// Adds values for them to a payload.
pub(super) fn widen_payload(rng: &mut Rng, payload: &mut Value) {
    let mut tagged = if rng.percent(50) {
        json!({ "t": "circle", "r": rng.below(9) })
    } else {
        let mut square = json!({ "t": "box", "label": "wide" });
        if rng.percent(50) {
            square["a"] = rng.below(9).into();
        }
        square
    };
    tagged["size"] = rng.below(9).into();
    payload["u"] = tagged;
    let formed = [json!(3), json!(7), json!("x"), json!("12"), json!([1, 2]), json!([])];
    payload["v"] = rng.pick(&formed).cloned().unwrap_or_default();
    payload["tree"] = tree(rng, 3);
}

fn tree(rng: &mut Rng, depth: usize) -> Value {
    let most = if depth == 0 { 1 } else { 3 };
    let kids: Vec<Value> = (0..rng.below(most)).map(|_| tree(rng, depth - 1)).collect();
    let mut tree = json!({ "n": rng.below(9), "kids": kids });
    if depth > 0 && rng.percent(50) {
        tree["next"] = self::tree(rng, depth - 1);
    }
    tree
}

/// How many steps into a type that contains itself are looked at.
const STEPS: usize = 2;

/// What stands in a tree at a path.
pub(super) fn parts_of_tree(path: &str, sure: bool) -> Vec<Name> {
    let part = |name: &str, ty: Ty| Name { path: format!("{path}.{name}"), ty, sure };
    let mut parts = vec![part("n", Ty::Int), part("kids", Ty::List(Box::new(Ty::Tree)))];
    if path.matches(".next").count() < STEPS {
        parts.push(part("next", Ty::Tree.optional()));
    }
    parts
}

impl Exprs<'_> {
    /// A name that is there for certain, of one of these types.
    fn shaped(&mut self, wanted: impl Fn(&Ty) -> bool) -> Option<String> {
        let parts = self.names.iter().flat_map(Name::parts);
        let found: Vec<Name> = parts.filter(|part| part.sure && wanted(&part.ty)).collect();
        self.rng.pick(&found).map(|part| part.path.clone())
    }

    /// An expression of a type that asks a union or a tree, where one can be read.
    pub(super) fn of_shape(&mut self, ty: &Ty) -> Option<String> {
        let trees = |ty: &Ty| *ty == Ty::List(Box::new(Ty::Tree));
        let forms = |ty: &Ty| *ty == Ty::Formed;
        match ty {
            Ty::Int => {
                let kids = self.shaped(trees)?;
                Some(match self.rng.below(4) {
                    0 | 1 => format!("({kids} | length)"),
                    2 => format!("({kids}[0].n | default(4))"),
                    _ => format!("({kids}[0].next.n | default(5))"),
                })
            }
            Ty::Bool => {
                let formed = self.shaped(forms)?;
                let asked = ["is string", "is number", "is sequence", "== 3", "== 'x'"];
                let asked = self.rng.pick(&asked).copied().unwrap_or("is string");
                Some(format!("({formed} {asked})"))
            }
            // Fails where it holds a list.
            Ty::Text => Some(format!("({} | string)", self.shaped(forms)?)),
            _ => None,
        }
    }

    /// A union that is read as an int where one is expected, and fails where it is none.
    pub(super) fn formed(&mut self) -> Option<String> {
        self.shaped(|ty| *ty == Ty::Formed)
    }

    /// The parts of a tree, to go through.
    pub(super) fn kids(&mut self) -> Option<String> {
        self.shaped(|ty| *ty == Ty::List(Box::new(Ty::Tree)))
    }

    /// Something that no record is, handed on as it is.
    pub(super) fn whole_shape(&mut self) -> Option<(String, Ty)> {
        let wanted = |ty: &Ty| matches!(ty, Ty::Tagged(_) | Ty::Formed | Ty::Tree);
        let parts = self.names.iter().flat_map(Name::parts);
        let found: Vec<Name> = parts.filter(|part| part.sure && wanted(&part.ty)).collect();
        self.rng.pick(&found).map(|part| (part.path.clone(), part.ty.clone()))
    }
}

impl Maker<'_> {
    /// Whether what goes beyond records is drawn here: plain graphs draw nothing for it.
    pub(super) fn drawn(&mut self, percent: usize) -> bool {
        self.rich && self.rng.percent(percent)
    }
}
