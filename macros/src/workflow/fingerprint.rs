//! What tells the text of one workflow function from another's (R19).

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ItemFn;

/// The fingerprint of a function: the same however it is laid out and commented, another once
/// anything is changed that could mean something. None where the revision is itself a hash of all
/// that the function says, as that of a compiled graph is.
pub(super) fn fingerprint(function: &ItemFn, revision: &str) -> Option<String> {
    let is_hash = revision.len() == 64 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash {
        return None;
    }
    let mut hash = Hash::new();
    add(&mut hash, function.sig.to_token_stream());
    add(&mut hash, function.block.to_token_stream());
    Some(format!("{:016x}", hash.0))
}

/// FNV-1a: the same in every build, which the standard library's hashes do not promise.
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a token; the mark after it keeps `a b` from `ab`.
    fn add(&mut self, token: &str) {
        for byte in token.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Adds tokens, but for what a formatter may add or drop, and what is a comment.
fn add(hash: &mut Hash, tokens: TokenStream) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = delimiters(group.delimiter());
                hash.add(open);
                add(hash, group.stream());
                hash.add(close);
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' && tokens.peek().is_none() => {}
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if !tokens.peek().is_some_and(is_doc) {
                    hash.add("#");
                    continue;
                }
                tokens.next();
            }
            token => hash.add(&token.to_string()),
        }
    }
}

/// Whether this is the rest of what `///` stands for.
fn is_doc(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(ident)) if ident == "doc")
}

fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    fn of(text: &str) -> Option<String> {
        fingerprint(&syn::parse_str(text).unwrap(), "1")
    }

    const PLAIN: &str = "async fn order(ctx: Context, n: u64) -> Result<u64> {
        let a = charge(&ctx, n, 2).await?;
        Ok(a >> 2)
    }";

    #[test]
    fn layout_and_comments_do_not_count() {
        let other = "/// What it does.
            #[allow(deprecated)]
            pub async fn order(ctx : Context , n : u64 ,) -> Result < u64 > {
                // Dear.
                let a = charge(
                    &ctx,
                    n,
                    2,
                )
                .await?;
                /// A note.
                Ok(a>>2) }";
        assert_eq!(of(other), of(PLAIN));
    }

    #[test]
    fn every_change_counts() {
        let changes = [
            ("n, 2", "n, 3"),
            ("charge", "refund"),
            (".await?", ".await.unwrap()"),
            (">> 2", "<< 2"),
            ("let a =", "let mut a ="),
            ("n: u64", "n: u32"),
            ("Ok(a", "#[inline] Ok(a"),
        ];
        for (from, to) in changes {
            let other = PLAIN.replace(from, to);
            assert_ne!(other, PLAIN);
            assert_ne!(of(&other), of(PLAIN), "{other}");
        }
    }

    #[test]
    fn a_revision_that_is_a_hash_says_it_all() {
        let function = syn::parse_str(PLAIN).unwrap();
        assert_eq!(fingerprint(&function, &"0aF9".repeat(16)), None);
        assert!(fingerprint(&function, &"0aG9".repeat(16)).is_some());
    }
}
