//! Macros that are printed as ordinary code, so that prettyplease lays them out, and spelled out
//! afterwards: `format__(…)`, `json__(…)` with objects as structs whose field names hold the
//! keys in hexadecimal, and `&mut […]`, which nothing else is, for `vec![…]`.

use std::borrow::Cow;
use std::fmt::Write as _;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use super::super::wide;

/// `format!` of these arguments.
pub(crate) fn format(arguments: &TokenStream) -> TokenStream {
    quote!(format__(#arguments))
}

/// `vec!` of these elements.
pub(crate) fn list(elements: &[TokenStream]) -> TokenStream {
    quote!(&mut [#(#elements),*])
}

/// The elements of tokens that are such a `vec!`.
pub(crate) fn elements(tokens: &[TokenTree]) -> Option<&Group> {
    match tokens {
        [TokenTree::Punct(and), TokenTree::Ident(name), TokenTree::Group(elements)]
            if and.as_char() == '&' && name == "mut" =>
        {
            Some(elements)
        }
        _ => None,
    }
}

/// `json!` of a value.
pub(crate) fn json(value: &TokenStream) -> TokenStream {
    quote!(json__(#value))
}

/// An object within `json!`.
pub(crate) fn object(entries: Vec<(String, TokenStream)>) -> TokenStream {
    let fields = entries.into_iter().map(|(key, value)| {
        let mut name = "key_".to_owned();
        for byte in key.bytes() {
            // Writing to a string does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        name.push_str("__");
        let name = Ident::new(&name, Span::call_site());
        quote!(#name: #value)
    });
    quote!(Object__ { #(#fields),* })
}

/// Turns the placeholders into what they stand for, but for what looks like one within a literal
/// or a comment.
pub(super) fn spell_out(text: &str) -> Cow<'_, str> {
    // Most code holds none.
    if !text.contains("__") && !text.contains("&mut [") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['"', '/']) {
        let (code, other) = rest.split_at(start);
        spell_out_code(code, &mut out);
        let length =
            if other.starts_with('"') { literal_length(other) } else { comment_length(other) };
        out.push_str(&other[..length]);
        rest = &other[length..];
    }
    spell_out_code(rest, &mut out);
    out.into()
}

/// Takes away the comma behind what stands on lines of its own in `json!( )`, which has no place
/// for one.
pub(super) fn without_commas(text: &str) -> Cow<'_, str> {
    const OPEN: &str = "json!(";
    if !text.contains("json!(\n") {
        return text.into();
    }
    let mut opened: Vec<bool> = Vec::new();
    let (mut commas, mut last, mut start) = (Vec::new(), (0, b' '), 0);
    // No text goes over several lines, and what stands in a comment is no code.
    for line in text.split_inclusive('\n') {
        let code = wide::code(line).filter(|_| !line.trim_start().starts_with("//"));
        for (at, byte) in code.filter(|(_, byte)| !byte.is_ascii_whitespace()) {
            let closes = matches!(byte, b')' | b']' | b'}');
            if matches!(byte, b'(' | b'[' | b'{') {
                opened.push(line[..=at].ends_with(OPEN));
            } else if closes && opened.pop() == Some(true) && last.1 == b',' {
                commas.push(last.0);
            }
            last = (start + at, byte);
        }
        start += line.len();
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for at in commas {
        out.push_str(&text[from..at]);
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.into()
}

/// The length of a string literal, its quotes included.
pub(super) fn literal_length(text: &str) -> usize {
    let mut escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a comment up to the end of its line; 1 where the slash begins none.
pub(super) fn comment_length(text: &str) -> usize {
    if text.starts_with("//") { text.find('\n').unwrap_or(text.len()) } else { 1 }
}

fn spell_out_code(text: &str, out: &mut String) {
    // Most code holds none, and its replacing costs more than its printing.
    let text = if text.contains("&mut [") {
        Cow::from(text.replace("&mut [", "vec!["))
    } else {
        Cow::from(text)
    };
    if !text.contains("__") {
        out.push_str(&text);
        return;
    }
    let text = text.replace("format__(", "format!(").replace("json__(", "json!(");
    let text = text.replace("Object__ {", "{");
    let mut rest = text.as_str();
    while let Some(start) = rest.find("key_") {
        let (before, name) = rest.split_at(start);
        out.push_str(before);
        if let Some((key, length)) = key(name) {
            let literal = proc_macro2::Literal::string(&key);
            out.push_str(&literal.to_string());
            rest = &name[length..];
        } else {
            out.push_str("key_");
            rest = &name["key_".len()..];
        }
    }
    out.push_str(rest);
}

/// The key that a placeholder holds, and the placeholder's length.
fn key(name: &str) -> Option<(String, usize)> {
    let hex = name.strip_prefix("key_")?;
    let digits = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
    if !hex[digits..].starts_with("__:") || digits % 2 != 0 {
        return None;
    }
    let bytes: Result<Vec<u8>, _> = (0..digits)
        .step_by(2)
        .map(|start| u8::from_str_radix(&hex[start..start + 2], 16))
        .collect();
    let key = String::from_utf8(bytes.ok()?).ok()?;
    Some((key, "key_".len() + digits + "__".len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_come_back() {
        let object = object(vec![("with space".to_owned(), quote!(1)), (String::new(), quote!(2))]);
        let printed = json(&object).to_string();
        let spaced = printed.replace(" :", ":").replace("json__ (", "json__(");
        assert_eq!(spell_out(&spaced), "json!({ \"with space\": 1 , \"\": 2 })");
        assert_eq!(spell_out("let key_card = 1;"), "let key_card = 1;");
        let literal = "f(\"json__(\\\"Object__ {\") // format__(";
        assert_eq!(spell_out(literal), literal);
    }
}
