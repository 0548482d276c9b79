//! A crate that is compiled anew into its folder keeps what a person wrote there, and still
//! builds where that can be; where it cannot, the compiler says why (S36).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use flowcrate_codegen::package::{CrateFiles, Owner, misfits};
use flowcrate_tests::emitted;
use serde_json::{Value, json};

/// A workflow of custom nodes in a row.
fn graph(name: &str, customs: &[&str]) -> CrateFiles {
    let mut nodes = vec![json!({"id": "start", "data": {"kind": "manual@1"}})];
    let mut edges = Vec::new();
    let mut last = "start";
    for id in customs {
        let output = json!({"sample": {*id: 1}});
        nodes.push(json!({"id": id, "data": {"kind": "custom@1", "label": id,
            "config": {"output": output}, "inputs": {"number": 3, *id: "x"}}}));
        edges.push(json!({"source": last, "target": id}));
        last = id;
    }
    let document: Value = json!({"name": name, "nodes": nodes, "edges": edges});
    emitted::compile(document.to_string().as_bytes())
}

/// Writes as `flowcrate compile` does: what a person owns stays.
fn write_again(files: &CrateFiles, folder: &Path) {
    fs::remove_dir_all(folder.join("src/generated")).unwrap();
    let mut files = files.clone();
    files.files.retain(|path, file| file.owner == Owner::Compiler || !folder.join(path).exists());
    emitted::write(&files, folder).unwrap();
}

