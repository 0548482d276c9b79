//! The program under test: a workflow whose steps write every execution into an outside ledger.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use flowcrate::host::{self, Triggers};
use flowcrate::{
    Approval, Context, Decision, Definition, EventDef, Policy, Result, StepError, StepSpec,
    WaitEvent, Workflow, check_payload_schema,
};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a run starts with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The file that every execution of a step is written into.
    ledger: PathBuf,
    /// How many items to charge.
    items: Vec<Item>,
    /// Whether to wait for the event `shipped` before the end.
    #[serde(default)]
    wait: bool,
    /// Whether to ask somebody, by the event `approved`.
    #[serde(default)]
    ask: bool,
    /// Whether to fail at the end.
    #[serde(default)]
    fail: bool,
}

/// One item.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    cents: i64,
}

/// What a run returns.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Receipt {
    charged: Vec<i64>,
    parcel: Option<String>,
}

/// What a webhook or a schedule passes on, by trigger.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Input {
    /// By hand, or by webhook.
    Received(Order),
    /// By the clock.
    Nightly {
        /// For when.
        scheduled_at: String,
    },
}

struct Orders;

pub(crate) fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let triggers =
        Triggers::new().webhook("received", "new/orders").schedule("nightly", "0 3 * * *", "UTC");
    host::main_with(Orders, triggers, arguments)
}

impl Workflow for Orders {
    type Input = Input;
    type Output = Receipt;

    fn definition(&self) -> Definition {
        Definition {
            name: "orders".to_owned(),
            revision: std::env::var("ORDERS_REVISION").unwrap_or_else(|_| "1".to_owned()),
            events: ["shipped", "approved"].map(|name| EventDef { name: name.to_owned() }).into(),
            adopts: std::env::var("ORDERS_ADOPTS").into_iter().collect(),
        }
    }

    /// Another one, as if somebody had changed the function.
    fn fingerprint(&self) -> Option<&'static str> {
        std::env::var("ORDERS_FINGERPRINT").ok().map(|text| &*text.leak())
    }

    fn check_event(&self, name: &str, payload: &Value) -> Result<()> {
        match name {
            "shipped" => check_payload_schema(r#"{"maxLength": 30}"#, payload),
            _ => Ok(()),
        }
    }

    fn run(&self, ctx: Context, input: Input) -> LocalBoxFuture<'static, Result<Receipt>> {
        Box::pin(async move {
            match input {
                Input::Received(order) => take(ctx, order).await,
                Input::Nightly { scheduled_at } => {
                    Ok(Receipt { charged: Vec::new(), parcel: Some(scheduled_at) })
                }
            }
        })
    }
}

async fn take(ctx: Context, order: Order) -> Result<Receipt> {
    // As if somebody had given the first step another name.
    let first = if std::env::var("ORDERS_MISFIT").is_ok() { "get_ready" } else { "prepare" };
    note(&ctx, first, &order.ledger, 0).await?;
    let ledger = order.ledger.clone();
    let charged = ctx
        .for_each("each_item", order.items, 3, move |ctx: Context, item, index| {
            let ledger = ledger.clone();
            async move {
                note(&ctx, "reserve", &ledger, index).await?;
                note(&ctx, "charge", &ledger, item.cents).await
            }
        })
        .await?;
    ctx.sleep("breathe", Duration::from_millis(30)).await?;
    ctx.publish(&serde_json::json!({ "charged": charged.len() }))?;
    ctx.respond("reply", "taken").await?;
    let parcel = if order.wait {
        ctx.wait_event::<String>("await_parcel", WaitEvent::new("shipped")).await?
    } else {
        None
    };
    let parcel = if order.ask { Some(ask(&ctx).await?) } else { parcel };
    let end = if order.fail { -1 } else { 1 };
    note(&ctx, "finish", &order.ledger, end).await?;
    Ok(Receipt { charged, parcel })
}

async fn ask(ctx: &Context) -> Result<String> {
    let asked = Approval::new("approved").assignees(["ada"]);
    Ok(match ctx.approval::<Value>("ask", asked).await? {
        Decision::Approved(form) => form.to_string(),
        Decision::Rejected(_) => "rejected".to_owned(),
        Decision::TimedOut => "timed out".to_owned(),
    })
}

/// A step that writes into the ledger when it begins, and takes a little while.
async fn note(ctx: &Context, id: &'static str, ledger: &Path, value: i64) -> Result<i64> {
    let policy = Policy { max_attempts: 2, initial: Duration::from_millis(5), ..Policy::default() };
    let spec = StepSpec::new(id, "note@1").policy(policy);
    ctx.step(spec, (ledger.to_owned(), value), |step, (ledger, value)| async move {
        // One write of one line: whole lines, whoever else writes.
        let line = format!("{}\n", step.path());
        let file = std::fs::File::options().create(true).append(true).open(&ledger);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .map_err(|error| StepError::retryable("io", error.to_string()))?;
        step.progress("log").append(step.path()).await?;
        tokio::time::sleep(Duration::from_millis(4)).await;
        match value {
            -1 => Err(StepError::fatal("refused", "the bank says no")),
            value => Ok(value * 2),
        }
    })
    .await
}
