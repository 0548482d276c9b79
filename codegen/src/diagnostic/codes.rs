//! The table of codes: the one place where a code, its severity, its title and its page meet.

use super::Severity;

/// A diagnostic code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `E101`. Never reused for another meaning.
    pub id: &'static str,
    /// Whether a finding with this code stops the compiler.
    pub severity: Severity,
    /// A few words, lower case.
    pub title: &'static str,
    /// The page that explains it: what, why, wrong, right. Markdown.
    pub page: &'static str,
}

/// The page of a code, in any case: what it means, why it is checked, wrong and right.
///
/// ```
/// let page = flowcrate_codegen::diagnostic::explain("e207").unwrap();
/// assert!(page.starts_with("# E207"));
/// ```
pub fn explain(code: &str) -> Option<&'static str> {
    CODES.iter().find(|known| known.id.eq_ignore_ascii_case(code)).map(|known| known.page)
}

/// Each line: name, code, severity, title. The page is `pages/<code>.md`.
macro_rules! codes {
    ($($name:ident = $id:ident, $severity:ident, $title:literal;)*) => {
        /// Every code, by a name that says what it means.
        pub mod code {
            use super::{Code, Severity};
            $(
                #[doc = concat!(stringify!($id), ": ", $title, ".")]
                pub const $name: Code = Code {
                    id: stringify!($id),
                    severity: Severity::$severity,
                    title: $title,
                    page: include_str!(concat!("pages/", stringify!($id), ".md")),
                };
            )*
        }

        /// All codes, in order.
        pub const CODES: &[Code] = &[$(code::$name),*];
    };
}

