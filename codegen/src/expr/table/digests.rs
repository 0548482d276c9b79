//! Digests and signatures.

use flowcrate::expr;

use super::super::operands::total;
use super::Pattern::{Bytes, String};
use super::Surface::Filter;
use super::{Op, Param, Totality};

pub(super) const OPS: &[Op] = &[
    entry!("expr-hash": md5_text, Filter("md5"), [text: String] -> Bytes, total,
        "The digest of its UTF-8 bytes; `| hexencode` makes text of it.",
        |o| total(expr::md5_text(o.text(0)?))),
    entry!("expr-hash": md5, Filter("md5"), [bytes: Bytes] -> Bytes, total, "The digest.",
        |o| total(expr::md5(&o.bytes(0)?.0))),
    entry!("expr-hash": sha1_text, Filter("sha1"), [text: String] -> Bytes, total,
        "The digest of its UTF-8 bytes; `| hexencode` makes text of it.",
        |o| total(expr::sha1_text(o.text(0)?))),
    entry!("expr-hash": sha1, Filter("sha1"), [bytes: Bytes] -> Bytes, total, "The digest.",
        |o| total(expr::sha1(&o.bytes(0)?.0))),
    entry!("expr-hash": sha256_text, Filter("sha256"), [text: String] -> Bytes, total,
        "The digest of its UTF-8 bytes; `| hexencode` makes text of it.",
        |o| total(expr::sha256_text(o.text(0)?))),
    entry!("expr-hash": sha256, Filter("sha256"), [bytes: Bytes] -> Bytes, total, "The digest.",
        |o| total(expr::sha256(&o.bytes(0)?.0))),
    entry!("expr-hash": sha512_text, Filter("sha512"), [text: String] -> Bytes, total,
        "The digest of its UTF-8 bytes; `| hexencode` makes text of it.",
        |o| total(expr::sha512_text(o.text(0)?))),
    entry!("expr-hash": sha512, Filter("sha512"), [bytes: Bytes] -> Bytes, total, "The digest.",
        |o| total(expr::sha512(&o.bytes(0)?.0))),
    entry!("expr-hash": hmac_sha1_text, Filter("hmac_sha1"), [text: String, key: String] -> Bytes, total,
        "The signature of its UTF-8 bytes by those of the key; `| hexencode` makes text of it.",
        |o| total(expr::hmac_sha1_text(o.text(0)?, o.text(1)?))),
    entry!("expr-hash": hmac_sha1, Filter("hmac_sha1"), [bytes: Bytes, key: Bytes] -> Bytes, total,
        "The signature.",
        |o| total(expr::hmac_sha1(&o.bytes(0)?.0, &o.bytes(1)?.0))),
    entry!("expr-hash": hmac_sha256_text, Filter("hmac_sha256"), [text: String, key: String] -> Bytes, total,
        "The signature of its UTF-8 bytes by those of the key; `| hexencode` makes text of it.",
        |o| total(expr::hmac_sha256_text(o.text(0)?, o.text(1)?))),
    entry!("expr-hash": hmac_sha256, Filter("hmac_sha256"), [bytes: Bytes, key: Bytes] -> Bytes, total,
        "The signature.",
        |o| total(expr::hmac_sha256(&o.bytes(0)?.0, &o.bytes(1)?.0))),
    entry!("expr-hash": hmac_sha512_text, Filter("hmac_sha512"), [text: String, key: String] -> Bytes, total,
        "The signature of its UTF-8 bytes by those of the key; `| hexencode` makes text of it.",
        |o| total(expr::hmac_sha512_text(o.text(0)?, o.text(1)?))),
    entry!("expr-hash": hmac_sha512, Filter("hmac_sha512"), [bytes: Bytes, key: Bytes] -> Bytes, total,
        "The signature.",
        |o| total(expr::hmac_sha512(&o.bytes(0)?.0, &o.bytes(1)?.0))),
];
