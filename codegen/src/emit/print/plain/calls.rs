//! Calls over several lines: their arguments, and chains of them.

use super::super::flat::{self, Held};
use super::super::layout;
use super::super::parts::{
    Body, arguments_of, closure_of, is_closure, is_short, is_tuple, links_of, list, with_tail,
};
use super::super::tokens::{Code, Tree};
use super::super::wide::fits;
use super::{Place, Printer, STEP};

impl Printer {
    /// A call, or calls one behind the other.
    pub(super) fn chain(
        &mut self,
        code: Code<'_>,
        tail: &str,
        alone: bool,
        place: Place,
    ) -> Option<bool> {
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
}
