//! Progress streams.

use flowcrate::{Context, Result, StepContext, StepError, step, workflow};

use super::kit::{engine, run_test};

/// Says how far it is; the first attempt breaks off in the middle.
#[step(retry(max_attempts = 2, initial = "1ms"))]
async fn import(step: StepContext, files: u32) -> Result<u32, StepError> {
    let log = step.progress("log");
    for file in 0..files {
        if step.attempt() == 1 && file == files / 2 {
            return Err(StepError::retryable("lost", "the connection is lost"));
        }
        log.append_once(file.to_string(), &format!("file {file}")).await?;
    }
    Ok(files)
}

#[workflow(name = "imports", revision = "1")]
async fn imports(ctx: Context, files: u32) -> Result<u32> {
    import(&ctx, files).await
}

#[test]
fn durable_progress_streams_with_resume_from_an_index() {
    run_test(async {
        let engine = engine(Imports).await;
        let run = engine.start(Imports, 10).await.unwrap();
        let client = engine.client();
        let mut seen = Vec::new();
        // A reader that gives up after each three items, and comes back to where it was.
        loop {
            let from = u64::try_from(seen.len()).unwrap();
            let mut stream = client.stream(run.id(), "log").from(from);
            let mut over = false;
            for _ in 0..3 {
                match stream.next::<String>().await.unwrap() {
                    Some(item) => {
                        assert_eq!(item.index, u64::try_from(seen.len()).unwrap());
                        seen.push(item.value);
                    }
                    None => over = true,
                }
            }
            if over {
                break;
            }
        }
        let expected: Vec<_> = (0..10).map(|file| format!("file {file}")).collect();
        assert_eq!(seen, expected, "each once, though the step ran twice");
        assert_eq!(run.result().await.unwrap(), 10);
        // It outlives the run.
        let late = client.stream(run.id(), "log").from(8).items::<String>().await.unwrap();
        assert_eq!(late.len(), 2);
    });
}
