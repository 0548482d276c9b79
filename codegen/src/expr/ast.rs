//! The syntax tree of expressions, before types: what the parser gives and the checker reads.
//!
//! Every span is in bytes of the whole field's text, also where several expressions stand in it.

use crate::diagnostic::Span;

/// A field's text: expressions in `{{ }}`, and the text between them (S15).
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// What it consists of, in order; adjacent texts are one. Empty for empty text.
    pub parts: Vec<Part>,
    /// The whole text's span.
    pub span: Span,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Plain text, taken as it is.
    Text(String, Span),
    /// The inside of `{{ … }}`.
    Expression(Ast),
}

impl Template {
    /// The expression that the text consists of, which keeps its type (S15).
    pub fn exact(&self) -> Option<&Ast> {
        match self.parts.as_slice() {
            [Part::Expression(ast)] => Some(ast),
            _ => None,
        }
    }

    /// The text, where there is no expression in it.
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text, _)] => Some(text),
            _ => None,
        }
    }

    /// The expressions in it, in order.
    pub fn expressions(&self) -> impl Iterator<Item = &Ast> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(..) => None,
            Part::Expression(ast) => Some(ast),
        })
    }
}

/// An expression as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Ast {
    /// What it is.
    pub kind: AstKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant's sentence shows its fields")]
pub enum AstKind {
    /// `none`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// `42`; above `i64::MAX` the checker refuses it, unless a minus makes it `i64::MIN`.
    Int(u128),
    /// `1.5`.
    Number(f64),
    /// `'text'`.
    Text(String),
    /// `trigger`, `steps`, …
    Name(String),
    /// `base.name`.
    Attribute { base: Box<Ast>, name: String, name_span: Span },
    /// `base[index]`.
    Item { base: Box<Ast>, index: Box<Ast> },
    /// `base[start:stop]`.
    Slice { base: Box<Ast>, start: Option<Box<Ast>>, stop: Option<Box<Ast>> },
    /// `not a`, `-a`.
    Unary(Unary, Box<Ast>),
    /// `a + b`, `a and b`, `a in b`.
    Binary(Binary, Box<Ast>, Box<Ast>),
    /// `a < b <= c`.
    Chain(Box<Ast>, Vec<(Binary, Ast)>),
    /// `a ~ b ~ c`, flat.
    Concat(Vec<Ast>),
    /// `then if condition else otherwise`.
    Conditional { condition: Box<Ast>, then: Box<Ast>, otherwise: Option<Box<Ast>> },
    /// `value | name(…)`.
    Filter { value: Box<Ast>, call: Invocation },
    /// `value is name(…)`.
    Test { value: Box<Ast>, call: Invocation },
    /// `name(…)`.
    Call(Invocation),
    /// `value.name(…)`, which the language does not have; the checker says what to write.
    Method { value: Box<Ast>, call: Invocation },
    /// `[a, b]`.
    List(Vec<Ast>),
    /// `{'a': b}`.
    Dict(Vec<(Ast, Ast)>),
}

/// The name and arguments of a filter, test or function.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Positional arguments.
    pub args: Vec<Ast>,
    /// Keyword arguments, `attribute='price'`.
    pub named: Vec<(String, Ast)>,
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// `not`.
    Not,
    /// `-`.
    Negate,
}

/// An infix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `and`.
    And,
    /// `or`.
    Or,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// `in`.
    In,
    /// `not in`.
    NotIn,
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `//`.
    FloorDivide,
    /// `%`.
    Remainder,
    /// `**`.
    Power,
}

impl Binary {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }
}
