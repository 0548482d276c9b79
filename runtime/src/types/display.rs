//! How a type reads in a message: `list<int>`, `{id: string, note?: string}`, `"a" | "b"`.

use std::fmt;

use super::{EnumType, RecordType, Type, UnionType};

/// Fields or enum values that are shown before an ellipsis.
const SHOWN: usize = 6;
/// Records within records are shown to this depth.
const DEPTH: usize = 3;

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Writer { depth: DEPTH, defs: &[] }.write(self, out)
    }
}

/// Writes a type within the definitions of the recursive type around.
#[derive(Clone, Copy)]
struct Writer<'t> {
    /// How many types within each other may still be shown.
    depth: usize,
    defs: &'t [Type],
}

impl Writer<'_> {
    fn write(self, ty: &Type, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match ty {
            Type::Null => out.write_str("null"),
            Type::Bool => out.write_str("bool"),
            Type::Int => out.write_str("int"),
            Type::Number => out.write_str("number"),
            Type::String => out.write_str("string"),
            Type::Timestamp => out.write_str("timestamp"),
            Type::Duration => out.write_str("duration"),
            Type::Bytes => out.write_str("bytes"),
            Type::Any => out.write_str("any"),
            Type::List { items } => self.wrapped("list", std::slice::from_ref(items), out),
            Type::Map { values } => self.wrapped("map", std::slice::from_ref(values), out),
            Type::Optional { some } => self.wrapped("optional", std::slice::from_ref(some), out),
            Type::Tuple { items } => self.wrapped("tuple", items, out),
            Type::Record(record) => self.record(record, None, out),
            Type::Enum(texts) => write_enum(texts, out),
            Type::Union(union) => self.union(union, out),
            Type::Recursive(recursive) => {
                let Some(head) = recursive.defs.first() else { return Ok(()) };
                let within = Writer { defs: &recursive.defs, ..self };
                match (name(head), head) {
                    (Some(name), Type::Union(union)) => {
                        write!(out, "{name} (")?;
                        within.union(union, out)?;
                        out.write_str(")")
                    }
                    (Some(name), head) => {
                        write!(out, "{name} ")?;
                        within.write(head, out)
                    }
                    (None, head) => within.write(head, out),
                }
            }
            Type::Own { def } => {
                out.write_str(self.defs.get(*def).and_then(name).unwrap_or("itself"))
            }
        }
    }

    fn wrapped(
        self,
        name: &str,
        parts: &[impl std::borrow::Borrow<Type>],
        out: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        write!(out, "{name}<")?;
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                out.write_str(", ")?;
            }
            // Lists within lists count too: a type may nest as deep as its schema does.
            match self.depth.checked_sub(1) {
                Some(depth) => Self { depth, ..self }.write(part.borrow(), out)?,
                None => out.write_str("…")?,
            }
        }
        out.write_str(">")
    }

    /// A record, or one that a tag leads to: `{kind: "card", amount: int}`.
    fn record(
        self,
        record: &RecordType,
        tag: Option<(&str, &str)>,
        out: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        if record.fields.is_empty() && tag.is_none() {
            return out.write_str("{}");
        }
        let Some(depth) = self.depth.checked_sub(1) else { return out.write_str("{…}") };
        let within = Self { depth, ..self };
        out.write_str("{")?;
        if let Some((tag, text)) = tag {
            write!(out, "{tag}: {text:?}")?;
        }
        for (at, (name, field)) in record.fields.iter().enumerate() {
            if at > 0 || tag.is_some() {
                out.write_str(", ")?;
            }
            if at == SHOWN {
                out.write_str("…")?;
                break;
            }
            match &field.ty {
                Type::Optional { some } => {
                    write!(out, "{name}?: ")?;
                    within.write(some, out)?;
                }
                ty => {
                    write!(out, "{name}: ")?;
                    within.write(ty, out)?;
                }
            }
        }
        out.write_str("}")
    }

    fn union(self, union: &UnionType, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, choice)) in union.choices.iter().enumerate() {
            if at > 0 {
                out.write_str(" | ")?;
            }
            if at == SHOWN {
                return out.write_str("…");
            }
            match (&union.tag, choice) {
                (Some(tag), Type::Record(record)) => self.record(record, Some((tag, key)), out)?,
                _ => self.write(choice, out)?,
            }
        }
        Ok(())
    }
}

/// What a definition is called.
fn name(ty: &Type) -> Option<&str> {
    match ty {
        Type::Record(record) => record.name.as_deref(),
        Type::Union(union) => union.name.as_deref(),
        _ => None,
    }
}

fn write_enum(texts: &EnumType, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, text) in texts.values.iter().enumerate() {
        if at > 0 {
            out.write_str(" | ")?;
        }
        if at == SHOWN {
            return out.write_str("…");
        }
        write!(out, "{text:?}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_as_the_pages_write_them() {
        let order = Type::record([
            ("id".to_owned(), Type::String),
            ("note".to_owned(), Type::String.optional()),
            ("lines".to_owned(), Type::list(Type::record([("n".to_owned(), Type::Int)]))),
        ]);
        assert_eq!(order.to_string(), "{id: string, lines: list<{n: int}>, note?: string}");
        assert_eq!(Type::map(Type::Any).optional().to_string(), "optional<map<any>>");
        let wide = Type::enumeration((0..9).map(|n| n.to_string()));
        assert_eq!(wide.to_string(), r#""0" | "1" | "2" | "3" | "4" | "5" | …"#);
        let deep = (0..100).fold(Type::Int, |ty, _| Type::list(ty));
        assert_eq!(deep.to_string(), "list<list<list<list<…>>>>");
    }
}
