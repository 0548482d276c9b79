//! The web editor, built by `build.rs` and embedded as bytes.
//!
//! ```
//! let page = flowcrate_editor::index();
//! assert_eq!(page.content_type, "text/html; charset=utf-8");
//! assert_eq!(flowcrate_editor::asset("index.html").map(|asset| asset.etag), Some(page.etag));
//! ```

/// One file of the editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Where the page asks for it, without the leading slash: `assets/index-4f1c.js`.
    pub path: &'static str,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Value of `ETag`, quoted: a hash of the bytes.
    pub etag: &'static str,
    /// The file.
    pub bytes: &'static [u8],
}

impl Asset {
    /// Whether the path holds a hash of the content, so that the file may be cached for ever.
    pub fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }
}

// `ASSETS`, sorted by path.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

// Served when the table has no page, which a build never leaves it without.
static EMPTY: Asset = Asset {
    path: "index.html",
    content_type: "text/html; charset=utf-8",
    etag: "\"empty\"",
    bytes: b"<!doctype html><title>Flowcrate</title>",
};

/// The file at `path`, with or without its leading slash; the empty path is the page.
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let at = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(at).copied()
}

/// The page itself, the answer to every route that the app resolves in the browser.
#[must_use]
pub fn index() -> Asset {
    asset("index.html").unwrap_or(EMPTY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_by_its_path() {
        assert!(!ASSETS.is_empty());
        for file in ASSETS {
            assert_eq!(asset(file.path), Some(*file));
            assert_eq!(asset(&format!("/{}", file.path)), Some(*file));
            assert!(!file.bytes.is_empty());
        }
    }

    #[test]
    fn the_page_names_only_files_that_are_embedded() {
        let page = std::str::from_utf8(index().bytes).unwrap();
        for link in page.split('"').filter(|text| text.starts_with("/assets/")) {
            assert!(asset(link).is_some(), "{link} is missing");
        }
        assert_eq!(asset(""), Some(index()));
        assert_eq!(asset("assets/absent.js"), None);
    }

    #[test]
    fn etags_are_quoted_and_tell_files_apart() {
        let mut etags: Vec<_> = ASSETS.iter().map(|asset| asset.etag).collect();
        etags.sort_unstable();
        etags.dedup();
        assert_eq!(etags.len(), ASSETS.len());
        assert!(etags.iter().all(|etag| etag.starts_with('"') && etag.ends_with('"')));
    }
}
