//! Prints statements straight from their tokens: those that stand on a line, and those that open
//! blocks or calls over several, as prettyplease and the layout together would. What else there is
//! goes that way.

mod blocks;
mod calls;
mod items;
#[cfg(test)]
mod tests;

use super::flat::{self, Held};
use super::layout;
use super::parts::{Body, attribute_of, block_of, closure_of, is_closure, statement_of, value_of};
use super::tokens::{Code, Tree};
use super::wide::fits;

/// Columns of a line of prettyplease's.
const PRINTED: usize = 89;

/// Columns that it gives a line however far in it begins.
const LEAST: usize = 60;

/// A step.
pub(super) const STEP: usize = 4;

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

    /// `async { … }`, `|…| { … }`.
    fn closure(&mut self, code: Code<'_>, tail: &str, place: Place) -> Option<()> {
        let (head, body) = closure_of(code)?;
        self.space();
        self.head(head, " {", place)?;
        self.body(body, place)?;
        self.out.push_str(tail);
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
