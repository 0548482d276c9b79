//! Regular expressions.

use flowcrate::expr;

use super::super::operands::partial;
use super::Pattern::{Bool, List, Map, Optional, String};
use super::Surface::{Filter, Test};
use super::{Op, Param, Totality};

pub(super) const OPS: &[Op] = &[
    entry!("expr-regex": regex_is_match, Test("matching"), [text: String, pattern: String] -> Bool, partial,
        "Whether the pattern matches anywhere in it.",
        |o| partial(expr::regex_is_match(o.text(0)?, o.text(1)?))),
    entry!("expr-regex": regex_find, Filter("regex_find"), [text: String, pattern: String] -> Optional(&String), partial,
        "The first match, absent where there is none.",
        |o| partial(expr::regex_find(o.text(0)?, o.text(1)?))),
    entry!("expr-regex": regex_find_all, Filter("regex_find_all"), [text: String, pattern: String] -> List(&String), partial,
        "All matches.",
        |o| partial(expr::regex_find_all(o.text(0)?, o.text(1)?))),
    entry!("expr-regex": regex_groups, Filter("regex_groups"), [text: String, pattern: String] -> Map(&String), partial,
        "The groups of the first match by name and by number; no keys where nothing matches.",
        |o| partial(expr::regex_groups(o.text(0)?, o.text(1)?))),
    entry!("expr-regex": regex_replace, Filter("regex_replace"), [text: String, pattern: String, to: String] -> String,
        partial, "With every match replaced; `$1` and `${name}` are groups.",
        |o| partial(expr::regex_replace(o.text(0)?, o.text(1)?, o.text(2)?))),
    entry!("expr-regex": regex_split, Filter("regex_split"), [text: String, pattern: String] -> List(&String), partial,
        "What stands between the matches.",
        |o| partial(expr::regex_split(o.text(0)?, o.text(1)?))),
];
