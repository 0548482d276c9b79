//! What a terminal shows of a graph's diagnostics: all of them in one answer, each with its field's
//! text and carets, as `terminal.txt` of the fixture has it (`UPDATE_FIXTURES=1` writes them).

use std::fs;
use std::path::Path;

use crate::support::process::run;

#[tokio::test]
async fn terminals_show_what_is_recorded() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/fail");
    let mut shown = 0;
    for entry in fs::read_dir(fixtures).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(expected) = fs::read_to_string(folder.join("terminal.txt")) else { continue };
        let ran = run(&folder, &["check", "graph.json", "--color", "never"]).await;
        assert_eq!(ran.code, 1, "{}", folder.display());
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(folder.join("terminal.txt"), &ran.stderr).unwrap();
        } else {
            pretty_assertions::assert_eq!(ran.stderr, expected, "{}", folder.display());
        }
        // Every finding of the other answer is in this one.
        let found = fs::read_to_string(folder.join("expected.json")).unwrap();
        let found: serde_json::Value = serde_json::from_str(&found).unwrap();
        for one in found["diagnostics"].as_array().unwrap() {
            let (code, message) = (one["code"].as_str().unwrap(), one["message"].as_str().unwrap());
            assert!(ran.stderr.contains(&format!("[{code}]: {message}")), "{message}");
        }
        shown += 1;
    }
    assert!(shown >= 5, "only {shown} are recorded");
}
