//! Paths: who has claimed which.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Bound;
use std::rc::Rc;
use std::sync::Arc;

use super::Scope;

/// The paths that a run has claimed, without those of sealed scopes.
#[derive(Default)]
pub(super) struct Paths {
    claimed: BTreeMap<Arc<str>, Option<Rc<Scope>>>,
    /// How often an id was used without a key, by its first path.
    uses: BTreeMap<Arc<str>, u32>,
    /// How often a scope has drawn something, by the scope's path and what it is.
    draws: BTreeMap<String, u32>,
}

impl Paths {
    /// The path of `id` in `scope`: `scope/id`, `scope/id#2` and so on in the order of calls,
    /// or `scope/id[key]`. The second value is false if the key was used before.
    pub(super) fn claim(&mut self, scope: &str, id: &str, key: Option<&str>) -> (Arc<str>, bool) {
        let id = escape(id);
        let base = if scope.is_empty() { id.into_owned() } else { format!("{scope}/{id}") };
        let path: Arc<str> = match key {
            Some(key) => format!("{base}[{}]", escape(key)).into(),
            None => self.nth(base),
        };
        let fresh = self.claimed.insert(path.clone(), None).is_none();
        (path, fresh)
    }

    /// Gives `path` up for the same id with a key. Meant for right after the claim: then the next
    /// use without a key gets the number that this one had.
    pub(super) fn rekey(&mut self, path: &Arc<str>, key: &str) -> (Arc<str>, bool) {
        let owner = self.claimed.remove(path).flatten();
        let name = path.rfind('/').map_or(0, |slash| slash + 1);
        // Within an id both characters are escaped.
        let end = path.get(name..).and_then(|name| name.find(['#', '['])).map(|end| name + end);
        let base = end.and_then(|end| path.get(..end)).unwrap_or(path);
        if let Some(uses) = self.uses.get_mut(base)
            && (path.strip_prefix(base) == Some(&format!("#{uses}"))
                || (*uses == 1 && end.is_none()))
        {
            *uses -= 1;
        }
        let (path, fresh) = self.claim_path(format!("{base}[{}]", escape(key)).into());
        if let Some(owner) = owner {
            self.own(&path, &owner);
        }
        (path, fresh)
    }

    /// Notes in which scope a path was claimed.
    pub(super) fn own(&mut self, path: &Arc<str>, scope: &Rc<Scope>) {
        self.claimed.insert(path.clone(), Some(Rc::clone(scope)));
    }

    /// The scope in which a path was claimed, or the one around it that is not sealed.
    pub(super) fn owner(&self, path: &str) -> Option<Rc<Scope>> {
        let mut path = path;
        loop {
            if let Some(owner) = self.claimed.get(path) {
                return owner.clone();
            }
            // `each[3]/charge` lies in `each[3]`, and that in `each`.
            path = path.rfind(['/', '[']).and_then(|end| path.get(..end))?;
        }
    }

    /// Claims a whole path; the second value is false if it was claimed before.
    pub(super) fn claim_path(&mut self, path: Arc<str>) -> (Arc<str>, bool) {
        let fresh = self.claimed.insert(path.clone(), None).is_none();
        (path, fresh)
    }

    /// How often `scope` has drawn something of this name before.
    pub(super) fn draw(&mut self, scope: &str, what: &str, name: &str) -> u32 {
        let draws = self.draws.entry(format!("{scope}/{what}\0{name}")).or_default();
        *draws += u32::from(!sabotage!("draws are not counted"));
        draws.saturating_sub(1)
    }

    fn nth(&mut self, base: String) -> Arc<str> {
        let base: Arc<str> = base.into();
        let uses = self.uses.entry(base.clone()).or_default();
        *uses += 1;
        if *uses == 1 { base } else { format!("{base}#{uses}").into() }
    }

    /// Forgets what starts with `prefix`: its scope is sealed, and the scope's own path stays.
    /// Whether there was anything.
    pub(super) fn forget(&mut self, prefix: &str) -> bool {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let inside = |path: &Arc<str>| path.starts_with(prefix).then(|| path.clone());
        let claimed: Vec<_> =
            self.claimed.range::<str, _>(from).map_while(|(path, _)| inside(path)).collect();
        let uses: Vec<_> =
            self.uses.range::<str, _>(from).map_while(|(path, _)| inside(path)).collect();
        let any = !claimed.is_empty();
        for path in claimed {
            self.claimed.remove(&path);
        }
        for path in uses {
            self.uses.remove(&path);
        }
        let mut rest = self.draws.split_off(prefix);
        rest.retain(|path, _| !path.starts_with(prefix));
        self.draws.append(&mut rest);
        any
    }
}

/// Keeps a hand-written id or key from looking like another part of a path.
fn escape(text: &str) -> Cow<'_, str> {
    let special = |byte: char| matches!(byte, '/' | '[' | ']' | '#' | '!' | '%');
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if special(character) {
            // Writing to a string cannot fail.
            write!(escaped, "%{:02X}", u32::from(character)).unwrap_or_default();
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::Paths;

    #[test]
    fn ids_without_key_are_numbered_within_their_scope() {
        let mut paths = Paths::default();
        let mut claim = |scope, id, key| paths.claim(scope, id, key).0.to_string();
        assert_eq!(claim("", "charge", None), "charge");
        assert_eq!(claim("", "charge", None), "charge#2");
        assert_eq!(claim("each[0]", "charge", None), "each[0]/charge");
        assert_eq!(claim("", "charge", Some("a/b")), "charge[a%2Fb]");
    }

    #[test]
    fn a_key_given_later_takes_the_place_of_the_number() {
        let mut paths = Paths::default();
        let mut keyed = |scope, key: &str| {
            let (path, _) = paths.claim(scope, "charge", None);
            let (path, fresh) = paths.rekey(&path, key);
            (path.to_string(), fresh)
        };
        assert_eq!(keyed("", "a"), ("charge[a]".to_owned(), true));
        assert_eq!(keyed("", "b"), ("charge[b]".to_owned(), true));
        assert_eq!(keyed("", "a"), ("charge[a]".to_owned(), false));
        assert_eq!(keyed("each#2[0]", "a#/"), ("each#2[0]/charge[a%23%2F]".to_owned(), true));
        assert_eq!(&*paths.claim("", "charge", None).0, "charge");
        assert_eq!(&*paths.claim("", "charge", None).0, "charge#2");
        let (third, _) = paths.claim("", "charge", None);
        assert_eq!(&*paths.rekey(&third, "c").0, "charge[c]");
        assert_eq!(&*paths.claim("", "charge", None).0, "charge#3");
    }

    #[test]
    fn a_key_is_taken_once_until_its_scope_is_sealed() {
        let mut paths = Paths::default();
        assert!(paths.claim("each[0]", "charge", Some("k")).1);
        assert!(!paths.claim("each[0]", "charge", Some("k")).1);
        paths.forget("each[0]/");
        assert!(paths.claim("each[0]", "charge", Some("k")).1);
    }
}
