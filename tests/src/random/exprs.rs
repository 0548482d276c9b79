//! Random expressions of a type, over the names of a place.

use serde_json::Value;

use super::rng::Rng;
use super::types::{Name, Ty};

/// What can be read at a place.
pub(super) struct Exprs<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) names: &'a [Name],
    /// Whether the graph goes beyond records.
    pub(super) rich: bool,
    /// Whether it holds what lists, maps and texts can do.
    pub(super) broad: bool,
}

impl Exprs<'_> {
    /// A field of a type: one expression, or its literal.
    pub(super) fn field(&mut self, ty: &Ty) -> Value {
        if self.rng.percent(10) {
            return match ty {
                Ty::Int => self.rng.below(9).into(),
                Ty::Number => self.rng.pick(&[0.5, 1.25, 2.75]).copied().into(),
                Ty::Bool => self.rng.percent(50).into(),
                Ty::Text => self.mixed(),
                _ => format!("{{{{ {} }}}}", self.of(ty, 2)).into(),
            };
        }
        format!("{{{{ {} }}}}", self.of(ty, 2)).into()
    }

    /// Text with expressions in it.
    fn mixed(&mut self) -> Value {
        let inner = self.of(&Ty::Int, 1);
        format!("n {{{{ {inner} }}}}.").into()
    }

    /// The text of an expression.
    pub(super) fn of(&mut self, ty: &Ty, depth: usize) -> String {
        let deep = depth > 0;
        let shapes = self.rich && deep && self.rng.percent(12);
        if let Some(shaped) = shapes.then(|| self.of_shape(ty)).flatten() {
            return shaped;
        }
        let listed = self.broad && deep && self.rng.percent(18);
        if let Some(listed) = listed.then(|| self.of_lists(ty)).flatten() {
            return listed;
        }
        match (ty, self.rng.below(10)) {
            (_, 0..5) => self.read(ty),
            (_, 5) if deep => {
                let condition = self.of(&Ty::Bool, depth - 1);
                let (then, otherwise) = (self.of(ty, depth - 1), self.of(ty, depth - 1));
                format!("({then} if {condition} else {otherwise})")
            }
            (_, 6) => self.first_of(ty),
            (Ty::Int, 7) if deep => {
                let operator = self.rng.pick(&["+", "-", "*", "+", "+"]).copied().unwrap_or("+");
                format!("({} {operator} {})", self.of(ty, depth - 1), self.rng.below(7))
            }
            // Fails where it is divided by 0.
            (Ty::Int, 8) if deep && self.rng.percent(12) => {
                format!("({} // {})", self.of(ty, depth - 1), self.of(ty, depth - 1))
            }
            (Ty::Int, 8) if deep && self.rng.percent(30) => {
                let operator = self.rng.pick(&["//", "%"]).copied().unwrap_or("//");
                let by = self.rng.pick(&["2", "3", "-2", "-3"]).copied().unwrap_or("2");
                format!("(({} - 7) {operator} {by})", self.of(ty, depth - 1))
            }
            (Ty::Int, 8 | 9) if deep => {
                let list = self.of(&Ty::ints(), depth - 1);
                let filter = self.rng.pick(&["length", "sum"]).copied().unwrap_or("sum");
                format!("({list} | {filter})")
            }
            (Ty::Int, 7) => self.converted("int").unwrap_or_else(|| self.read(ty)),
            (Ty::Text, 9) if self.rng.percent(40) => {
                self.converted("string").unwrap_or_else(|| self.read(ty))
            }
            (Ty::Number, 7) if deep => {
                let operator = self.rng.pick(&["+", "-", "*", "/"]).copied().unwrap_or("+");
                let by = self.rng.pick(&["0.5", "1.25", "3", "-2.5"]).copied().unwrap_or("2.5");
                format!("({} {operator} {by})", self.of(ty, depth - 1))
            }
            (Ty::Number, 8) if deep => format!("({} | float)", self.of(&Ty::Int, depth - 1)),
            // Fails where it is divided by 0.
            (Ty::Number, 9) if deep && self.rng.percent(30) => {
                format!("({} / {})", self.of(&Ty::Int, depth - 1), self.of(&Ty::Int, depth - 1))
            }
            (Ty::Bool, 7) if deep => {
                let operator = self.rng.pick(&["and", "or"]).copied().unwrap_or("and");
                format!("({} {operator} {})", self.of(ty, depth - 1), self.of(ty, depth - 1))
            }
            (Ty::Bool, 8) if deep => format!("(not {})", self.of(ty, depth - 1)),
            (Ty::Bool, _) => self.comparison(depth),
            (Ty::Text, 7 | 8) if deep => {
                format!("({} ~ {})", self.of(ty, depth - 1), self.of(&Ty::Int, depth - 1))
            }
            (Ty::List(of), 7) if **of == Ty::Int && deep => {
                format!("({} + {})", self.of(ty, depth - 1), self.literal(ty))
            }
            _ => self.read(ty),
        }
    }

    /// What has no type, made an int or text: that may fail (S12).
    fn converted(&mut self, to: &str) -> Option<String> {
        let numbers: Vec<Name> =
            self.names.iter().flat_map(Name::parts).filter(|part| part.ty == Ty::Number).collect();
        if to == "int" && self.rng.percent(40) {
            let part = self.rng.pick(&numbers)?.clone();
            let last = if part.sure { String::new() } else { " | default(1.5)".to_owned() };
            return Some(format!("({}{last} | int)", part.path));
        }
        let path = self.untyped()?;
        Some(match self.rng.below(3) {
            0 => format!("({path} | default(4) | {to})"),
            1 => format!("({path}.k | default(2) | {to})"),
            _ => format!("({path}.k | {to})"),
        })
    }

    /// A name of what has no type.
    pub(super) fn untyped(&mut self) -> Option<String> {
        let all: Vec<Name> =
            self.names.iter().flat_map(Name::parts).filter(|part| part.ty == Ty::Any).collect();
        self.rng.pick(&all).filter(|part| part.sure).map(|part| part.path.clone())
    }

    fn comparison(&mut self, depth: usize) -> String {
        let presence: Vec<Name> = self.names.iter().filter(|name| !name.sure).cloned().collect();
        if self.rng.percent(15)
            && let Some(name) = self.rng.pick(&presence)
        {
            let path = name.path.clone();
            return if self.rng.percent(50) {
                format!("({path} is defined)")
            } else {
                format!("({path} is not defined)")
            };
        }
        if self.rng.percent(20)
            && let Some((path, texts)) = self.enumeration()
        {
            let text = self.rng.pick(&texts).cloned().unwrap_or_default();
            return format!("({path} == '{text}')");
        }
        if self.rng.percent(8)
            && let Some(path) = self.untyped()
        {
            let tests = [" is defined", ".k is defined", " == 3", ".k is none", ".k == 2"];
            return format!("({path}{})", self.rng.pick(&tests).copied().unwrap_or(" == 3"));
        }
        let operator = self.rng.pick(&["<", ">", "==", "!=", "<=", ">="]).copied().unwrap_or("<");
        if self.rng.percent(15) {
            let left = self.of(&Ty::Number, depth.saturating_sub(1));
            return format!("({left} {operator} {})", self.rng.below(8));
        }
        let left = self.of(&Ty::Int, depth.saturating_sub(1));
        format!("({left} {operator} {})", self.rng.below(8))
    }

    /// A name of an enum that is there.
    pub(super) fn enumeration(&mut self) -> Option<(String, Vec<String>)> {
        let found: Vec<(String, Vec<String>)> = self
            .names
            .iter()
            .flat_map(Name::parts)
            .filter(|part| part.sure)
            .filter_map(|part| match part.ty {
                Ty::Enum(texts) => Some((part.path, texts)),
                _ => None,
            })
            .collect();
        self.rng.pick(&found).cloned()
    }

    /// A name of the type, made sure; else a literal.
    fn read(&mut self, ty: &Ty) -> String {
        let found = self.readable(ty);
        let Some(part) = self.rng.pick(&found).cloned() else { return self.literal(ty) };
        if part.sure {
            return part.path;
        }
        // What is asked for is there where it is read (S8).
        if self.broad && self.rng.percent(30) {
            return format!("({0} if {0} is defined else {1})", part.path, self.literal(ty));
        }
        format!("({} | default({}))", part.path, self.literal(ty))
    }

    /// S9.
    fn first_of(&mut self, ty: &Ty) -> String {
        let found: Vec<Name> = self.readable(ty).into_iter().filter(|part| !part.sure).collect();
        let (one, other) = (self.rng.pick(&found).cloned(), self.rng.pick(&found).cloned());
        let (Some(one), Some(other)) = (one, other) else { return self.read(ty) };
        if one.path == other.path {
            return self.read(ty);
        }
        let last = self.literal(ty);
        format!("(first_of({}, {}) | default({last}))", one.path, other.path)
    }

    fn readable(&self, ty: &Ty) -> Vec<Name> {
        let all = self.names.iter().flat_map(Name::parts);
        all.filter(|part| part.ty == *ty && (part.sure || *ty != Ty::Any)).collect()
    }

    /// A literal of the type.
    fn literal(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Int => self.rng.below(9).to_string(),
            Ty::Bool => self.rng.percent(50).to_string(),
            Ty::Text => format!("'t{}'", self.rng.below(5)),
            Ty::List(_) => {
                let items: Vec<String> =
                    (0..=self.rng.below(2)).map(|_| self.rng.below(9).to_string()).collect();
                format!("[{}]", items.join(", "))
            }
            Ty::Record(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, ty)| format!("'{name}': {}", self.literal(ty)))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            }
            Ty::Number => {
                self.rng.pick(&["0.5", "1.25", "2.0"]).copied().unwrap_or("1.5").to_owned()
            }
            Ty::Instant => "run.started_at".to_owned(),
            Ty::Null
            | Ty::Any
            | Ty::Enum(_)
            | Ty::Optional(_)
            | Ty::Tagged(_)
            | Ty::Formed
            | Ty::Tree
            | Ty::Map
            | Ty::Pair
            | Ty::Span => "none".to_owned(),
        }
    }
}
