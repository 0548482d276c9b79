//! The only module that touches `minijinja`'s parser and its syntax tree.
//!
//! Its parser recurses for each prefix operator and `else`, and its tree is as deep as a chain of
//! operators is long, so [`scan`] measures an expression first, over tokens, without recursion.

mod spans;

use minijinja::machinery::{Token, ast, parse_expr, tokenize};
use minijinja::value::ValueKind;

use self::spans::Source;
use super::ast::{Ast, AstKind, Binary, Invocation, Unary};
use super::habits;
use super::issue::ExprIssue;
use crate::diagnostic::{Span, code};

/// How deep an expression may nest: parentheses, prefix operators, chains of operators.
pub(super) const DEPTH_LIMIT: usize = 64;
/// How many brackets may be open at once.
const BRACKET_LIMIT: usize = 32;
/// How many tokens one expression may have.
const TOKEN_LIMIT: usize = 10_000;

/// Parses `source`, which stands at byte `offset` of its field's text.
pub(super) fn parse_at(source: &str, offset: usize) -> Result<Ast, ExprIssue> {
    let whole = Span { start: offset, end: offset + source.len() };
    if source.trim().is_empty() {
        return Err(ExprIssue::new(code::SYNTAX.id, whole, "an empty expression")
            .help("write an expression between `{{` and `}}`, or remove them"));
    }
    // Too short to be too deep: brackets come in pairs.
    if source.len() >= 2 * BRACKET_LIMIT {
        scan(source, offset)?;
    }
    let tree = parse_expr(source).map_err(|error| syntax_error(&error, source, whole))?;
    Converter { source: Source::new(source, offset) }.expr(&tree, 0)
}

fn too_deep(span: Span) -> ExprIssue {
    ExprIssue::new(
        code::EXPRESSION_TOO_LARGE.id,
        span,
        "the expression is too deeply nested or too long",
    )
    .help("split it: give a part to a `transform` node and read that node's output")
}

/// Refuses what would be too deep for recursion.
fn scan(source: &str, offset: usize) -> Result<(), ExprIssue> {
    // For each open bracket, how many operators the current operand of it is deep.
    let mut levels = vec![0_usize];
    let mut depth = 0_usize;
    for (count, token) in
        tokenize(source, true, minijinja::syntax::SyntaxConfig::default()).enumerate()
    {
        // The parser meets the same error, and says it better.
        let Ok((token, span)) = token else { return Ok(()) };
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => levels.push(0),
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                depth -= levels.pop().unwrap_or(0);
                if levels.is_empty() {
                    return Ok(());
                }
            }
            Token::Comma => depth -= levels.last_mut().map_or(0, std::mem::take),
            Token::Ident("not" | "else" | "if" | "and" | "or" | "is" | "in")
            | Token::Minus
            | Token::Plus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Mod
            | Token::Pow
            | Token::Dot
            | Token::Pipe
            | Token::Tilde
            | Token::Eq
            | Token::Ne
            | Token::Lt
            | Token::Lte
            | Token::Gt
            | Token::Gte => {
                depth += 1;
                if let Some(level) = levels.last_mut() {
                    *level += 1;
                }
            }
            _ => {}
        }
        // Chains are bounded too: the parser's tree of one leans to the left, and is dropped
        // recursively.
        if levels.len() > BRACKET_LIMIT || depth > 8 * DEPTH_LIMIT || count > TOKEN_LIMIT {
            let start = offset + span.start_offset as usize;
            return Err(too_deep(Span { start, end: offset + span.end_offset as usize }));
        }
    }
    Ok(())
}

