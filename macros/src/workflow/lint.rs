//! What a workflow's body must not do: anything that gives another result on replay.
//!
//! Works on tokens, so it sees into the arguments of other macros too. It knows names, not
//! types: what hides behind a `use … as` or a helper is left to the runtime's own check.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Block;

use crate::errors::Errors;

/// Where in a path a rule's names must stand.
#[derive(Clone, Copy)]
enum Place {
    /// `SystemTime::now` with anything before it.
    Anywhere,
    /// The path starts so: `rand::…`, `fs::…`, and more follows.
    Start,
    /// The whole path, and it is called: `sleep(…)` after a `use`.
    Alone,
    /// The end of the path of a macro that is called: `tokio::select!`.
    Macro,
}

struct Rule {
    names: &'static [&'static str],
    place: Place,
    why: Why,
}

/// The kinds of things that replay cannot repeat.
#[derive(Clone, Copy)]
enum Why {
    Clock,
    Random,
    Spawn,
    Files,
    Network,
    Environment,
    Process,
    Timer,
    Blocking,
    Select,
}

impl Why {
    fn explain(self, context: &str) -> String {
        let (does, instead) = match self {
            Self::Clock => ("reads the clock", format!("use `{context}.now()`, which is recorded")),
            Self::Random => (
                "is random",
                format!(
                    "use `{context}.uuid(\"id\")` or `{context}.random(\"id\")`, which follow from \
                     the run's seed, or draw it in a `#[step]` (kind `custom@1`)"
                ),
            ),
            Self::Spawn => (
                "leaves the run's own task",
                format!(
                    "use `flowcrate::join`, `{context}.for_each` (kind `for_each@1`) or \
                     `{context}.start_workflow` (kind `start_workflow@1`) to run things at once"
                ),
            ),
            Self::Files => ("touches files", "do it in a `#[step]` (kind `custom@1`)".to_owned()),
            Self::Network => {
                ("touches the network", "do it in a `#[step]` (kind `http.request@1`)".to_owned())
            }
            Self::Environment => (
                "reads the process's environment",
                "pass the value in the workflow's input or read it in a `#[step]` (kind \
                 `custom@1`)"
                    .to_owned(),
            ),
            Self::Process => {
                ("starts a process", "do it in a `#[step]` (kind `custom@1`)".to_owned())
            }
            Self::Timer => (
                "waits by a timer that a restart forgets",
                format!(
                    "use `{context}.sleep(\"id\", duration)` (kind `wait@1`), or \
                     `{context}.timeout(\"id\", duration, …)` around what may take too long"
                ),
            ),
            Self::Blocking => (
                "blocks the thread that drives all runs",
                format!("use `{context}.sleep(\"id\", duration)` (kind `wait@1`)"),
            ),
            Self::Select => (
                "polls its branches in a random order",
                format!("use `{context}.race(\"id\")` (kind `race@1`)"),
            ),
        };
        format!("{does}, so a replay would not do the same; {instead}")
    }
}

const fn rule(names: &'static [&'static str], place: Place, why: Why) -> Rule {
    Rule { names, place, why }
}

use Place::{Alone, Anywhere, Macro, Start};

