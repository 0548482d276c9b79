//! What lists of records, maps, tuples, durations and texts can do.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::exprs::Exprs;
use super::graph::{MadeNode, Maker};
use super::kinds::made;
use super::rng::Rng;
use super::types::{Name, Ty};

/// The fields that a broad payload has besides those of a rich one.
pub(super) fn fields() -> BTreeMap<String, Ty> {
    let fields = [("rows", Ty::rows()), ("m", Ty::Map), ("pair", Ty::Pair), ("d", Ty::Span)];
    fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect()
}

/// Adds them to a payload's schema.
pub(super) fn widen_schema(schema: &mut Value) {
    let (int, text) = (json!({ "type": "integer" }), json!({ "type": "string" }));
    let row = json!({
        "type": "object", "required": ["k", "t"], "properties": { "k": int, "t": text },
    });
    schema["properties"]["rows"] = json!({ "type": "array", "items": row });
    schema["properties"]["m"] = json!({ "type": "object", "additionalProperties": int });
    schema["properties"]["pair"] = json!({ "type": "array", "prefixItems": [int, text] });
    schema["properties"]["d"] = json!({ "type": "string", "format": "duration" });
    if let Some(required) = schema["required"].as_array_mut() {
        required.extend(["rows", "m", "pair", "d"].map(Value::from));
    }
}

/// Adds values for them to a payload.
pub(super) fn widen_payload(rng: &mut Rng, payload: &mut Value) {
    let texts = ["a", "b", "C", "da"];
    let row = |rng: &mut Rng| {
        let text = rng.pick(&texts).copied().unwrap_or("a");
        json!({ "k": rng.below(9), "t": text })
    };
    payload["rows"] = (0..rng.below(4)).map(|_| row(rng)).collect();
    payload["m"] = json!({});
    for key in ["a", "b", "c"] {
        if rng.percent(50) {
            payload["m"][key] = rng.below(9).into();
        }
    }
    payload["pair"] = json!([rng.below(9), format!("p{}", rng.below(9))]);
    let spans = ["40ms", "1s", "1s 500ms", "3s 250ms"];
    payload["d"] = rng.pick(&spans).copied().unwrap_or("1s").into();
}

impl Exprs<'_> {
    /// A name that is there for certain, of this type.
    fn certain(&mut self, ty: &Ty) -> Option<String> {
        let parts = self.names.iter().flat_map(Name::parts);
        let found: Vec<Name> = parts.filter(|part| part.sure && part.ty == *ty).collect();
        self.rng.pick(&found).map(|part| part.path.clone())
    }

    /// A list of records.
    pub(super) fn rows(&mut self) -> Option<String> {
        self.certain(&Ty::rows())
    }

    /// A duration, or a multiple of one.
    pub(super) fn span(&mut self) -> Option<String> {
        let span = self.certain(&Ty::Span)?;
        Some(if self.rng.percent(40) { format!("{span} * {}", self.rng.below(4)) } else { span })
    }

    /// An expression of a type that asks a list, a map, a tuple or a text.
    pub(super) fn of_lists(&mut self, ty: &Ty) -> Option<String> {
        let number = self.rng.below(5);
        let one_of =
            |rng: &mut Rng, texts: &[&str]| rng.pick(texts).copied().unwrap_or_default().to_owned();
        Some(match ty {
            Ty::Int => match self.rng.below(6) {
                0 => format!("({} | length)", self.rows()?),
                1 => format!("({} | sum(attribute='k'))", self.rows()?),
                2 => format!("{}[0]", self.certain(&Ty::Pair)?),
                3 => format!("({} | length)", self.certain(&Ty::Map)?),
                4 => format!(
                    "({}['{}'] | default({number}))",
                    self.certain(&Ty::Map)?,
                    one_of(self.rng, &["a", "b"])
                ),
                _ => format!("({} | milliseconds)", self.certain(&Ty::Span)?),
            },
            Ty::Text => match self.rng.below(5) {
                0 => format!("{}[1]", self.certain(&Ty::Pair)?),
                1 => format!("({} | map(attribute='t') | join('-'))", self.rows()?),
                2 => format!("({} | keys | join(','))", self.certain(&Ty::Map)?),
                _ => {
                    let text = self.certain(&Ty::Text)?;
                    let filter = one_of(
                        self.rng,
                        &["upper", "lower", "reverse", "trim", "replace('s', 'zz')", "capitalize"],
                    );
                    format!("({text} | {filter})")
                }
            },
            Ty::Bool => match self.rng.below(4) {
                0 => {
                    format!("('{}' in {})", one_of(self.rng, &["a", "b"]), self.certain(&Ty::Map)?)
                }
                1 => format!("({number} in {})", self.certain(&Ty::ints())?),
                2 => format!("(({} | selectattr('k', '>', {number}) | length) > 0)", self.rows()?),
                _ => format!("({} is startingwith('s{number}'))", self.certain(&Ty::Text)?),
            },
            Ty::List(of) if **of == Ty::Int => match self.rng.below(4) {
                0 => format!("({} | map(attribute='k'))", self.rows()?),
                1 => format!("({} | values)", self.certain(&Ty::Map)?),
                2 => format!("{}[{}:{}]", self.certain(ty)?, self.rng.below(3), number),
                _ => {
                    let filter =
                        one_of(self.rng, &["sort", "unique", "reverse", "sort(reverse=true)"]);
                    format!("({} | {filter})", self.certain(ty)?)
                }
            },
            _ => return None,
        })
    }
}

impl Maker<'_> {
    /// A node over a list of records.
    pub(super) fn row_node(&mut self, rows: &str) -> MadeNode {
        let (items, limit) = (format!("{{{{ {rows} }}}}"), self.rng.below(6));
        match self.rng.below(3) {
            0 => {
                let condition = format!("{{{{ item.k > {limit} or item.t == 'a' }}}}");
                let inputs = json!({ "items": items, "condition": condition });
                made(json!({ "kind": "filter@1", "inputs": inputs }), Some(Ty::rows()))
            }
            1 => {
                let by = if self.rng.percent(50) { "{{ item.t }}" } else { "{{ item.k }}" };
                let inputs = json!({ "items": items, "by": by });
                let mut data = json!({ "kind": "sort@1", "inputs": inputs });
                if self.rng.percent(50) {
                    data["config"] = json!({ "order": "descending" });
                }
                made(data, Some(Ty::rows()))
            }
            _ => {
                let operation = self.rng.pick(&["average", "sum", "max"]).copied().unwrap_or("sum");
                let inputs = json!({ "items": items, "value": "{{ item.k }}" });
                let config = json!({ "operation": operation });
                let data = json!({ "kind": "aggregate@1", "config": config, "inputs": inputs });
                let ty = match operation {
                    "average" => Ty::Number.optional(),
                    "max" => Ty::Int.optional(),
                    _ => Ty::Int,
                };
                made(data, Some(ty))
            }
        }
    }
}