fn syntax_error(error: &minijinja::Error, source: &str, whole: Span) -> ExprIssue {
    let detail = error.detail().unwrap_or("not an expression");
    let range = error.range().unwrap_or(0..source.len());
    // The parser may point one past the end, or into a character.
    let mut start = range.start.min(source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, source.len());
    while !source.is_char_boundary(end) {
        end += 1;
    }
    let span = Span { start: whole.start + start, end: whole.start + end };
    let issue =
        ExprIssue::new(code::SYNTAX.id, span, detail.replace("variable block", "expression"));
    if let Some(help) = habits::syntax_help(source) {
        // A text at the start would be taken for what is to be quoted.
        let edit = habits::translated(source).filter(|_| !source.starts_with(['\'', '"']));
        let mended = edit.filter(|text| parse_expr(text).is_ok());
        return issue.help(help).edit(whole, mended);
    }
    match source.get(start..end) {
        Some("?") => issue.help("write `a if condition else b` for `condition ? a : b`"),
        Some("!") => issue.help("write `not` for `!`"),
        Some("=") => issue.help("compare with `==`"),
        _ => issue.help("check the expression's syntax: it is that of Jinja"),
    }
}

fn unsupported(span: Span, what: &str, help: &str) -> ExprIssue {
    ExprIssue::new(code::UNSUPPORTED.id, span, format!("{what} is not part of the language"))
        .help(help)
}

struct Converter<'s> {
    source: Source<'s>,
}

