//! Cases that are no simulations are shown where the function is. The links are checked here.

/// Case, file, test function, and figures of the case that stand in it.
const ELSEWHERE: &[(&str, &str, &str, &[&str])] = &[
    (
        "wrr-trace-4-3-2",
        "policies/tests/it/farm.rs",
        "smooth_weights_follow_nginx",
        &["[4, 3, 2], \"ABCABACBA\""],
    ),
    (
        "wrr-trace-3-2-1",
        "policies/tests/it/farm.rs",
        "smooth_weights_follow_nginx",
        &["[3, 2, 1], \"ABACBA\""],
    ),
    (
        "wrr-trace-6-4-2",
        "policies/tests/it/farm.rs",
        "smooth_weights_follow_nginx",
        &["[6, 4, 2], \"ABACBAABACBA\""],
    ),
    (
        "nginx-iphash",
        "policies/tests/it/farm.rs",
        "ip_hash_follows_nginx",
        &["client(172, 16, 5, 1)", "\"AABB\""],
    ),
    (
        "ar1-mean-variance",
        "experiments/tests/it/statistics.rs",
        "batch_means_see_correlation",
        &["0.009_990_526_315_789_477", "0.000_526_3"],
    ),
    (
        "mser5",
        "experiments/tests/it/statistics.rs",
        "mser5_cuts_the_start",
        &["(13, 65, false)", "0.006_501_886_567_164_179", "0.251_450_602_499_999_95"],
    ),
    (
        "sequential-stop",
        "experiments/tests/it/statistics.rs",
        "sequential_stopping",
        &["0.047_619_047_619_047_616", "Some(155)"],
    ),
    (
        "ocba",
        "experiments/tests/it/statistics.rs",
        "ocba_fractions",
        &["0.434_901_028_259_503_16", "0.428_105_281_621_588_5", "0.068_496_845_059_454_12"],
    ),
    (
        "crn-variance",
        "experiments/tests/it/statistics.rs",
        "common_random_numbers_reduce_the_variance_of_differences",
        &["0.950_155_281_000_755_6"],
    ),
    (
        "welch-paired",
        "experiments/tests/it/statistics.rs",
        "paired_is_narrower_than_welch_where_pairs_belong_together",
        &["0.161_893_178_470_870_56", "0.736_788_922_597_014_1"],
    ),
];

/// The text of a test function with its comment and attributes, if the file has it.
fn test_function<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let at = text.find(&format!("\nfn {name}() {{"))?;
    let start = text[..=at].rfind("\n\n").map_or(0, |blank| blank + 1);
    let end = text[at..].find("\n}\n").map(|close| at + close)?;
    Some(&text[start..end]).filter(|function| function.contains("#[test]"))
}

/// The link is checked: the named test exists, names the case in its comment and has the case's figures.
#[test]
fn cases_shown_elsewhere_are_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (id, file, name, figures) in ELSEWHERE {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let function = test_function(&text, name).unwrap_or_else(|| panic!("{id}: no test {name} in {file}"));
        assert!(function.contains(&format!("`{id}`")), "{id}: {name} in {file} does not name it");
        for figure in *figures {
            assert!(function.contains(figure), "{id}: {name} in {file} has no {figure}");
        }
    }
    let text = "\n/// Case `a`.\n#[test]\nfn one() {\n    1\n}\n\nfn two() {\n    2\n}\n";
    assert!(test_function(text, "one").is_some_and(|function| function.contains("`a`")));
    assert_eq!(test_function(text, "two"), None, "no test");
    assert_eq!(test_function(text, "three"), None);
}