const RULES: &[Rule] = &[
    rule(&["SystemTime", "now"], Anywhere, Why::Clock),
    rule(&["Instant", "now"], Anywhere, Why::Clock),
    rule(&["Utc", "now"], Anywhere, Why::Clock),
    rule(&["Local", "now"], Anywhere, Why::Clock),
    rule(&["Zoned", "now"], Anywhere, Why::Clock),
    rule(&["Timestamp", "now"], Anywhere, Why::Clock),
    rule(&["OffsetDateTime", "now_utc"], Anywhere, Why::Clock),
    rule(&["OffsetDateTime", "now_local"], Anywhere, Why::Clock),
    rule(&["UtcDateTime", "now"], Anywhere, Why::Clock),
    rule(&["Uuid", "new_v1"], Anywhere, Why::Random),
    rule(&["Uuid", "new_v4"], Anywhere, Why::Random),
    rule(&["Uuid", "new_v6"], Anywhere, Why::Random),
    rule(&["Uuid", "now_v1"], Anywhere, Why::Random),
    rule(&["Uuid", "now_v6"], Anywhere, Why::Random),
    rule(&["Uuid", "now_v7"], Anywhere, Why::Random),
    rule(&["RandomState", "new"], Anywhere, Why::Random),
    rule(&["rand"], Start, Why::Random),
    rule(&["fastrand"], Start, Why::Random),
    rule(&["getrandom"], Start, Why::Random),
    rule(&["thread_rng"], Alone, Why::Random),
    rule(&["tokio", "spawn"], Anywhere, Why::Spawn),
    rule(&["task", "spawn"], Anywhere, Why::Spawn),
    rule(&["task", "spawn_local"], Anywhere, Why::Spawn),
    rule(&["task", "spawn_blocking"], Anywhere, Why::Spawn),
    rule(&["thread", "spawn"], Anywhere, Why::Spawn),
    rule(&["JoinSet", "new"], Anywhere, Why::Spawn),
    rule(&["rayon"], Start, Why::Spawn),
    rule(&["spawn"], Alone, Why::Spawn),
    rule(&["spawn_blocking"], Alone, Why::Spawn),
    rule(&["std", "fs"], Anywhere, Why::Files),
    rule(&["tokio", "fs"], Anywhere, Why::Files),
    rule(&["fs"], Start, Why::Files),
    rule(&["File", "open"], Anywhere, Why::Files),
    rule(&["File", "create"], Anywhere, Why::Files),
    rule(&["std", "net"], Anywhere, Why::Network),
    rule(&["tokio", "net"], Anywhere, Why::Network),
    rule(&["TcpStream", "connect"], Anywhere, Why::Network),
    rule(&["UdpSocket", "bind"], Anywhere, Why::Network),
    rule(&["TcpListener", "bind"], Anywhere, Why::Network),
    rule(&["reqwest"], Start, Why::Network),
    rule(&["ureq"], Start, Why::Network),
    rule(&["std", "env"], Anywhere, Why::Environment),
    rule(&["env"], Start, Why::Environment),
    rule(&["Command", "new"], Anywhere, Why::Process),
    rule(&["tokio", "time"], Anywhere, Why::Timer),
    rule(&["time", "sleep"], Anywhere, Why::Timer),
    rule(&["time", "timeout"], Anywhere, Why::Timer),
    rule(&["time", "interval"], Anywhere, Why::Timer),
    rule(&["sleep"], Alone, Why::Timer),
    rule(&["thread", "sleep"], Anywhere, Why::Blocking),
    rule(&["select"], Macro, Why::Select),
];

/// Values in `std::net` and `tokio::time` that do nothing by themselves.
const HARMLESS: &[&str] =
    &["IpAddr", "Ipv4Addr", "Ipv6Addr", "SocketAddr", "SocketAddrV4", "SocketAddrV6", "Duration"];

/// Reports every forbidden path in the body.
pub(crate) fn lint(body: &Block, context: Option<&Ident>, errors: &mut Errors) {
    let context = context.map_or_else(|| "ctx".to_owned(), ToString::to_string);
    scan(body.to_token_stream(), &context, errors);
}

fn scan(tokens: TokenStream, context: &str, errors: &mut Errors) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Ident(_) => {
                let path = path_at(&tokens, at);
                let end = at + path.tokens;
                let member = is_member(&tokens, at);
                if !member && let Some(rule) = broken_rule(&path.segments, call(&tokens, end)) {
                    report(&path.segments, rule, context, errors);
                }
                at = end;
                // The body of an inline step is where effects belong.
                if member
                    && path.segments.last().is_some_and(|name| name == "step")
                    && let Some(TokenTree::Group(arguments)) = tokens.get(end)
                {
                    scan(before_body(arguments.stream()), context, errors);
                    at = end + 1;
                }
            }
            TokenTree::Group(group) => {
                scan(group.stream(), context, errors);
                at += 1;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
        }
    }
}

