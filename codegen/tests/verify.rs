//! `ir::verify` refuses each program that is not well formed: broken by hand, one way at a time.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check::Checked;
use flowcrate_codegen::check_source;
use flowcrate_codegen::ir::{
    Arm, Block, Branch, Join, Live, Region, Stmt, Subject, When, Workflow,
};
use flowcrate_codegen::lower::lower;
use serde_json::{Value, json};

fn node(id: &str, kind: &str, inputs: Value) -> Value {
    let mut node = json!({ "id": id, "data": { "label": id, "kind": kind } });
    node["data"]["inputs"] = inputs;
    node
}

fn wait(id: &str) -> Value {
    node(id, "wait@1", json!({ "duration": "1s" }))
}

/// A choice whose arms give values, two waits side by side, a loop with a wait in it, and four nodes
/// in the shape of an N.
fn program() -> (Checked, Workflow) {
    let mut inner = wait("nap");
    inner["parentId"] = "each".into();
    let nodes = json!([
        node("start", "manual@1", json!({})),
        node("large", "condition@1", json!({ "condition": "{{ run.id == 'x' }}" })),
        node("yes", "transform@1", json!({ "value": "yes" })),
        wait("one"),
        wait("other"),
        node("each", "for_each@1", json!({ "items": [1] })),
        inner,
        wait("a"),
        wait("b"),
        wait("x"),
        wait("y"),
        node("done", "return@1", json!({ "value": "{{ steps.yes | default('no') }}" })),
    ]);
    let pairs = [
        ("start", "large"),
        ("one", "done"),
        ("other", "done"),
        ("each", "done"),
        ("start", "one"),
        ("start", "other"),
        ("start", "each"),
        ("done", "a"),
        ("done", "b"),
        ("a", "x"),
        ("b", "x"),
        ("b", "y"),
        ("yes", "done"),
    ];
    let mut edges: Vec<Value> =
        pairs.iter().map(|(from, to)| json!({ "source": from, "target": to })).collect();
    edges.push(json!({ "source": "large", "sourceHandle": "true", "target": "yes" }));
    let graph = json!({ "format": 1, "name": "whole", "nodes": nodes, "edges": edges });
    let (checked, found) = check_source(graph.to_string().as_bytes(), &Catalogue::default());
    let checked = checked.unwrap_or_else(|| panic!("{found:?}"));
    let workflow = lower(&checked).unwrap();
    (checked, workflow)
}

/// The statements of a block and of all within it.
fn each(block: &mut Block, change: &mut dyn FnMut(&mut Stmt)) {
    for stmt in &mut block.0 {
        change(stmt);
        match stmt {
            Stmt::Run(_) => {}
            Stmt::Branch(branch) => {
                branch.arms.iter_mut().for_each(|arm| each(&mut arm.block, change));
            }
            Stmt::When(when) => each(&mut when.block, change),
            Stmt::Join(join) => join.blocks.iter_mut().for_each(|block| each(block, change)),
            Stmt::Tasks(tasks) => {
                tasks.tasks.iter_mut().for_each(|task| each(&mut task.block, change));
            }
        }
    }
}

/// What `ir::verify` says of the program, broken.
fn said(break_it: impl FnOnce(&mut Workflow)) -> String {
    let (checked, mut workflow) = program();
    break_it(&mut workflow);
    flowcrate_codegen::ir::verify(&workflow, &checked).join("; ")
}

/// The same, with each statement changed.
fn said_of(mut change: impl FnMut(&mut Stmt)) -> String {
    said(|workflow| each(&mut workflow.body, &mut change))
}

#[track_caller]
fn assert_says(found: &str, expected: &str) {
    assert!(found.contains(expected), "{expected:?} is not in {found:?}");
}

#[test]
fn a_whole_program_has_no_fault() {
    assert_eq!(said(|_| {}), "");
    let (_, workflow) = program();
    let text = workflow.to_string();
    for part in ["branch large", "join", "tasks", "after [0, 1]"] {
        assert!(text.contains(part), "the program has no {part:?}: {text}");
    }
}