#[test]
fn a_new_custom_node_and_a_new_name_break_no_build() {
    let folder = emitted::folder("regenerated").unwrap();
    emitted::write(&graph("one-name", &["price"]), &folder).unwrap();
    write_again(&graph("other-name", &["price", "cost"]), &folder);
    let custom = fs::read_to_string(folder.join("src/custom.rs")).unwrap();
    assert!(custom.contains("fn price") && !custom.contains("fn cost"), "{custom}");
    let output = emitted::cargo(&folder, &["check", "--all-targets"]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Two custom nodes that give the same structure, the later of them there from the beginning.
fn alike(with_first: bool) -> CrateFiles {
    let output = json!({"sample": {"lines": [{"sku": "a", "count": 1}]}});
    let custom = |id: &str| json!({"id": id, "data": {"kind": "custom@1", "label": id, "config": {"output": output}}});
    let mut nodes = vec![json!({"id": "start", "data": {"kind": "manual@1"}}), custom("stock")];
    let mut edges = vec![json!({"source": "start", "target": "stock"})];
    if with_first {
        nodes.push(custom("basket"));
        edges.push(json!({"source": "start", "target": "basket"}));
    }
    nodes.push(json!({"id": "done", "data": {"kind": "return@1", "inputs": {"value": "{{ steps.stock }}"}}}));
    edges.push(json!({"source": "stock", "target": "done"}));
    let document: Value = json!({"name": "alike", "nodes": nodes, "edges": edges});
    emitted::compile(document.to_string().as_bytes())
}

#[test]
fn the_names_of_a_nodes_types_stay_when_another_node_has_the_same() {
    let folder = emitted::folder("alike").unwrap();
    let first = alike(false);
    assert!(text(&first, "src/generated/types.rs").contains("pub struct StockOutputLine"));
    emitted::write(&first, &folder).unwrap();
    let written = "use flowcrate::{StepContext, StepError};\n\
        use crate::generated::steps::Custom;\n\
        use crate::generated::types::{StockInput, StockOutput, StockOutputLine};\n\
        pub struct Functions;\n\
        impl Custom for Functions {\n\
            async fn stock(_: StepContext, _: StockInput) -> Result<StockOutput, StepError> {\n\
                Ok(StockOutput { lines: vec![StockOutputLine { sku: \"a\".into(), count: 1 }] })\n\
            }\n\
        }\n";
    fs::write(folder.join("src/custom.rs"), written).unwrap();
    let second = alike(true);
    let types = text(&second, "src/generated/types.rs");
    assert!(types.contains("pub type StockOutput = BasketOutput;"), "{types}");
    write_again(&second, &folder);
    let output = emitted::cargo(&folder, &["check", "--all-targets"]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn said(files: &CrateFiles, path: &str, kept: &str) -> Vec<String> {
    let found = misfits(files, path, kept);
    found.into_iter().map(|d| format!("{}: {} ({})", d.code, d.message, d.help.unwrap())).collect()
}

fn text(files: &CrateFiles, path: &str) -> String {
    String::from_utf8(files.files[path].bytes.clone()).unwrap()
}

#[test]
fn functions_that_no_longer_fit_are_named() {
    let (old, new) = (graph("w", &["price", "stay"]), graph("w", &["prices", "stay"]));
    let kept = text(&old, "src/custom.rs");
    assert_eq!(said(&old, "src/custom.rs", &kept), [] as [&str; 0]);
    let said_of_new = said(&new, "src/custom.rs", &kept);
    assert_eq!(
        said_of_new,
        [
            "W701: `price` in src/custom.rs is the function of no custom node (did the node \
             become `prices`? Rename the function)",
            "W701: `prices` is not written in src/custom.rs: its node fails until it is (write \
             `async fn prices(step: StepContext, input: PricesInput) -> \
             Result<PricesOutput, StepError>` in `impl Custom`)",
            "W701: src/custom.rs uses the type `PriceInput`, which the crate does not have (did \
             you mean `PricesInput`?)",
            "W701: src/custom.rs uses the type `PriceOutput`, which the crate does not have (did \
             you mean `PricesOutput`?)",
        ]
    );
    let none = said(&graph("w", &[]), "src/custom.rs", &kept);
    assert_eq!(none.len(), 1, "{none:?}");
    assert!(none[0].contains("not part of the crate"), "{none:?}");
    assert_eq!(said(&new, "src/custom.rs", "fn broken("), [] as [&str; 0]);
}

#[test]
fn a_binary_that_names_another_library_is_named() {
    let files = graph("order-intake", &[]);
    let own = text(&files, "src/main.rs");
    assert_eq!(said(&files, "src/main.rs", &own), [] as [&str; 0]);
    let ours = "use order_intake::{OrderIntake, triggers}; fn main() {}";
    assert_eq!(said(&files, "src/main.rs", ours), [] as [&str; 0]);
    let theirs = said(&files, "src/main.rs", "use hello::{Hello, triggers}; fn main() {}");
    assert!(theirs[0].contains("`order_intake`"), "{theirs:?}");
}

/// A workflow of two actions, of which some are overridden.
fn paying(overridden: &[&str], attempts: u32) -> CrateFiles {
    let node = |id: &str| {
        json!({"id": id, "data": {"kind": "http.request@1", "label": id,
            "override": overridden.contains(&id), "policy": {"max_attempts": attempts},
            "inputs": {"url": format!("https://pay.example/{id}")}}})
    };
    let nodes =
        [json!({"id": "start", "data": {"kind": "manual@1"}}), node("charge"), node("book")];
    let edges = [
        json!({"source": "start", "target": "charge"}),
        json!({"source": "charge", "target": "book"}),
    ];
    emitted::compile(
        json!({"name": "paying", "nodes": nodes, "edges": edges}).to_string().as_bytes(),
    )
}

#[test]
fn an_overridden_step_survives_regeneration_and_does_what_the_action_does_until_it_is_written() {
    let folder = emitted::folder("overridden").unwrap();
    let first = paying(&["charge"], 3);
    assert!(
        !first.files.contains_key("src/overrides.rs") && first.files.contains_key("src/custom.rs")
    );
    let begun = text(&first, "src/custom.rs");
    assert!(
        begun.contains("async fn charge") && begun.contains("http::request(step, input).await"),
        "{begun}"
    );
    assert!(!text(&first, "src/generated/steps.rs").contains("not_written"));
    emitted::write(&first, &folder).unwrap();
    let written =
        begun.replace("http::request(step, input).await", "Err(StepError::fatal(\"mine\", \"\"))");
    assert_ne!(written, begun);
    let written =
        written.replace("step: StepContext", "_: StepContext").replace("input: http", "_: http");
    fs::write(folder.join("src/custom.rs"), &written).unwrap();

    // Another policy, and another node that is overridden: what was written stays, and what was
    // not does what its action does.
    let second = paying(&["charge", "book"], 5);
    write_again(&second, &folder);
    assert_eq!(fs::read_to_string(folder.join("src/custom.rs")).unwrap(), written);
    assert_eq!(said(&second, "src/custom.rs", &written), [] as [&str; 0]);
    let steps = fs::read_to_string(folder.join("src/generated/steps.rs")).unwrap();
    assert!(
        steps.contains("max_attempts = 5") && steps.contains("Functions::book(step, input)"),
        "{steps}"
    );
    let output = emitted::cargo(&folder, &["clippy", "--all-targets"]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let none = said(&paying(&[], 3), "src/custom.rs", &written);
    assert!(none[0].contains("not part of the crate"), "{none:?}");
}
