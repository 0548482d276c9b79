//! Types of the language from Rust types.
#![deny(warnings)]

use std::collections::BTreeMap;

use flowcrate::types::{Type, Typed};

#[derive(Typed)]
#[allow(dead_code)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
    labels: BTreeMap<String, Level>,
}

#[derive(Typed)]
#[allow(dead_code)]
enum Level {
    Low,
    High,
}

fn main() {
    let Type::Record(page) = Page::<i64>::ty() else { panic!("no record") };
    assert_eq!(page.name.as_deref(), Some("Page"));
    assert_eq!(page.fields["items"].ty, Type::list(Type::Int));
    assert_eq!(page.fields["next"].ty, Type::String.optional());
    let Type::Map { values } = &page.fields["labels"].ty else { panic!("no map") };
    let Type::Enum(level) = &**values else { panic!("no enum") };
    assert_eq!(level.values, ["High", "Low"]);
}
