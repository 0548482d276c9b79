//! Items: functions, structs, enums, traits and their implementations, `use` lines.

use proc_macro2::Delimiter;

use std::borrow::Cow;

use super::super::flat;
use super::super::parts::{arguments_of, attribute_of, block_of, list};
use super::super::tokens::{Code, Tree};
use super::super::wide::fits;
use super::{PRINTED, Place, Printer};

impl Printer {
    /// The items of a stream, one right behind the other; none where one of them is not plain.
    pub(in super::super) fn items(&mut self, code: Code<'_>) -> Option<()> {
        let mut rest = code;
        while !rest.is_empty() {
            rest = self.item(rest)?;
        }
        Some(())
    }

    /// The first item; gives the others.
    fn item<'t>(&mut self, code: Code<'t>) -> Option<Code<'t>> {
        let place = Place::at(0);
        let code = self.attributes(code, place)?;
        match keyword(code)? {
            "fn" => self.function(code, place),
            "struct" => self.structure(code, place),
            "enum" => self.variants(code, place),
            "trait" | "impl" => {
                let (head, members, rest) = block_of(code)?;
                self.open(head, place)?;
                self.out.push('\n');
                self.members(members)?;
                self.out.push_str("}\n");
                Some(rest)
            }
            "use" => self.import(code, place),
            "mod" | "type" | "const" => self.line(code, place),
            _ => None,
        }
    }

    /// Documentation and attributes, each on a line.
    fn attributes<'t>(&mut self, code: Code<'t>, place: Place) -> Option<Code<'t>> {
        let mut code = code;
        while let Some((attribute, rest)) = attribute_of(code) {
            self.begin(place);
            self.attribute(attribute, place)?;
            code = rest;
        }
        Some(code)
    }

    /// `/// …`, `// …` or `#[…]`.
    pub(super) fn attribute(&mut self, code: Code<'_>, place: Place) -> Option<()> {
        for (name, start) in [("doc", "///"), ("comment", "//")] {
            if let Some(Tree::Literal(text)) =
                code.after(name).and_then(|rest| rest.after("=")).and_then(Code::first)
            {
                let text = text_of(text)?;
                if text.contains('\n') || text.starts_with('/') {
                    return None;
                }
                self.out.extend([start, text.trim_end_matches(' '), "\n"]);
                return Some(());
            }
        }
        let from = self.mark();
        self.out.push_str("#[");
        flat::write(code, &mut self.out, &mut self.held)?;
        self.out.push_str("]\n");
        if self.width() + place.printed <= PRINTED + 1 {
            return Some(());
        }
        self.back(from);
        let (path, arguments, rest) = arguments_of(code)?;
        rest.is_empty().then_some(())?;
        self.out.push_str("#[");
        flat::write(path, &mut self.out, &mut self.held)?;
        self.out.push_str("(\n");
        let deeper = place.further(1, 1);
        let arguments = list(arguments)?;
        for (at, argument) in arguments.iter().enumerate() {
            self.begin(deeper);
            flat::write(*argument, &mut self.out, &mut self.held)?;
            self.out.push_str(if at + 1 < arguments.len() { "," } else { "" });
            self.fits(deeper).then_some(())?;
            self.out.push('\n');
        }
        self.begin(place);
        self.out.push_str(")]\n");
        Some(())
    }

    /// A function with its body.
    fn function<'t>(&mut self, code: Code<'t>, place: Place) -> Option<Code<'t>> {
        let (head, body, rest) = block_of(code)?;
        self.begin(place);
        let from = self.mark();
        flat::write_head(head, &mut self.out, &mut self.held)?;
        self.out.push_str(" {");
        let line = self.out.get(from.length..)?;
        if head.holds("where") || has_types(head) {
            return None;
        }
        if !fits(line, place.fit) {
            self.back(from);
            self.parameters(head, place)?;
        }
        self.block(body, "}\n", place)?;
        Some(rest)
    }

    /// What stands before the body of a function, a parameter on each line.
    fn parameters(&mut self, head: Code<'_>, place: Place) -> Option<()> {
        let (_, named) = head.trees().find(|(tree, _)| tree.is("fn"))?;
        let mut before = named;
        let is_list = |tree: Tree<'_>| matches!(tree, Tree::Group(Delimiter::Parenthesis, _));
        while !is_list(before.first()?) {
            before = before.next()?.1;
        }
        let (Tree::Group(_, parameters), rest) = before.next()? else { return None };
        flat::write_head(head.before(before), &mut self.out, &mut self.held)?;
        self.out.push_str("(\n");
        (!parameters.is_empty()).then_some(())?;
        for parameter in list_of_types(parameters) {
            let deeper = place.further(1, 1);
            self.begin(deeper);
            flat::write(parameter, &mut self.out, &mut self.held)?;
            self.out.push(',');
            self.fits(deeper).then_some(())?;
            self.out.push('\n');
        }
        self.begin(place);
        self.out.push(')');
        flat::write(rest, &mut self.out, &mut self.held)?;
        self.out.push_str(" {");
        self.fits(place).then_some(())
    }

    /// A trait or an `impl` up to its members.
    pub(in super::super) fn opened(&mut self, code: Code<'_>) -> Option<()> {
        let place = Place::at(0);
        let head = self.attributes(code, place)?;
        self.open(head, place)
    }

    /// The head of what has members.
    fn open(&mut self, head: Code<'_>, place: Place) -> Option<()> {
        self.begin(place);
        self.head(head, " {", place)?;
        (!has_types(head) && !head.holds("where")).then_some(())
    }

    /// The functions of a trait or an `impl`, a blank line between them.
    pub(in super::super) fn members(&mut self, code: Code<'_>) -> Option<()> {
        let place = Place::at(4);
        let mut rest = code;
        while !rest.is_empty() {
            rest = self.attributes(rest, place)?;
            (keyword(rest)? == "fn").then_some(())?;
            let (_, body, _) = block_of(rest)?;
            (!body.is_empty()).then_some(())?;
            rest = self.function(rest, place)?;
            if !rest.is_empty() {
                self.out.push('\n');
            }
        }
        Some(())
    }

    fn structure<'t>(&mut self, code: Code<'t>, place: Place) -> Option<Code<'t>> {
        let Some((head, fields, rest)) = block_of(code) else { return self.line(code, place) };
        if head.holds(";") {
            return self.line(code, place);
        }
        self.listed(head, fields, place)?;
        Some(rest)
    }

    fn variants<'t>(&mut self, code: Code<'t>, place: Place) -> Option<Code<'t>> {
        let (head, variants, rest) = block_of(code)?;
        let plain = |(tree, _)| !matches!(tree, Tree::Group(Delimiter::Brace, _));
        variants.trees().all(plain).then_some(())?;
        self.listed(head, variants, place)?;
        Some(rest)
    }

    /// Fields or variants, each on a line with its attributes above.
    fn listed(&mut self, head: Code<'_>, members: Code<'_>, place: Place) -> Option<()> {
        (!has_types(head)).then_some(())?;
        self.begin(place);
        self.head(head, " {", place)?;
        for member in list_of_types(members) {
            self.out.push('\n');
            let deeper = place.further(1, 1);
            let member = self.attributes(member, deeper)?;
            self.begin(deeper);
            flat::write(member, &mut self.out, &mut self.held)?;
            self.out.push(',');
            self.fits(deeper).then_some(())?;
        }
        if !members.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str("}\n");
        Some(())
    }

    /// An item that is a line.
    fn line<'t>(&mut self, code: Code<'t>, place: Place) -> Option<Code<'t>> {
        let (_, rest) = code.trees().find(|(tree, _)| tree.is(";"))?;
        self.begin(place);
        flat::write(code.before(rest), &mut self.out, &mut self.held)?;
        self.fits(place).then_some(())?;
        self.out.push('\n');
        Some(rest)
    }

    /// `use module::{names};`, as many names on a line as fit.
    fn import<'t>(&mut self, code: Code<'t>, place: Place) -> Option<Code<'t>> {
        let Some((module, names, rest)) = block_of(code) else { return self.line(code, place) };
        if module.holds(";") {
            return self.line(code, place);
        }
        let rest = rest.after(";")?;
        code.after("use")?;
        self.begin(place);
        flat::write(module, &mut self.out, &mut self.held)?;
        self.out.push('{');
        let from = self.out.len();
        for name in list(names)? {
            let Some((Tree::Word(name), rest)) = name.next() else { return None };
            rest.is_empty().then_some(())?;
            self.out.extend([name, ", "]);
        }
        self.out.truncate(self.out.len() - 2);
        self.out.push_str("};\n");
        if !self.out.get(self.line..).is_some_and(|line| fits(line.trim_end(), 0)) {
            self.out.truncate(from);
            self.filled(names);
        }
        Some(rest)
    }

    fn filled(&mut self, names: Code<'_>) {
        let mut column = usize::MAX / 2;
        for name in names.trees().filter_map(|(tree, _)| tree.word()) {
            let width = name.len() + 2;
            if column + width > super::super::layout::WIDTH {
                self.out.push_str("\n    ");
                column = 4 + name.len() + 1;
            } else {
                self.out.push(' ');
                column += width;
            }
            self.out.extend([name, ","]);
        }
        self.out.push_str("\n};\n");
    }
}

