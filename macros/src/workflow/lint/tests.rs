//! What the lint of a workflow's body finds, and what it leaves alone.

use syn::parse_quote;

use super::*;

fn messages(block: &Block) -> Vec<String> {
    let mut errors = Errors::default();
    lint(block, None, &mut errors);
    let tokens = errors.into_tokens().to_string();
    tokens.split("compile_error").skip(1).map(str::to_owned).collect()
}

#[test]
fn each_kind_of_nondeterminism_is_named_with_its_remedy() {
    let cases: [(Block, &str, &str); 17] = [
        (parse_quote!({ std::time::SystemTime::now() }), "reads the clock", "ctx.now()"),
        (parse_quote!({ Instant::now() }), "reads the clock", "ctx.now()"),
        (parse_quote!({ chrono::Utc::now() }), "reads the clock", "ctx.now()"),
        (parse_quote!({ jiff::Zoned::now() }), "reads the clock", "ctx.now()"),
        (parse_quote!({ rand::random::<u8>() }), "is random", "ctx.random"),
        (parse_quote!({ uuid::Uuid::new_v4() }), "is random", "ctx.uuid"),
        (
            parse_quote!({
                tokio::select! { _ = a => {} }
            }),
            "random order",
            "race@1",
        ),
        (parse_quote!({ futures::select!(_ = a => {}) }), "random order", "race@1"),
        (
            parse_quote!({
                select! { _ = a => {} }
            }),
            "random order",
            "race@1",
        ),
        (parse_quote!({ std::process::Command::new("x") }), "a process", "custom@1"),
        (parse_quote!({ tokio::spawn(async {}) }), "own task", "for_each@1"),
        (parse_quote!({ std::thread::spawn(|| 1) }), "own task", "flowcrate::join"),
        (parse_quote!({ std::fs::read("x") }), "files", "custom@1"),
        (parse_quote!({ std::net::TcpStream::connect("x") }), "network", "http.request@1"),
        (parse_quote!({ std::env::var("X") }), "environment", "custom@1"),
        (parse_quote!({ tokio::time::sleep(d).await }), "timer", "wait@1"),
        (parse_quote!({ sleep(d).await }), "timer", "ctx.sleep"),
    ];
    for (block, does, instead) in &cases {
        let found = messages(block);
        assert_eq!(found.len(), 1, "{}: {found:?}", block.to_token_stream());
        assert!(found[0].contains(does) && found[0].contains(instead), "{found:?}");
    }
}

#[test]
fn the_context_is_called_by_the_users_own_name() {
    let mut errors = Errors::default();
    let context = parse_quote!(flow);
    lint(&parse_quote!({ SystemTime::now() }), Some(&context), &mut errors);
    assert!(errors.into_tokens().to_string().contains("flow.now()"));
}

#[test]
fn all_mistakes_are_found_also_inside_macros_and_closures() {
    let block = parse_quote!({
        let a = vec![SystemTime::now()];
        println!("{:?}", rand::random::<u8>());
        items.map(|_| env::var("X"));
    });
    assert_eq!(messages(&block).len(), 3);
}

#[test]
fn the_body_of_an_inline_step_may_do_anything_and_its_input_may_not() {
    let body = parse_quote!({
        ctx.step(StepSpec::new("read", "file"), path, |_, path| async move {
            let at = SystemTime::now();
            Ok(std::fs::read(path)?)
        })
        .await?;
    });
    assert_eq!(messages(&body), Vec::<String>::new());
    let input = parse_quote!({
        ctx.step(StepSpec::new("read", "file"), SystemTime::now(), |_, at| body(at)).await?;
    });
    assert_eq!(messages(&input).len(), 1);
    let after = parse_quote!({
        ctx.step(spec, input, body).key(Uuid::new_v4().to_string()).await?;
    });
    assert_eq!(messages(&after).len(), 1);
}

#[test]
fn what_only_looks_alike_is_left_alone() {
    let block = parse_quote!({
        let now = ctx.now();
        ctx.sleep("pause", Duration::from_secs(1)).await?;
        let at = clock.now();
        let address = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        let brand = brand::name();
        let rand = 3;
        let selected = select(&items);
        tokio::select! {
            biased;
            _ = a => {}
        }
        let text = "std::fs::read";
        fn sleep() {}
        config.env.len() + rand
    });
    assert_eq!(messages(&block), Vec::<String>::new());
}
