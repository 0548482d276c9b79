//! Writes code on one line: how it is spaced follows from its tokens.

use proc_macro2::{Delimiter, Spacing};

use super::parts::block_of;
use super::tokens::{Code, Tree, brackets};

/// The widest struct literal that prettyplease leaves on one line, its last bracket not counted.
const STRUCT: usize = 34;

/// What a line holds that more than its width may break.
#[derive(Clone, Copy, Default)]
pub(super) struct Held {
    /// A struct that prettyplease breaks.
    pub(super) wide: bool,
    /// What the layout does not put together once it is broken: operators, closures, blocks.
    pub(super) loose: bool,
    /// Columns that prettyplease sees besides: a macro is a function to it, of a longer name.
    pub(super) more: usize,
    /// What looks like a comment: it stays on the line that it is on.
    pub(super) slashes: bool,
}

/// More bytes than any line has: its characters have at most four.
const LONGEST: usize = 4 * super::layout::WIDTH;

/// Words behind which an expression begins.
const BEFORE_VALUES: [&str; 12] =
    ["as", "async", "else", "for", "if", "in", "let", "move", "mut", "ref", "return", "where"];

/// Words that no line holds in its midst.
const BLOCKS: [&str; 5] = ["loop", "match", "unsafe", "while", "yield"];

/// Operators of two marks.
const PAIRS: [&str; 13] =
    ["::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "..", "+=", "-=", "*="];

/// Adds the code to the line; none where it has no form of one line, or where how it is spaced
/// does not follow from its tokens alone.
pub(super) fn write(code: Code<'_>, out: &mut String, held: &mut Held) -> Option<()> {
    let end = out.len() + LONGEST;
    Writer { out, held, end }.level(code, Level::default())
}

/// The same of what stands before the brace of a block, or of a function's body.
pub(super) fn write_head(code: Code<'_>, out: &mut String, held: &mut Held) -> Option<()> {
    let end = out.len() + LONGEST;
    let at = Level { glued: true, head: true, ..Level::default() };
    Writer { out, held, end }.level(code, at)
}

struct Writer<'o> {
    out: &'o mut String,
    held: &'o mut Held,
    /// Where the text of any line would have ended.
    end: usize,
}

/// Where in the trees of one bracket the writer is.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is true of its own last token")]
struct Level {
    /// No space stands before what is next.
    glued: bool,
    /// What was last ends an operand: a mark behind it is an operator.
    operand: bool,
    /// What was last is a name that begins as those of types do.
    named: bool,
    /// Where the path of that name begins.
    path: usize,
    /// Brackets around types that are open.
    types: usize,
    /// Within the parameters of a closure.
    parameters: bool,
    /// A brace opens no struct.
    head: bool,
    /// What was last is a keyword behind which types may stand.
    typed: bool,
}

