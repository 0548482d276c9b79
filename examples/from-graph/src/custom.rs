//! What the graph's custom nodes do.

use flowcrate::{StepContext, StepError};

use crate::greet::{Custom, WordsInput, WordsOutput};

/// The functions of all included workflows' custom nodes.
pub(crate) struct Functions;

impl Custom for Functions {
    async fn words(_: StepContext, input: WordsInput) -> Result<WordsOutput, StepError> {
        let WordsInput { name, first } = input;
        Ok(WordsOutput {
            text: if first { format!("hello, {name}") } else { format!("and {name}") },
        })
    }
}
