//! Errors, as the workflow and whoever looks at the run see them.

use flowcrate::failure::ErrorClass;
use flowcrate::{
    Caught, Context, Error, Failure, Result, RunState, StepContext, StepError, step, workflow,
};

use super::kit::{engine, run_test, until};

#[step(retry(max_attempts = 1))]
async fn parse(_step: StepContext, text: String) -> Result<u32, StepError> {
    text.parse().map_err(|error| StepError::fatal("number", "no number").caused_by(&error))
}

/// Reads each text; says where and why it could not.
#[workflow(name = "reads", revision = "1")]
async fn reads(ctx: Context, texts: Vec<String>) -> Result<Vec<String>> {
    let read = async |ctx: Context, text: String, _| parse(&ctx, text).await;
    let handled = match ctx.for_each("each", texts.clone(), 1, read).await.caught()? {
        Ok(numbers) => format!("{numbers:?}"),
        Err(Failure { code, path, attempts, cause, .. }) => {
            let (chain, place) =
                cause.map(|cause| (cause.chain, cause.location)).unwrap_or_default();
            let place = place.unwrap_or_default();
            let file = place.split(':').next().unwrap_or_default().to_owned();
            format!("{code} at {path} after {attempts}: {chain:?} in {file}")
        }
    };
    // Handled: the run goes on.
    let last = texts.last().cloned().unwrap_or_default();
    let last = parse(&ctx, last).key("last").await?;
    Ok(vec![handled, last.to_string()])
}

#[test]
fn errors_are_catchable_with_cause_and_location_kept() {
    run_test(async {
        let engine = engine(Reads).await;
        let texts = ["1", "x", "3"].map(str::to_owned).to_vec();
        let run = engine.start(Reads, texts).await.unwrap();
        let said = run.result().await.unwrap();
        let expected = "number at each[1]/parse after 1: [\"invalid digit found in string\"] in";
        assert!(said[0].starts_with(expected), "{}", said[0]);
        assert!(said[0].ends_with("tests/behaviours/errors.rs"), "{}", said[0]);
        assert_eq!(said[1], "3");
    });
}

#[test]
fn an_error_that_nobody_catches_fails_the_run_with_cause_and_location() {
    run_test(async {
        let engine = engine(Reads).await;
        let run = engine.start(Reads, vec!["y".to_owned()]).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("no failure") };
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("number", "parse[last]"));
        let view = until(&engine, run.id(), RunState::Failed).await;
        let cause = view.failure.unwrap().cause.expect("a step tells");
        assert_eq!(cause.class, ErrorClass::Fatal);
        assert_eq!(cause.chain, ["invalid digit found in string"]);
        assert!(cause.location.unwrap().contains("errors.rs:"));
    });
}