struct FoundPath {
    segments: Vec<Ident>,
    tokens: usize,
}

/// The longest `a::b::c` that starts at `start`.
fn path_at(tokens: &[TokenTree], start: usize) -> FoundPath {
    let mut segments = Vec::new();
    let mut at = start;
    while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
        segments.push(ident.clone());
        at += 1;
        match (tokens.get(at), tokens.get(at + 1)) {
            (Some(TokenTree::Punct(first)), Some(TokenTree::Punct(second)))
                if first.as_char() == ':'
                    && first.spacing() == Spacing::Joint
                    && second.as_char() == ':'
                    && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_))) =>
            {
                at += 2;
            }
            _ => break,
        }
    }
    FoundPath { segments, tokens: at - start }
}

/// Whether the name at `at` follows a single `.` (a field or method) or `fn` (a definition).
fn is_member(tokens: &[TokenTree], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    let is_dot = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == '.');
    match before(1) {
        // `0..rand::x()` is a range, not a member.
        Some(TokenTree::Punct(_)) => is_dot(before(1)) && !is_dot(before(2)),
        Some(TokenTree::Ident(word)) => word == "fn",
        _ => false,
    }
}

/// The first two arguments of `ctx.step(spec, input, body)`.
fn before_body(arguments: TokenStream) -> TokenStream {
    let mut commas = 0;
    let before = |token: &TokenTree| {
        commas += usize::from(matches!(token, TokenTree::Punct(p) if p.as_char() == ','));
        commas < 2
    };
    arguments.into_iter().take_while(before).collect()
}

/// How what ends before `end` is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    None,
    Function,
    Macro,
}

fn call(tokens: &[TokenTree], end: usize) -> Call {
    match (tokens.get(end), tokens.get(end + 1)) {
        (Some(TokenTree::Group(group)), _) if group.delimiter() == Delimiter::Parenthesis => {
            Call::Function
        }
        (Some(TokenTree::Punct(p)), Some(TokenTree::Group(group))) if p.as_char() == '!' => {
            let first = group.stream().into_iter().next();
            // `tokio::select! { biased; … }` polls in the order in which it is written.
            let biased = matches!(first, Some(TokenTree::Ident(word)) if word == "biased");
            if biased { Call::None } else { Call::Macro }
        }
        _ => Call::None,
    }
}

fn broken_rule(path: &[Ident], call: Call) -> Option<&'static Rule> {
    if path.last().is_some_and(|last| HARMLESS.iter().any(|name| last == name))
        || path.iter().rev().nth(1).is_some_and(|owner| HARMLESS.iter().any(|name| owner == name))
    {
        return None;
    }
    RULES.iter().find(|rule| {
        let starts = |at: usize| {
            let rest = path.get(at..).unwrap_or_default();
            rest.len() >= rule.names.len()
                && rest.iter().zip(rule.names).all(|(segment, name)| segment == name)
        };
        match rule.place {
            Place::Anywhere => (0..path.len()).any(starts),
            Place::Start => path.len() > rule.names.len() && starts(0),
            Place::Alone => call == Call::Function && path.len() == rule.names.len() && starts(0),
            Place::Macro => {
                let at = path.len().checked_sub(rule.names.len());
                call == Call::Macro && at.is_some_and(starts)
            }
        }
    })
}

fn report(path: &[Ident], rule: &Rule, context: &str, errors: &mut Errors) {
    let text: Vec<String> = path.iter().map(ToString::to_string).collect();
    let message = format!("`{}` {}", text.join("::"), rule.why.explain(context));
    let mut spanned = TokenStream::new();
    for segment in path {
        segment.to_tokens(&mut spanned);
    }
    errors.on(spanned, message);
}

#[cfg(test)]
mod tests;
