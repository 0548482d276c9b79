//! Shapes, and a proof by enumeration: on random graphs the IR fires exactly what S1 to S3 fire.

mod faithful;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use flowcrate::types::Type;
use serde_json::Value;

use super::lower;
use crate::check::{Body, Checked, Edge, JoinRule, Node, NodeId, Scope, WaitUntil};
use crate::diagnostic::Span;
use crate::expr::typed::Name;
use crate::expr::{Expr, ExprKind};
use crate::ir::{Block, Live, Part, Stmt, Subject, Workflow};

fn literal(value: Value, ty: Type) -> Expr {
    Expr { kind: ExprKind::Literal(value), ty, span: Span::default() }
}

/// A node whose kind its id tells: `t…` a trigger, `c…` a condition, `p…` a transform, `j…` joins
/// all, others waits.
fn node(id: &str) -> Node {
    let body = match id.as_bytes().first() {
        Some(b't') => Body::Manual,
        Some(b'c') => Body::Condition { condition: literal(Value::Bool(true), Type::Bool) },
        Some(b'p') => Body::Transform { value: literal(Value::Null, Type::Null) },
        _ => Body::Wait { until: WaitUntil::Duration(literal("1s".into(), Type::Duration)) },
    };
    Node {
        id: id.into(),
        label: id.to_owned(),
        description: String::new(),
        kind: String::new(),
        parent: None,
        region: String::new(),
        join: if id.starts_with('j') { JoinRule::All } else { JoinRule::Any },
        disabled: false,
        wired: Vec::new(),
        continue_on_error: false,
        reads: Vec::new(),
        always_runs: false,
        output: None,
        body,
    }
}

/// A graph from edges such as `c.true>a`; nodes are sorted topologically.
fn graph(text: &str) -> Checked {
    let mut edges = Vec::new();
    let mut nodes = BTreeMap::new();
    for edge in text.split_whitespace() {
        let (source, target) = edge.split_once('>').unwrap();
        let (source, handle) = source.split_once('.').unwrap_or((source, "out"));
        edges.push(Edge {
            source: source.into(),
            handle: handle.to_owned(),
            target: target.into(),
        });
        for id in [source, target] {
            nodes.entry(NodeId::from(id)).or_insert_with(|| node(id));
        }
        let wired = &mut nodes.get_mut(source).unwrap().wired;
        if !wired.iter().any(|each| each == handle) {
            wired.push(handle.to_owned());
        }
    }
    edges.sort();
    let mut order: Vec<NodeId> = Vec::new();
    while order.len() < nodes.len() {
        let ready = nodes.keys().find(|id| {
            !order.contains(id)
                && edges.iter().all(|edge| edge.target != **id || order.contains(&edge.source))
        });
        order.push(ready.unwrap().clone());
    }
    Checked {
        name: "test".to_owned(),
        description: String::new(),
        nodes,
        root: Scope { nodes: order, edges, result: None },
        input: Type::Any,
        output: Type::Null,
        limit: None,
        revision: String::new(),
        sample_input: None,
        constraints: BTreeMap::new(),
        events: BTreeMap::new(),
        callees: BTreeMap::new(),
        dropped: BTreeSet::new(),
    }
}

fn shaped(text: &str) -> String {
    let workflow = lower(&graph(text)).unwrap().to_string();
    workflow.split_once('\n').unwrap().1.to_owned()
}

#[test]
fn independent_nodes_join() {
    assert_eq!(shaped("t>a t>b a>d b>d"), "join\n  -\n    run a\n  -\n    run b\nrun d\n");
}

#[test]
fn a_merge_after_an_if_without_else_always_runs() {
    assert_eq!(
        shaped("t>c c.true>x x>m c.false>m"),
        "run c\nbranch c\n  true:\n    run x\nrun m\n"
    );
}

#[test]
fn what_hangs_on_one_arm_stays_in_it() {
    assert_eq!(
        shaped("t>c c.true>x x>m c.false>y"),
        "run c\nbranch c\n  true:\n    run x\n    run m\n  false:\n    run y\n"
    );
}

#[test]
fn a_merge_of_some_arms_runs_when_one_of_them_did() {
    assert_eq!(
        shaped("t>c1 c1.true>c2 c1.false>m c2.true>m m>n"),
        "run c1\nbranch c1 -> c2.handle?\n  true:\n    run c2\nwhen (c1.false | c2.true)\n  run m\n  run n\n"
    );
}

#[test]
fn arms_that_share_a_merge_need_no_tasks() {
    assert_eq!(
        shaped("t>c c.true>a c.false>b a>m1 b>m1 b>m2"),
        "run c\nbranch c\n  true:\n    run a\n  false:\n    run b\njoin\n  -\n    run m1\n  -\n    branch c\n      false:\n        run m2\n"
    );
}

#[test]
fn several_triggers_make_a_branch() {
    assert_eq!(
        shaped("t1>a t2>b a>m b>m t2>m"),
        "branch trigger\n  t1:\n    run a\n  t2:\n    run b\nrun m\n"
    );
}

