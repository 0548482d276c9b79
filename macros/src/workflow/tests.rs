//! What `#[workflow]` expands to.

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "quoted items read better by value")]
fn run(args: TokenStream, item: TokenStream) -> String {
    let tokens = workflow(args, &item);
    prettyplease::unparse(&syn::parse2(tokens).expect("the expansion parses"))
}

#[test]
fn the_function_stays_and_the_struct_runs_it() {
    let text = run(
        quote!(
            name = "order-intake",
            revision = "r3",
            adopts("r1", "r2"),
            events("shipped" = Shipped, "lost")
        ),
        quote! {
            /// Takes an order in.
            pub async fn order_intake(ctx: Context, order: Order) -> Result<Receipt> {
                Ok(charge(&ctx, order).await?)
            }
        },
    );
    let expected = r#"/// Takes an order in.
pub async fn order_intake(ctx: Context, order: Order) -> Result<Receipt> {
    Ok(charge(&ctx, order).await?)
}
///The workflow `order-intake`, to be registered with an engine; it runs [`order_intake`](fn@order_intake).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderIntake;
impl ::flowcrate::Workflow for OrderIntake {
    type Input = Order;
    type Output = Receipt;
    fn definition(&self) -> ::flowcrate::Definition {
        ::flowcrate::Definition {
            name: ::std::string::String::from("order-intake"),
            revision: ::std::string::String::from("r3"),
            events: ::std::vec![
                ::flowcrate::EventDef { name : ::std::string::String::from("shipped") },
                ::flowcrate::EventDef { name : ::std::string::String::from("lost") }
            ],
            adopts: ::std::vec![
                ::std::string::String::from("r1"), ::std::string::String::from("r2")
            ],
        }
    }
    fn run(
        &self,
        ctx: ::flowcrate::Context,
        input: Self::Input,
    ) -> ::core::pin::Pin<
        ::std::boxed::Box<
            dyn ::core::future::Future<Output = ::flowcrate::Result<Self::Output>>,
        >,
    > {
        ::std::boxed::Box::pin(order_intake(ctx, input))
    }
    fn fingerprint(&self) -> ::core::option::Option<&'static str> {
        ::core::option::Option::Some("7351408fbae07b9d")
    }
    fn check_event(
        &self,
        name: &str,
        payload: &::flowcrate::Json,
    ) -> ::flowcrate::Result<()> {
        match name {
            "shipped" => ::flowcrate::check_payload::<Shipped>(payload),
            _ => ::core::result::Result::Ok(()),
        }
    }
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn payloads_are_asked_for_their_schemas() {
    let item = quote!(
        async fn order(ctx: Context, id: u64) -> Result<()> {
            Ok(())
        }
    );
    let events = quote!(events("shipped" = Shipped, "lost"));
    let text = run(quote!(#events, payloads("shipped" = schemas::SHIPPED)), item.clone());
    let text: String = text.split_whitespace().collect();
    let expected = "check_payload::<Shipped>(payload).and_then(|()|::flowcrate::check_payload_schema(\
                    schemas::SHIPPED,payload,))";
    assert!(text.contains(expected), "{text}");
    for wrong in [quote!(payloads("lost" = SCHEMA)), quote!(payloads(SCHEMA))] {
        let text = run(quote!(#events, #wrong), item.clone());
        assert!(text.contains("a schema is that of a declared event"), "{text}");
    }
}

#[test]
fn steps_that_undo_are_registered_by_name() {
    let text = run(
        quote!(undo(refund, "unsend" = mail::take_back)),
        quote!(
            async fn order(ctx: Context, id: u64) -> Result<()> {
                Ok(())
            }
        ),
    );
    let expected = r#"    fn undos(&self) -> ::flowcrate::Undos {
        ::flowcrate::Undos::new().step("refund", refund).step("unsend", mail::take_back)
    }
"#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn workflows_that_are_called_are_registered_with_it() {
    let text = run(
        quote!(calls(Ship, crate::audit::Audit)),
        quote!(
            async fn order(ctx: Context, id: u64) -> Result<()> {
                Ok(())
            }
        ),
    );
    let expected = "    fn callees(&self) -> ::flowcrate::Callees {
        ::flowcrate::Callees::new().workflow(Ship).workflow(crate::audit::Audit)
    }
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn names_and_paths_have_defaults_and_overrides() {
    let item = quote!(
        async fn send_mail(ctx: Context, to: String) -> Result<()> {
            Ok(())
        }
    );
    let text = run(quote!(), item.clone());
    assert!(text.contains("String::from(\"send-mail\")"), "{text}");
    assert!(text.contains("revision: ::std::string::String::from(\"1\")"), "{text}");
    let text = run(quote!(crate = crate::runtime), item);
    assert!(text.contains("impl crate::runtime::Workflow for SendMail"), "{text}");
}

#[test]
fn a_mistake_is_one_error_beside_the_whole_item() {
    let item = quote!(
        async fn hello(ctx: Context, name: String) -> Result<String> {
            Ok(name)
        }
    );
    for (args, message) in [
        (quote!(nam = "x"), "unknown argument `nam`; accepted are `name = \\\"order-intake\\\"`"),
        (quote!(name = "Order Intake"), "lower-case letters"),
        (quote!(name = 5), "expected `name = "),
        (quote!(revision = ""), "a revision is a text"),
        (quote!(adopts("1")), "own revision"),
        (quote!(revision = "2", adopts("1", "1")), "adopted twice"),
        (quote!(adopts("")), "a revision is a text"),
        (quote!(adopts("0" = u8)), "has no type"),
        (quote!(adopts = "0"), "expected `adopts("),
        (quote!(undo(a::refund, b::refund)), "two steps are called `refund`"),
        (quote!(undo("" = refund)), "a step's name is"),
        (quote!(undo = refund), "expected `undo(refund)`"),
        (quote!(calls("ship" = Ship)), "a workflow has a name already"),
        (quote!(calls = Ship), "expected `calls(Ship)`"),
        (quote!(events("a", "a")), "declared twice"),
        (quote!(name = "a", name = "b"), "`name` is given twice"),
    ] {
        let text = run(args, item.clone());
        assert!(text.contains("async fn hello"), "{text}");
        assert!(text.contains("impl ::flowcrate::Workflow for Hello"), "{text}");
        assert!(text.contains(message), "{message}: {text}");
        assert_eq!(text.matches("compile_error!").count(), 1, "{text}");
    }
}

#[test]
fn a_wrong_signature_is_named_and_the_function_still_there() {
    for (item, message) in [
        (
            quote!(
                fn f(ctx: Context, x: u8) -> Result<u8> {
                    Ok(x)
                }
            ),
            "write `async`",
        ),
        (
            quote!(
                async fn f(x: u8) -> Result<u8> {
                    Ok(x)
                }
            ),
            "takes a context and one input",
        ),
        (
            quote!(
                async fn f(c: &Context, x: u8) -> Result<u8> {
                    Ok(x)
                }
            ),
            "`Context` by value",
        ),
        (
            quote!(
                async fn f(c: Context, x: u8) -> u8 {
                    x
                }
            ),
            "returns `Result<Output>`",
        ),
        (
            quote!(
                async fn f<T>(c: Context, x: T) -> Result<u8> {
                    Ok(1)
                }
            ),
            "one type of input",
        ),
    ] {
        let text = run(quote!(), item);
        assert!(text.contains("fn f") && text.contains(message), "{message}: {text}");
    }
}

#[test]
fn what_is_no_function_is_emitted_too() {
    let tokens = workflow(
        quote!(),
        &quote!(
            struct Hello;
        ),
    )
    .to_string();
    assert!(tokens.contains("struct Hello ;") && tokens.contains("stands on"), "{tokens}");
}

#[test]
fn a_limit_becomes_methods() {
    let item = quote!(
        async fn charge(ctx: Context, order: Order) -> Result<u8> {
            Ok(1)
        }
    );
    let args = quote!(limit(
        name = "payments",
        concurrency = 2,
        rate(starts = 10, period = "1m"),
        hold = "while_active",
        key = customer
    ));
    let text = run(args, item.clone());
    for part in [
        "Limit::new(\"payments\")",
        ".concurrency(2u32)",
        ".rate(10u32, ::core::time::Duration::",
        ".hold(::flowcrate::Hold::WhileActive)",
        "let key = customer(input);",
        "String::from(key)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = run(quote!(limit(concurrency = 1)), item.clone());
    assert!(text.contains("Limit::new(\"charge\").concurrency(1u32)"), "{text}");
    assert!(!run(quote!(), item.clone()).contains("Limit"));
    for (args, message) in [
        (quote!(limit(concurrency = 0)), "at least 1"),
        (quote!(limit(rate(starts = 3))), "a rate is a number of starts in a period"),
        (quote!(limit(rate(starts = 3, period = "soon"))), "expected a duration"),
        (quote!(limit(hold = "ever")), "accepted are"),
        (quote!(limit(name = "")), "a text that is not empty"),
        (quote!(limit(slots = 3)), "unknown argument `slots`"),
        (quote!(limit = "3"), "expected `limit("),
    ] {
        let text = run(args, item.clone());
        assert!(text.contains(message), "{message}: {text}");
    }
}
