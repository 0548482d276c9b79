//! The IR as text, for golden tests and for eyes.

use std::fmt::{self, Display, Formatter};

use super::{Block, Branch, Export, Join, Live, Part, Stmt, Subject, Task, Tasks, When, Workflow};

impl Display for Workflow {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "workflow {} on {}", self.name, self.triggers.join(", "))?;
        for event in &self.events {
            writeln!(out, "event {}", event.name)?;
        }
        write_block(out, &self.body, 0)?;
        for (region, block) in &self.scopes {
            match region.name.as_str() {
                "" => writeln!(out, "each {}", region.scope)?,
                name => writeln!(out, "{name} of {}", region.scope)?,
            }
            write_block(out, block, 1)?;
        }
        Ok(())
    }
}

impl Display for Live {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => out.write_str("always"),
            Self::Left { node, handle } => write!(out, "{node}.{handle}"),
            Self::Any(parts) => write_parts(out, parts, " | "),
            Self::All(parts) => write_parts(out, parts, " & "),
        }
    }
}

fn write_parts(out: &mut Formatter<'_>, parts: &[Live], separator: &str) -> fmt::Result {
    out.write_str("(")?;
    for (index, part) in parts.iter().enumerate() {
        let separator = if index == 0 { "" } else { separator };
        write!(out, "{separator}{part}")?;
    }
    out.write_str(")")
}

struct Indent(usize);

impl Display for Indent {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{:1$}", "", self.0 * 2)
    }
}

fn write_block(out: &mut Formatter<'_>, block: &Block, depth: usize) -> fmt::Result {
    block.0.iter().try_for_each(|stmt| write_stmt(out, stmt, depth))
}

fn write_stmt(out: &mut Formatter<'_>, stmt: &Stmt, depth: usize) -> fmt::Result {
    match stmt {
        Stmt::Run(id) => writeln!(out, "{}run {id}", Indent(depth)),
        Stmt::Branch(branch) => write_branch(out, branch, depth),
        Stmt::When(When { live, block, exports }) => {
            writeln!(out, "{}when {live}{}", Indent(depth), Exports(exports))?;
            write_block(out, block, depth + 1)
        }
        Stmt::Join(Join { blocks, exports }) => {
            writeln!(out, "{}join{}", Indent(depth), Exports(exports))?;
            for block in blocks {
                writeln!(out, "{}-", Indent(depth + 1))?;
                write_block(out, block, depth + 2)?;
            }
            Ok(())
        }
        Stmt::Tasks(tasks) => write_tasks(out, tasks, depth),
    }
}

fn write_branch(out: &mut Formatter<'_>, branch: &Branch, depth: usize) -> fmt::Result {
    let subject = match &branch.on {
        Subject::Node(id) => id,
        Subject::Trigger => "trigger",
    };
    writeln!(out, "{}branch {subject}{}", Indent(depth), Exports(&branch.exports))?;
    for arm in &branch.arms {
        writeln!(out, "{}{}:", Indent(depth + 1), arm.handle)?;
        write_block(out, &arm.block, depth + 2)?;
    }
    Ok(())
}

fn write_tasks(out: &mut Formatter<'_>, tasks: &Tasks, depth: usize) -> fmt::Result {
    writeln!(out, "{}tasks{}", Indent(depth), Exports(&tasks.exports))?;
    for (index, Task { after, live, block, exports }) in tasks.tasks.iter().enumerate() {
        write!(out, "{}{index}", Indent(depth + 1))?;
        if !after.is_empty() {
            write!(out, " after {after:?}")?;
        }
        writeln!(out, " when {live}{}", Exports(exports))?;
        write_block(out, block, depth + 2)?;
    }
    Ok(())
}

struct Exports<'a>(&'a [Export]);

impl Display for Exports<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (index, export) in self.0.iter().enumerate() {
            out.write_str(if index == 0 { " -> " } else { ", " })?;
            let part = match export.part {
                Part::Output => "",
                Part::Error => ".error",
                Part::Handle => ".handle",
                Part::Returned => ".returned",
            };
            let optional = if export.optional { "?" } else { "" };
            write!(out, "{}{part}{optional}", export.node)?;
        }
        Ok(())
    }
}
