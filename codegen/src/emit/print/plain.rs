//! Prints statements straight from their tokens: those that stand on a line, and those that open
//! blocks or calls over several, as prettyplease and the layout together would. What else there is
//! goes that way.

mod items;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::flat::{self, Held, block_of, past_choice};
use super::layout;
use super::tokens::{Code, Tree};
use super::wide::fits;
use proc_macro2::Delimiter;

/// Columns of a line of prettyplease's.
const PRINTED: usize = 89;

/// Columns that it gives a line however far in it begins.
const LEAST: usize = 60;

/// A step.
const STEP: usize = 4;

/// Where a line begins.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// In the file.
    pub(super) column: usize,
    /// Where the layout takes it to begin when it puts together what fits: once, and once more
    /// whenever something around it has come to hang.
    pub(super) first: usize,
    pub(super) fit: usize,
    /// Where prettyplease has it: it indents some calls twice, and lets nothing hang.
    pub(super) printed: usize,
}

impl Place {
    pub(super) fn at(column: usize) -> Self {
        Self { column, first: column, fit: column, printed: column }
    }

    /// The place of a link that was below its receiver, and comes to stand behind it or at its
    /// column: what fits is put together once more, where it then stands.
    fn behind(self, receiver: Self) -> Self {
        Self { column: receiver.column, fit: receiver.fit, ..self }
    }

    fn further(self, steps: usize, printed: usize) -> Self {
        let steps = steps * STEP;
        Self {
            column: self.column + steps,
            first: self.first + steps,
            fit: self.fit + steps,
            printed: self.printed + printed * STEP,
        }
    }
}

/// Where printing may begin anew.
#[derive(Clone, Copy)]
struct Mark {
    length: usize,
    line: usize,
    held: Held,
}

/// What is printed of a file.
#[derive(Default)]
pub(super) struct Printer {
    pub(super) out: String,
    /// Where the text of the last line begins.
    line: usize,
    held: Held,
}

impl Printer {
    /// The statements of a block.
    pub(super) fn statements(&mut self, code: Code<'_>, place: Place) -> Option<()> {
        let mut rest = code;
        while !rest.is_empty() {
            let (statement, behind) = statement_of(rest);
            self.statement(statement, place)?;
            rest = behind;
        }
        Some(())
    }

    fn statement(&mut self, code: Code<'_>, place: Place) -> Option<()> {
        let from = self.out.len();
        if self.plain(code, place).is_none() {
            self.out.truncate(from);
            let mut text = String::new();
            code.write(&mut text);
            self.out.push_str(&layout::statement(&text, place)?);
        }
        Some(())
    }

    fn plain(&mut self, code: Code<'_>, place: Place) -> Option<()> {
        let mut code = code;
        while let Some((attribute, rest)) = attribute_of(code) {
            self.begin(place);
            self.attribute(attribute, place)?;
            code = rest;
        }
        self.begin(place);
        if !self.flat(code, "", place) {
            self.broken_statement(code, place)?;
        }
        self.out.push('\n');
        Some(())
    }

    /// Begins a line.
    pub(super) fn begin(&mut self, place: Place) {
        self.out.extend(std::iter::repeat_n(' ', place.column));
        self.line = self.out.len();
        self.held = Held::default();
    }

