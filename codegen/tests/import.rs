//! The foreign graphs in `../shared/corpus/vercel`, read in place.

#![expect(clippy::unwrap_used, reason = "tests say what they mean when they unwrap")]

use std::path::{Path, PathBuf};

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::compile;
use flowcrate_codegen::import::{Imported, vercel};
use flowcrate_codegen::package::Support;
use serde_json::Value;

/// The corpus's files in order; none, said aloud, where it is not beside the workspace.
fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/vercel");
    let Ok(folder) = std::fs::read_dir(&root) else {
        println!("skipped: no corpus at ../shared/corpus/vercel beside the workspace");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = folder.filter_map(|file| Some(file.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert_eq!(files.len(), 7, "the corpus has seven graphs");
    files
}

fn import(file: &Path) -> Imported {
    vercel(&std::fs::read(file).unwrap(), None)
}

#[test]
fn the_first_is_refused_at_its_condition() {
    let Some(file) = corpus().into_iter().next() else { return };
    let imported = import(&file);
    assert_eq!(imported.graph, None);
    let errors: Vec<_> = imported.diagnostics.iter().filter(|found| found.is_error()).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0].code, "E604");
    assert_eq!(errors[0].node.as_deref(), Some("condition-1"));
    assert_eq!(
        errors[0].message,
        "the condition of \"Check Status\" names no node: status === 200"
    );
}

#[test]
fn the_others_import_with_warnings_only() {
    for file in corpus().into_iter().skip(1) {
        let imported = import(&file);
        assert!(imported.graph.is_some(), "{}: {:#?}", file.display(), imported.diagnostics);
        for found in &imported.diagnostics {
            assert!(matches!(found.code, "W601" | "W602"), "{}: {found:#?}", file.display());
        }
    }
}

#[test]
fn the_price_monitor_keeps_its_meaning() {
    let Some(file) = corpus().into_iter().nth(1) else { return };
    let graph = import(&file).graph.unwrap();
    assert_eq!(graph["name"], "cross-protocol-defi-monitor");
    let node = |id: &str| {
        let mut nodes = graph["nodes"].as_array().unwrap().iter();
        nodes.find(|node| node["id"] == id).unwrap()["data"].clone()
    };
    assert_eq!(node("trigger_1")["config"]["cron"], "0 * * * *");
    assert_eq!(
        node("cond_price")["inputs"]["condition"],
        "{{ (steps.fmt.result.ethRaw | float) < 2000 }}"
    );
    assert_eq!(
        node("discord_ok")["inputs"]["discordMessage"],
        "**Hourly DeFi Dashboard**\n\n{{ steps.fmt.result.summary }}\n\nAll systems normal."
    );
    assert_eq!(
        node("fmt")["inputs"]["oracle_eth_result_unnamedOutput1"],
        "{{ steps.oracle_eth.result.unnamedOutput1 }}"
    );
    let leaves: Vec<(&Value, &Value)> = graph["edges"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|edge| edge["source"] == "cond_price")
        .map(|edge| (&edge["sourceHandle"], &edge["target"]))
        .collect();
    assert_eq!(
        leaves,
        [
            (&Value::from("false"), &Value::from("discord_ok")),
            (&Value::from("true"), &Value::from("discord_alert")),
        ]
    );
}

#[test]
fn importing_is_deterministic_and_keeps_every_node_and_edge() {
    for file in corpus().into_iter().skip(1) {
        let (one, other) = (import(&file).graph.unwrap(), import(&file).graph.unwrap());
        assert_eq!(one.to_string(), other.to_string());
        let source: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for part in ["nodes", "edges"] {
            let count = |graph: &Value| graph[part].as_array().unwrap().len();
            assert_eq!(count(&one), count(&source), "{}", file.display());
        }
    }
}

#[test]
fn the_others_check_clean_and_compile() {
    let catalogue = Catalogue::default();
    for file in corpus().into_iter().skip(1) {
        let graph = import(&file).graph.unwrap().to_string();
        let compiled = compile(graph.as_bytes(), &catalogue, &Support::Vendored);
        assert_eq!(compiled.diagnostics, [], "{}", file.display());
        let files = compiled.files.unwrap().files;
        assert!(files.contains_key("src/custom.rs"), "{}", file.display());
    }
}
