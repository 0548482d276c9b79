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
    /// The text itself, for messages that show a part of it.
    pub source: String,
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

impl Ast {
    /// The text that it is, where it is a literal one.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            AstKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its direct parts; a ternary's condition comes first.
    pub fn children(&self) -> Vec<&Ast> {
        match &self.kind {
            AstKind::Null
            | AstKind::Bool(_)
            | AstKind::Int(_)
            | AstKind::Number(_)
            | AstKind::Text(_)
            | AstKind::Name(_) => Vec::new(),
            AstKind::Attribute { base, .. } | AstKind::Unary(_, base) => vec![base],
            AstKind::Item { base, index } => vec![base, index],
            AstKind::Slice { base, start, stop } => [Some(base), start.as_ref(), stop.as_ref()]
                .into_iter()
                .flatten()
                .map(|b| &**b)
                .collect(),
            AstKind::Binary(_, left, right) => vec![left, right],
            AstKind::Chain(first, links) => {
                std::iter::once(&**first).chain(links.iter().map(|(_, link)| link)).collect()
            }
            AstKind::Conditional { condition, then, otherwise } => {
                [Some(condition), Some(then), otherwise.as_ref()]
                    .into_iter()
                    .flatten()
                    .map(|b| &**b)
                    .collect()
            }
            AstKind::Filter { value, call }
            | AstKind::Test { value, call }
            | AstKind::Method { value, call } => {
                std::iter::once(&**value).chain(call.values()).collect()
            }
            AstKind::Call(call) => call.values().collect(),
            AstKind::List(items) | AstKind::Concat(items) => items.iter().collect(),
            AstKind::Dict(entries) => {
                entries.iter().flat_map(|(key, value)| [key, value]).collect()
            }
        }
    }
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

impl Invocation {
    /// All arguments.
    pub fn values(&self) -> impl Iterator<Item = &Ast> {
        self.args.iter().chain(self.named.iter().map(|(_, value)| value))
    }
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
