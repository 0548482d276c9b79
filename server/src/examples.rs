//! The workflows that a fresh server starts with.

/// Greets by name: manual, transform, return.
pub const HELLO: &str = include_str!("../../examples/hello.json");
/// Webhook, parallel lookups, condition, loop, event.
pub const ORDER_INTAKE: &str = include_str!("../../examples/order-intake.json");
/// Schedule, request, switch, notification.
pub const SITE_WATCH: &str = include_str!("../../examples/site-watch.json");

/// All of them, in the order in which they are stored.
pub const ALL: [&str; 3] = [ORDER_INTAKE, SITE_WATCH, HELLO];
