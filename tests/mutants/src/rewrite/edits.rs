//! Texts that are put into a file, from the outside in.

use std::ops::Range;

use super::Rewritten;

/// In the order in which they are said: what is outside comes first.
#[derive(Default)]
pub(super) struct Edits {
    all: Vec<Edit>,
    /// The first edit of each form and what it asks.
    forms: Vec<(Range<usize>, Vec<u32>)>,
    /// The first edit that is of no form yet.
    begun: usize,
}

struct Edit {
    /// What goes; nothing for most.
    at: Range<usize>,
    side: Side,
    text: String,
    /// Which parts of the text are a mutant's own.
    arms: Vec<(Range<usize>, u32)>,
}

/// Of two texts at one place, what ends comes before what begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Ends,
    Between,
    Begins,
}

impl Edits {
    /// The first of a form begins it, whatever it takes the place of.
    fn push(&mut self, at: Range<usize>, later: Side) {
        let side = if self.all.len() == self.begun { Side::Begins } else { later };
        self.all.push(Edit { at, side, text: String::new(), arms: Vec::new() });
    }

    /// What is said next stands here: the first of a form begins something, the later ones end it.
    pub(super) fn open(&mut self, at: usize) {
        self.push(at..at, Side::Ends);
    }

    /// What is said next stands instead of this.
    pub(super) fn replace(&mut self, at: Range<usize>) {
        self.push(at, Side::Between);
    }

    pub(super) fn say(&mut self, text: &str) {
        if let Some(edit) = self.all.last_mut() {
            edit.text.push_str(text);
        }
    }

    pub(super) fn say_mutant(&mut self, number: u32, text: &str) {
        if let Some(edit) = self.all.last_mut() {
            let start = edit.text.len();
            edit.text.push_str(text);
            edit.arms.push((start..edit.text.len(), number));
        }
    }

    /// The form that was begun reaches to the last edit, and asks these.
    pub(super) fn close(&mut self, numbers: Vec<u32>) {
        self.forms.push((self.begun..self.all.len(), numbers));
        self.begun = self.all.len();
    }

    /// The file with all that was said.
    pub(super) fn apply(&self, source: &str) -> Rewritten {
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by_key(|&index| {
            let edit = &self.all[index];
            // Of two that end at one place, the inner one, said later, comes first.
            let rank = if edit.side == Side::Ends { usize::MAX - index } else { index };
            (edit.at.start, edit.side, rank)
        });
        let mut text = String::with_capacity(source.len() * 2);
        let mut spans = vec![0..0; self.all.len()];
        let (mut arms, mut done) = (Vec::new(), 0);
        for index in order {
            let edit = &self.all[index];
            text.push_str(&source[done..edit.at.start]);
            let start = text.len();
            text.push_str(&edit.text);
            spans[index] = start..text.len();
            let own = edit.arms.iter();
            arms.extend(own.map(|(own, number)| (start + own.start..start + own.end, *number)));
            done = edit.at.end;
        }
        text.push_str(&source[done..]);
        let whole = |form: &Range<usize>| {
            let spans = &spans[form.clone()];
            let start = spans.iter().map(|span| span.start).min().unwrap_or(0);
            start..spans.iter().map(|span| span.end).max().unwrap_or(0)
        };
        let forms = self.forms.iter().map(|(form, asked)| (whole(form), asked.clone())).collect();
        Rewritten { text, arms, forms }
    }
}
