//! How a type reads in a message: `list<int>`, `{id: string, note?: string}`, `"a" | "b"`.

use std::fmt;

use super::{EnumType, RecordType, Type};

/// Fields or enum values that are shown before an ellipsis.
const SHOWN: usize = 6;
/// Records within records are shown to this depth.
const DEPTH: usize = 3;

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, DEPTH, out)
    }
}

fn write(ty: &Type, depth: usize, out: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        Type::List { items } => wrapped("list", items, depth, out),
        Type::Map { values } => wrapped("map", values, depth, out),
        Type::Optional { some } => wrapped("optional", some, depth, out),
        Type::Record(record) => write_record(record, depth, out),
        Type::Enum(texts) => write_enum(texts, out),
    }
}

fn wrapped(name: &str, ty: &Type, depth: usize, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(out, "{name}<")?;
    // Lists within lists count too: a type may nest as deep as its schema does.
    match depth.checked_sub(1) {
        Some(depth) => write(ty, depth, out)?,
        None => out.write_str("…")?,
    }
    out.write_str(">")
}

fn write_record(record: &RecordType, depth: usize, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if record.fields.is_empty() {
        return out.write_str("{}");
    }
    if depth == 0 {
        return out.write_str("{…}");
    }
    out.write_str("{")?;
    for (at, (name, field)) in record.fields.iter().enumerate() {
        if at > 0 {
            out.write_str(", ")?;
        }
        if at == SHOWN {
            out.write_str("…")?;
            break;
        }
        match &field.ty {
            Type::Optional { some } => {
                write!(out, "{name}?: ")?;
                write(some, depth - 1, out)?;
            }
            ty => {
                write!(out, "{name}: ")?;
                write(ty, depth - 1, out)?;
            }
        }
    }
    out.write_str("}")
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