#[test]
fn every_node_is_run_once_and_where_it_stands() {
    let run = |id: &str| Stmt::Run(id.into());
    let remove = |workflow: &mut Workflow, id: &str| {
        workflow.body.0.retain(|stmt| *stmt != run(id));
    };
    assert_says(&said(|workflow| remove(workflow, "done")), "nothing runs done of the workflow");
    assert_says(&said(|workflow| workflow.body.0.push(run("done"))), "done is run twice");
    assert_says(
        &said(|workflow| workflow.body.0.push(run("nobody"))),
        "nobody is run, but is no node",
    );
    let stray = said(|workflow| workflow.body.0.push(run("nap")));
    assert_says(&stray, "the workflow runs nap, which is not in it");
    let twice = said_of(|stmt| {
        if let Stmt::Join(join) = stmt {
            let first = join.blocks[0].clone();
            join.blocks.push(first);
        }
    });
    assert_says(&twice, "is run twice");
}

#[test]
fn scopes_have_their_blocks_and_no_others() {
    let region = |name: &str| Region::new(&"each".into(), name);
    assert_says(&said(|workflow| drop(workflow.scopes.remove(&region("")))), "each has no block");
    let more = said(|workflow| drop(workflow.scopes.insert(region("catch"), Block::default())));
    assert_says(&more, "each has a block `catch`, but no such region");
    let empty = said(|workflow| drop(workflow.scopes.insert(region(""), Block::default())));
    assert_says(&empty, "nothing runs nap of each");
}

#[test]
fn nothing_looks_at_what_is_not_decided() {
    let left = |id: &str| Live::Left { node: id.into(), handle: "out".to_owned() };
    let when = |live: Live| Stmt::When(When { live, block: Block::default(), exports: Vec::new() });
    for live in
        [left("done"), Live::Any(vec![left("start"), left("done")]), Live::All(vec![left("done")])]
    {
        let early = said(|workflow| workflow.body.0.insert(0, when(live.clone())));
        assert_says(&early, "a condition looks at done before it is decided");
    }
    assert_eq!(said(|workflow| workflow.body.0.insert(0, when(left("start")))), "");
    let branch =
        Branch { on: Subject::Node("large".into()), arms: Vec::new(), exports: Vec::new() };
    let early = said(|workflow| workflow.body.0.insert(0, Stmt::Branch(branch)));
    assert_says(&early, "a branch goes by large before it is decided");
    let forward = said_of(|stmt| {
        if let Stmt::Tasks(tasks) = stmt {
            tasks.tasks[0].after = vec![3];
        }
    });
    assert_says(&forward, "task 0 follows task 3");
}

#[test]
fn branches_and_joins_have_a_meaning() {
    let with_arm = |handle: &str| {
        said_of(|stmt| {
            if let Stmt::Branch(branch) = stmt {
                branch.arms.push(Arm { handle: handle.to_owned(), block: Block::default() });
            }
        })
    };
    assert_says(&with_arm("true"), "a branch has two arms true");
    assert_says(&with_arm("perhaps"), "a branch by large has an arm perhaps");
    assert_eq!(with_arm("false"), "");
    let lone = Stmt::Join(Join { blocks: vec![Block::default()], exports: Vec::new() });
    assert_says(&said(|workflow| workflow.body.0.push(lone)), "a join of fewer than two blocks");
}

#[test]
fn what_is_read_behind_a_statement_is_handed_out() {
    let kept = |workflow: &mut Workflow| {
        each(&mut workflow.body, &mut |stmt| {
            if let Stmt::Branch(branch) = stmt {
                branch.exports.clear();
            }
        });
    };
    assert_says(&said(kept), "done reads Output of yes, which is not handed out");
    let behind = said(|workflow| {
        let live = Live::Left { node: "yes".into(), handle: "out".to_owned() };
        let when = When { live, block: Block::default(), exports: Vec::new() };
        workflow.body.0.push(Stmt::When(when));
    });
    assert_says(&behind, "a condition reads Handle of yes, which is not handed out");
    let (_, workflow) = program();
    assert!(workflow.to_string().contains("branch large -> yes?"), "{workflow}");
}
