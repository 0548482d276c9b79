//! What `#[action]` expands to.

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "quoted items read better by value")]
fn run(args: TokenStream, item: TokenStream) -> String {
    action(args, &item).to_string()
}

fn request() -> TokenStream {
    quote! {
        /// Calls an HTTP API.
        pub async fn request<B: DeserializeOwned>(
            step: StepContext,
            input: Request,
        ) -> Result<Response<B>, StepError> {
            send(step, input).await
        }
    }
}

#[test]
fn the_function_stays_and_the_registry_sees_an_action() {
    let text = run(
        quote!(
            kind = "http.request@1",
            label = "HTTP request",
            category = "Network",
            feature = "http",
            generic = "body",
            effects
        ),
        request(),
    );
    for part in [
        "pub async fn request < B : DeserializeOwned >",
        ":: flowcrate_plugins :: __if_catalogue ! {",
        "pub struct RequestAction ;",
        "type B = :: flowcrate_plugins :: Value ;",
        "manifest :: < Request , Response < B > >",
        "description : \"Calls an HTTP API.\"",
        "generic_output : :: core :: option :: Option :: Some (\"body\")",
        "effects : true",
        "output : \"Response\"",
        "run (step , input , request :: < :: flowcrate_plugins :: Value >)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("compile_error"), "{text}");
}

#[test]
fn mistakes_are_named_and_the_function_stays() {
    let plain = quote!(
        pub async fn send(s: StepContext, i: In) -> Result<Out, StepError> {
            go()
        }
    );
    let rest = quote!(label = "L", category = "C");
    for (args, item, message) in [
        (quote!(kind = "a.b@1", label = "L"), plain.clone(), "needs `category = "),
        (quote!(kind = "A b", #rest), plain.clone(), "a kind is `name@major`"),
        (quote!(kind = "a.b@0", #rest), plain.clone(), "a kind is `name@major`"),
        (quote!(kind = "a.b@1", #rest, effect), plain.clone(), "unknown argument `effect`"),
        (quote!(kind = "a.b@1", #rest, generic = "x"), plain, "exactly one type parameter"),
        (quote!(kind = "a.b@1", #rest), request(), "name the output field"),
        (
            quote!(kind = "a.b@1", #rest),
            quote!(
                fn f() {}
            ),
            "write `async`",
        ),
    ] {
        let text = run(args, item.clone());
        assert!(text.starts_with(&item.to_string()), "{text}");
        assert!(text.contains(message), "{message}: {text}");
    }
}
