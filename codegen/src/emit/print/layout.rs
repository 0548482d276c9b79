//! Lays printed code out as rustfmt would, where prettyplease does not.
//!
//! prettyplease breaks at 89 columns, indents some calls twice and gives every argument a line of
//! its own. This pass reads its lines as a tree of brackets, puts together what fits, and lets a
//! closure or a single argument hang over its call. It moves white space and trailing commas,
//! gives a closure's body braces or takes them, and spells out `json!` and `format!`; it changes no
//! token otherwise, and nothing within a text.

mod blocks;
pub(crate) mod macros;
mod raw;

use std::borrow::Cow;

use super::plain::Place;
use super::wide;

/// Marks an item that is not to be indented by itself.
const FLUSH: char = '\u{0}';
/// Marks one that stands a step further in.
const DEEPER: char = '\u{2}';

/// Columns of a line.
pub(super) const WIDTH: usize = 100;

/// The text of items, which prettyplease is to print.
pub(super) fn item(text: &str) -> String {
    match syn::parse_str::<syn::File>(text) {
        Ok(file) => tidy(&prettyplease::unparse(&file), Place::at(0)),
        Err(error) => format!("{}\n", error.into_compile_error()),
    }
}

/// The text of a statement; none if it does not parse.
pub(super) fn statement(text: &str, place: Place) -> Option<String> {
    let depth = (place.printed / 4).saturating_sub(1);
    let text =
        format!("async fn f() {{ {}{text}{} }}", "if a { ".repeat(depth), " }".repeat(depth));
    let file = syn::parse_str::<syn::File>(&text).ok()?;
    let text = prettyplease::unparse(&file);
    let lines: Vec<&str> = text.lines().collect();
    let lines = lines.get(depth + 1..lines.len().saturating_sub(depth + 1)).unwrap_or_default();
    Some(tidy(&lines.join("\n"), place))
}

/// Tidies printed lines.
fn tidy(text: &str, place: Place) -> String {
    let (text, raw) = raw::set_aside(text);
    let text = macros::spell_out(&text);
    let text = macros::without_commas(&text);
    let text = join_generics(&text);
    let text = blocks::join_conditions(&text);
    raw.put_back(laid_out(&text, place))
}

fn laid_out(text: &str, place: Place) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if !is_nested(&lines) {
        let mut out = String::new();
        for text in lines {
            line(
                text.trim(),
                (indent(text) + place.column).saturating_sub(place.printed),
                &mut out,
            );
        }
        return out;
    }
    let mut next = 0;
    let mut items = Vec::new();
    while next < lines.len() {
        items.extend(parse(&lines, &mut next));
        // A closer without an opener: leave the rest as it is.
        if let Some(line) = lines.get(next) {
            items.push(Item::Line(line.trim().into(), indent(line)));
            next += 1;
        }
    }
    let mut items = compact_all(items, place.first);
    for steps in (0..(place.first - place.fit) / 4).rev() {
        items = compact_all(items, place.fit + 4 * steps);
    }
    let mut out = String::new();
    print(&items, place.column, &mut out);
    out
}

