//! The registry: published workflows, and the crates that they need, as cargo takes them.
//!
//! Everything that cargo is told follows from the rows of the store, and so an index that answers
//! and a package that is there are one and the same commit. What is published is immutable: a
//! version's bytes never change, whatever becomes of the workflow, of this server's sources or of
//! its address.

pub mod access;
mod adding;
mod address;
pub(crate) mod archive;
mod index_line;
mod license;
mod names;
mod preview;
mod publish;
mod shelf;
mod source;
mod support;
mod tokens;
mod upload;
mod versions;

use tokio::sync::{Mutex, OnceCell};

use crate::app::App;
use crate::error::Error;
use crate::git::Git;
use crate::store::{History, Origin, Release, ReleaseDraft, Store, Token};

pub use adding::Adding;
pub use address::{Address, is_loopback};
pub use archive::digest;
pub use index_line::{IndexDependency, IndexLine};
pub use preview::{Choice, Preview, Refusal, preview};
pub use publish::{Published, Wishes, publish};
pub use shelf::{CrateDocument, CrateSummary, VersionDocument, crate_document, version_document};
pub use support::{Build, PACKAGES as SUPPORT, release as release_support};
pub use tokens::{create as create_token, holder};
pub use upload::{Upload, read as read_upload};

/// What the registry's handlers share.
#[derive(Debug)]
pub struct Registry {
    /// The address that everything published names.
    pub address: Address,
    /// Whether it tells nobody anything without a token.
    pub private: bool,
    /// The version in which our own crates are released, once it is known.
    support: OnceCell<String>,
    /// What it remembers of its crates as git repositories.
    pub(crate) git: Git,
    /// Held from the choice of a version to its release.
    publishing: Mutex<()>,
}

impl Registry {
    /// A registry at an address.
    pub fn new(address: Address, private: bool) -> Self {
        let (support, publishing) = (OnceCell::new(), Mutex::new(()));
        Self { address, private, support, git: Git::default(), publishing }
    }

    /// The version of our own crates in this registry; releases them where they are not yet.
    pub async fn support(&self, store: &Store, now: i64) -> Result<&str, Error> {
        let release = || support::release(store, &self.address, Build::this(), now);
        self.support.get_or_try_init(release).await.map(String::as_str)
    }
}

/// Releases an upload, whose first version makes its sender the owner of the crate.
pub async fn release(app: &App, upload: Upload, by: &Token) -> Result<(), Error> {
    let Upload { described, package } = upload;
    let now = app.clock.now().0;
    let _one_at_a_time = app.registry.publishing.lock().await;
    let draft = ReleaseDraft {
        name: described.line.name.clone(),
        origin: Origin::Upload,
        description: described.description,
        version: described.line.vers.clone(),
        content: described.line.cksum.clone(),
        line: described.line.to_json()?,
        package,
        history: History::default(),
        owner: Some(by.name.clone()),
    };
    app.store.release(&[draft], now).await
}

/// The lines of a crate's index, one a version, as cargo reads them.
pub fn index(releases: &[Release]) -> Result<String, Error> {
    let mut text = String::new();
    for release in releases {
        let mut line = IndexLine::from_json(&release.line)?;
        line.yanked = release.yanked;
        text.push_str(&line.to_json()?);
        text.push('\n');
    }
    Ok(text)
}

/// Where the index has a crate: `1/a`, `2/ab`, `3/a/abc`, `or/de/order-intake`. None for what no
/// crate is called.
pub fn index_path(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    if !names::is_crate_name(&name) {
        return None;
    }
    Some(match name.len() {
        1 | 2 => format!("{}/{name}", name.len()),
        3 => format!("3/{}/{name}", name.get(..1)?),
        _ => format!("{}/{}/{name}", name.get(..2)?, name.get(2..4)?),
    })
}

#[cfg(test)]
mod tests {
    use super::index_path;

    #[test]
    fn paths_of_the_index() {
        let path = |name| index_path(name).unwrap_or_default();
        assert_eq!(path("a"), "1/a");
        assert_eq!(path("ab"), "2/ab");
        assert_eq!(path("abc"), "3/a/abc");
        assert_eq!(path("Order-Intake"), "or/de/order-intake");
        for name in ["", "ä", "a/b", "..", "-a", "1a"] {
            assert_eq!(index_path(name), None, "{name}");
        }
    }
}
