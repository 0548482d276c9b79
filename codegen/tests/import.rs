//! The foreign graphs in `../shared/corpus/vercel`, read in place.

#![expect(clippy::unwrap_used, reason = "tests say what they mean when they unwrap")]

use std::path::{Path, PathBuf};

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::graph::react_flow;
use flowcrate_codegen::import::{Imported, vercel};
use flowcrate_codegen::package::Support;
use flowcrate_codegen::{check_source, compile};
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

/// A document with every part of the dialect in it, for where the corpus is absent.
const SAMPLE: &str = r#"{"name":"Sample: ünïcode","nodes":[
 {"id":"t-1","type":"trigger","position":{"x":1,"y":2.5},"data":{"type":"trigger","label":"Hook","config":
  {"triggerType":"Webhook","webhookSchema":"[{\"name\":\"id\",\"type\":\"number\"}]"}}},
 {"id":"h","type":"action","data":{"type":"action","label":"A.b","config":{"actionType":"HTTP Request",
  "endpoint":"https://x/{{@t-1:Hook.id}}","httpMethod":"POST","httpHeaders":"{\"a\":\"{{@t-1:Hook.id}}\"}",
  "httpBody":"{\"n\":{{@t-1:Hook.id}}}"}}},
 {"id":"c","type":"action","data":{"type":"action","label":"If","config":{"actionType":"Condition",
  "condition":"!({{@h:A.b.x[0]['ü']}} === 'é\\n') && {{@t-1:Hook.id}} >= -1.5"}}},
 {"id":"r","type":"action","data":{"type":"action","label":"Run","config":{"actionType":"code/run",
  "code":"return {{@h:A.b.y}}"}}}],
 "edges":[{"id":"e","source":"t-1","target":"h"},{"id":"f","source":"h","target":"c"},
 {"source":"c","target":"r","sourceHandle":"true"}]}"#;

/// A small generator of numbers; the same seed gives the same ones.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}

/// One change: bytes replaced, removed or doubled, or a part that means something put in.
fn mutate(source: &mut Vec<u8>, random: &mut Random) {
    const PARTS: [&str; 16] = [
        "{{", "}}", "{{@", "\"", "\\", "'", "[", "]", "ü", "\u{0}", ":", ".", "null", "1e999", "-",
        "&&",
    ];
    let at = random.below(source.len());
    let end = (at + 1 + random.below(40)).min(source.len());
    match random.below(4) {
        0 => source[at] = u8::try_from(random.below(256)).unwrap(),
        1 => drop(source.drain(at..end)),
        2 => {
            let copy = source[at..end].to_vec();
            let to = random.below(source.len());
            source.splice(to..to, copy);
        }
        _ => {
            let part = PARTS[random.below(PARTS.len())];
            source.splice(at..at, part.bytes());
        }
    }
}

#[test]
fn hostile_documents_are_refused_or_give_a_graph_that_reads() {
    let mut sources = vec![SAMPLE.as_bytes().to_vec()];
    sources.extend(corpus().iter().map(|file| std::fs::read(file).unwrap()));
    let mut given = 0;
    for (index, source) in sources.iter().enumerate() {
        for seed in 1..=400 {
            let mut random =
                Random((seed + 1_000 * index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let mut source = source.clone();
            for _ in 0..=random.below(4) {
                mutate(&mut source, &mut random);
            }
            let imported = vercel(&source, None);
            let Some(graph) = imported.graph else {
                let refused =
                    imported.diagnostics.iter().any(flowcrate_codegen::Diagnostic::is_error);
                assert!(refused, "seed {seed} of {index}: refused without a reason");
                continue;
            };
            given += 1;
            let (read, found) = react_flow::parse(graph.to_string().as_bytes());
            assert!(read.is_some() && found.is_empty(), "seed {seed} of {index}: {found:#?}");
            // What is translated can be wrong for the graph, but it is always an expression.
            let (_, found) = check_source(graph.to_string().as_bytes(), &Catalogue::default());
            let unreadable: Vec<_> = found.iter().filter(|found| found.code == "E401").collect();
            assert!(unreadable.is_empty(), "seed {seed} of {index}: {unreadable:#?}");
        }
    }
    assert!(given > 20, "mutations leave some documents whole: {given}");
}
