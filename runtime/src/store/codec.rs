//! The hook through which every stored payload passes.

use std::fmt;

/// Turns payloads into what the disk may hold, and back: encryption, mostly.
///
/// Every value of a run passes through it on its way to the disk: inputs, outputs, results of
/// steps, events, failures with their messages, what is published and answered. What stores look
/// for stays readable: names of workflows and events, paths, kinds, keys, tags, instants, and the
/// hashes of canonical inputs, which are taken of the plain text.
///
/// `decode(encode(x))` has to be `x`, as long as the journal lives: a run that is resumed sees
/// what was stored. A codec that leaves something out (redaction) is right only for values that
/// the workflow itself does not read again.
///
/// # Example
///
/// Authenticated encryption with a ring of keys: values carry the number of their key, new ones
/// are written under the newest, old ones are read as long as their key is there.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use chacha20poly1305::aead::{Aead, KeyInit};
/// use chacha20poly1305::{XChaCha20Poly1305, XNonce};
/// use flowcrate::sqlite::SqliteStore;
/// use flowcrate::store::{CodecError, PayloadCodec};
///
/// struct Encrypted {
///     keys: BTreeMap<u8, XChaCha20Poly1305>,
/// }
///
/// impl PayloadCodec for Encrypted {
///     fn name(&self) -> &str {
///         "xchacha20poly1305"
///     }
///
///     fn encode(&self, plain: &[u8]) -> Result<Vec<u8>, CodecError> {
///         let (number, key) = self.keys.last_key_value().ok_or("there is no key")?;
///         // 192 random bits: no two values ever share a nonce.
///         let mut nonce = [0; 24];
///         nonce[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
///         nonce[16..].copy_from_slice(&uuid::Uuid::new_v4().as_bytes()[..8]);
///         let sealed = key.encrypt(&XNonce::from(nonce), plain).map_err(|_| "too long a value")?;
///         Ok([&[*number], &nonce[..], &sealed].concat())
///     }
///
///     fn decode(&self, stored: &[u8]) -> Result<Vec<u8>, CodecError> {
///         let (number, rest) = stored.split_first().ok_or("the value is empty")?;
///         let (nonce, sealed) = rest.split_first_chunk::<24>().ok_or("the value is cut")?;
///         let key = self.keys.get(number).ok_or_else(|| format!("key {number} is not here"))?;
///         let opened = key.decrypt(&XNonce::from(*nonce), sealed);
///         Ok(opened.map_err(|_| format!("key {number} does not open it"))?)
///     }
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("journal.db");
/// // The keys come from where secrets live, such as a key management service.
/// # let (old, new) = ([1; 32], [2; 32]);
/// let keys = [(1, old), (2, new)].map(|(n, key)| (n, XChaCha20Poly1305::new(&key.into())));
/// let store = SqliteStore::options().codec(Encrypted { keys: keys.into() }).open(&path)?;
/// # drop(store);
/// // Without its key the journal says so at once.
/// assert_eq!(SqliteStore::open(&path).unwrap_err().code(), "wrong_codec");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait PayloadCodec: Send + Sync + 'static {
    /// What it is called in a journal and in messages. Not a place for keys, and the same for
    /// every key: what the journal holds tells whether a key fits.
    fn name(&self) -> &str;

    /// What the disk is to hold for these bytes of JSON text. Equal texts need not become equal
    /// bytes.
    fn encode(&self, plain: &[u8]) -> Result<Vec<u8>, CodecError>;

    /// The bytes of JSON text that `stored` was made of.
    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>, CodecError>;
}

/// Why a codec could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError(pub String);

impl fmt::Display for CodecError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for CodecError {}

impl From<&str> for CodecError {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl From<String> for CodecError {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}
