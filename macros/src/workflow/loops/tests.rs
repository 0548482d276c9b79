//! Where a step without a key is warned about.

use syn::parse_quote;

use super::*;

fn found(block: &Block) -> Vec<&'static str> {
    let context = parse_quote!(ctx);
    warnings(block, Some(&context)).iter().map(|warning| warning.name).collect()
}

#[test]
fn a_step_in_any_loop_warns() {
    let blocks: [Block; 4] = [
        parse_quote!({
            for item in items {
                charge(&ctx, item).await?;
            }
        }),
        parse_quote!({
            while more {
                charge(&ctx, item).await?;
            }
        }),
        parse_quote!({
            loop {
                charge(&ctx, item).await?;
            }
        }),
        parse_quote!({ items.into_iter().map(|item| charge(&ctx, item)) }),
    ];
    for block in &blocks {
        assert_eq!(found(block), ["step_in_a_loop"], "{}", block.to_token_stream());
    }
}

#[test]
fn each_loop_is_told_its_scope() {
    let context = parse_quote!(ctx);
    let told = |block: &Block| warnings(block, Some(&context))[0].message.clone();
    let listed = told(&parse_quote!({
        for item in items {
            charge(&ctx, item).await?;
        }
    }));
    assert!(listed.contains("`ctx.for_each` (kind `for_each@1`)"), "{listed}");
    let polled = told(&parse_quote!({
        for item in items {
            loop {
                charge(&ctx, item).await?;
            }
        }
    }));
    assert!(polled.contains("`ctx.while_loop` (kind `while@1`)"), "{polled}");
}

#[test]
fn a_key_makes_it_well() {
    let block = parse_quote!({
        for item in items {
            charge(&ctx, item).key(item.id).await?;
        }
    });
    assert!(found(&block).is_empty());
}

#[test]
fn the_same_step_twice_warns_unless_the_branches_exclude_each_other() {
    let twice = parse_quote!({
        charge(&ctx, a).await?;
        charge(&ctx, b).await?;
    });
    assert_eq!(found(&twice), ["step_called_twice"]);
    let exclusive = parse_quote!({
        if a {
            charge(&ctx, a).await?;
        } else if b {
            charge(&ctx, b).await?;
        }
        match c {
            1 => refund(&ctx, a).await?,
            _ => refund(&ctx, b).await?,
        }
    });
    assert!(found(&exclusive).is_empty());
    let after = parse_quote!({
        if a {
            charge(&ctx, a).await?;
        }
        charge(&ctx, b).await?;
    });
    assert_eq!(found(&after), ["step_called_twice"]);
}

#[test]
fn a_scope_of_its_own_has_paths_of_its_own() {
    let block = parse_quote!({
        charge(&ctx, first).await?;
        ctx.for_each("each", items, 1, async |ctx: Context, item, _| charge(&ctx, item).await)
            .await?;
    });
    assert!(found(&block).is_empty());
    let shadowing = parse_quote!({
        ctx.for_each("each", items, 1, async |ctx, item, _| charge(&ctx, item).await).await?;
    });
    assert!(found(&shadowing).is_empty());
    let inner = parse_quote!({
        ctx.for_each("each", items, 1, async |ctx: Context, item, _| {
            for line in item {
                charge(&ctx, line).await?;
            }
            Ok(())
        })
        .await?;
    });
    assert_eq!(found(&inner), ["step_in_a_loop"]);
}

#[test]
fn other_calls_in_loops_are_not_steps() {
    let block = parse_quote!({
        for item in items {
            add(&total, item);
            note(item);
        }
    });
    assert!(found(&block).is_empty());
}
