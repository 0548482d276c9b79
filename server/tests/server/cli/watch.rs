//! `--watch`: again whenever the graph changes.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::ChildStderr;

use crate::support::graphs::double;
use crate::support::process::{flowcrate, run};

/// What the process says up to the word that it waits for the next change.
async fn said(lines: &mut Lines<BufReader<ChildStderr>>) -> String {
    let mut text = String::new();
    loop {
        let line = tokio::time::timeout(Duration::from_mins(1), lines.next_line());
        let line = line.await.expect("it says nothing").unwrap().expect("it has ended");
        if line.ends_with(": watching") {
            return text;
        }
        text.push_str(&line);
        text.push('\n');
    }
}

#[tokio::test]
async fn a_change_is_compiled_and_its_mistakes_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let (graph, out) = (folder.path().join("g.json"), folder.path().join("out"));
    fs::write(&graph, double("twice").to_string()).unwrap();
    let mut child = flowcrate()
        .args(["compile", "g.json", "--out", "out", "--watch"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(said(&mut lines).await, "");
    let workflow = out.join("src/generated/workflow.rs");
    let first = fs::read_to_string(&workflow).unwrap();

    fs::write(&graph, "{ broken").unwrap();
    assert!(said(&mut lines).await.contains("error[E101]"));
    assert_eq!(fs::read_to_string(&workflow).unwrap(), first);

    // An editor takes the file away and puts another in its place.
    fs::remove_file(&graph).unwrap();
    tokio::time::sleep(Duration::from_millis(250)).await;
    let changed = double("twice").to_string().replace("* 2", "* 3");
    assert_ne!(changed, double("twice").to_string());
    fs::write(folder.path().join("new.json"), changed).unwrap();
    fs::rename(folder.path().join("new.json"), &graph).unwrap();
    assert_eq!(said(&mut lines).await, "");
    assert_ne!(fs::read_to_string(&workflow).unwrap(), first);
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_check_watches_too_and_standard_input_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let graph = folder.path().join("g.json");
    fs::write(&graph, "{}").unwrap();
    let mut child = flowcrate()
        .args(["check", "g.json", "--watch"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said(&mut lines).await.contains("error[E103]"));
    fs::write(&graph, double("twice").to_string()).unwrap();
    assert_eq!(said(&mut lines).await, "");
    child.kill().await.unwrap();
    assert_eq!(run(folder.path(), &["check", "-", "--watch"]).await.code, 2);
}