    /// `/// …`, `// …` or `#[…]`.
    fn attribute(&mut self, code: Code<'_>, place: Place) -> Option<()> {
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

    /// Goes on with the code on the line, if all of it stays there.
    fn flat(&mut self, code: Code<'_>, tail: &str, place: Place) -> bool {
        let (from, held) = (self.out.len(), self.held);
        if flat::write(code, &mut self.out, &mut self.held).is_some() {
            self.out.push_str(tail);
            if self.fits(place) || self.is_put_together(place) {
                return true;
            }
        }
        self.out.truncate(from);
        self.held = held;
        false
    }

    /// Goes on with what opens a bracket over lines.
    fn head(&mut self, code: Code<'_>, open: &str, place: Place) -> Option<()> {
        flat::write_head(code, &mut self.out, &mut self.held)?;
        self.out.push_str(open);
        self.fits(place).then_some(())
    }

    /// Whether prettyplease leaves the line as it is.
    fn fits(&self, place: Place) -> bool {
        let room = PRINTED.saturating_sub(place.printed).max(LEAST);
        !self.held.wide && self.width() + self.held.more <= room
    }

    /// Whether the layout puts the line together again.
    fn is_put_together(&self, place: Place) -> bool {
        !self.held.loose
            && !self.held.slashes
            && self.out.get(self.line..).is_some_and(|line| fits(line, place.fit))
    }

    fn width(&self) -> usize {
        self.out.get(self.line..).map_or(0, |line| line.chars().count())
    }

    /// A statement over several lines.
    fn broken_statement(&mut self, code: Code<'_>, place: Place) -> Option<()> {
        let (code, tail) = match code.without_last(';') {
            Some(shorter) => (shorter, ";"),
            None => (code, ""),
        };
        if code.after("let").is_some() {
            let value = value_of(code)?;
            flat::write(code.before(value), &mut self.out, &mut self.held)?;
            self.fits(place).then_some(())?;
            return self.broken(value, tail, false, place);
        }
        if code.after("for").is_some() {
            let (head, block, rest) = block_of(code)?;
            self.head(head, " {", place)?;
            self.block(block, "}", place)?;
            return (tail.is_empty() && rest.is_empty()).then_some(());
        }
        if let Some(value) = code.after("return") {
            self.out.push_str("return");
            return self.broken(value, tail, false, place);
        }
        self.broken(code, tail, true, place)
    }

    /// An expression over several lines, the first of which has begun; a statement of its own?
    fn broken(&mut self, code: Code<'_>, tail: &str, alone: bool, place: Place) -> Option<()> {
        match code.first()? {
            Tree::Word("if") => self.choice(code, tail, place),
            Tree::Word("match") => self.arms(code, tail, place),
            _ if is_closure(code) => self.closure(code, tail, place),
            _ => self.chain(code, tail, alone, place).map(drop),
        }
    }

    /// The statements of a block whose brace stands on the line before, and its end.
    fn block(&mut self, code: Code<'_>, end: &str, place: Place) -> Option<()> {
        if !code.is_empty() {
            self.out.push('\n');
            self.statements(code, place.further(1, 1))?;
            self.begin(place);
        }
        self.out.push_str(end);
        Some(())
    }

    /// Before what is written by hand.
    fn space(&mut self) {
        if self.out.len() > self.line && !self.out.ends_with([' ', '(', '[', '.']) {
            self.out.push(' ');
        }
    }

    /// `if … { … } else { … }`.
    fn choice(&mut self, code: Code<'_>, tail: &str, place: Place) -> Option<()> {
        let mut code = code;
        loop {
            self.space();
            self.out.push_str("if ");
            let (head, block, rest) = block_of(code.after("if")?)?;
            self.head(head, " {", place)?;
            self.block(block, "}", place)?;
            if rest.is_empty() {
                break;
            }
            let rest = rest.after("else")?;
            self.out.push_str(" else");
            if rest.after("if").is_some() {
                code = rest;
                continue;
            }
            let (Tree::Group(Delimiter::Brace, block), rest) = rest.next()? else { return None };
            self.out.push_str(" {");
            self.block(block, "}", place)?;
            rest.is_empty().then_some(())?;
            break;
        }
        self.out.push_str(tail);
        Some(())
    }

    /// `match … { … }`.
    fn arms(&mut self, code: Code<'_>, tail: &str, place: Place) -> Option<()> {
        self.space();
        self.out.push_str("match");
        let (head, block, rest) = block_of(code.after("match")?)?;
        self.out.push(' ');
        self.head(head, " {", place)?;
        self.out.push('\n');
        let mut arms = block;
        while !arms.is_empty() {
            arms = self.arm(arms, place.further(1, 1))?;
        }
        self.begin(place);
        self.out.extend(["}", tail]);
        rest.is_empty().then_some(())
    }

    /// The first of some arms; gives the others.
    fn arm<'t>(&mut self, code: Code<'t>, place: Place) -> Option<Code<'t>> {
        let (pattern, value) = arm_of(code)?;
        self.begin(place);
        flat::write(pattern, &mut self.out, &mut self.held)?;
        self.out.push_str(" =>");
        if let (Tree::Group(Delimiter::Brace, block), rest) = value.next()? {
            let rest = rest.after(",").unwrap_or(rest);
            let single = !block.is_empty() && statement_of(block).1.is_empty();
            if !single || block.without_last(';').is_some() {
                self.out.push_str(" {");
                self.fits(place).then_some(())?;
                self.block(block, "}\n", place)?;
                return Some(rest);
            }
            self.value_of_arm(block, place)?;
            return Some(rest);
        }
        let (value, rest) = first_of_list(value)?;
        self.value_of_arm(value, place)?;
        Some(rest)
    }

    fn value_of_arm(&mut self, value: Code<'_>, place: Place) -> Option<()> {
        // Blocks stand without a comma behind them.
        if matches!(
            value.first(),
            Some(
                Tree::Word("if" | "match" | "async" | "for" | "while" | "loop" | "return")
                    | Tree::Punct('#', _)
            )
        ) || matches!(value.first(), Some(Tree::Group(_, inner)) if inner.is_empty())
        {
            return None;
        }
        let (from, held) = (self.out.len(), self.held);
        flat::write(value, &mut self.out, &mut self.held)?;
        self.out.push(',');
        if !self.fits(place) && !self.is_put_together(place) {
            self.out.truncate(from);
            self.held = held;
            self.out.push_str(" {");
            self.fits(place).then_some(())?;
            self.block(value, "}", place)?;
        }
        self.out.push('\n');
        Some(())
    }

    /// `async { … }`, `|…| { … }`.
    fn closure(&mut self, code: Code<'_>, tail: &str, place: Place) -> Option<()> {
        let (head, body) = closure_of(code)?;
        self.space();
        self.head(head, " {", place)?;
        self.body(body, place)?;
        self.out.push_str(tail);
        Some(())
    }

    /// A call, or calls one behind the other.
    fn chain(&mut self, code: Code<'_>, tail: &str, alone: bool, place: Place) -> Option<bool> {
        // The call of a short receiver stands on its line.
        let is_short = is_short(code) && (alone || self.out.len() == self.line);
        let links = links_of(code, is_short);
        let (receiver, rest) = links.split_first()?;
        let below = place.further(1, 1);
        if rest.is_empty() {
            let inner = if is_short && !alone { below.behind(place) } else { place };
            return self.call(code, tail, place, inner);
        }
        let inner = if is_short && !alone { below.behind(place) } else { place.further(0, 1) };
        let receiver = *receiver;
        let from = self.mark();
        if flat::write(receiver, &mut self.out, &mut self.held).is_none() || !self.fits(place) {
            self.back(from);
            if !self.call(receiver, "", place, inner)? {
                self.links(rest, tail, place, place.further(1, 1).behind(place))?;
                return Some(false);
            }
        }
        let from = self.mark();
        if self.joined(rest, tail, place) {
            return Some(true);
        }
        self.back(from);
        if let [link] = rest {
            self.out.push('\n');
            self.begin(below);
            let is_line =
                self.line_of(*link, tail, below) && self.width() + below.first <= layout::WIDTH;
            self.back(from);
            // What is no line the layout puts behind the receiver, if there is room.
            if !is_line {
                self.link(*link, tail, place, below.behind(place))?;
                if self.first_line_fits(from, place) {
                    return Some(false);
                }
                self.back(from);
            }
        }
        self.links(rest, tail, below, below)?;
        Some(false)
    }

    /// All links on the line, if each would stand on one of its own.
    fn joined(&mut self, links: &[Code<'_>], tail: &str, place: Place) -> bool {
        let line = self.line;
        let are_lines = with_tail(links, tail).all(|(link, tail)| {
            self.line = self.out.len();
            self.line_of(link, tail, place.further(1, 1))
        });
        self.line = line;
        are_lines && self.out.get(line..).is_some_and(|line| fits(line, place.fit))
    }

    /// Links of a chain, each on a line.
    fn links(&mut self, links: &[Code<'_>], tail: &str, place: Place, inner: Place) -> Option<()> {
        for (link, tail) in with_tail(links, tail) {
            self.out.push('\n');
            self.begin(place);
            let from = self.mark();
            let printed = flat::write(link, &mut self.out, &mut self.held).is_some();
            self.out.push_str(tail);
            if !printed || !(self.fits(inner) || self.is_put_together(place)) {
                self.back(from);
                self.link(link, tail, place, inner)?;
            }
        }
        Some(())
    }

    /// `.method(…)?`, its arguments over several lines.
    fn link(&mut self, code: Code<'_>, tail: &str, place: Place, inner: Place) -> Option<bool> {
        self.out.push('.');
        self.call(code.after(".")?, tail, place, inner)
    }

    /// `path(…)?`, its arguments over several lines, unless the layout joins them to one.
    fn call(&mut self, code: Code<'_>, tail: &str, place: Place, inner: Place) -> Option<bool> {
        let (arguments, close) = self.opened_call(code, tail)?;
        if self.one_line(&arguments, &close, (place, inner)) {
            return Some(true);
        }
        match arguments.as_slice() {
            [only] if !is_tuple(code) => self.hugged(*only, &close, (place, inner)),
            [_, _, ..] => self.elements(&arguments, &close, (place, inner)),
            _ => None,
        }?;
        Some(false)
    }

    /// Goes on with a call up to its arguments; gives them, and what closes them.
    fn opened_call<'t>(&mut self, code: Code<'t>, tail: &str) -> Option<(Vec<Code<'t>>, String)> {
        let (path, arguments, rest) = arguments_of(code)?;
        let mut close = ")".to_owned();
        for (tree, _) in rest.trees() {
            tree.is("?").then(|| close.push('?'))?;
        }
        close.push_str(tail);
        // An operator binds otherwise, and prettyplease may break types.
        let marks = path.trees().all(|(tree, _)| match tree {
            Tree::Punct(mark, _) => matches!(mark, ':' | '.'),
            Tree::Word(_) => true,
            Tree::Literal(_) | Tree::Group(..) => false,
        });
        marks.then_some(())?;
        if path.is_empty() {
            self.space();
        } else {
            flat::write(path, &mut self.out, &mut self.held)?;
        }
        self.out.push('(');
        Some((list(arguments)?, close))
    }

    /// Arguments that would each stand on a line, together on one with what closes them.
    fn one_line(
        &mut self,
        elements: &[Code<'_>],
        close: &str,
        (place, inner): (Place, Place),
    ) -> bool {
        let (from, line) = (self.mark(), self.line);
        let deeper = Place { column: place.column, ..inner }.further(1, 1);
        let mut are_lines = true;
        for element in elements {
            self.line = self.out.len();
            self.held = Held::default();
            are_lines = are_lines && self.line_of(*element, ",", deeper) && !self.held.slashes;
            // What opens its own brace on the line of the call is no line.
            are_lines =
                are_lines && !(elements.len() == 1 && self.held.loose && is_closure(*element));
            self.out.push(' ');
        }
        if !are_lines {
            self.back(from);
            return false;
        }
        self.line = line;
        self.out.truncate(self.out.len() - 2);
        self.out.push_str(close);
        let fits = self.out.get(line..).is_some_and(|line| fits(line, place.fit));
        self.held = from.held;
        if !fits {
            self.back(from);
        }
        fits
    }

    /// Goes on with the code on the line if it stays there, or if all that keeps it from that are
    /// the arguments of a call that the layout joins.
    fn line_of(&mut self, code: Code<'_>, tail: &str, place: Place) -> bool {
        if self.flat(code, tail, place) {
            return true;
        }
        let from = self.mark();
        let done = self.joined_call(code, tail, place);
        if done.is_none() {
            self.back(from);
        }
        done.is_some()
    }

    fn joined_call(&mut self, code: Code<'_>, tail: &str, place: Place) -> Option<()> {
        let call = match closure_of(code) {
            Some((head, Body::Value(call))) => {
                flat::write(head, &mut self.out, &mut self.held)?;
                call
            }
            Some(_) => return None,
            None => code,
        };
        let (arguments, close) = self.opened_call(call, tail)?;
        self.one_line(&arguments, &close, (place, place)).then_some(())
    }

    /// Arguments or elements, each on a line, and what closes them.
    fn elements(
        &mut self,
        elements: &[Code<'_>],
        close: &str,
        (place, inner): (Place, Place),
    ) -> Option<()> {
        self.fits(inner).then_some(())?;
        if let [others @ .., last] = elements
            && is_closure(*last)
            && self.is_hung(others, *last, (place, inner))?
        {
            return self.hang(others, *last, close, (place, inner));
        }
        let deeper = Place { column: place.column, ..inner }.further(1, 1);
        for element in elements {
            self.out.push('\n');
            self.begin(deeper);
            if !self.line_of(*element, ",", deeper) {
                self.broken(*element, ",", false, deeper)?;
            }
        }
        self.out.push('\n');
        self.begin(place);
        self.out.push_str(close);
        Some(())
    }

    /// The only argument, which opens its bracket on the line of the call.
    fn hugged(
        &mut self,
        code: Code<'_>,
        close: &str,
        (place, inner): (Place, Place),
    ) -> Option<()> {
        let place = Place { column: place.column, ..inner };
        if is_closure(code) {
            return self.closure(code, close, place);
        }
        let (path, elements, rest) = arguments_of(code)?;
        let elements = list(elements)?;
        (path.is_empty() && rest.is_empty() && elements.len() > 1).then_some(())?;
        self.out.push('(');
        if self.one_line(&elements, &format!("){close}"), (place, place)) {
            return Some(());
        }
        self.elements(&elements, &format!("){close}"), (place, place))
    }

    /// Whether a closure behind other arguments hangs over the call; none where that is not plain.
    fn is_hung(
        &mut self,
        others: &[Code<'_>],
        last: Code<'_>,
        (place, inner): (Place, Place),
    ) -> Option<bool> {
        let (from, line) = (self.mark(), self.line);
        let printed = Place { printed: inner.printed + STEP, ..place };
        let (head, _) = closure_of(last)?;
        let mut fits_all = true;
        for argument in others.iter().copied().chain([head]) {
            self.line = self.out.len();
            flat::write(argument, &mut self.out, &mut self.held)?;
            self.out.push_str(", ");
            fits_all &= self.fits(printed);
        }
        self.line = line;
        let hung = self.out.get(line..).is_some_and(|line| fits(line, place.fit));
        self.back(from);
        // On a line of its own it stays there.
        self.line = self.out.len();
        let deeper = Place { column: place.column, ..inner }.further(1, 1);
        let another = others.iter().any(|other| is_closure(*other));
        let stays = another && self.line_of(last, ",", deeper);
        self.line = line;
        self.back(from);
        fits_all.then_some(hung && !stays && !head.holds("move"))
    }

    fn hang(
        &mut self,
        others: &[Code<'_>],
        last: Code<'_>,
        close: &str,
        (place, inner): (Place, Place),
    ) -> Option<()> {
        for argument in others {
            flat::write(*argument, &mut self.out, &mut self.held)?;
            self.out.push_str(", ");
        }
        let (head, body) = closure_of(last)?;
        flat::write(head, &mut self.out, &mut self.held)?;
        self.out.push_str(" {");
        let place = Place { column: place.column, ..inner };
        let (first, printed) = (inner.first + STEP, inner.printed + STEP);
        self.body(body, Place { first, printed, ..place })?;
        self.out.push_str(close);
        Some(())
    }

    /// The body of a closure, and its end.
    fn body(&mut self, body: Body<'_>, place: Place) -> Option<()> {
        match body {
            Body::Block(code) => self.block(code, "}", place)?,
            Body::Value(code) => {
                let deeper = place.further(1, 1);
                self.out.push('\n');
                self.begin(deeper);
                if !self.flat(code, "", deeper) {
                    self.broken(code, "", false, deeper)?;
                }
                self.out.push('\n');
                self.begin(place);
                self.out.push('}');
            }
        }
        Some(())
    }

    fn mark(&self) -> Mark {
        Mark { length: self.out.len(), line: self.line, held: self.held }
    }

    fn back(&mut self, mark: Mark) {
        self.out.truncate(mark.length);
        (self.line, self.held) = (mark.line, mark.held);
    }

    /// Whether the line that was the last one then is not too wide.
    fn first_line_fits(&self, mark: Mark, place: Place) -> bool {
        let line = self.out.get(mark.line..).and_then(|text| text.lines().next());
        line.is_some_and(|line| fits(line, place.fit))
    }
}

/// The first statement of some, and the others.
fn statement_of(code: Code<'_>) -> (Code<'_>, Code<'_>) {
    let mut start = code;
    while let Some((_, rest)) = attribute_of(start) {
        start = rest;
    }
    let block = match start.next() {
        Some((Tree::Word("if"), rest)) => past_choice(rest),
        Some((Tree::Word("match" | "for" | "while" | "loop"), rest)) => {
            block_of(rest).map(|(_, _, rest)| rest)
        }
        _ => None,
    };
    let goes_on = |rest: &Code<'_>| {
        let next = rest.first();
        [".", "?", ";"].into_iter().any(|mark| next.is_some_and(|next| next.is(mark)))
    };
    let end = match block.filter(|rest| !goes_on(rest)) {
        Some(rest) => rest,
        None => start.trees().find(|(tree, _)| tree.is(";")).map_or(start.end(), |(_, rest)| rest),
    };
    (code.before(end), end)
}

/// What stands in the brackets of an attribute, and what follows it.
pub(super) fn attribute_of(code: Code<'_>) -> Option<(Code<'_>, Code<'_>)> {
    match code.after("#")?.next()? {
        (Tree::Group(Delimiter::Bracket, attribute), rest) => Some((attribute, rest)),
        _ => None,
    }
}

/// What a `let` gives a name to.
fn value_of(code: Code<'_>) -> Option<Code<'_>> {
    let (_, value) = code.trees().find(|(tree, _)| tree.is("="))?;
    let is_choice = matches!(value.first(), Some(Tree::Word("if")));
    (is_choice || !value.holds("else")).then_some(value)
}

/// The pattern of the first arm, and its value with all that follows.
fn arm_of(code: Code<'_>) -> Option<(Code<'_>, Code<'_>)> {
    let mut before = code;
    for (tree, rest) in code.trees() {
        if tree.is("=")
            && let Some(value) = rest.after(">")
        {
            return Some((code.before(before), value));
        }
        // A guard, an attribute.
        if tree.is("if") || tree.is("#") {
            return None;
        }
        before = rest;
    }
    None
}

/// The first of a list, and the others.
fn first_of_list(code: Code<'_>) -> Option<(Code<'_>, Code<'_>)> {
    let mut before = code;
    let (mut parameters, mut types, mut last) = (false, 0_usize, None);
    for (tree, rest) in code.trees() {
        match tree {
            Tree::Punct(',', _) if !parameters && types == 0 => {
                return Some((code.before(before), rest));
            }
            Tree::Punct('|', _) => parameters = !parameters,
            Tree::Punct('<', _) if matches!(last, Some(Tree::Punct(':', _))) => types += 1,
            Tree::Punct('>', _) if types > 0 => types -= 1,
            // A comparison, or types that are not told from one.
            Tree::Punct('<', _) if types == 0 => return None,
            Tree::Punct('<', _) => types += 1,
            _ => {}
        }
        (before, last) = (rest, Some(tree));
    }
    Some((code, before))
}

/// The links of a chain, each with what stands behind it.
fn with_tail<'l>(
    links: &'l [Code<'l>],
    tail: &'l str,
) -> impl Iterator<Item = (Code<'l>, &'l str)> {
    let last = links.len().saturating_sub(1);
    links.iter().enumerate().map(move |(at, link)| (*link, if at == last { tail } else { "" }))
}

/// What a literal says.
fn text_of(literal: &str) -> Option<Cow<'_, str>> {
    let inner = literal.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner.filter(|inner| !inner.contains('\\')) {
        Some(inner) => Some(inner.into()),
        None => Some(syn::parse_str::<syn::LitStr>(literal).ok()?.value().into()),
    }
}

/// What a closure does.
enum Body<'t> {
    Block(Code<'t>),
    Value(Code<'t>),
}

fn is_closure(code: Code<'_>) -> bool {
    matches!(code.first(), Some(Tree::Word("async" | "move") | Tree::Punct('|', _)))
}

/// What stands before the body of a closure or an `async` block, and the body.
fn closure_of(code: Code<'_>) -> Option<(Code<'_>, Body<'_>)> {
    let mut rest = code.after("async").unwrap_or(code);
    rest = rest.after("move").unwrap_or(rest);
    if let Some(parameters) = rest.after("|") {
        let (_, behind) = parameters.trees().find(|(tree, _)| tree.is("|"))?;
        rest = behind;
    }
    let head = code.before(rest);
    match rest.next()? {
        (Tree::Group(Delimiter::Brace, body), behind) => {
            (behind.is_empty() && !head.is_empty()).then_some((head, Body::Block(body)))
        }
        // The type of what it gives.
        (Tree::Punct('-', _), behind) if behind.after(">").is_some() => None,
        _ => head.without_last('|').map(|_| (head, Body::Value(rest))),
    }
}

/// The elements of a list.
fn list(code: Code<'_>) -> Option<Vec<Code<'_>>> {
    let mut elements = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        let (element, behind) = first_of_list(rest)?;
        elements.push(element);
        rest = behind;
    }
    Some(elements)
}

/// The path of a call, its arguments, and what follows it.
fn arguments_of(code: Code<'_>) -> Option<(Code<'_>, Code<'_>, Code<'_>)> {
    let mut before = code;
    for (tree, rest) in code.trees() {
        if let Tree::Group(Delimiter::Parenthesis, arguments) = tree {
            return Some((code.before(before), arguments, rest));
        }
        before = rest;
    }
    None
}

fn is_tuple(code: Code<'_>) -> bool {
    matches!(code.first(), Some(Tree::Group(..)))
}

/// Whether the receiver of a call is a name that is no longer than a step.
fn is_short(code: Code<'_>) -> bool {
    matches!(code.next(), Some((Tree::Word(word), rest))
        if word.len() <= STEP && rest.after(".").is_some())
}

/// The links of a chain of calls, the first of which has no dot, or one where it is short.
fn links_of(code: Code<'_>, is_short: bool) -> Vec<Code<'_>> {
    let mut links = Vec::new();
    let (mut start, mut before) = (code, code);
    let mut skipped = is_short;
    for (tree, rest) in code.trees() {
        if tree.is(".") && !std::mem::take(&mut skipped) {
            links.push(start.before(before));
            start = before;
        }
        before = rest;
    }
    links.push(start);
    links
}
