//! Digests and signatures. MD5 and SHA-1 are for services that ask for them; they keep nobody out.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::values::Bytes;

fn digest<D: Digest>(data: &[u8]) -> Bytes {
    Bytes(D::digest(data).to_vec())
}

macro_rules! digests {
    ($($name:ident, $of_text:ident, $digest:ty, $surface:literal;)*) => {$(
        #[doc = concat!("`bytes | ", $surface, "`.")]
        pub fn $name(bytes: &[u8]) -> Bytes {
            digest::<$digest>(bytes)
        }

        #[doc = concat!("`text | ", $surface, "`: of its UTF-8 bytes.")]
        pub fn $of_text(text: &str) -> Bytes {
            digest::<$digest>(text.as_bytes())
        }
    )*};
}
digests! {
    md5, md5_text, Md5, "md5";
    sha1, sha1_text, Sha1, "sha1";
    sha256, sha256_text, Sha256, "sha256";
    sha512, sha512_text, Sha512, "sha512";
}

macro_rules! signatures {
    ($($name:ident, $of_text:ident, $digest:ty, $surface:literal;)*) => {$(
        #[doc = concat!("`bytes | ", $surface, "(key)`.")]
        pub fn $name(bytes: &[u8], key: &[u8]) -> Bytes {
            // HMAC takes keys of any length.
            let signed = Hmac::<$digest>::new_from_slice(key).map(|mac| mac.chain_update(bytes));
            Bytes(signed.map_or_else(|_| Vec::new(), |mac| mac.finalize().into_bytes().to_vec()))
        }

        #[doc = concat!("`text | ", $surface, "(key)`: of their UTF-8 bytes.")]
        pub fn $of_text(text: &str, key: &str) -> Bytes {
            $name(text.as_bytes(), key.as_bytes())
        }
    )*};
}
signatures! {
    hmac_sha1, hmac_sha1_text, Sha1, "hmac_sha1";
    hmac_sha256, hmac_sha256_text, Sha256, "hmac_sha256";
    hmac_sha512, hmac_sha512_text, Sha512, "hmac_sha512";
}

#[cfg(test)]
mod tests {
    use super::super::hex_encode;
    use super::*;

    #[test]
    fn digests_are_those_of_their_standards() {
        assert_eq!(hex_encode(&md5_text("abc").0), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex_encode(&sha1_text("abc").0), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex_encode(&sha256_text("abc").0), sha256);
        assert!(hex_encode(&sha512(b"abc").0).starts_with("ddaf35a193617abacc417349ae204131"));
    }

    #[test]
    fn signatures_are_those_of_rfc_4231_and_2202() {
        let (text, key) = ("what do ya want for nothing?", "Jefe");
        let signed = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex_encode(&hmac_sha256_text(text, key).0), signed);
        let signed = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        assert_eq!(hex_encode(&hmac_sha1_text(text, key).0), signed);
        assert!(
            hex_encode(&hmac_sha512_text(text, key).0)
                .starts_with("164b7a7bfcf819e2e395fbe73b56e0a3")
        );
        assert_eq!(hmac_sha256(&[], &[0; 1_000]).0.len(), 32);
    }
}
