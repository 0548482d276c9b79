//! What holds for every file of an emitted crate, whatever text is in the graph.

use flowcrate_codegen::package::CrateFiles;
use serde_json::Value;

use super::{MARK, Part, lexed};

/// What is wrong with a crate: empty if nothing is. That the Rust parses is asked of `syn` besides.
pub fn faults(files: &CrateFiles) -> Vec<String> {
    let mut found = Vec::new();
    for (path, file) in &files.files {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        if !path.chars().all(known) || path.contains("..") || path.contains(MARK) {
            found.push(format!("a file is called {path:?}"));
        }
        let Ok(text) = std::str::from_utf8(&file.bytes) else {
            // The document as it was read.
            continue;
        };
        let judged = match path.rsplit('.').next() {
            Some("rs") => rust(text),
            Some("toml") => manifest(text),
            Some("md") => readme(text),
            Some("json") if path != "graph.json" => json(text),
            _ => Vec::new(),
        };
        found.extend(judged.into_iter().map(|fault| format!("{path}: {fault}")));
    }
    found
}

/// Characters that show as something else than they are.
fn is_deceptive(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
}

fn deceptive(text: &str) -> Option<String> {
    let at = text.chars().position(is_deceptive)?;
    let around: String = text.chars().skip(at.saturating_sub(30)).take(60).collect();
    Some(format!("holds what shows as something else: {around:?}"))
}

fn rust(text: &str) -> Vec<String> {
    let mut found: Vec<String> = deceptive(text).into_iter().collect();
    for part in lexed(text) {
        let wrong = match part {
            Part::Doc(text) => fence(text),
            // A comment has the label of what follows; behind its line is the next part.
            Part::Literal(_) | Part::Comment(_) => false,
            // A name may be made of the word, and is never the word itself.
            Part::Code(text) => text.split(|c| !is_word(c)).any(|word| word == MARK),
        };
        if wrong {
            found.push(format!("text breaks out: {part:?}"));
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a line of documentation opens a block of code in the user's words.
fn fence(line: &str) -> bool {
    let inner = line.trim_start_matches(['/', '!', ' ']);
    line.contains(MARK) && (inner.starts_with("```") || inner.starts_with("~~~"))
}

fn manifest(text: &str) -> Vec<String> {
    let mut found: Vec<String> = deceptive(text).into_iter().collect();
    // The description is one line, and alone has the user's words.
    for line in text.lines().filter(|line| line.contains(MARK)) {
        let quoted = ["description = \"", "description = '", "description = \"\"\""]
            .iter()
            .any(|start| line.starts_with(start));
        if !quoted {
            found.push(format!("text breaks out: {line:?}"));
        }
    }
    found
}

fn json(text: &str) -> Vec<String> {
    let read = serde_json::from_str::<Value>(text);
    read.err().map(|error| error.to_string()).into_iter().collect()
}

/// The languages of the README's blocks of code.
const BLOCKS: [&str; 5] = ["mermaid", "json", "sh", "toml", "rust,ignore"];

fn readme(text: &str) -> Vec<String> {
    let mut found: Vec<String> = deceptive(text).into_iter().collect();
    let mut block = None;
    for (number, line) in text.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            match block {
                None if BLOCKS.contains(&info) => block = Some(info),
                Some(_) if info.is_empty() => block = None,
                _ => found.push(format!("line {number}: a fence that nobody wrote: {line:?}")),
            }
            continue;
        }
        if !line.contains(MARK) && block != Some("mermaid") {
            continue;
        }
        let wrong = match block {
            Some("mermaid") => !is_mermaid(line),
            Some("json") => false,
            Some("sh") => !is_command(line),
            Some(_) => true,
            None => opens_something(line),
        };
        if wrong {
            found.push(format!("line {number}: text breaks out: {line:?}"));
        }
    }
    if block.is_some() {
        found.push("a block has no end".to_owned());
    }
    found
}

/// Whether text in a paragraph would be read as Markdown or HTML.
fn opens_something(line: &str) -> bool {
    let mut escaped = false;
    for c in line.chars() {
        if !escaped && matches!(c, '<' | '`' | '[' | '*') {
            return true;
        }
        escaped = c == '\\' && !escaped;
    }
    line.starts_with(['#', '-', '+', '=', '>']) || line.starts_with("    ")
}

/// Whether a line of a shell's is one command: text only between single quotes, within which
/// nothing is special but their end.
fn is_command(line: &str) -> bool {
    let parts: Vec<&str> = line.split('\'').collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || " _-.".contains(c);
    // `\'`, between the end of a text and the beginning of the next, is a quote within it.
    let outside = |part: &&str| *part == "\\" || part.chars().all(plain);
    parts.len() % 2 == 1 && parts.iter().step_by(2).all(outside)
}

/// Whether a line of a diagram is what the compiler writes: text only between quotes, and no
/// quote, tag or fence within.
fn is_mermaid(line: &str) -> bool {
    let mut parts = line.split('"');
    let outside = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "_ -><[](){}/.".contains(c);
        part.chars().all(known) && !part.contains(MARK)
    };
    let inside = |part: &str| !part.contains(['<', '>', '`']);
    let mut quotes = 0;
    loop {
        let Some(part) = parts.next() else { return quotes % 2 == 1 };
        let fine = if quotes % 2 == 0 { outside(part) } else { inside(part) };
        if !fine {
            return false;
        }
        quotes += 1;
    }
}
