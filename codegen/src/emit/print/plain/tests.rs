//! Both ways of printing, held against each other.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Item;

use super::super::tokens::Tokens;
use super::super::{Items, layout};
use super::Printer;

/// The code of a golden file as the emitter writes it: comments are attributes.
fn written(text: &str) -> String {
    let line = |line: &str| match line.trim_start().strip_prefix("//") {
        Some(rest) if rest.starts_with("/ ") || rest == "/" || rest.starts_with('!') => {
            format!("{line}\n")
        }
        Some(comment) => format!("#[comment = {comment:?}]\n"),
        None => format!("{line}\n"),
    };
    text.lines().skip(1).map(line).collect::<String>().replace("format!(", "format__(")
}

/// Nobody else holds these tokens, as where they are emitted.
fn own(item: &Item) -> TokenStream {
    item.to_token_stream().to_string().parse().expect("tokens")
}

#[test]
fn both_ways_of_printing_agree() {
    let (mut items, mut plain, mut found) = (0, 0, Vec::new());
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/run");
    for folder in std::fs::read_dir(run).expect("fixtures").flatten() {
        for name in ["workflow.rs", "steps.rs", "custom.rs", "types.rs"] {
            let path = folder.path().join("golden").join(name);
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            for item in syn::parse_file(&written(&text)).expect("Rust").items {
                let tokens = Tokens::of(own(&item));
                // Objects are spelled out by the layout only.
                if tokens.text().contains("json !") {
                    continue;
                }
                let mut printed = Items::default();
                printed.push(own(&item));
                let (printed, whole) = (printed.printer.out, layout::item(&tokens.text()));
                found.extend(difference(printed.trim_start_matches('\n'), &whole));
                items += 1;
                plain += usize::from(Printer::default().items(tokens.code()).is_some());
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(items > 500 && plain > items * 9 / 10, "{plain} of {items} items");
}

/// Where two texts begin to differ, a few lines of each.
fn difference(plain: &str, whole: &str) -> Option<String> {
    let mut lines = plain.lines().zip(whole.lines());
    let place = match lines.position(|(plain, whole)| plain != whole) {
        Some(place) => place,
        None if plain == whole => return None,
        None => 0,
    };
    let some = |text: &str| -> Vec<String> {
        text.lines().skip(place.saturating_sub(1)).take(4).map(str::to_owned).collect()
    };
    Some(format!("{:#?} instead of {:#?}", some(plain), some(whole)))
}

/// One statement, which begins a function's body, printed both ways.
fn statement(tokens: &TokenStream) -> [String; 2] {
    let text = Tokens::of(quote!(async fn f() { #tokens })).text();
    let mut items = Items::default();
    items.push(text.parse().expect("tokens"));
    [items.printer.out.trim_start().to_owned(), layout::item(&text)]
}

/// Statements around the widths at which each form breaks.
#[test]
fn both_ways_break_at_the_same_width() {
    let forms = [
        "let x = NAME(&ctx, Input { a: b.c, d: &e }).await?;",
        "NAME(&ctx, Input { total: trigger.total.clone() }).await.caught()?;",
        "let (a, b) = join((one(&ctx, NAME), two(&ctx, b.clone()))).await?;",
        "let a = if NAME.is_some() { \"out\" } else { \"error\" };",
        "if a && NAME { f(); } else if b { g(); }",
        "ctx.evaluate(\"a\", || expr::int_add(NAME, 1)?.get())?;",
        "let a = ctx.evaluate(\"a\", || expr::list_select(&NAME, |v| Ok(*v > 1)))?;",
        "let a = ctx.evaluate(\"a\", || Ok(Input { a: NAME, ..Input::default() }))?;",
        "let a = ctx.for_each(\"a\", NAME, 2, async |ctx, item, _| { f(&ctx).await?; g().await }).await?;",
        "ctx.for_each(\"a\", vec![NAME], 2, async |ctx, _, _| body(ctx).await).await",
        "let a = task(async { let b = NAME(&ctx).await.caught()?; Ok(b.is_ok()) });",
        "match a { Some(a) => f(&ctx, a, NAME).await?, None => { g(); h(NAME) } }",
        "return Err(ctx.failure(\"a\", \"b\", NAME).into());",
        "let a: Vec<Option<NAME>> = b.iter().map(|v| v.c.clone()).collect();",
        "let a = !b.contains(&NAME) && (c == -1 || d[0] < *e);",
    ];
    let mut found = Vec::new();
    for form in forms {
        for width in 1..90 {
            let name = format!("n{}", "a".repeat(width));
            let text = form.replace("NAME", &name);
            let [plain, whole] = statement(&text.parse().expect("tokens"));
            found.extend(difference(&plain, &whole));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_condition_may_have_blocks() {
    let [plain, whole] = statement(&quote! {
        if if a { b } else { c } { f(); g() } else { h() }
        match if a { b } else { c } { 1 => f(), _ => { g(); h() } }
    });
    assert_eq!(plain, whole);
}

/// What there is one of for each node goes the short way.
#[test]
fn steps_and_their_methods_are_plain() {
    let plain = |code: &TokenStream| {
        let tokens = Tokens::of(code.to_string().parse().expect("tokens"));
        Printer::default().members(tokens.code()).is_some()
    };
    assert!(plain(&quote! {
        /// Charge the card.
        fn charge(_step: StepContext, _input: ChargeInput) -> impl Future<Output = Result<Value, StepError>> + Send {
            async { Err(not_written("charge")) }
        }
        #[step(id = "charge", retry(max_attempts = 3, initial = "1s", factor = 2.0, cap = "1m", jitter), timeout = "30s")]
        pub async fn charge(step: StepContext, input: ChargeInput) -> Result<Value, StepError> {
            Functions::charge(step, input).await
        }
    }));
    assert!(!plain(&quote!(
        fn charge<T>(value: T) -> Value {
            value.into()
        }
    )));
}