#[test]
fn an_order_like_an_n_becomes_tasks() {
    assert_eq!(
        shaped("t>a t>b a>x b>x b>y y>z"),
        "tasks\n  0 when always\n    run a\n  1 when always\n    run b\n  2 after [0, 1] when always\n    run x\n  3 after [1] when always\n    run y\n    run z\n"
    );
}

#[test]
fn a_join_of_all_runs_only_where_all_are_live() {
    assert_eq!(
        shaped("t>c c.true>x t>y x>j y>j"),
        "run c\njoin\n  -\n    branch c\n      true:\n        run x\n  -\n    run y\nbranch c\n  true:\n    run j\n"
    );
}

#[test]
fn what_joins_two_merges_runs_when_both_did() {
    let shaped =
        shaped("t>c1 c1.true>c2 c1.false>m c2.true>m t>c3 c3.true>c4 c3.false>n c4.true>n m>j n>j");
    assert!(shaped.ends_with("when (m.out & n.out)\n  run j\n"), "{shaped}");
}

#[test]
fn a_condition_is_as_the_edges_say_it() {
    let checked = graph("a>b a>c c.true>m c.false>m b>j c.true>j");
    let flow = super::Flow::new(&checked, &checked.root);
    let exact = |id: &str| flow.exact(flow.number(id).unwrap()).to_string();
    assert_eq!(exact("a"), "always");
    assert_eq!(exact("b"), "a.out");
    assert_eq!(exact("m"), "(c.false | c.true)");
    assert_eq!(exact("j"), "(b.out & c.true)");
}

/// Conditions within each other, so many, with a node in each.
fn nested(depth: usize) -> String {
    let each = |at: usize| match at {
        0 => "t>c0".to_owned(),
        at => format!(" c{}.true>c{at} c{}.true>a{at}", at - 1, at - 1),
    };
    (0..depth).map(each).collect()
}

#[test]
fn what_nests_too_deep_becomes_tasks() {
    assert!(!shaped(&nested(25)).contains("tasks"));
    let deep = shaped(&nested(26));
    assert_eq!(deep.matches("tasks").count(), 1, "{deep}");
    // How deep it was does not count once it has ended.
    let link = |at: usize| format!("c{at}.true>a{at} a{at}>c{} c{at}.false>c{} ", at + 1, at + 1);
    let row: Vec<String> = (1..60).map(link).collect();
    assert!(!shaped(&format!("t>c1 {}", row.concat())).contains("tasks"));
}

#[test]
fn what_takes_no_time_comes_first() {
    assert_eq!(
        shaped("t>a t>p1 t>b t>p2 p2>d a>d b>d p1>d"),
        "run p1\nrun p2\njoin\n  -\n    run a\n  -\n    run b\nrun d\n"
    );
}

/// Layers of conditions that join crosswise, so that nobody knows what the guards mean; behind them
/// two nodes, of which one may fail.
fn knot() -> Checked {
    let (width, layers) = (20, 12);
    let mut text = String::new();
    for layer in 0..layers {
        for place in 0..width {
            if layer == 0 {
                let _ = write!(text, "t>c0_{place} ");
                continue;
            }
            for step in [0, 5, 11] {
                let (above, other) = (layer - 1, (place * 7 + step) % width);
                let handle = (place + step) % 2 == 0;
                let _ = write!(text, "c{above}_{other}.{handle}>c{layer}_{place} ");
            }
        }
    }
    let last = layers - 1;
    let mut checked = graph(&format!(
        "{text} c{last}_0.true>sure c{last}_1.true>sure c{last}_0.true>unsure sure>p1 unsure>p2 unsure.error>p2"
    ));
    for (reader, read) in [("p1", "sure"), ("p2", "unsure")] {
        let kind = ExprKind::Name(Name::Step(read.into()));
        let value = Expr { kind, ty: Type::Null, span: Span::default() };
        checked.nodes.get_mut(reader).unwrap().body = Body::Transform { value };
    }
    checked
}

#[test]
fn where_guards_are_given_up_what_may_be_missing_is_optional() {
    let workflow = lower(&knot()).unwrap();
    let [Stmt::Tasks(tasks)] = workflow.body.0.as_slice() else { panic!("{workflow}") };
    let exports: Vec<_> = tasks.tasks.iter().flat_map(|task| &task.exports).collect();
    let is_optional = |id: &str| {
        let mut outputs = exports.iter().filter(|export| export.part == Part::Output);
        outputs.find(|export| *export.node == *id).map(|export| export.optional)
    };
    assert_eq!((is_optional("sure"), is_optional("unsure")), (Some(false), Some(true)));
}

