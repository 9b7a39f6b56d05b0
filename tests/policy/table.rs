//! The table that `docs/policy.md` publishes is the one that the code keeps.

use std::collections::BTreeMap;

use hark::domain::{Annotations, Language, Trust};
use hark::policy::{BadRule, Reason, Rule, by_hints};

fn published() -> String {
    let mut lines = vec![
        "| reads only | destroys | twice is once | reaches out | trusted | known | untrusted |".to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    for bits in 0..16_u8 {
        let has = |bit: u8| bits & bit == 0;
        let said =
            Annotations { read_only: has(8), destructive: has(4), idempotent: has(2), open_world: has(1) };
        let mark = |is: bool| if is { "yes" } else { "no" };
        let ruling = |trust| match by_hints(said, trust) {
            None => "go".to_owned(),
            Some(reason) => format!("ask: {}", reason.code().replace('_', " ")),
        };
        let hints =
            [said.read_only, said.destructive, said.idempotent, said.open_world].map(mark).join(" | ");
        let rulings = Trust::ALL.map(ruling).join(" | ");
        lines.push(format!("| {hints} | {rulings} |"));
    }
    lines.join("\n")
}

#[test]
fn the_published_table_is_the_one_that_is_kept() {
    let page = super::page();
    assert!(page.contains(&published()), "docs/policy.md should have this table:\n{}", published());
}

#[test]
fn a_tool_that_says_nothing_is_asked_about_and_a_list_is_not() {
    let nothing = Annotations::default();
    assert!(Trust::ALL.into_iter().all(|trust| by_hints(nothing, trust).is_some()));
    let adds = Annotations { read_only: false, destructive: false, idempotent: false, open_world: false };
    assert_eq!((by_hints(adds, Trust::Trusted), by_hints(adds, Trust::Known)), (None, None));
    assert_eq!(by_hints(adds, Trust::Untrusted), Some(Reason::Unbelieved));
    assert!(Reason::Unbelieved.say(Language("de")).contains("nicht vertraut"));
}

#[test]
fn a_rule_that_cannot_be_kept_names_the_way_out() {
    let none = BTreeMap::new;
    assert!(matches!(Rule::new("files write", none(), "go"), Err(BadRule::Tool(_))));
    let fault = Rule::new("files.*", none(), "allow").expect_err("a fault").to_string();
    assert!(fault.contains("go, ask or forbid"), "{fault}");
    assert!(Rule::new("files.*", BTreeMap::from([("path".to_owned(), String::new())]), "go").is_err());
}
