//! The shop that the `order-intake` example calls, and an order for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::service::{Answer, Call, Service};

/// A shop that takes `delay` for each answer. The first payment for tea is refused
/// with 503, so that a run always has a failed attempt to remember.
pub fn shop(delay: Duration) -> std::io::Result<Service> {
    let refused = AtomicBool::new(false);
    Service::start(move |call| answer(call, &refused).after(delay))
}

fn answer(call: &Call, refused: &AtomicBool) -> Answer {
    let path = call.path.split('?').next().unwrap_or_default();
    match (call.method.as_str(), path) {
        ("GET", "/customers") => {
            Answer::ok(json!({ "id": "c-1", "name": "Ada Lovelace", "blocked": false }))
        }
        ("POST", "/stock") => Answer::ok(json!({ "available": true })),
        ("POST", "/payments") => {
            let sku = call.body["sku"].as_str().unwrap_or_default();
            if sku == "tea" && !refused.swap(true, Ordering::SeqCst) {
                return Answer { status: 503, ..Answer::ok(json!({ "error": "try again" })) };
            }
            Answer::ok(json!({ "payment_id": format!("p-{sku}") }))
        }
        _ => Answer { status: 404, ..Answer::ok(json!({ "error": "no such route" })) },
    }
}

/// An order of three items, for the shop at `api`.
pub fn order(api: &str) -> Value {
    json!({
        "order_id": "4711",
        "email": "ada@example.com",
        "api": api,
        "items": [
            { "sku": "book", "quantity": 1, "price_cents": 2500 },
            { "sku": "tea", "quantity": 3, "price_cents": 700 },
            { "sku": "cup", "quantity": 2, "price_cents": 900 }
        ]
    })
}

/// What the carrier says once the parcel is on its way.
pub fn shipped() -> Value {
    json!({ "tracking": "T-1" })
}

/// What the run gives for that order.
pub fn receipt() -> Value {
    json!({
        "order_id": "4711",
        "customer": "Ada Lovelace",
        "status": "shipped",
        "payments": ["p-book", "p-tea", "p-cup"],
        "tracking": "T-1"
    })
}
