//! `if` and `match` over several lines.

use proc_macro2::Delimiter;

use super::super::flat;
use super::super::parts::{arm_of, block_of, first_of_list, statement_of};
use super::super::tokens::{Code, Tree};
use super::{Place, Printer};

impl Printer {
    /// `if … { … } else { … }`.
    pub(super) fn choice(&mut self, code: Code<'_>, tail: &str, place: Place) -> Option<()> {
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
    pub(super) fn arms(&mut self, code: Code<'_>, tail: &str, place: Place) -> Option<()> {
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
}
