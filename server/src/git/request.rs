//! What a client asks of `git-upload-pack`, all in one body.

use super::pkt::{self, Pkt};
use super::{Id, Refusal};

/// The most bytes of a request, once it is unpacked.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// The most objects that a client may want, have, or say that it has cut off.
const MOST_IDS: usize = 50_000;

/// The capabilities that are offered.
pub(super) const OFFERED: &str = "multi_ack_detailed side-band-64k ofs-delta shallow no-progress \
    include-tag allow-tip-sha1-in-want allow-reachable-sha1-in-want object-format=sha1 \
    symref=HEAD:refs/heads/main";

/// What a client waits for once it has said what it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// It has said nothing of that yet.
    #[default]
    Open,
    /// It asks what there is in common.
    Asks,
    /// It has said all, and wants the pack.
    Done,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The objects that it wants.
    pub(super) wants: Vec<Id>,
    /// The commits whose parents it does not have.
    pub(super) shallow: Vec<Id>,
    /// How many commits of each line it wants.
    pub(super) depth: Option<usize>,
    /// The commits that it has.
    pub(super) haves: Vec<Id>,
    /// How it ends.
    pub(super) end: End,
    /// Whether each commit in common is to be named.
    pub(super) detailed: bool,
    /// Whether the pack comes in bands.
    pub banded: bool,
    /// Whether tags come along with their commits.
    pub(super) tags: bool,
}

impl Request {
    /// Reads a body.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut request = Self::default();
        let mut lines = pkt::read(body)?.into_iter();
        for line in lines.by_ref() {
            match line {
                Pkt::Flush => break,
                Pkt::Line(line) => request.wish(line)?,
            }
        }
        for line in lines {
            match line {
                Pkt::Line(b"done") => {
                    request.end = End::Done;
                    return Ok(request);
                }
                Pkt::Line(line) => {
                    let id = line.strip_prefix(b"have ").and_then(Id::parse);
                    request.haves.push(id.ok_or(Refusal::Malformed("expected a commit or done"))?);
                    bounded(&request.haves)?;
                }
                // Each request stands for itself: the answer to this one is due.
                Pkt::Flush => {
                    request.end = End::Asks;
                    return Ok(request);
                }
            }
        }
        Ok(request)
    }

    fn wish(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let (word, rest) =
            line.split_at(line.iter().position(|b| *b == b' ').unwrap_or(line.len()));
        let rest = rest.get(1..).unwrap_or_default();
        match word {
            b"want" => {
                let (id, capabilities) = rest.split_at_checked(40).unwrap_or((rest, b""));
                self.wants.push(Id::parse(id).ok_or(Refusal::Malformed("a want that is no id"))?);
                bounded(&self.wants)?;
                self.agree(capabilities)
            }
            b"shallow" => {
                let id = Id::parse(rest).ok_or(Refusal::Malformed("a shallow that is no id"))?;
                self.shallow.push(id);
                bounded(&self.shallow)
            }
            b"deepen" => {
                let depth = std::str::from_utf8(rest).ok().and_then(|text| text.parse().ok());
                let depth = depth.ok_or(Refusal::Malformed("a depth that is no number"))?;
                // None is as good as nothing said.
                self.depth = Some(depth).filter(|depth| *depth > 0);
                Ok(())
            }
            other => {
                let known = other.is_ascii() && other.len() < 40;
                let other =
                    if known { String::from_utf8_lossy(other).into_owned() } else { String::new() };
                Err(Refusal::Unsupported(other))
            }
        }
    }

    fn agree(&mut self, capabilities: &[u8]) -> Result<(), Refusal> {
        let text = std::str::from_utf8(capabilities)
            .map_err(|_| Refusal::Malformed("capabilities that are no text"))?;
        for word in text.split_ascii_whitespace() {
            match word {
                "multi_ack_detailed" => self.detailed = true,
                "side-band-64k" => self.banded = true,
                "include-tag" => self.tags = true,
                // A client that filters says so even where nobody offered it, and then does not.
                "filter"
                | "ofs-delta"
                | "no-progress"
                | "shallow"
                | "thin-pack"
                | "object-format=sha1"
                | "allow-tip-sha1-in-want"
                | "allow-reachable-sha1-in-want" => {}
                other if other.starts_with("agent=") || other.starts_with("session-id=") => {}
                other => return Err(Refusal::Unsupported(other.chars().take(40).collect())),
            }
        }
        Ok(())
    }
}

fn bounded(ids: &[Id]) -> Result<(), Refusal> {
    if ids.len() > MOST_IDS { Err(Refusal::TooLarge("too many objects")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ce013625030ba8dba906f756967f9e9ca394464a";

    fn read(lines: &[&str]) -> Result<Request, Refusal> {
        let mut body = Vec::new();
        for line in lines {
            if line.is_empty() { pkt::flush(&mut body) } else { pkt::line(&mut body, line) }
        }
        Request::read(&body)
    }

    #[test]
    fn a_clone_and_a_fetch() {
        let want = format!("want {ID} multi_ack_detailed side-band-64k agent=git/2\n");
        let have = format!("have {ID}\n");
        let clone = read(&[&want, "", "done\n"]).unwrap();
        assert!(clone.banded && clone.detailed && clone.haves.is_empty());
        assert_eq!(clone.end, End::Done);
        let fetch = read(&[&want, "deepen 3", "", &have, ""]).unwrap();
        assert_eq!((fetch.depth, fetch.haves.len(), fetch.end), (Some(3), 1, End::Asks));
        assert_eq!(read(&[""]).unwrap(), Request::default());
    }

    #[test]
    fn what_was_not_offered_is_refused() {
        let refused = |lines: &[&str]| read(lines).unwrap_err().code();
        assert_eq!(refused(&["filter blob:none"]), "git_unsupported");
        assert_eq!(refused(&["deepen-since 1"]), "git_unsupported");
        assert_eq!(refused(&[&format!("want {ID} push-cert")]), "git_unsupported");
        assert_eq!(refused(&["want xyz"]), "git_malformed");
        assert_eq!(refused(&["deepen -1"]), "git_malformed");
        assert_eq!(refused(&["", "have"]), "git_malformed");
        let many = vec![format!("have {ID}"); MOST_IDS + 1];
        let many: Vec<&str> = [""].into_iter().chain(many.iter().map(String::as_str)).collect();
        assert_eq!(refused(&many), "git_too_large");
    }
}
