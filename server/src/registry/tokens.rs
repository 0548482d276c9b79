//! Tokens: made once, shown once, known by their digest from then on.

use uuid::Uuid;

use super::archive;
use crate::error::Error;
use crate::store::{Scope, Store, Token};

/// What tokens begin with, so that a leaked one is known for what it is.
const PREFIX: &str = "flowcrate_";

/// Makes a token for somebody; gives its id, and the token, which nothing keeps.
pub async fn create(
    store: &Store,
    holder: (&str, Scope),
    now: i64,
) -> Result<(String, String), Error> {
    // 244 bits of chance.
    let (one, other) = (Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let token = format!("{PREFIX}{one}{other}");
    let id = store.create_token(holder, &archive::digest(token.as_bytes()), now).await?;
    Ok((id, token))
}

/// Whose token this is; none where it is nobody's.
pub async fn holder(store: &Store, token: &str) -> Result<Option<Token>, Error> {
    store.token(&archive::digest(token.as_bytes())).await
}
