//! Keys that mean nothing, where one that means something was perhaps meant.
//!
//! Whatever a canvas keeps beside `data` is its own, and so are keys of `data` that resemble
//! none of ours. `config` is only for what a kind reads: every other key there is a mistake.

use serde_json::{Map, Value, json};

use crate::check::kinds::Kind;
use crate::check::policy;
use crate::check::settings::TYPE_SOURCES;
use crate::check::site::Site;
use crate::diagnostic::{code, listed, nearest, pointer_token, quoted};
use crate::graph::{COMPENSATE_KEYS, DATA_KEYS};

/// Warns of each key that is ignored.
pub(super) fn check(site: &Site<'_>) {
    let Some(kind) = site.node.kind else { return };
    data(site);
    misplaced(site, kind);
    let known = kind.settings();
    unknown(site, "/config", &site.node.raw.config, known);
    let config = |name: &str| site.node.raw.config.get(name);
    for name in ["output", "response", "state"].into_iter().filter(|name| known.contains(name)) {
        if let Some(Value::Object(declared)) = config(name) {
            unknown(site, &format!("/config/{name}"), declared, &TYPE_SOURCES);
        }
    }
    if let (Kind::Switch, Some(Value::Array(cases))) = (kind, config("cases")) {
        for (position, case) in cases.iter().enumerate() {
            if let Value::Object(case) = case {
                let pointer = format!("/config/cases/{position}");
                unknown(site, &pointer, case, &["equals", "name", "when"]);
            }
        }
    }
}

/// Keys of `data` that resemble one of ours, or belong elsewhere.
fn data(site: &Site<'_>) {
    let ours = if site.undone.is_some() { &COMPENSATE_KEYS[..] } else { &DATA_KEYS };
    for key in &site.node.raw.unknown {
        let snake = heck::ToSnakeCase::to_snake_case(key.as_str());
        let of_ours = ours.iter().find(|known| **known == snake).copied();
        let near = of_ours.or_else(|| nearest(key, ours.iter().copied()));
        let to = match near {
            Some(near) if site.node.raw.has(near) => None,
            Some(near) => Some(format!("/{near}")),
            None if policy::has_key(key) => Some(format!("/policy/{key}")),
            None => continue,
        };
        let message = format!("the key {} of {} means nothing", quoted(key), site.node.quoted());
        let finding = site.finding(code::IGNORED_KEY, message);
        let finding = finding.field(format!("/{}", pointer_token(key)));
        site.report(match to {
            Some(to) => {
                let help = format!("did you mean `{}`?", to.trim_start_matches('/'));
                let finding = finding.help(help.replace('/', "."));
                match rename(site, &format!("/{}", pointer_token(key)), &to) {
                    Some((title, patch)) => finding.fix(title, patch),
                    None => finding,
                }
            }
            None => finding.help("remove it"),
        });
    }
}

/// Keys that other kinds have.
fn misplaced(site: &Site<'_>, kind: Kind<'_>) {
    let raw = &site.node.raw;
    let step = matches!(kind, Kind::Action(_) | Kind::Custom);
    let ignored = [
        ("policy", raw.policy.is_some() && !step, "only a step is tried again: remove it"),
        ("connection", raw.connection.is_some() && !step, "only a step calls a service: remove it"),
        (
            "override",
            raw.overridden && !matches!(kind, Kind::Action(_)),
            "only an action of a plugin is overridden: remove it",
        ),
        (
            "result",
            raw.result.is_some() && !kind.is_scope(),
            "only a scope, such as `for_each@1`, has a result: remove it",
        ),
    ];
    for (key, _, help) in ignored.into_iter().filter(|(_, ignored, _)| *ignored) {
        let message =
            format!("`{key}` of {} means nothing: it is a {}", site.node.quoted(), raw.kind);
        let finding = site.finding(code::IGNORED_KEY, message).field(format!("/{key}")).help(help);
        let patch = vec![json!({"op": "remove", "path": format!("{}/{key}", site.data_pointer())})];
        site.report(finding.fix(format!("remove `{key}`"), patch));
    }
}

fn unknown(site: &Site<'_>, pointer: &str, fields: &Map<String, Value>, known: &[&str]) {
    for (key, _) in fields.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        let what = pointer.trim_start_matches('/').replace('/', ".");
        let message =
            format!("the key {} in `{what}` of {} means nothing", quoted(key), site.node.quoted());
        let at = format!("{pointer}/{}", pointer_token(key));
        let finding = site.finding(code::IGNORED_KEY, message).field(&*at);
        let free = known.iter().copied().filter(|known| !fields.contains_key(*known));
        let near = nearest(key, free);
        site.report(match near {
            Some(near) => {
                let finding = finding.help(format!("did you mean `{near}`?"));
                match rename(site, &at, &format!("{pointer}/{near}")) {
                    Some((title, patch)) => finding.fix(title, patch),
                    None => finding,
                }
            }
            None if site.node.raw.inputs.contains_key(key) || known.is_empty() => {
                finding.help("remove it; expressions belong into `inputs`")
            }
            None => finding.help(format!("remove it; there are {}", listed(known.iter().copied()))),
        });
    }
}

/// The patch that moves a key of the node's data to another, where that one's parent is there.
fn rename(site: &Site<'_>, from: &str, to: &str) -> Option<(String, Vec<Value>)> {
    let (parent, name) = to.rsplit_once('/')?;
    if parent == "/policy" && site.node.raw.policy.is_none() {
        return None;
    }
    let base = site.data_pointer();
    let patch =
        json!({"op": "move", "from": format!("{base}{from}"), "path": format!("{base}{to}")});
    Some((format!("rename it to `{name}`"), vec![patch]))
}