/// Deterministic numbers for random graphs.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn random_graph(dice: &mut Dice) -> Checked {
    let triggers = 1 + usize::from(dice.below(4) == 0);
    let count = 3 + dice.below(7);
    let mut names: Vec<String> = (0..triggers).map(|index| format!("t{index}")).collect();
    for index in 0..count {
        let kind = ["a", "c", "c", "p", "j", "a"][dice.below(6)];
        names.push(format!("{kind}{index}"));
    }
    let mut text = String::new();
    for target in triggers..names.len() {
        let fan_in = 1 + dice.below(3);
        let mut sources = BTreeSet::new();
        for _ in 0..fan_in {
            let near = if dice.below(2) == 0 { target.saturating_sub(3) } else { 0 };
            sources.insert(near + dice.below(target - near));
        }
        for source in sources {
            let handle = match names[source].as_bytes()[0] {
                b'c' => [".true", ".false", ".error"]
                    [dice.below(20) % 3 * usize::from(dice.below(3) > 0)],
                b'a' if dice.below(5) == 0 => ".error",
                _ => "",
            };
            let handle =
                if handle.is_empty() && names[source].starts_with('c') { ".true" } else { handle };
            write!(text, "{}{handle}>{} ", names[source], names[target]).unwrap();
        }
    }
    graph(&text)
}

/// Which nodes run, by S1 to S3, where each node that runs leaves by the given choice.
fn model(
    checked: &Checked,
    trigger: &str,
    choice: &dyn Fn(&Node) -> String,
) -> BTreeMap<NodeId, String> {
    let mut left: BTreeMap<NodeId, String> = BTreeMap::new();
    for id in &checked.root.nodes {
        let node = &checked.nodes[id];
        let incoming: Vec<bool> = checked
            .root
            .edges
            .iter()
            .filter(|edge| edge.target == *id)
            .map(|edge| left.get(&edge.source) == Some(&edge.handle))
            .collect();
        let runs = match (&node.body, node.join) {
            (Body::Manual, _) => **id == *trigger,
            (_, JoinRule::Any) => incoming.contains(&true),
            (_, JoinRule::All) => !incoming.contains(&false),
        };
        if runs {
            left.insert(id.clone(), choice(node));
        }
    }
    left
}

fn walk(
    checked: &Checked,
    block: &Block,
    trigger: &str,
    choice: &dyn Fn(&Node) -> String,
    left: &mut BTreeMap<NodeId, String>,
) {
    for stmt in &block.0 {
        match stmt {
            Stmt::Run(id) => {
                left.insert(id.clone(), choice(&checked.nodes[id]));
            }
            Stmt::Branch(branch) => {
                let handle = match &branch.on {
                    Subject::Node(id) => left.get(id).expect("a branch goes by a node that ran"),
                    Subject::Trigger => trigger,
                };
                if let Some(arm) = branch.arms.iter().find(|arm| arm.handle == *handle) {
                    walk(checked, &arm.block, trigger, choice, left);
                }
            }
            Stmt::When(when) if holds(&when.live, left) => {
                walk(checked, &when.block, trigger, choice, left);
            }
            Stmt::When(_) => {}
            Stmt::Join(join) => {
                for block in &join.blocks {
                    walk(checked, block, trigger, choice, left);
                }
            }
            Stmt::Tasks(tasks) => {
                for task in &tasks.tasks {
                    if holds(&task.live, left) {
                        walk(checked, &task.block, trigger, choice, left);
                    }
                }
            }
        }
    }
}

fn holds(live: &Live, left: &BTreeMap<NodeId, String>) -> bool {
    match live {
        Live::Always => true,
        Live::Left { node, handle } => left.get(node) == Some(handle),
        Live::Any(parts) => parts.iter().any(|part| holds(part, left)),
        Live::All(parts) => parts.iter().all(|part| holds(part, left)),
    }
}

fn fires_as_the_graph(checked: &Checked, workflow: &Workflow, dice: &mut Dice) {
    for _ in 0..40 {
        let trigger = &workflow.triggers[dice.below(workflow.triggers.len())];
        let seed = dice.below(1 << 30);
        let choice = |node: &Node| {
            let handles = super::flow::handles(node);
            let place = node
                .id
                .bytes()
                .fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
            handles[(place >> 3) % handles.len()].to_owned()
        };
        let expected = model(checked, trigger, &choice);
        let mut found = BTreeMap::new();
        found.insert(trigger.clone(), "out".to_owned());
        walk(checked, &workflow.body, trigger, &choice, &mut found);
        assert_eq!(found, expected, "{workflow}");
    }
}

#[test]
fn random_graphs_fire_as_s1_to_s3_say() {
    let mut dice = Dice(7);
    let (mut graphs, mut tasks) = (0, 0);
    for _ in 0..1500 {
        let checked = random_graph(&mut dice);
        let mut flow = super::Flow::new(&checked, &checked.root);
        if (0..flow.nodes.len()).any(|number| flow.guard(number) == super::guards::FALSE) {
            continue; // S6: the check stage refuses it.
        }
        graphs += 1;
        let workflow = lower(&checked).unwrap();
        fires_as_the_graph(&checked, &workflow, &mut dice);
        tasks += usize::from(workflow.to_string().contains("tasks"));
        let shaped = super::shape::shape(&mut flow);
        assert!(super::validate::is_faithful(&mut flow, &shaped), "{workflow}");
    }
    assert!(graphs > 800 && tasks > 0 && tasks < graphs / 3, "{tasks} of {graphs}");
}
