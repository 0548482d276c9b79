//! Ranges of paths.

/// The least text that is greater than every text with this prefix.
pub(crate) fn past(prefix: &str) -> String {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // Surrogates are no chars; the next char after them keeps the order.
        let next = (u32::from(last) + 1..).take(0x801).find_map(char::from_u32);
        if let Some(next) = next {
            text.push(next);
            return text;
        }
    }
    // Every text starts with the empty prefix; no text that we store sorts after this one.
    char::MAX.to_string().repeat(8)
}

#[cfg(test)]
mod tests {
    use super::past;

    #[test]
    fn past_a_prefix_lies_the_next_text() {
        assert_eq!(past("each_item[3]/"), "each_item[3]0");
        assert_eq!(past("a\u{d7ff}"), "a\u{e000}");
        assert_eq!(past("a\u{10ffff}"), "b");
        assert!(past("").as_str() > "zzz");
    }
}