impl Writer<'_> {
    fn level(&mut self, code: Code<'_>, mut at: Level) -> Option<()> {
        if self.out.ends_with(['\n', ' ', '(', '[', '.']) || self.out.is_empty() {
            at.glued = true;
        }
        let mut rest = code;
        while let Some((tree, behind)) = rest.next() {
            if self.out.len() > self.end {
                return None;
            }
            // Where it is laid out, a list is written as what nothing else is.
            if tree.is("&")
                && let Some((Tree::Group(Delimiter::Bracket, list), behind)) =
                    behind.after("mut").and_then(Code::next)
            {
                self.space(&at);
                self.out.push_str("vec!");
                self.held.more += 1;
                at.operand = true;
                self.group(Delimiter::Bracket, list, &mut at)?;
                rest = behind;
                continue;
            }
            rest = match tree {
                Tree::Word("if") => self.choice(behind, &mut at)?,
                Tree::Word(word) => self.word(word, behind, &mut at)?,
                Tree::Literal(text) => self.literal(text, behind, &mut at)?,
                Tree::Punct(mark, spacing) => {
                    let (mark, behind) = joined(mark, spacing, behind)?;
                    self.mark(mark, behind, &mut at)?;
                    behind
                }
                Tree::Group(delimiter, inner) => {
                    self.group(delimiter, inner, &mut at)?;
                    behind
                }
            };
        }
        Some(())
    }

    fn space(&mut self, at: &Level) {
        if !at.glued {
            self.out.push(' ');
        }
    }

    fn word<'t>(&mut self, word: &str, behind: Code<'t>, at: &mut Level) -> Option<Code<'t>> {
        if BLOCKS.contains(&word) {
            return None;
        }
        self.space(at);
        if !self.out.ends_with("::") {
            at.path = self.out.len();
        }
        match word {
            "format__" | "json__" => {
                self.out.push_str(word.trim_end_matches('_'));
                self.out.push('!');
                self.held.more += 1;
            }
            // An object of JSON.
            "Object__" => return None,
            _ => self.out.push_str(word),
        }
        at.glued = false;
        at.operand = !BEFORE_VALUES.contains(&word);
        at.named = word.starts_with(|c: char| c.is_ascii_uppercase());
        at.typed = matches!(word, "impl" | "fn" | "dyn");
        self.held.loose |= word == "as";
        // A block of one expression.
        if matches!(word, "async" | "move")
            && let Some((Tree::Group(Delimiter::Brace, inner), rest)) = behind.next()
        {
            self.block(inner)?;
            at.operand = true;
            return Some(rest);
        }
        Some(behind)
    }

    fn literal<'t>(&mut self, text: &str, behind: Code<'t>, at: &mut Level) -> Option<Code<'t>> {
        // A literal over lines, or one with what the layout takes for a bracket or a comment.
        if text.contains('\n') || text.starts_with('\'') {
            return None;
        }
        self.held.slashes |= text.contains("//");
        self.space(at);
        self.out.push_str(text);
        (at.glued, at.operand, at.named, at.typed) = (false, true, false, false);
        Some(behind)
    }

    fn group(&mut self, delimiter: Delimiter, inner: Code<'_>, at: &mut Level) -> Option<()> {
        match delimiter {
            Delimiter::None => return None,
            Delimiter::Brace if at.operand => return self.braces(inner, at),
            Delimiter::Brace if at.head || at.glued => return None,
            // The body of a closure needs none.
            Delimiter::Brace => {
                at.operand = true;
                self.held.more += 4;
                return self.value(inner);
            }
            Delimiter::Parenthesis | Delimiter::Bracket => {}
        }
        let called = at.operand;
        if !called {
            self.space(at);
        }
        let (open, close) = brackets(delimiter);
        self.out.push_str(open);
        self.level(
            without_comma(inner, called || delimiter == Delimiter::Bracket),
            Level::default(),
        )?;
        self.out.push_str(close);
        (at.glued, at.operand, at.named, at.typed) = (false, true, false, false);
        Some(())
    }

    /// A struct or its pattern.
    fn braces(&mut self, inner: Code<'_>, at: &mut Level) -> Option<()> {
        if !at.named || at.head {
            return None;
        }
        self.out.push_str(" {");
        if !inner.is_empty() {
            self.out.push(' ');
            self.level(without_comma(inner, true), Level::default())?;
            self.out.push(' ');
        }
        let width = self.out.get(at.path..).map_or(0, |text| text.chars().count());
        self.held.wide |= width > STRUCT;
        self.out.push('}');
        (at.glued, at.operand, at.named) = (false, true, false);
        Some(())
    }

    /// A block of one expression, which may stand on the line with its braces.
    fn block(&mut self, inner: Code<'_>) -> Option<()> {
        self.out.push_str(" {");
        if !inner.is_empty() {
            self.value(inner)?;
            self.out.push(' ');
        }
        self.out.push('}');
        Some(())
    }

    /// What stands in such a block.
    fn value(&mut self, inner: Code<'_>) -> Option<()> {
        let first = inner.first()?;
        let more = ["let", "for", "#", "use", "const"].into_iter().any(|word| first.is(word));
        if more || inner.holds(";") || ends_early(inner) {
            return None;
        }
        self.out.push(' ');
        self.level(inner, Level::default())
    }

    /// `if … { … } else { … }` with one expression in each; without the `else` it is broken.
    fn choice<'t>(&mut self, code: Code<'t>, at: &mut Level) -> Option<Code<'t>> {
        self.space(at);
        let (loose, mut chained) = (self.held.loose, false);
        let mut code = code;
        loop {
            self.out.push_str("if ");
            let (condition, block, rest) = block_of(code)?;
            self.level(condition, Level { head: true, ..Level::default() })?;
            self.block(block)?;
            let rest = rest.after("else")?;
            self.out.push_str(" else");
            if let Some(next) = rest.after("if") {
                self.out.push(' ');
                (code, chained) = (next, true);
                continue;
            }
            let Some((Tree::Group(Delimiter::Brace, block), rest)) = rest.next() else {
                return None;
            };
            self.block(block)?;
            // The layout puts both blocks on the line of the condition, but not more.
            self.held.loose = loose || chained;
            (at.glued, at.operand, at.named) = (false, true, false);
            return Some(rest);
        }
    }

    fn mark(&mut self, mark: Mark, behind: Code<'_>, at: &mut Level) -> Option<()> {
        let typed = std::mem::take(&mut at.typed);
        match mark.text() {
            "." => self.tight(".", at),
            "::" if at.operand => self.tight("::", at),
            "::" => self.prefix("::", at),
            "," | ";" | ":" => {
                self.out.push_str(mark.text());
                (at.glued, at.operand, at.named) = (false, false, false);
            }
            "?" if at.operand => {
                self.out.push('?');
                at.named = false;
            }
            // A macro.
            "!" if at.operand => match behind.first()? {
                Tree::Group(Delimiter::Parenthesis | Delimiter::Bracket, _) => {
                    self.held.loose = true;
                    self.out.push('!');
                }
                _ => return None,
            },
            "'" => self.prefix("'", at),
            "<" if at.named || typed || self.out.ends_with("::") => {
                // prettyplease may break the types of a call.
                self.held.loose |= self.out.ends_with("::");
                self.tight("<", at);
                at.types += 1;
            }
            ">" if at.types > 0 => {
                // The comma before the end of the types.
                if self.out.ends_with(',') {
                    self.out.pop();
                }
                self.out.push('>');
                at.types -= 1;
                (at.glued, at.operand, at.named) = (false, true, false);
            }
            "|" if at.parameters => {
                self.out.push('|');
                (at.glued, at.operand, at.parameters) = (false, false, false);
            }
            "|" if !at.operand => {
                self.prefix("|", at);
                at.parameters = true;
            }
            "||" if !at.operand => {
                self.prefix("||", at);
                at.glued = false;
            }
            "&" | "&&" | "*" | "-" | "!" if !at.operand => self.prefix(mark.text(), at),
            ".." if !at.operand => self.prefix("..", at),
            ".." => self.tight("..", at),
            "=" | "=>" | "->" => {
                at.head |= mark.text() == "->";
                self.operator(mark.text(), at);
            }
            "@" | "#" | "$" | "~" => return None,
            operator if at.operand && at.types == 0 => {
                self.held.loose = true;
                self.operator(operator, at);
            }
            "+" if at.operand => self.operator("+", at),
            _ => return None,
        }
        Some(())
    }

    /// A mark without a space on either side.
    fn tight(&mut self, mark: &str, at: &mut Level) {
        self.out.push_str(mark);
        (at.glued, at.operand) = (true, false);
    }

    /// A mark before an operand.
    fn prefix(&mut self, mark: &str, at: &mut Level) {
        self.space(at);
        self.tight(mark, at);
    }

    /// A mark between two.
    fn operator(&mut self, mark: &str, at: &mut Level) {
        self.space(at);
        self.out.push_str(mark);
        (at.glued, at.operand, at.named) = (false, false, false);
    }
}

