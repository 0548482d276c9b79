//! `retry(…)`, `retry_on(…)`, `timeout`, `total`, `heartbeat` and `on_exhausted`: a
//! `flowcrate::Policy` as a literal.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{LitStr, Type};

use crate::args::{Accepted, Args, Form};
use crate::duration;
use crate::errors::Errors;

const ACCEPTED: [Accepted; 5] = [
    Accepted { name: "max_attempts", form: Form::Int, example: "max_attempts = 5" },
    Accepted { name: "initial", form: Form::Text, example: "initial = \"500ms\"" },
    Accepted { name: "factor", form: Form::Float, example: "factor = 2.0" },
    Accepted { name: "cap", form: Form::Text, example: "cap = \"1m\"" },
    Accepted { name: "jitter", form: Form::Flag, example: "jitter" },
];

/// The classes of errors that may be tried again, and their variants.
const CLASSES: [(&str, &str); 4] = [
    ("retryable", "Retryable"),
    ("rate_limited", "RateLimited"),
    ("timeout", "Timeout"),
    ("panic", "Panic"),
];

/// The parts that were written; the rest is as in `Policy::default()`.
#[derive(Default)]
pub(crate) struct Policy {
    max_attempts: Option<u32>,
    initial: Option<Duration>,
    factor: Option<f64>,
    cap: Option<Duration>,
    jitter: Option<bool>,
    timeout: Option<Limit>,
    total: Option<Limit>,
    heartbeat: Option<Limit>,
    retry_on: Option<Vec<&'static str>>,
    pause: Option<bool>,
}

/// A time that is limited, or not.
#[derive(Clone, Copy)]
enum Limit {
    None,
    After(Duration),
}

impl Limit {
    fn tokens(self) -> TokenStream {
        match self {
            Self::None => quote!(::core::option::Option::None),
            Self::After(duration) => {
                let duration = duration::tokens(duration);
                quote!(::core::option::Option::Some(#duration))
            }
        }
    }
}

impl Policy {
    /// Reads a step's arguments.
    pub(crate) fn read(args: &mut Args, errors: &mut Errors) -> Self {
        let mut policy = Self::default();
        if let Some(retry) = args.take_nested("retry") {
            policy.read_retry(&retry.check(&ACCEPTED, errors), errors);
        }
        policy.timeout = args.text("timeout").and_then(|text| limit(text, errors));
        policy.total = args.text("total").and_then(|text| limit(text, errors));
        policy.heartbeat = args.text("heartbeat").and_then(|text| limit(text, errors));
        policy.retry_on = args
            .is_given("retry_on")
            .then(|| args.texts("retry_on").iter().filter_map(|c| class(c, errors)).collect());
        policy.pause = args.text("on_exhausted").and_then(|text| match text.value().as_str() {
            "fail" => Some(false),
            "pause" => Some(true),
            _ => {
                errors.on(text, "accepted are \"fail\" and \"pause\"");
                None
            }
        });
        policy
    }

    fn read_retry(&mut self, retry: &Args, errors: &mut Errors) {
        self.max_attempts = retry.int("max_attempts").and_then(|int| {
            let value = errors.keep(int.base10_parse::<u32>());
            if value == Some(0) {
                errors.on(int, "the first attempt counts, so `max_attempts` is at least 1");
            }
            value
        });
        self.factor = retry.float("factor").and_then(|found| {
            let (value, lit) = errors.keep(found)?;
            if value < 1.0 || !value.is_finite() {
                errors.on(lit, "a delay never shrinks, so `factor` is at least 1.0");
            }
            Some(value)
        });
        self.initial = retry.text("initial").and_then(|text| time(text, errors));
        self.cap = retry.text("cap").and_then(|text| time(text, errors));
        self.jitter = Some(retry.flag("jitter"));
    }

    /// The literal, over the default.
    pub(crate) fn tokens(&self, krate: &TokenStream) -> TokenStream {
        let parts = [
            self.max_attempts.map(|value| quote!(max_attempts: #value)),
            self.initial.map(duration::tokens).map(|value| quote!(initial: #value)),
            self.factor.map(|value| quote!(factor: #value)),
            self.cap.map(duration::tokens).map(|value| quote!(cap: #value)),
            self.jitter.map(|value| quote!(jitter: #value)),
            self.timeout.map(Limit::tokens).map(|value| quote!(timeout: #value)),
            self.total.map(Limit::tokens).map(|value| quote!(total: #value)),
            self.heartbeat.map(Limit::tokens).map(|value| quote!(heartbeat: #value)),
            self.retry_on.as_ref().map(|classes| {
                let classes = classes.iter().map(|class| Ident::new(class, Span::call_site()));
                quote!(retry_on: #krate::policy::Retried::none()
                    #(.with(#krate::policy::ErrorClass::#classes))*)
            }),
            self.pause.map(|pause| {
                let value = if pause { quote!(Pause) } else { quote!(Fail) };
                quote!(on_exhausted: #krate::policy::OnExhausted::#value)
            }),
        ];
        let all = parts.len();
        let written: Vec<_> = parts.into_iter().flatten().collect();
        if written.is_empty() {
            return quote!(<#krate::Policy as ::core::default::Default>::default());
        }
        // What has no argument here is as in the default, too.
        let rest = (written.len() < all)
            .then(|| quote!(..<#krate::Policy as ::core::default::Default>::default()));
        quote!(#krate::Policy { #(#written,)* #rest })
    }
}

/// The variant of a class, `"rate_limited"`.
fn class((text, ty): &(LitStr, Option<Type>), errors: &mut Errors) -> Option<&'static str> {
    if let Some(ty) = ty {
        errors.on(ty, "a class of errors has no type");
    }
    let found = CLASSES.iter().find(|(name, _)| *name == text.value());
    if found.is_none() {
        let fatal = "; a fatal error is never tried again";
        errors.on(
            text,
            format!(
                "accepted are \"retryable\", \"rate_limited\", \"timeout\" and \"panic\"{}",
                if text.value() == "fatal" { fatal } else { "" }
            ),
        );
    }
    found.map(|(_, variant)| *variant)
}

fn time(text: &LitStr, errors: &mut Errors) -> Option<Duration> {
    let found = duration::parse(&text.value());
    if found.is_none() {
        errors.on(text, format!("expected {}", duration::ACCEPTED));
    }
    found
}

/// A duration, or `none`.
fn limit(text: &LitStr, errors: &mut Errors) -> Option<Limit> {
    if text.value() == "none" {
        return Some(Limit::None);
    }
    let found = duration::parse(&text.value());
    if found.is_none() {
        errors.on(text, format!("expected {} or \"none\"", duration::ACCEPTED));
    }
    found.map(Limit::After)
}
