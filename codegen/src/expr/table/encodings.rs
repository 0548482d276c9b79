//! Bytes and text: base64, hexadecimal.

use flowcrate::expr;

use super::super::operands::{partial, total};
use super::Pattern::{Bytes, String};
use super::Surface::Filter;
use super::{Op, Param, Totality};

pub(super) const OPS: &[Op] = &[
    entry!(base64_encode_text, Filter("base64encode"), [text: String] -> String, total,
        "Base64 of its UTF-8 bytes.",
        |o| total(expr::base64_encode_text(o.text(0)?))),
    entry!(base64_encode, Filter("base64encode"), [bytes: Bytes] -> String, total, "Base64.",
        |o| total(expr::base64_encode(&o.bytes(0)?.0))),
    entry!(base64_decode, Filter("base64decode"), [text: String] -> Bytes, partial,
        "The bytes; `| decode` makes text of them.",
        |o| partial(expr::base64_decode(o.text(0)?))),
    entry!(text_to_bytes, Filter("encode"), [text: String] -> Bytes, total, "Its UTF-8 bytes.",
        |o| total(expr::text_to_bytes(o.text(0)?))),
    entry!(bytes_to_text, Filter("decode"), [bytes: Bytes] -> String, partial,
        "The text whose UTF-8 bytes they are.",
        |o| partial(expr::bytes_to_text(&o.bytes(0)?.0))),
    entry!(base64_url_encode_text, Filter("base64urlencode"), [text: String] -> String, total,
        "Base64 for URLs of its UTF-8 bytes, without padding.",
        |o| total(expr::base64_url_encode_text(o.text(0)?))),
    entry!(base64_url_encode, Filter("base64urlencode"), [bytes: Bytes] -> String, total,
        "Base64 for URLs, without padding.",
        |o| total(expr::base64_url_encode(&o.bytes(0)?.0))),
    entry!(base64_url_decode, Filter("base64urldecode"), [text: String] -> Bytes, partial,
        "The bytes of base64 for URLs, padded or not.",
        |o| partial(expr::base64_url_decode(o.text(0)?))),
    entry!(hex_encode_text, Filter("hexencode"), [text: String] -> String, total,
        "Two lower-case digits for each of its UTF-8 bytes.",
        |o| total(expr::hex_encode_text(o.text(0)?))),
    entry!(hex_encode, Filter("hexencode"), [bytes: Bytes] -> String, total,
        "Two lower-case digits for each byte.",
        |o| total(expr::hex_encode(&o.bytes(0)?.0))),
    entry!(hex_decode, Filter("hexdecode"), [text: String] -> Bytes, partial,
        "The bytes of hexadecimal text, in either case.",
        |o| partial(expr::hex_decode(o.text(0)?))),
];