/// Without the comma at the end, unless it makes a tuple.
fn without_comma(inner: Code<'_>, listed: bool) -> Code<'_> {
    match inner.without_last(',') {
        Some(shorter) if listed || shorter.holds(",") => shorter,
        _ => inner,
    }
}

/// Whether a statement ends within the code that is none at its end: `if a { … } b`.
fn ends_early(code: Code<'_>) -> bool {
    code.trees().any(|(tree, rest)| {
        matches!(tree, Tree::Group(Delimiter::Brace, _))
            && matches!(rest.first(), Some(Tree::Word(next)) if next != "else" && next != "as")
    })
}

/// One or two marks.
#[derive(Clone, Copy)]
struct Mark([u8; 2], usize);

impl Mark {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.0[..self.1]).unwrap_or_default()
    }
}

/// A mark with the next one if both are an operator.
fn joined(mark: char, spacing: Spacing, behind: Code<'_>) -> Option<(Mark, Code<'_>)> {
    let first = u8::try_from(mark).ok()?;
    if spacing == Spacing::Joint
        && let Some((Tree::Punct(next, spacing), rest)) = behind.next()
    {
        let pair = Mark([first, u8::try_from(next).ok()?], 2);
        // `..=`
        if pair.text() == ".." && spacing == Spacing::Joint {
            return None;
        }
        if PAIRS.contains(&pair.text()) {
            return Some((pair, rest));
        }
    }
    Some((Mark([first, 0], 1), behind))
}
