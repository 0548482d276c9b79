//! What `#[step]` expands to.

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "quoted items read better by value")]
fn run(args: TokenStream, item: TokenStream) -> String {
    let tokens = step(args, &item);
    prettyplease::unparse(&syn::parse2(tokens).expect("the expansion parses"))
}

fn charge() -> TokenStream {
    quote! {
        /// Charges the card.
        #[allow(clippy::unused_async)]
        pub async fn charge(step: StepContext, input: ChargeInput) -> Result<Payment, StepError> {
            pay(step, input).await
        }
    }
}

#[test]
fn a_step_becomes_a_function_of_the_context() {
    let args = quote!(
        id = "charge_card",
        kind = "http.request@1",
        retry(max_attempts = 5, initial = "500ms", factor = 2.0, cap = "1m", jitter),
        timeout = "30s",
        total = "10m",
        heartbeat = "10s",
        retry_on("timeout", "rate_limited"),
        on_exhausted = "pause"
    );
    let expected = r#"/// Charges the card.
#[allow(clippy::unused_async)]
pub fn charge(
    ctx: &::flowcrate::Context,
    input: ChargeInput,
) -> ::flowcrate::Step<Payment> {
    #[allow(clippy::unused_async)]
    async fn charge(
        step: StepContext,
        input: ChargeInput,
    ) -> Result<Payment, StepError> {
        pay(step, input).await
    }
    let spec = ::flowcrate::StepSpec::new("charge_card", "http.request@1")
        .policy(::flowcrate::Policy {
            max_attempts: 5u32,
            initial: ::core::time::Duration::from_millis(500u64),
            factor: 2f64,
            cap: ::core::time::Duration::from_secs(60u64),
            jitter: true,
            timeout: ::core::option::Option::Some(
                ::core::time::Duration::from_secs(30u64),
            ),
            total: ::core::option::Option::Some(
                ::core::time::Duration::from_secs(600u64),
            ),
            heartbeat: ::core::option::Option::Some(
                ::core::time::Duration::from_secs(10u64),
            ),
            retry_on: ::flowcrate::policy::Retried::none()
                .with(::flowcrate::policy::ErrorClass::Timeout)
                .with(::flowcrate::policy::ErrorClass::RateLimited),
            on_exhausted: ::flowcrate::policy::OnExhausted::Pause,
        });
    ctx.step::<ChargeInput, Payment, _, _>(spec, input, charge)
}
"#;
    assert_eq!(run(args, charge()), expected);
}

#[test]
fn what_is_left_out_is_the_default() {
    let text = run(quote!(), charge());
    assert!(text.contains(r#"StepSpec::new("charge", "step")"#), "{text}");
    assert!(text.contains("<::flowcrate::Policy as ::core::default::Default>::default()"));
    let text = run(quote!(retry(max_attempts = 1), timeout = "none"), charge());
    assert!(text.contains("max_attempts: 1u32") && text.contains("jitter: false"), "{text}");
    assert!(text.contains("timeout: ::core::option::Option::None"), "{text}");
    assert!(text.contains("..<::flowcrate::Policy as"), "{text}");
}

#[test]
fn an_empty_list_of_classes_is_none_of_them() {
    let text = run(quote!(retry_on()), charge());
    assert!(text.contains("retry_on: ::flowcrate::policy::Retried::none(),"), "{text}");
}

#[test]
fn a_step_may_have_no_input() {
    let item = quote!(
        async fn ping(step: StepContext) -> Result<(), StepError> {
            Ok(())
        }
    );
    let text = run(quote!(crate = flow), item);
    assert!(text.contains("fn ping(ctx: &flow::Context) -> flow::Step<()>"), "{text}");
    assert!(text.contains("ctx.step::<(), (), _, _>(spec, (), |step, ()| ping(step))"), "{text}");
}

#[test]
fn a_mistake_in_the_arguments_is_one_error_and_callers_still_compile() {
    for (args, message) in [
        (quote!(identity = "x"), "unknown argument `identity`"),
        (quote!(id = "Charge"), "a step's id is"),
        (quote!(kind = ""), "a kind is a text"),
        (quote!(retry(attempts = 5)), "accepted are `max_attempts = 5`"),
        (quote!(retry(max_attempts = 0)), "at least 1"),
        (quote!(retry(factor = 0.5)), "at least 1.0"),
        (quote!(retry(cap = "soon")), "expected a duration"),
        (quote!(heartbeat = "often"), "or \\\"none\\\""),
        (quote!(retry_on("fatal")), "never tried again"),
        (quote!(retry_on("timeout" = u8)), "has no type"),
        (quote!(timeout = "never"), "or \\\"none\\\""),
        (quote!(on_exhausted = "stop"), "accepted are \\\"fail\\\" and \\\"pause\\\""),
    ] {
        let text = run(args, charge());
        assert!(text.contains("ctx: &::flowcrate::Context"), "{text}");
        assert!(text.contains(message), "{message}: {text}");
        assert_eq!(text.matches("compile_error!").count(), 1, "{text}");
    }
}

#[test]
fn a_wrong_signature_leaves_the_function_as_it_is() {
    for (item, message) in [
        (
            quote!(
                fn f(s: StepContext) -> Result<u8, E> {
                    Ok(1)
                }
            ),
            "write `async`",
        ),
        (
            quote!(
                async fn f(x: u8, y: u8) -> Result<u8, E> {
                    Ok(1)
                }
            ),
            "expected `StepContext`",
        ),
        (
            quote!(
                async fn f() -> Result<u8, E> {
                    Ok(1)
                }
            ),
            "takes a step context",
        ),
        (
            quote!(
                async fn f(s: StepContext) -> u8 {
                    1
                }
            ),
            "returns a `Result`",
        ),
    ] {
        let text = run(quote!(), item);
        assert!(text.contains("fn f(") && text.contains(message), "{message}: {text}");
        assert!(!text.contains("ctx.step"), "{text}");
    }
}