impl Converter<'_> {
    fn span(&self, span: minijinja::machinery::Span) -> Span {
        Span {
            start: self.source.offset + span.start_offset as usize,
            end: self.source.offset + span.end_offset as usize,
        }
    }

    fn boxed(&self, tree: &ast::Expr<'_>, depth: usize) -> Result<Box<Ast>, ExprIssue> {
        self.expr(tree, depth + 1).map(Box::new)
    }

    fn all(&self, trees: &[ast::Expr<'_>], depth: usize) -> Result<Vec<Ast>, ExprIssue> {
        trees.iter().map(|tree| self.expr(tree, depth + 1)).collect()
    }

    fn optional(
        &self,
        tree: Option<&ast::Expr<'_>>,
        depth: usize,
    ) -> Result<Option<Box<Ast>>, ExprIssue> {
        tree.map(|tree| self.boxed(tree, depth)).transpose()
    }

    fn expr(&self, tree: &ast::Expr<'_>, depth: usize) -> Result<Ast, ExprIssue> {
        let own = self.span(tree.span());
        if depth > DEPTH_LIMIT {
            return Err(too_deep(own));
        }
        let kind = self.kind(tree, own, depth)?;
        Ok(Ast { span: self.source.whole(own, &kind), kind })
    }

    fn kind(&self, tree: &ast::Expr<'_>, own: Span, depth: usize) -> Result<AstKind, ExprIssue> {
        Ok(match tree {
            ast::Expr::Var(var) => AstKind::Name(var.id.to_owned()),
            ast::Expr::Const(literal) => constant(&literal.value, own)?,
            ast::Expr::List(list) => AstKind::List(self.all(&list.items, depth)?),
            ast::Expr::Tuple(_) => {
                return Err(unsupported(own, "a tuple", "write a list: `[a, b]`"));
            }
            ast::Expr::Map(map) => {
                let keys = self.all(&map.keys, depth)?;
                AstKind::Dict(keys.into_iter().zip(self.all(&map.values, depth)?).collect())
            }
            ast::Expr::UnaryOp(unary) => {
                let op = match unary.op {
                    ast::UnaryOpKind::Not => Unary::Not,
                    ast::UnaryOpKind::Neg => Unary::Negate,
                };
                AstKind::Unary(op, self.boxed(&unary.expr, depth)?)
            }
            ast::Expr::BinOp(binary) => self.binary(binary, depth)?,
            ast::Expr::Compare(chain) => {
                let links = chain
                    .ops
                    .iter()
                    .map(|link| Ok((comparison(link.op), self.expr(&link.expr, depth + 1)?)));
                let links = links.collect::<Result<Vec<_>, ExprIssue>>()?;
                AstKind::Chain(self.boxed(&chain.expr, depth)?, links)
            }
            ast::Expr::IfExpr(choice) => AstKind::Conditional {
                condition: self.boxed(&choice.test_expr, depth)?,
                then: self.boxed(&choice.true_expr, depth)?,
                otherwise: self.optional(choice.false_expr.as_ref(), depth)?,
            },
            ast::Expr::GetAttr(access) => AstKind::Attribute {
                base: self.boxed(&access.expr, depth)?,
                name: access.name.to_owned(),
                name_span: Span { start: own.end - access.name.len(), end: own.end },
            },
            ast::Expr::GetItem(access) => AstKind::Item {
                base: self.boxed(&access.expr, depth)?,
                index: self.boxed(&access.subscript_expr, depth)?,
            },
            ast::Expr::Slice(slice) => self.slice(slice, own, depth)?,
            ast::Expr::Filter(filter) => self.filter(filter, own, depth)?,
            ast::Expr::Test(test) => AstKind::Test {
                value: self.boxed(&test.expr, depth)?,
                call: self.invocation(test.name, own, &test.args, depth)?,
            },
            ast::Expr::Call(call) => self.call(call, own, depth)?,
        })
    }

    fn binary(&self, binary: &ast::BinOp<'_>, depth: usize) -> Result<AstKind, ExprIssue> {
        let op = match binary.op {
            ast::BinOpKind::Concat => return self.concat(binary, depth),
            ast::BinOpKind::Eq => Binary::Equal,
            ast::BinOpKind::Ne => Binary::NotEqual,
            ast::BinOpKind::Lt => Binary::Less,
            ast::BinOpKind::Lte => Binary::LessEqual,
            ast::BinOpKind::Gt => Binary::Greater,
            ast::BinOpKind::Gte => Binary::GreaterEqual,
            ast::BinOpKind::ScAnd => Binary::And,
            ast::BinOpKind::ScOr => Binary::Or,
            ast::BinOpKind::Add => Binary::Add,
            ast::BinOpKind::Sub => Binary::Subtract,
            ast::BinOpKind::Mul => Binary::Multiply,
            ast::BinOpKind::Div => Binary::Divide,
            ast::BinOpKind::FloorDiv => Binary::FloorDivide,
            ast::BinOpKind::Rem => Binary::Remainder,
            ast::BinOpKind::Pow => Binary::Power,
            ast::BinOpKind::In => Binary::In,
        };
        let (left, right) = (self.boxed(&binary.left, depth)?, self.boxed(&binary.right, depth)?);
        Ok(AstKind::Binary(op, left, right))
    }

    /// `a ~ b ~ c` leans to the left: its parts from the last to the first.
    fn concat(&self, binary: &ast::BinOp<'_>, depth: usize) -> Result<AstKind, ExprIssue> {
        let mut parts = vec![self.expr(&binary.right, depth + 1)?];
        let mut left = &binary.left;
        while let ast::Expr::BinOp(inner) = left
            && matches!(inner.op, ast::BinOpKind::Concat)
        {
            parts.push(self.expr(&inner.right, depth + 1)?);
            left = &inner.left;
        }
        parts.push(self.expr(left, depth + 1)?);
        parts.reverse();
        Ok(AstKind::Concat(parts))
    }

    fn slice(&self, slice: &ast::Slice<'_>, own: Span, depth: usize) -> Result<AstKind, ExprIssue> {
        if slice.step.is_some() {
            return Err(unsupported(
                own,
                "the step of a slice",
                "write `[start:stop]`; `| reverse` turns a list around",
            ));
        }
        Ok(AstKind::Slice {
            base: self.boxed(&slice.expr, depth)?,
            start: self.optional(slice.start.as_ref(), depth)?,
            stop: self.optional(slice.stop.as_ref(), depth)?,
        })
    }

    fn filter(
        &self,
        filter: &ast::Filter<'_>,
        own: Span,
        depth: usize,
    ) -> Result<AstKind, ExprIssue> {
        let Some(value) = &filter.expr else {
            return Err(unsupported(own, "a filter without a value", "write `value | filter`"));
        };
        let call = self.invocation(filter.name, own, &filter.args, depth)?;
        Ok(AstKind::Filter { value: self.boxed(value, depth)?, call })
    }

    fn call(&self, call: &ast::Call<'_>, own: Span, depth: usize) -> Result<AstKind, ExprIssue> {
        match &call.expr {
            ast::Expr::Var(var) => {
                let at = self.span(var.span());
                Ok(AstKind::Call(self.invocation_at(var.id, at, &call.args, depth)?))
            }
            ast::Expr::GetAttr(access) => {
                let end = self.span(access.span()).end;
                let at = Span { start: end - access.name.len(), end };
                let invocation = self.invocation_at(access.name, at, &call.args, depth)?;
                Ok(AstKind::Method { value: self.boxed(&access.expr, depth)?, call: invocation })
            }
            _ => Err(unsupported(own, "a call of a value", "call a function by its name")),
        }
    }

    /// Filters and tests start with their name, in the parser's spans.
    fn invocation(
        &self,
        name: &str,
        own: Span,
        args: &[ast::CallArg<'_>],
        depth: usize,
    ) -> Result<Invocation, ExprIssue> {
        let start = own.start - self.source.offset;
        let at =
            self.source.text.get(start..).and_then(|rest| rest.find(name)).unwrap_or(0) + own.start;
        self.invocation_at(name, Span { start: at, end: at + name.len() }, args, depth)
    }

    fn invocation_at(
        &self,
        name: &str,
        name_span: Span,
        args: &[ast::CallArg<'_>],
        depth: usize,
    ) -> Result<Invocation, ExprIssue> {
        let mut invocation =
            Invocation { name: name.to_owned(), name_span, args: Vec::new(), named: Vec::new() };
        for arg in args {
            match arg {
                ast::CallArg::Pos(value) => invocation.args.push(self.expr(value, depth + 1)?),
                ast::CallArg::Kwarg(name, value) => {
                    invocation.named.push(((*name).to_owned(), self.expr(value, depth + 1)?));
                }
                ast::CallArg::PosSplat(_) | ast::CallArg::KwargSplat(_) => {
                    let help = "write the arguments one by one";
                    return Err(unsupported(name_span, "`*` before an argument", help));
                }
            }
        }
        Ok(invocation)
    }
}

fn constant(value: &minijinja::Value, span: Span) -> Result<AstKind, ExprIssue> {
    let kind = match value.kind() {
        ValueKind::None => Some(AstKind::Null),
        ValueKind::Bool => Some(AstKind::Bool(value.is_true())),
        ValueKind::String => value.as_str().map(|text| AstKind::Text(text.to_owned())),
        ValueKind::Number if value.is_integer() => {
            u128::try_from(value.clone()).ok().map(AstKind::Int)
        }
        ValueKind::Number => f64::try_from(value.clone()).ok().map(AstKind::Number),
        _ => None,
    };
    match kind {
        Some(AstKind::Number(number)) if !number.is_finite() => Err(ExprIssue::new(
            code::NUMBER_RANGE.id,
            span,
            "the number is too large for a 64-bit float",
        )),
        Some(kind) => Ok(kind),
        None => Err(unsupported(span, "this literal", "write text, a number or a bool")),
    }
}

fn comparison(op: ast::CompareOpKind) -> Binary {
    match op {
        ast::CompareOpKind::Eq => Binary::Equal,
        ast::CompareOpKind::Ne => Binary::NotEqual,
        ast::CompareOpKind::Lt => Binary::Less,
        ast::CompareOpKind::Lte => Binary::LessEqual,
        ast::CompareOpKind::Gt => Binary::Greater,
        ast::CompareOpKind::Gte => Binary::GreaterEqual,
        ast::CompareOpKind::In => Binary::In,
        ast::CompareOpKind::NotIn => Binary::NotIn,
    }
}