/// A line, or a bracket with what stands in it.
#[derive(Clone, Debug)]
enum Item<'t> {
    /// Text, and the steps by which it stands further in than its neighbours.
    Line(Text<'t>, usize),
    Group(Group<'t>),
}

/// As printed, or put together from what was.
type Text<'t> = Cow<'t, str>;

/// A bracket over several lines. `if … { } else { }` has several parts.
#[derive(Clone, Debug)]
struct Group<'t> {
    /// The line that opens each part (`} else {` closes one and opens the next), and its items.
    parts: Vec<(Text<'t>, Vec<Item<'t>>)>,
    /// The line that closes the last part.
    close: Text<'t>,
    /// As for a line.
    indent: usize,
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Brackets that a line closes before it opens any, and those that it leaves open.
fn balance(line: &str) -> (usize, usize) {
    if line.trim_start().starts_with("//") {
        return (0, 0);
    }
    let (mut closed, mut open) = (0, 0);
    brackets(line, |bracket| match bracket {
        '(' | '[' | '{' | '<' => open += 1,
        _ if open > 0 => open -= 1,
        _ => closed += 1,
    });
    (closed, open)
}

/// Calls `found` with the brackets of a line outside of literals and comments.
fn brackets(line: &str, mut found: impl FnMut(char)) {
    // Types over several lines: their brackets end one line and begin another.
    if closes_types(line.trim_start()) {
        found('>');
    }
    let mut bytes = line.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'/' if bytes.peek() == Some(&b'/') => break,
            b'(' | b'[' | b'{' | b')' | b']' | b'}' => found(char::from(byte)),
            _ => {}
        }
    }
    if line.trim_end().ends_with('<') {
        found('<');
    }
}

/// Whether a line begins with the bracket that ends types, and not with a comparison.
fn closes_types(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('>') else { return false };
    let compares = rest.starts_with('=') || (rest.starts_with(' ') && !rest.starts_with(" {"));
    !compares || rest.starts_with(" = ")
}

/// Whether each line closes brackets of one line above at most, as [`parse`] takes it. One that
/// closes those of two, such as that after `(if` with its brace on a line of its own, does not;
/// what holds it stays as it was printed.
fn is_nested(lines: &[&str]) -> bool {
    let mut opened = Vec::new();
    for line in lines {
        let (closed, open) = balance(line);
        let above = if closed > 0 { opened.pop().unwrap_or(closed) } else { 0 };
        if closed > above {
            return false;
        }
        let left = above - closed + open;
        if left > 0 {
            opened.push(left);
        }
    }
    true
}

/// Items up to a line that closes a bracket of the lines above.
fn parse<'t>(lines: &[&'t str], next: &mut usize) -> Vec<Item<'t>> {
    let mut items = Vec::new();
    while let Some(line) = lines.get(*next) {
        let (closed, open) = balance(line);
        if closed > 0 {
            break;
        }
        *next += 1;
        if open == 0 {
            items.push(Item::Line(blocks::unbraced(line.trim()), indent(line)));
            continue;
        }
        let text = Cow::Borrowed(line.trim());
        let mut group = Group { parts: Vec::new(), close: Cow::default(), indent: indent(line) };
        let mut head = text;
        loop {
            let inner = parse(lines, next);
            group.parts.push((head, inner));
            let Some(line) = lines.get(*next) else { break };
            *next += 1;
            let text = Cow::Borrowed(line.trim());
            if balance(line).1 == 0 {
                group.close = text;
                break;
            }
            head = text;
        }
        items.push(Item::Group(group));
    }
    items
}

fn is_chained(text: &str) -> bool {
    text.starts_with('.') && !text.starts_with("..")
}

/// Whether an item stands a step further in than what it belongs to.
fn is_deeper(text: &str) -> bool {
    is_chained(text) || text.starts_with(DEEPER)
}

impl Item<'_> {
    fn first(&self) -> &str {
        match self {
            Self::Line(text, _) => text,
            Self::Group(group) => group.parts.first().map_or("", |(head, _)| head.as_ref()),
        }
    }

    fn line(&self) -> Option<&str> {
        match self {
            Self::Line(text, _) if !text.starts_with("//") => {
                Some(text.trim_start_matches([FLUSH, DEEPER]))
            }
            _ => None,
        }
    }
}

