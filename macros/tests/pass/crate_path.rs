//! The runtime under another name, attributes on the functions, keywords as names.
#![deny(warnings)]

mod inner {
    pub use flowcrate as renamed;
}

use inner::renamed::{Context, Result, StepContext, StepError, step, workflow};

#[step(crate = inner::renamed)]
#[must_use]
#[allow(clippy::unused_async)]
pub(crate) async fn r#match(_: StepContext, (left, right): (u8, u8)) -> Result<bool, StepError> {
    Ok(left == right)
}

#[workflow(crate = inner::renamed)]
#[allow(deprecated)]
async fn r#loop(ctx: Context, _: ()) -> Result<bool> {
    let mut same = true;
    while same {
        same = r#match(&ctx, (1, 2)).await?;
    }
    Ok(same)
}

macro_rules! pair {
    ($step:ident, $workflow:ident) => {
        #[step(crate = inner::renamed)]
        async fn $step(_: StepContext, input: u8) -> Result<u8, StepError> {
            Ok(input)
        }

        #[workflow(crate = inner::renamed)]
        async fn $workflow(ctx: Context, input: u8) -> Result<u8> {
            $step(&ctx, input).await
        }
    };
}

pair!(halve, halved);

fn main() {
    let _ = Halved;
    let definition = flowcrate::Workflow::definition(&Loop);
    assert_eq!((definition.name.as_str(), definition.revision.as_str()), ("loop", "1"));
}
