//! The codes of the expression language; each has its page.

/// A value is of another type than the place expects.
pub const TYPE: &str = "E301";
/// Several values that meet have no common type.
pub const UNIFY: &str = "E302";
/// A record has no such field.
pub const FIELD: &str = "E303";
/// The value has no fields or elements at all.
pub const ACCESS: &str = "E304";
/// A literal record has a field that the expected type does not have.
pub const EXCESS_FIELD: &str = "E305";
/// A literal record lacks a field that the expected type requires.
pub const MISSING_FIELD: &str = "E306";
/// A text is none of an enum's.
pub const ENUM_VALUE: &str = "E307";
/// The two values can never be equal, or have no order.
pub const COMPARE: &str = "E308";
/// An `any` stands where its type must be known.
pub const ANY: &str = "E309";
/// A list, record or bytes in mixed text.
pub const NO_TEXT: &str = "E310";
/// Plain text that is not the literal that the place expects.
pub const LITERAL: &str = "E311";

/// The text does not parse.
pub const SYNTAX: &str = "E401";
/// `{{` without `}}`.
pub const UNCLOSED: &str = "E402";
/// A Jinja statement, comment or white-space control.
pub const STATEMENT: &str = "E403";
/// Too deep or too long.
pub const TOO_LARGE: &str = "E404";
/// No such name.
pub const NAME: &str = "E405";
/// No such node, trigger, loop or variable.
pub const ID: &str = "E406";
/// An optional value used as if it were there.
pub const OPTIONAL: &str = "E407";
/// No such filter.
pub const FILTER: &str = "E408";
/// No such test.
pub const TEST: &str = "E409";
/// No such function.
pub const FUNCTION: &str = "E410";
/// Wrong arguments.
pub const ARGUMENTS: &str = "E411";
/// The operation is not defined for these types.
pub const OPERANDS: &str = "E412";
/// A construct of Jinja that the language leaves out.
pub const UNSUPPORTED: &str = "E413";
/// A number that no int or number can hold.
pub const LITERAL_RANGE: &str = "E414";
/// `duration('…')` or `timestamp('…')` of text that is none.
pub const LITERAL_TIME: &str = "E415";
/// A condition that is not a bool.
pub const CONDITION: &str = "E416";
/// `steps`, `run`, … alone.
pub const NAMESPACE: &str = "E417";
