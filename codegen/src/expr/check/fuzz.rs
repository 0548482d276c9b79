//! Seeded mutation: whatever the text, the parser and checker answer, and what they accept
//! evaluates to a canonical value of its type, folded or not.

use flowcrate::types::{Type, project};

use super::super::{eval, json_references, parse, references, rename};
use super::tests::scope;
use super::{check, unfolded};

const TEXTS: [&str; 26] = [
    "{{ trigger.total + 1 }} of {{ trigger.rate * 2.5 }}",
    "{{ trigger.lines | sort(attribute='price', reverse=true) | map(attribute='label') | join('-') }}",
    "{{ 'x' if trigger.note is defined and trigger.vip else trigger.note | default('y') }}",
    "{{ first_of(steps.a.email, steps.b.email, 'none') | upper }}",
    "{{ steps.body.x.y ~ steps.body.list[1] ~ (steps.body.nope | default(3)) }}",
    "{{ {'a': [1, 2.5, none], 'b': {'c': trigger.status}} | tojson }}",
    "{{ trigger.at + duration('1m 30s') > timestamp('2026-11-21T00:00:00Z') }}",
    "{{ trigger.tags[1:-1] + ['z'] | unique }}",
    "{{ (trigger.total // 7 % 3) ** 2 - -trigger.total / 2 }}",
    "{{ trigger.stock.x in [1, 2] or 'y' in trigger.stock and not trigger.vip }}",
    "{{ trigger.lines | selectattr('price', '>', 2) | sum(attribute='count') }}",
    "{{ 1 < trigger.total <= 2000 }}",
    "{{ trigger.status == 'paid' or trigger.status in ['new', 'paid'] }}",
    "{{ steps.a is defined and steps.a.age > 3 }}",
    "{{ range(0, 10, 3) | last | default(0) }}",
    "{{ trigger.blob | decode | base64encode | base64decode | length }}",
    "{{ item.price * item.count + index }}",
    "{{ trigger['id'][0:2] | replace('o', \"ü\") | truncate(3) }}",
    "{{ run.id ~ run.started_at ~ trigger.wait }}",
    "{{ trigger.tags | map('upper') | first | default('') is startingwith 'B' }}",
    "{{ '}}' ~ \"{{\" ~ '\\u00fc\\n' }} text }} {",
    "{{ (1 if trigger.vip else 2.5) | round(1) | int }}",
    "{{ '[1, {\"a\": 2}]' | fromjson | length }}",
    "{{ trigger.stock | items | map(attribute='key') | join }}{{ steps.body.x | items | length }}",
    "{{ [trigger.tags, []] | map('sort', reverse=true) | map('first') | length }}",
    "{{ 9223372036854775807 - -9223372036854775808 | abs }}",
];

const PIECES: [&str; 48] = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    ".",
    ",",
    ":",
    "|",
    "~",
    " - ",
    " ** ",
    " // ",
    " % ",
    " not ",
    " is ",
    " in ",
    " if ",
    " else ",
    " and ",
    " or ",
    "none",
    "true",
    "0",
    "1e308",
    "99999999999999999999",
    "trigger",
    "steps.a",
    "item",
    "errors['a']",
    "| default(",
    "first_of(",
    "| sort(attribute='",
    "ü",
    "\u{0}",
    "🙂",
    "\n",
    "loops.x.item",
];

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap_or(0) % bound.max(1)
    }
}

fn mutate(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len() + 1);
        let length = random.below(8).min(chars.len() - at);
        match random.below(5) {
            0 => drop(chars.drain(at..at + length)),
            1 => {
                let piece = PIECES.get(random.below(PIECES.len())).copied().unwrap_or_default();
                chars.splice(at..at, piece.chars());
            }
            2 => {
                let copy: Vec<char> = chars[at..at + length].to_vec();
                let to = random.below(chars.len() + 1);
                chars.splice(to..to, copy);
            }
            3 => {
                let other: Vec<char> = TEXTS[random.below(TEXTS.len())].chars().collect();
                let from = random.below(other.len());
                let end = (from + random.below(30)).min(other.len());
                chars.splice(at..at, other[from..end].iter().copied());
            }
            _ => {
                let with = TEXTS[random.below(TEXTS.len())].chars().nth(random.below(40));
                if let (Some(char), Some(with)) = (chars.get_mut(at), with) {
                    *char = with;
                }
            }
        }
    }
    chars.into_iter().collect()
}

/// Everything that is promised of any text; whether it has a type.
fn probe(text: &str) -> bool {
    let scope = scope();
    let template = match parse(text) {
        Ok(template) => template,
        Err(issues) => {
            assert!(!issues.is_empty(), "{text:?} fails without an issue");
            for issue in issues {
                assert!(
                    text.get(issue.span.start..issue.span.end).is_some(),
                    "{text:?}: {issue:?}"
                );
            }
            return false;
        }
    };
    for at in references(&template) {
        assert!(text.get(at.span.start..at.span.end).is_some(), "{text:?}: {at:?}");
    }
    assert_eq!(rename(text, &|_| None), text);
    let _ = json_references(&serde_json::json!([text]));
    for expected in [Type::Any, Type::Int, Type::String.optional(), Type::list(Type::Number)] {
        if let Ok(expr) = check(&template, &scope, Some(&expected)) {
            assert_eq!(expr.ty, expected, "{text:?}");
        }
    }
    match check(&template, &scope, None) {
        Err(issues) => {
            assert!(!issues.is_empty(), "{text:?} fails without an issue");
            for issue in issues {
                assert_ne!(issue.code, "E901", "{text:?}");
                assert!(
                    text.get(issue.span.start..issue.span.end).is_some(),
                    "{text:?}: {issue:?}"
                );
            }
            false
        }
        Ok(folded) => {
            let unfolded = unfolded(&template, &scope).expect("it has a type");
            let value = eval(&folded, &scope);
            assert_eq!(value, eval(&unfolded, &scope), "{text:?}, folded: {folded:?}");
            if let Ok(value) = value {
                assert_eq!(project(&folded.ty, &value).as_ref(), Ok(&value), "{text:?}");
            }
            true
        }
    }
}

#[test]
fn mutated_texts_never_break_anything() {
    let mut random = Random(0x5eed);
    for text in TEXTS {
        assert!(probe(text), "{text} has a type");
    }
    let rounds = std::env::var("FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(8_000);
    let mut typed = 0;
    for _ in 0..rounds {
        let mut text = TEXTS[random.below(TEXTS.len())].to_owned();
        for _ in 0..=random.below(3) {
            text = mutate(&text, &mut random);
        }
        typed += usize::from(probe(&text));
    }
    assert!(typed > rounds / 20, "only {typed} of {rounds} mutants had a type: too wild to tell");
}

#[test]
fn long_texts_are_read_in_linear_time() {
    for text in [
        "{{ trigger.total }} and ",
        "{{",
        "}}",
        "{{ 'a",
        "{{ {",
        "{% ",
        "{{ ( }} ",
        "{{ x }}{",
        "{# ",
    ] {
        let long = text.repeat(4_000);
        let start = std::time::Instant::now();
        if let Ok(template) = parse(&long) {
            let _ = check(&template, &scope(), None);
        }
        // Quadratic time would be far beyond: this is no benchmark.
        assert!(start.elapsed().as_secs() < 5, "{text}");
    }
}