codes! {
    // E1xx: the document cannot be read.
    MALFORMED_JSON = E101, Error, "malformed JSON";
    DOCUMENT_TOO_LARGE = E102, Error, "document too large";
    WRONG_SHAPE = E103, Error, "missing or misshapen field";
    UNKNOWN_FORMAT = E104, Error, "unknown format version";
    TOO_MANY = E105, Error, "too many nodes or edges";
    BAD_NAME = E106, Error, "workflow name that is no slug";
    WRITTEN_TWICE = E107, Error, "key written twice";

    // E2xx: the drawing does not hold together.
    DUPLICATE_ID = E201, Error, "id used twice";
    BAD_ID = E202, Error, "node id that cannot be a name";
    DANGLING_EDGE = E203, Error, "edge to or from a missing node";
    UNKNOWN_HANDLE = E204, Error, "unknown handle";
    IMPOSSIBLE_EDGE = E205, Error, "edge where none can be";
    UNKNOWN_KIND = E206, Error, "unknown kind";
    NO_TRIGGER = E207, Error, "no trigger";
    CYCLE = E208, Error, "cycle of edges";
    EDGE_CROSSES_SCOPE = E209, Error, "edge into or out of a scope";
    BAD_PARENT = E210, Error, "parent that is no scope";
    NESTING = E211, Error, "scopes in a circle or nested too deeply";
    MISPLACED = E212, Error, "node where its kind may not stand";
    NEVER_RUNS = E213, Error, "node that can never run";
    RETURNS_OVERLAP = E214, Error, "two returns or responses in one run";
    NO_DEFAULT_HANDLE = E215, Error, "no handle to go on by";
    DECLARED_TWICE = E216, Error, "one name declared in two ways";
    BAD_REGION = E217, Error, "region that the scope does not have";
    EMPTY_SCOPE = E218, Error, "scope that holds too little";
    UNKNOWN_WORKFLOW = E231, Error, "unknown workflow";
    CALLS_ITSELF = E232, Error, "workflow that calls itself";
    FAULTY_CALLEE = E233, Error, "workflow with errors that is called";

    // E30x and E31x: types, wherever values meet.
    WRONG_TYPE = E301, Error, "value of the wrong type";
    NO_COMMON_TYPE = E302, Error, "values without a common type";
    UNKNOWN_FIELD = E303, Error, "unknown field";
    NO_FIELDS = E304, Error, "value without fields or elements";
    EXCESS_FIELD = E305, Error, "field that the record does not have";
    MISSING_FIELD = E306, Error, "field that the record requires";
    NOT_IN_ENUM = E307, Error, "text that is none of an enum's";
    INCOMPARABLE = E308, Error, "values that cannot be compared";
    UNKNOWN_TYPE = E309, Error, "`any` where a type must be known";
    NOT_TEXT = E310, Error, "value that is no text";
    BAD_LITERAL = E311, Error, "text that is not the literal expected";

    // E32x: schemas and samples.
    BAD_SCHEMA = E321, Error, "schema that cannot be read";
    SCHEMA_REFERENCE = E322, Error, "reference in a schema that cannot be followed";
    SCHEMA_UNSUPPORTED = E323, Error, "schema without a counterpart among the types";
    SCHEMA_TOO_LARGE = E325, Error, "schema or sample too deep or too large";

    // E33x: inputs and settings.
    MISSING_INPUT = E331, Error, "required input missing";
    UNKNOWN_INPUT = E332, Error, "unknown input";
    BAD_SETTING = E333, Error, "setting missing or out of range";
    BAD_SCHEDULE = E334, Error, "schedule that cannot fire";
    BAD_POLICY = E335, Error, "policy that cannot be followed";
    BAD_COMPENSATION = E336, Error, "compensation that cannot be";
    BAD_LIMIT = E337, Error, "limit that cannot be kept";

    // E40x and E41x: expressions by themselves.
    SYNTAX = E401, Error, "expression that cannot be read";
    UNCLOSED = E402, Error, "expression without an end";
    STATEMENT = E403, Error, "statement in an expression";
    EXPRESSION_TOO_LARGE = E404, Error, "expression too deep or too long";
    UNKNOWN_NAME = E405, Error, "unknown name";
    UNKNOWN_ID = E406, Error, "unknown node, trigger, loop or variable";
    MAY_BE_ABSENT = E407, Error, "value that may be absent";
    UNKNOWN_FILTER = E408, Error, "unknown filter";
    UNKNOWN_TEST = E409, Error, "unknown test";
    UNKNOWN_FUNCTION = E410, Error, "unknown function";
    WRONG_ARGUMENTS = E411, Error, "wrong arguments";
    WRONG_OPERANDS = E412, Error, "operation that these types do not have";
    UNSUPPORTED = E413, Error, "Jinja that the language leaves out";
    NUMBER_RANGE = E414, Error, "number that does not fit";
    BAD_TIME = E415, Error, "text that is no time";
    NO_CONDITION = E416, Error, "condition that is not a bool";
    BARE_NAMESPACE = E417, Error, "name without an id";
    BAD_ARGUMENT = E418, Error, "argument that can never do";

    // E42x: names where they stand.
    NO_PATH = E421, Error, "reference without a path of edges";
    NEVER_THERE = E422, Error, "value that is never there";
    INNER_NAME = E423, Error, "reference into a loop";
    WHICH_TRIGGER = E424, Error, "trigger that may be several";
    OUT_OF_PLACE = E425, Error, "name that means nothing here";

    // E6xx: what another tool's graph says and ours cannot.
    FOREIGN_DOCUMENT = E601, Error, "not a graph of that tool";
    FOREIGN_CODE_REFUSED = E602, Error, "JavaScript that cannot be translated";
    FOREIGN_REFERENCE = E603, Error, "foreign reference that cannot be resolved";
    NO_NODE_NAMED = E604, Error, "foreign condition that names no node";
    FOREIGN_TRIGGER = E605, Error, "foreign trigger without a counterpart";
    FOREIGN_SETTING = E606, Error, "foreign setting missing or misshapen";
    FOREIGN_HANDLE = E607, Error, "foreign handle without a counterpart";

    // Warnings.
    UNREACHABLE = W201, Warning, "node that no trigger reaches";
    LOST_RESULT = W202, Warning, "loop whose result is lost";
    MOOT_CONTINUE = W203, Warning, "`on_error: continue` beside an error edge";
    IGNORED_KEY = W204, Warning, "key that means nothing";
    UNBOUNDED_LOOP = W205, Warning, "loop without a bound";
    UNUSED_VALUE = W206, Warning, "value that nothing reads";
    UNCHECKED_CONSTRAINT = W321, Warning, "constraint of a schema that is not checked";
    KNOWN_ANY = W322, Warning, "`any` where the type is known";
    NO_EXAMPLE = W323, Warning, "schema of which no example is known";
    SAMPLES_DIFFER = W324, Warning, "samples without a common type";
    ALWAYS_FAILS = W418, Warning, "operation that always fails";
    CONSTANT_KEY = W501, Warning, "idempotency key that is always the same";
    PLAIN_SECRET = W502, Warning, "secret in plain text";
    SHARED_KEY = W503, Warning, "idempotency key that all iterations share";
    SILENT_STEP = W504, Warning, "heartbeat of a step that gives no sign of life";
    UNKNOWN_ACTION = W601, Warning, "foreign action to be written by hand";
    FOREIGN_CODE = W602, Warning, "foreign code to be written by hand";
    LEFT_OUT = W603, Warning, "foreign setting that was left out";

    HAND_WRITTEN_MISFIT = W701, Warning, "hand-written code that no longer fits";

    // E9xx: our bug.
    INTERNAL = E901, Error, "bug in the compiler";
}
