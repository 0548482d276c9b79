//! `limit(…)`: a `flowcrate::Limit`, and the function that tells by what a run counts.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitInt, Path};

use crate::args::{Accepted, Args, Form};
use crate::duration;
use crate::errors::Errors;

/// How the argument is written.
pub(super) const EXAMPLE: &str = "limit(concurrency = 2, rate(starts = 10, period = \"1m\"))";

const ACCEPTED: [Accepted; 5] = [
    Accepted { name: "name", form: Form::Text, example: "name = \"payments\"" },
    Accepted { name: "concurrency", form: Form::Int, example: "concurrency = 2" },
    Accepted { name: "rate", form: Form::Nested, example: "rate(starts = 10, period = \"1m\")" },
    Accepted { name: "hold", form: Form::Text, example: "hold = \"while_active\"" },
    Accepted { name: "key", form: Form::Path, example: "key = customer_of" },
];

const RATE: [Accepted; 2] = [
    Accepted { name: "starts", form: Form::Int, example: "starts = 10" },
    Accepted { name: "period", form: Form::Text, example: "period = \"1m\"" },
];

/// What was written.
pub(super) struct Limit {
    name: Option<String>,
    concurrency: Option<u32>,
    rate: Option<(u32, Duration)>,
    while_active: bool,
    key: Option<Path>,
}

impl Limit {
    /// Reads a workflow's arguments.
    pub(super) fn read(args: &mut Args, errors: &mut Errors) -> Option<Self> {
        let mut limit = args.take_nested("limit")?.check(&ACCEPTED, errors);
        let rate = limit.take_nested("rate").map(|rate| rate.check(&RATE, errors));
        let rate = rate.and_then(|rate| self::rate(&rate, errors));
        let while_active = limit.text("hold").is_some_and(|text| match text.value().as_str() {
            "until_end" => false,
            "while_active" => true,
            _ => {
                errors.on(text, "accepted are \"until_end\" and \"while_active\"");
                false
            }
        });
        let name = limit.text("name").and_then(|text| {
            if text.value().is_empty() {
                errors.on(text, "a limit's name is a text that is not empty, such as \"payments\"");
            }
            Some(text.value()).filter(|name| !name.is_empty())
        });
        Some(Self {
            name,
            concurrency: limit.int("concurrency").and_then(|int| at_least_one(int, errors)),
            rate,
            while_active,
            key: limit.path("key").cloned(),
        })
    }

    /// The methods that tell of it; the limit of a workflow without a name of its own has that
    /// of the workflow.
    pub(super) fn methods(&self, krate: &TokenStream, workflow: &str) -> TokenStream {
        let name = self.name.as_deref().unwrap_or(workflow);
        let concurrency = self.concurrency.map(|slots| quote!(.concurrency(#slots)));
        let rate = self.rate.map(|(starts, period)| {
            let period = duration::tokens(period);
            quote!(.rate(#starts, #period))
        });
        let hold = self.while_active.then(|| quote!(.hold(#krate::Hold::WhileActive)));
        let key = self.key.as_ref().map(|key| {
            // One that takes another input is reported where it is written; what it gives may be a
            // `String` already.
            let told = quote_spanned!(key.span()=> #key(input));
            quote! {
                fn limit_key(
                    &self,
                    input: &Self::Input,
                ) -> ::core::option::Option<::std::string::String> {
                    let key = #told;
                    ::core::option::Option::Some(::std::string::String::from(key))
                }
            }
        });
        quote! {
            fn limit(&self) -> ::core::option::Option<#krate::Limit> {
                ::core::option::Option::Some(#krate::Limit::new(#name) #concurrency #rate #hold)
            }

            #key
        }
    }
}

fn rate(rate: &Args, errors: &mut Errors) -> Option<(u32, Duration)> {
    let starts = rate.int("starts").and_then(|int| at_least_one(int, errors));
    let period = rate.text("period").and_then(|text| {
        let found = duration::parse(&text.value()).filter(|found| *found > Duration::ZERO);
        if found.is_none() {
            errors.on(text, format!("expected {}", duration::ACCEPTED));
        }
        found
    });
    if !(rate.is_given("starts") && rate.is_given("period")) {
        let missing =
            "a rate is a number of starts in a period: `rate(starts = 10, period = \"1m\")`";
        errors.push(syn::Error::new(proc_macro2::Span::call_site(), missing));
    }
    starts.zip(period)
}

fn at_least_one(int: &LitInt, errors: &mut Errors) -> Option<u32> {
    let value = errors.keep(int.base10_parse::<u32>())?;
    if value == 0 {
        errors.on(int, "at least 1: with 0 no run would ever begin");
    }
    Some(value)
}
