//! What `#[derive(Typed)]` expands to.

use super::*;

fn run(item: TokenStream) -> String {
    let tokens = typed(item);
    prettyplease::unparse(&syn::parse2(tokens).expect("the expansion parses"))
}

#[test]
fn a_struct_is_a_record_with_its_documentation() {
    let text = run(quote! {
        #[serde(rename_all = "camelCase")]
        pub struct Message {
            /// Where it goes.
            /// Any channel.
            channel_name: String,
            #[serde(rename = "type")]
            kind: i64,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reply_to: Option<String>,
            #[serde(skip)]
            cache: u8,
        }
    });
    let expected = r#"#[automatically_derived]
impl ::flowcrate::types::Typed for Message {
    fn ty() -> ::flowcrate::types::Type {
        ::flowcrate::types::typed::record(
            "Message",
            [
                (
                    "channelName",
                    <String as ::flowcrate::types::Typed>::ty(),
                    "Where it goes.\nAny channel.",
                ),
                ("type", <i64 as ::flowcrate::types::Typed>::ty(), ""),
                ("replyTo", <Option<String> as ::flowcrate::types::Typed>::ty(), ""),
            ],
        )
    }
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn type_parameters_are_bound() {
    let text = run(quote!(
        #[typed(crate = flow)]
        struct Response<B> {
            body: B,
        }
    ));
    assert!(text.contains("impl<B: flow::types::Typed> flow::types::Typed for Response<B>"));
}

#[test]
fn an_enum_is_its_texts() {
    let text = run(quote! {
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        enum Level { Low, VeryHigh, #[serde(rename = "off")] None }
    });
    assert!(text.contains(r#"enumeration("Level", ["LOW", "VERY_HIGH", "off"])"#), "{text}");
}

#[test]
fn what_no_type_can_tell_is_refused() {
    for (item, message) in [
        (
            quote!(
                struct A(u8);
            ),
            "named fields",
        ),
        (
            quote!(
                enum A {
                    B(u8),
                }
            ),
            "have no fields",
        ),
        (
            quote!(
                enum A {}
            ),
            "without variants",
        ),
        (quote!(union A { b: u8 }), "only structs"),
        (
            quote!(
                struct A {
                    #[serde(default)]
                    b: i64,
                }
            ),
            "whose default is null",
        ),
        (
            quote!(
                struct A {
                    #[serde(default = "one")]
                    b: Option<i64>,
                }
            ),
            "cannot tell a default",
        ),
        (
            quote!(
                struct A {
                    #[serde(flatten)]
                    b: B,
                }
            ),
            "`flatten` changes the JSON",
        ),
        (
            quote!(
                #[serde(rename_all = "Title Case")]
                struct A {
                    b: i64,
                }
            ),
            "a case of serde's",
        ),
    ] {
        let text = run(item);
        assert!(text.contains(message), "{message}: {text}");
    }
}

#[test]
fn cases_are_serdes() {
    assert_eq!(Case::Kebab.of_variant("NotFound"), "not-found");
    assert_eq!(Case::Camel.of_variant("NotFound"), "notFound");
    assert_eq!(Case::Upper.of_variant("NotFound"), "NOTFOUND");
    assert_eq!(Case::Pascal.of_field("not_found"), "NotFound");
    assert_eq!(Case::ScreamingKebab.of_field("not_found"), "NOT-FOUND");
}
