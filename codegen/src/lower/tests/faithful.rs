//! Translation validation refuses every tree that says something else than its graph (design 10.7).

use super::super::flow::Flow;
use super::super::shape;
use super::super::validate::{is_faithful, is_flat};
use super::{graph, knot};
use crate::ir::{Arm, Block, Branch, Join, Live, Stmt, Subject, Task, Tasks};

fn run(ids: &str) -> Block {
    Block(ids.split_whitespace().map(|id| Stmt::Run(id.into())).collect())
}

fn join(blocks: &[&str]) -> Block {
    let blocks = blocks.iter().map(|ids| run(ids)).collect();
    Block(vec![Stmt::Join(Join { blocks, exports: Vec::new() })])
}

fn tasks(all: &[(&[usize], &str)]) -> Block {
    let task = |(after, ids): &(&[usize], &str)| Task {
        after: after.to_vec(),
        live: Live::Always,
        block: run(ids),
        exports: Vec::new(),
    };
    Block(vec![Stmt::Tasks(Tasks { tasks: all.iter().map(task).collect(), exports: Vec::new() })])
}

fn with(mut first: Block, second: Block) -> Block {
    first.0.extend(second.0);
    first
}

fn says(text: &str, block: &Block) -> bool {
    let checked = graph(text);
    is_faithful(&mut Flow::new(&checked, &checked.root), block)
}

#[test]
fn a_tree_runs_each_node_once_after_what_it_depends_on_and_nothing_else() {
    let text = "t>a a>b t>x";
    assert!(says(text, &join(&["a b", "x"])));
    assert!(says(text, &tasks(&[(&[], "a"), (&[0], "b"), (&[], "x")])));
    let wrong = [
        ("x waits for a", run("a b x")),
        ("b does not wait for a", join(&["a", "b", "x"])),
        ("x is left out", run("a b")),
        ("x runs twice", join(&["x", "a b", "x"])),
        ("a node that is not there", join(&["a b", "x", "ghost"])),
        ("b waits for no task", tasks(&[(&[], "a"), (&[], "b"), (&[], "x")])),
        ("b waits for x, too", tasks(&[(&[], "a"), (&[], "x"), (&[0, 1], "b")])),
        ("x waits for a task that is not there", tasks(&[(&[], "a"), (&[0], "b"), (&[7], "x")])),
        ("nothing runs", Block::default()),
    ];
    for (fault, block) in wrong {
        assert!(!says(text, &block), "{fault}");
    }
}

#[test]
fn a_tree_runs_each_node_under_its_guard() {
    let branch = |yes: &str, no: &str| {
        let arm = |handle: &str, ids| Arm { handle: handle.to_owned(), block: run(ids) };
        let arms = vec![arm("true", yes), arm("false", no)];
        let branch = Branch { on: Subject::Node("c".into()), arms, exports: Vec::new() };
        with(run("c"), Block(vec![Stmt::Branch(branch)]))
    };
    let text = "t>c c.true>x c.false>y";
    assert!(says(text, &branch("x", "y")));
    assert!(!says(text, &branch("y", "x")), "arms are swapped");
    assert!(!says(text, &run("c x y")), "nothing is asked");
    assert!(!says(text, &with(branch("x", ""), run("y"))), "one is asked for");
    // What takes no time may come earlier than it must; what never runs beside a node, too.
    assert!(says("t>p t>x", &run("p x")));
    assert!(says("t1>x t2>y", &{
        let arm = |id: &str, ids| Arm { handle: id.to_owned(), block: run(ids) };
        let arms = vec![arm("t1", "x"), arm("t2", "y")];
        Block(vec![Stmt::Branch(Branch { on: Subject::Trigger, arms, exports: Vec::new() })])
    }));
}

/// What makes other tasks of them.
type Spoil = fn(&mut Vec<Task>);

/// The tasks of a block of tasks.
fn of(block: &mut Block) -> &mut Vec<Task> {
    let [Stmt::Tasks(tasks)] = block.0.as_mut_slice() else { panic!("one task for each node") };
    &mut tasks.tasks
}

#[test]
fn where_nobody_knows_what_guards_mean_each_task_is_as_its_edges_say() {
    let checked = graph("t>c c.true>x c.false>x t>y x>z y>z");
    let mut flow = Flow::new(&checked, &checked.root);
    let right = shape::flat(&mut flow);
    assert!(is_flat(&flow, &right));
    let spoiled: [(&str, Spoil); 7] = [
        ("one is left out", |tasks| drop(tasks.pop())),
        ("one runs twice", |tasks| tasks.push(tasks[0].clone())),
        ("z does not wait for x", |tasks| {
            for task in tasks {
                if task.after.len() == 2 {
                    task.after.remove(0);
                }
            }
        }),
        ("all wait for the first", |tasks| {
            for task in tasks.iter_mut().skip(1) {
                if task.after.is_empty() {
                    task.after.push(0);
                }
            }
        }),
        ("one waits for a task that is not there", |tasks| tasks[1].after.push(9)),
        ("x asks for one edge of two", |tasks| {
            for task in tasks {
                if let Live::Any(parts) = &mut task.live {
                    parts.pop();
                }
            }
        }),
        ("one does more", |tasks| {
            let again = tasks[0].block.0[0].clone();
            tasks[0].block.0.push(again);
        }),
    ];
    for (fault, spoil) in spoiled {
        let mut block = right.clone();
        spoil(of(&mut block));
        assert!(block != right && !is_flat(&flow, &block), "{fault}");
    }
    assert!(!is_flat(&flow, &Block::default()), "nothing runs");
    assert!(!is_flat(&flow, &run("c x y z")), "there are no tasks");
    let checked = graph("t1>j t2>j");
    let flow = Flow::new(&checked, &checked.root);
    let stray = Block(vec![Stmt::Run("j".into())]);
    assert!(!is_flat(&flow, &stray));
}

#[test]
fn what_cannot_be_proved_is_still_one_task_for_each_node() {
    let checked = knot();
    let mut flow = Flow::new(&checked, &checked.root);
    let mut block = shape::flat(&mut flow);
    assert!(flow.logic.given_up() && is_flat(&flow, &block));
    of(&mut block).pop();
    assert!(!is_flat(&flow, &block));
}
