//! What is known of an operation before anything runs: literal arguments that can never do, and
//! constants on which it always fails.

use flowcrate::Timestamp;
use flowcrate::expr::{self, ExprError};

use super::super::eval::{Nothing, eval};
use super::super::issue::ExprIssue;
use super::super::typed::{Expr, ExprKind};
use super::Checker;
use crate::diagnostic::code;

impl Checker<'_> {
    /// Warns of an operation whose operands are constants, and which fails on them (S17).
    pub(super) fn constants(&mut self, call: &Expr) {
        let ExprKind::Call { args, .. } = &call.kind else { return };
        if !args.iter().all(is_constant) || args.iter().any(|arg| eval(arg, &Nothing).is_err()) {
            return;
        }
        if let Err(error) = eval(call, &Nothing) {
            let message = format!("this always fails: {}", error.message);
            let issue = ExprIssue::new(code::ALWAYS_FAILS.id, call.span, message);
            self.warnings.push(issue.help("change the constants; the node fails when it runs"));
        }
    }

    /// Refuses a literal pattern, format, time zone or unit that is none.
    pub(super) fn literal_arguments(&mut self, op: &str, args: &[Expr]) -> Option<()> {
        for (arg, check) in args.iter().skip(1).zip(checks(op)) {
            let Some(text) = arg.as_text() else { continue };
            if let Err(error) = (check.check)(text) {
                let issue = ExprIssue::new(code::BAD_ARGUMENT.id, arg.span, error.message);
                return self.report(issue.help(check.help));
            }
        }
        Some(())
    }
}

/// What a literal argument must be.
#[derive(Clone, Copy)]
struct Check {
    check: fn(&str) -> Result<(), ExprError>,
    help: &'static str,
}

const PATTERN: Check = Check {
    check: expr::regex_check,
    help: "write a regular expression, such as `'[0-9]+'`; a backslash is written twice",
};
const FORMAT: Check = Check {
    check: expr::date_format_check,
    help: "write a format as `strftime` has it, such as `'%Y-%m-%d %H:%M'`",
};
const ZONE: Check = Check {
    check: |name| expr::timestamp_format(Timestamp(0), "%Y", name).map(drop),
    help: "write a name of the time zone database, such as `'Europe/Berlin'`, or `'UTC'`",
};
const UNIT: Check = Check {
    check: |unit| expr::timestamp_start_of(Timestamp(0), unit, "UTC").map(drop),
    help: "write one of the units in quotes",
};

/// The checks of the arguments after the first.
fn checks(op: &str) -> &'static [Check] {
    match op {
        "timestamp_format" | "timestamp_parse_format" => &[FORMAT, ZONE],
        "timestamp_start_of" => &[UNIT, ZONE],
        regex if regex.starts_with("regex_") => &[PATTERN],
        _ => &[],
    }
}

/// Whether it reads no name, and is no function of an element.
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Call { args, .. } | ExprKind::Concat(args) | ExprKind::List(args) => {
            args.iter().all(is_constant)
        }
        ExprKind::Record(fields) => fields.iter().all(|(_, value)| is_constant(value)),
        ExprKind::Widen(inner) => is_constant(inner),
        _ => false,
    }
}
