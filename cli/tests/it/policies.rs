//! `dispatchlab policies`.

use crate::stdout;

#[test]
fn every_policy_is_listed_and_can_be_shown() {
    let list = stdout(&["policies"]);
    assert_eq!(list, stdout(&["policies", "list"]));
    for def in policies::catalog() {
        assert!(list.contains(&format!("  {} ", def.id)), "{} is not listed", def.id);
        let page = stdout(&["policies", "show", def.id]);
        for part in [def.title, "rule ", "ties ", "source ", "example: ", "timeline "] {
            assert!(page.contains(part), "{}: no `{part}` in\n{page}", def.id);
        }
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{}:\n{page}", def.id);
    }
}

#[test]
fn an_id_of_two_layers_shows_both() {
    let page = stdout(&["policies", "show", "round-robin"]);
    assert!(page.contains("(round-robin, scheduler)") && page.contains("(round-robin, balancer)"), "{page}");
    assert!(page.contains("P1 0-2 | P2 2-4 | P1 4-6 | P2 6-7 | P1 7-8"), "the example is run: {page}");
}