/// What a literal says.
fn text_of(literal: &str) -> Option<Cow<'_, str>> {
    let inner = literal.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner.filter(|inner| !inner.contains('\\')) {
        Some(inner) => Some(inner.into()),
        None => Some(syn::parse_str::<syn::LitStr>(literal).ok()?.value().into()),
    }
}

/// What an item is, behind its visibility.
fn keyword(code: Code<'_>) -> Option<&str> {
    code.trees().find_map(|(tree, _)| match tree {
        Tree::Word("pub" | "async" | "crate") | Tree::Group(Delimiter::Parenthesis, _) => None,
        Tree::Word(word) => Some(word),
        _ => Some(""),
    })
}

/// Whether what is named has types or lifetimes of its own.
fn has_types(head: Code<'_>) -> bool {
    let mut name = 0;
    head.trees().any(|(tree, rest)| {
        if tree.is("fn") || tree.is("struct") || tree.is("enum") || tree.is("trait") {
            name = 2;
        }
        let found = name == 1 && rest.after("<").is_some();
        if tree.is("impl") && rest.after("<").is_some() {
            return true;
        }
        name = usize::saturating_sub(name, 1);
        found
    })
}

/// The elements of a list in which every angle bracket is one of types.
fn list_of_types(code: Code<'_>) -> Vec<Code<'_>> {
    let mut elements = Vec::new();
    let (mut start, mut before, mut types) = (code, code, 0_usize);
    for (tree, rest) in code.trees() {
        if tree.is("<") {
            types += 1;
        } else if tree.is(">") {
            types = types.saturating_sub(1);
        } else if tree.is(",") && types == 0 {
            elements.push(start.before(before));
            start = rest;
        }
        before = rest;
    }
    if !start.is_empty() {
        elements.push(start);
    }
    elements
}