/// Compacts the items of one level, which stand `column` in.
fn compact_all(items: Vec<Item<'_>>, column: usize) -> Vec<Item<'_>> {
    let mut done: Vec<Item<'_>> = Vec::new();
    for item in items {
        let deeper = column + if is_chained(item.first()) { 4 } else { 0 };
        let item = match item {
            Item::Group(group) => compact(group, deeper),
            line @ Item::Line(..) => line,
        };
        done.push(item);
    }
    blocks::join_operators(join_chains(done, column), column)
}

fn compact(mut group: Group<'_>, column: usize) -> Item<'_> {
    for (_, items) in &mut group.parts {
        *items = compact_all(std::mem::take(items), column + 4);
    }
    if group.parts.len() == 1 && group.parts[0].0.starts_with("use ") {
        return Item::Group(imports(group));
    }
    join_heads(&mut group, column);
    if let Some(line) = blocks::one_line(&group, column) {
        return Item::Line(line.into(), group.indent);
    }
    if let [(head, items)] = group.parts.as_slice() {
        if let Some(line) = one_line(head, items, &group.close, column) {
            return Item::Line(line.into(), group.indent);
        }
        let hung = hang(head, items, &group, column);
        if let Some(hung) = hung.or_else(|| blocks::hang(head, items, &group, column)) {
            return Item::Group(hung);
        }
    }
    Item::Group(group)
}

/// The names of a `use`, as many on a line as fit.
fn imports(mut group: Group<'_>) -> Group<'_> {
    for (head, items) in &mut group.parts {
        let names: Vec<&str> = items
            .iter()
            .filter_map(Item::line)
            .flat_map(|line| line.split(',').map(str::trim))
            .filter(|name| !name.is_empty())
            .collect();
        let line = format!("{head}{}{}", names.join(", "), group.close);
        if line.chars().count() <= WIDTH {
            *head = line.into();
            group.close = Cow::default();
            items.clear();
            continue;
        }
        let mut lines: Vec<String> = Vec::new();
        for name in names {
            match lines.last_mut() {
                Some(line) if 4 + line.len() + name.len() + 2 <= WIDTH => {
                    line.push(' ');
                    line.push_str(name);
                    line.push(',');
                }
                _ => lines.push(format!("{name},")),
            }
        }
        *items = lines.into_iter().map(|line| Item::Line(line.into(), 4)).collect();
    }
    group
}

/// Arguments before a block, `fn f(…) {`, `if f(…) {`, on one line with it.
fn join_heads(group: &mut Group<'_>, column: usize) {
    let mut place = 0;
    while place + 1 < group.parts.len() {
        let (head, items) = &group.parts[place];
        let next = &group.parts[place + 1].0;
        let joined = (head.ends_with('(') && next.starts_with(')') && !head.starts_with("#["))
            .then(|| items.iter().map(Item::line).collect::<Option<Vec<&str>>>())
            .flatten()
            .map(|texts| texts.join(" "))
            .map(|inner| format!("{head}{}{next}", inner.strip_suffix(',').unwrap_or(&inner)))
            .filter(|line| column + line.chars().count() <= WIDTH);
        match joined {
            Some(line) => {
                group.parts.remove(place);
                group.parts[place].0 = line.into();
            }
            None => place += 1,
        }
    }
}

/// The whole group on one line, if that is how one would write it.
fn one_line(head: &str, items: &[Item<'_>], close: &str, column: usize) -> Option<String> {
    if items.is_empty() || head.starts_with("//") || !may_be_joined(head) {
        return None;
    }
    let texts: Option<Vec<&str>> = items.iter().map(Item::line).collect();
    let texts = texts?;
    // Bytes, of which a character has at most four.
    if texts.iter().map(|text| text.len() + 1).sum::<usize>() > 4 * WIDTH {
        return None;
    }
    let inner = texts.join(" ");
    let inner = inner.strip_suffix(',').unwrap_or(&inner);
    // A comma after the only item of a tuple is part of it.
    let line = if head.ends_with('{') {
        format!("{head} {inner} {close}")
    } else {
        format!("{head}{inner}{close}")
    };
    (column + line.chars().count() <= WIDTH && !inner.contains("//")).then_some(line)
}

/// Arguments, elements and the fields of a struct may stand on one line, statements not.
fn may_be_joined(head: &str) -> bool {
    if !head.ends_with('{') {
        return !head.starts_with("#[")
            && !head.starts_with("pub ")
            && !head.starts_with("async fn");
    }
    let before = head.trim_end_matches('{').trim_end();
    if head.ends_with("({") || before.ends_with(':') || before.ends_with('[') {
        return true;
    }
    let statement =
        ["if ", "match ", "for ", "while ", "fn ", "impl ", "pub ", "enum ", "trait ", "struct "];
    if statement.iter().any(|word| before.starts_with(word) || before.contains(&format!(" {word}")))
    {
        return false;
    }
    let name = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Lets the last argument hang over the call: a closure, or the only argument.
fn hang<'t>(head: &str, items: &[Item<'t>], group: &Group<'t>, column: usize) -> Option<Group<'t>> {
    if head.ends_with('{') || head.starts_with("pub ") || head.starts_with("#[") {
        return None;
    }
    let (last, before) = items.split_last()?;
    let Item::Group(last) = last else { return None };
    let ((last_head, inner), others) = last.parts.split_first()?;
    let before: Option<Vec<&str>> = before.iter().map(Item::line).collect();
    let before = before?;
    let last_close = last.close.strip_suffix(',').unwrap_or(&last.close);
    // In the middle of an expression it is no argument, and `||` an operator.
    if !before.last().map_or(head.ends_with(['(', '[']), |text| text.ends_with(',')) {
        return None;
    }
    let closure = ["async |", "async {", "|"].iter().any(|start| last_head.starts_with(start));
    // What has several parts is an `if`; that of a closure stands in its block.
    let block = block_of(last_head);
    if !closure && !before.is_empty()
        || is_chained(last_head)
        || !others.is_empty() && block.is_none()
    {
        return None;
    }
    let arguments: String = before.iter().flat_map(|text| [text, " "]).collect();
    let (hung_head, hung_items, hung_close) = match block {
        Some((parameters, body)) => {
            let first = (body.to_owned().into(), inner.clone());
            let body = Group {
                parts: std::iter::once(first).chain(others.iter().cloned()).collect(),
                close: last_close.to_owned().into(),
                indent: 0,
            };
            (format!("{parameters} {{"), vec![Item::Group(body)], "}".to_owned())
        }
        None => (last_head.to_string(), inner.clone(), last_close.to_owned()),
    };
    let new_head = format!("{head}{arguments}{hung_head}");
    if column + new_head.chars().count() > WIDTH {
        return None;
    }
    // What hangs stands one step further out than before, so more of it may fit.
    let hung_items = compact_all(hung_items, column + 4);
    Some(Group {
        parts: vec![(new_head.into(), hung_items)],
        close: format!("{hung_close}{}", group.close).into(),
        indent: group.indent,
    })
}

/// The parameters and the body of a closure whose body is no block.
fn block_of(head: &str) -> Option<(&str, &str)> {
    let rest = head.strip_prefix('|')?;
    let end = rest.find('|')? + 2;
    let (parameters, body) = head.split_at(end);
    let body = body.trim_start();
    (body != "{").then_some((parameters, body))
}

/// Puts method chains together where they fit: all of a short one, or the first call of one whose
/// receiver is short.
fn join_chains(items: Vec<Item<'_>>, column: usize) -> Vec<Item<'_>> {
    let mut done: Vec<Item<'_>> = Vec::new();
    let mut rest = items.into_iter().peekable();
    while let Some(item) = rest.next() {
        let mut chain = Vec::new();
        while rest.peek().is_some_and(|next| is_chained(next.first().trim_start_matches(FLUSH))) {
            chain.extend(rest.next().map(unmarked));
        }
        if chain.is_empty() {
            done.push(brace_behind(item, &mut rest, column));
            continue;
        }
        done.extend(join_chain(item, chain, column));
    }
    done
}

fn join_chain<'t>(item: Item<'t>, mut chain: Vec<Item<'t>>, column: usize) -> Vec<Item<'t>> {
    let Item::Line(text, step) = &item else {
        // Behind a bracket that closes on a line of its own a chain goes on at its column.
        let chain = chain.into_iter().map(|call| marked(further_out(call, column), FLUSH));
        return std::iter::once(item).chain(chain).collect();
    };
    let calls: Option<Vec<&str>> = chain.iter().map(Item::line).collect();
    if let Some(calls) = calls {
        let line = format!("{text}{}", calls.concat());
        if column + line.chars().count() <= WIDTH && !text.ends_with('{') {
            return vec![Item::Line(line.into(), *step)];
        }
    }
    if let [Item::Group(group)] = chain.as_mut_slice()
        && let Some((head, _)) = group.parts.first_mut()
    {
        let joined = format!("{text}{head}");
        if column + joined.chars().count() <= WIDTH {
            *head = joined.into();
            group.indent = *step;
            return chain.into_iter().map(|call| further_out(call, column)).collect();
        }
    }
    // A receiver no wider than a step has its first call beside it.
    if is_short(text) && !chain.is_empty() {
        let mut first = chain.remove(0);
        let call = match &mut first {
            Item::Line(call, _) => call,
            Item::Group(group) => match group.parts.first_mut() {
                Some((head, _)) => head,
                None => return std::iter::once(item).chain(chain).collect(),
            },
        };
        *call = format!("{text}{call}").into();
        let first = further_out(first, column);
        return if chain.is_empty() { vec![first] } else { join_chain(first, chain, column) };
    }
    std::iter::once(item).chain(chain).collect()
}

/// Whether a text is a name that is no wider than a step.
fn is_short(text: &str) -> bool {
    text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A call that stands one step further out than it was laid out for, so that more of it may fit.
fn further_out(call: Item<'_>, column: usize) -> Item<'_> {
    match call {
        Item::Group(group) => compact(group, column),
        line @ Item::Line(..) => line,
    }
}

/// An item without the marks of an earlier turn: what it stands behind may have become a line.
fn unmarked(item: Item<'_>) -> Item<'_> {
    let plain = |text: Text<'_>| text.trim_start_matches(FLUSH).to_owned().into();
    match item {
        Item::Line(text, step) if text.starts_with(FLUSH) => Item::Line(plain(text), step),
        Item::Group(mut group)
            if group.parts.first().is_some_and(|(head, _)| head.starts_with(FLUSH)) =>
        {
            if let Some((head, _)) = group.parts.first_mut() {
                *head = plain(std::mem::take(head));
            }
            Item::Group(group)
        }
        other => other,
    }
}

/// An item with a mark before it.
fn marked(item: Item<'_>, mark: char) -> Item<'_> {
    match item {
        Item::Line(text, _) => Item::Line(format!("{mark}{text}").into(), 0),
        Item::Group(mut group) => {
            if let Some((head, _)) = group.parts.first_mut() {
                head.to_mut().insert(0, mark);
            }
            Item::Group(group)
        }
    }
}

/// `if …` with its brace on the next line: together if they fit.
fn brace_behind<'t>(
    item: Item<'t>,
    rest: &mut std::iter::Peekable<std::vec::IntoIter<Item<'t>>>,
    column: usize,
) -> Item<'t> {
    let joined = match (&item, rest.peek()) {
        (Item::Line(text, _), Some(Item::Group(group)))
            if group.parts.first().is_some_and(|(head, _)| head == "{")
                && column + text.chars().count() + 2 <= WIDTH =>
        {
            format!("{text} {{")
        }
        _ => return item,
    };
    match rest.next() {
        Some(Item::Group(mut group)) => {
            if let Some((head, _)) = group.parts.first_mut() {
                *head = joined.into();
            }
            Item::Group(group)
        }
        _ => item,
    }
}

fn print(items: &[Item<'_>], column: usize, out: &mut String) {
    for item in items {
        let column = column + if is_deeper(item.first()) { 4 } else { 0 };
        match item {
            Item::Line(text, _) => line(text, column, out),
            Item::Group(group) => {
                for (head, items) in &group.parts {
                    line(head, column, out);
                    if head.starts_with("impl ") || head.contains("trait ") {
                        print_apart(items, column + 4, out);
                    } else {
                        print(items, column + 4, out);
                    }
                }
                if !group.close.is_empty() {
                    line(&group.close, column, out);
                }
            }
        }
    }
}

/// The functions of an `impl` or a trait, a blank line between them.
fn print_apart(items: &[Item<'_>], column: usize, out: &mut String) {
    for (place, item) in items.iter().enumerate() {
        print(std::slice::from_ref(item), column, out);
        if matches!(item, Item::Group(_)) && place + 1 < items.len() {
            out.push('\n');
        }
    }
}

fn line(text: &str, column: usize, out: &mut String) {
    let text = text.trim_start_matches([FLUSH, DEEPER]);
    if text.is_empty() {
        return out.push('\n');
    }
    let mut push = |text: &str, column| {
        out.extend(std::iter::repeat_n(' ', column));
        out.push_str(text);
        out.push('\n');
    };
    if wide::fits(text, column) {
        return push(text, column);
    }
    for (step, text) in wide::lines(text, column) {
        push(&text, column + step);
    }
}

/// `name::<` and its types on one line.
fn join_generics(text: &str) -> Cow<'_, str> {
    // Most code breaks none.
    if !text.contains("::<\n") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        if line.trim_end().ends_with("::<") {
            let mut types = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.trim_start().starts_with('>')) {
                types.push(line.trim());
            }
            out.push_str(types.join(" ").trim_end_matches(','));
            out.push_str(lines.next().unwrap_or_default().trim());
        }
        out.push('\n');
    }
    out.into()
}

#[cfg(test)]
mod tests {
    fn tidied(text: &str) -> String {
        syn::parse_file(text).expect("Rust");
        super::item(text)
    }

    #[test]
    fn a_closure_hangs_over_its_call() {
        let text = "async fn f() { let each = ctx.for_each(\"each_item\", trigger.items.clone(), 4, async |ctx, item, _| { one(&ctx, item).await?; two(&ctx).await }).await?; Ok(each) }";
        assert_eq!(
            tidied(text),
            "async fn f() {\n    let each = ctx\n        .for_each(\"each_item\", trigger.items.clone(), 4, async |ctx, item, _| {\n            one(&ctx, item).await?;\n            two(&ctx).await\n        })\n        .await?;\n    Ok(each)\n}\n"
        );
    }

    #[test]
    fn a_comparison_closes_no_types() {
        let long = "trigger.as_somebody_with_a_long_name().map_or(2.0, |value| value.f)";
        let text =
            format!("fn f() {{ let c = if {long} > 3.0 && {long} >= 4.0 {{ 1 }} else {{ 2 }}; }}");
        let expected: Vec<_> = syn::parse_file(&text).expect("Rust").items;
        let parsed = syn::parse_file(&tidied(&text)).expect("Rust that parses").items;
        assert_eq!(parsed, expected);
    }

    #[test]
    fn a_join_is_indented_once() {
        let text = "async fn f() { let (customer, stock) = join((customer(&ctx, CustomerInput { email: trigger.email.clone(), name: trigger.name.clone() }), stock(&ctx, StockInput { items: trigger.items.clone() }))).await?; }";
        assert_eq!(
            tidied(text),
            "async fn f() {\n    let (customer, stock) = join((\n        customer(&ctx, CustomerInput { email: trigger.email.clone(), name: trigger.name.clone() }),\n        stock(&ctx, StockInput { items: trigger.items.clone() }),\n    ))\n    .await?;\n}\n"
        );
    }

    #[test]
    fn what_is_evaluated_becomes_a_block() {
        let text = "fn f() { let input = ctx.evaluate(\"charge\", || Ok(ChargeInput { amount: expr::int_mul(item.price, item.quantity)?, customer: customer.body.id.clone() }))?; }";
        assert_eq!(
            tidied(text),
            "fn f() {\n    let input = ctx.evaluate(\"charge\", || {\n        Ok(ChargeInput {\n            amount: expr::int_mul(item.price, item.quantity)?,\n            customer: customer.body.id.clone(),\n        })\n    })?;\n}\n"
        );
    }

    #[test]
    fn an_operator_is_no_closure() {
        let long = "trigger.as_somebody_with_a_long_name().is_none_or(|value| value.flag)";
        let text = format!(
            "fn f() {{ g(({long} || (match &trigger {{ A(a) => a.flag, B(b) => b.flag }})) && {long}) }}"
        );
        let strip = |text: &str| text.replace([' ', '\n', ','], "");
        assert_eq!(strip(&tidied(&text)), strip(&text));
    }

    #[test]
    fn what_closes_brackets_of_two_lines_stays() {
        let long = "trigger.as_somebody_with_a_long_name().map(|value| value.tree.next.as_deref()).is_some()";
        let text = format!(
            "fn f() {{ ctx.evaluate(\"ok\", || Ok(Some(Output {{ a: trigger.a.clone(), d: (if {long} {{ present(trigger.next.as_deref().cloned())?.number }} else {{ 7 }}) < 1 }}))) }}"
        );
        let strip = |text: &str| text.replace([' ', '\n', ','], "");
        let tidied = tidied(&text);
        syn::parse_file(&tidied).expect("Rust");
        assert_eq!(strip(&tidied), strip(&text));
    }

    #[test]
    fn types_of_a_call_stand_on_its_line() {
        let text = "async fn f() { join((async { one(&ctx).await?; Err::<(), _>(ctx.failure(\"charge\", \"code\", format!(\"{}{}{}\", trigger.first, trigger.second, trigger.number)).into()) }, two(&ctx))).await?; }";
        let tidied = tidied(text);
        assert!(tidied.contains("Err::<(), _>(\n"), "{tidied}");
        syn::parse_file(&tidied).expect("Rust");
    }

    #[test]
    fn a_value_as_json_has_no_comma_behind_it() {
        let long = "expr::concat(&trigger.somebody_with_the_longest_name, &[trigger.first, trigger.second])";
        let text = format!("fn f() {{ // \" (\n g(json__({long}), json__(\"json!(\\n,)\")); }}");
        let expected = format!("        json!(\n            {long}\n        ),\n");
        assert!(tidied(&text).contains(&expected), "{}", tidied(&text));
        let expected = "        json!(\"json!(\\n,)\"),\n";
        assert!(tidied(&text).contains(expected), "{}", tidied(&text));
    }

    #[test]
    fn marks_are_no_text() {
        let text = "fn f() { g(|| { Ok(h(trigger.somebody_with_a_long_name)? == h(trigger.somebody_with_a_long_name)? || b) }); }";
        assert!(!tidied(text).contains(super::DEEPER), "{}", tidied(text));
    }

    #[test]
    fn lists_hang_as_other_arguments_do() {
        let text = "fn f() { if ctx.approval::<Value>(\"ask\", Approval::new(\"include.str-x\").assignees(&mut [\"some long text that is a word or two\".to_owned(), \"some long text that is a word or two\".to_owned()]).key(\"*/ }\".to_owned())).is_none() { a(); } }";
        let tidied = tidied(text);
        assert!(tidied.contains(".assignees(vec![\n"), "{tidied}");
    }

    #[test]
    fn tokens_stay_as_they_are() {
        let text = "fn f() { if a { g(\"(({{ // \\\"\"); } else if b { h(1, 2); } else { match x { 1 => {} _ => i(), } } }";
        let strip = |text: &str| text.replace([' ', '\n', ','], "");
        assert_eq!(strip(&tidied(text)), strip(text));
    }
}
