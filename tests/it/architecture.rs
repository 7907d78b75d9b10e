//! Keeps the edges between the parts as `ARCHITECTURE.md` draws them, by reading the sources.
//! It sees paths that begin with `crate`, `super`, `self` or `mikrelay`; it does not expand macros.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The words: plain data and pure rules.
const WORDS: &[&str] = &[
    "api_key",
    "by_kind",
    "card",
    "audit",
    "clock",
    "company",
    "destination",
    "event",
    "hook",
    "html",
    "ids",
    "job",
    "language",
    "ledger",
    "message",
    "mik_params",
    "mikhmon",
    "money",
    "order",
    "packed",
    "phone",
    "plan",
    "refund",
    "reason",
    "router_watch",
    "shown",
    "sorted",
    "telegram",
    "user",
    "voucher",
];

/// What a part may use besides itself. `words` stands for all of them.
const EDGES: &[(&str, &[&str])] = &[
    ("gateway", &["words"]),
    // A router is asked for users and sessions; it never hears of orders or money, only of limits.
    ("routeros", &["company", "packed", "plan", "sorted", "tls"]),
    ("tls", &[]),
    // Certificates from an authority; it knows neither sockets of ours nor what is sold.
    ("acme", &["words", "http_client", "secrets", "tls"]),
    ("secrets", &["words"]),
    ("logging", &["words", "config"]),
    ("notify", &["words", "config", "tls"]),
    ("http_client", &["words", "gateway", "tls"]),
    ("store", &["words", "secrets"]),
    (
        "payment",
        &[
            "words",
            "gateway",
            "http_client",
            "notify",
            "routeros",
            "secrets",
            "store",
        ],
    ),
    // Who may administrate, and what they change: business records only, never a router, a gateway or money. The guard
    // of `http_client` judges the addresses that clients give; `payment` makes the keys of portals.
    ("admin", &["words", "http_client", "payment", "secrets", "store"]),
    ("jobs", &["words", "payment", "store"]),
    ("config", &["words"]),
    ("site", &["words", "config", "notify", "secrets", "store"]),
    // Reads what others wrote and makes business records of it; the commands read files and ask routers.
    ("import", &["words", "config", "site"]),
    // Its pages are the operator's; they share words for times and the stylesheet with the buyers'.
    ("kit", &["words", "pages"]),
    // It asks everybody a harmless question, so it knows everybody who is asked; nobody needs it but the command line.
    (
        "doctor",
        &[
            "words",
            "config",
            "gateway",
            "http_client",
            "kit",
            "notify",
            "routeros",
            "site",
            "store",
            "tls",
        ],
    ),
    // Translation between HTTP and the core: neither router nor mail nor any outgoing call.
    ("pages", &["words", "gateway", "payment", "secrets", "store", "web"]),
    // The same for programs; it knows nothing of pages.
    ("api", &["words", "admin", "payment", "store"]),
    (
        "web",
        &[
            "words", "acme", "admin", "api", "config", "gateway", "pages", "payment", "secrets", "store", "tls",
        ],
    ),
    // The simulators stand for foreign systems, so they share no code with what they test. The router has a
    // codec of its own, and independent clients check it (`tests/interop`).
    ("sim", &["words", "tls"]),
    (
        "app",
        &[
            "words",
            "acme",
            "admin",
            "api",
            "config",
            "gateway",
            "http_client",
            "jobs",
            "kit",
            "logging",
            "notify",
            "pages",
            "payment",
            "routeros",
            "secrets",
            "site",
            "store",
            "tls",
            "web",
        ],
    ),
];

/// Files longer than this do more than one thing. Tests at the bottom are not counted.
const MAX_FILE_LINES: usize = 600;

/// What stands above a file's tests.
const TESTS: &str = "\n#[cfg(test)]\n";

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];

#[test]
fn the_parts_only_use_what_they_may() {
    let mut wrong = Vec::new();
    for file in sources() {
        let part = file.part();
        for used in file.uses() {
            if !may_use(&file, &part, &used) {
                wrong.push(format!("{} uses `{used}`", file.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "edges against the architecture:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_part_has_a_rule() {
    let free = ["lib", "main", "cli"];
    let unknown: BTreeSet<String> = sources()
        .iter()
        .map(Source::part)
        .filter(|part| {
            let part = part.as_str();
            !free.contains(&part) && !WORDS.contains(&part) && EDGES.iter().all(|(name, _)| *name != part)
        })
        .collect();
    assert!(unknown.is_empty(), "parts without a rule in this test: {unknown:?}");
}

#[test]
fn only_the_store_speaks_sql() {
    let needles = [
        "rusqlite",
        "rusqlite_migration",
        "INSERT INTO ",
        "DELETE FROM ",
        "PRAGMA ",
        "CREATE TABLE ",
        "SELECT ",
        "UPDATE ",
    ];
    refuse(&needles, |file| file.part() != "store");
}

#[test]
fn gateways_and_words_do_no_input_or_output() {
    let needles = [
        "tokio::",
        "hyper::",
        "hyper_util::",
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "Timestamp::now",
        "SystemTime",
        "tracing::",
        "println!",
    ];
    refuse(&needles, |file| {
        let part = file.part();
        part == "gateway" || (WORDS.contains(&part.as_str()) && part != "clock")
    });
}

#[test]
fn the_time_comes_from_the_clock() {
    refuse(&["Timestamp::now", "Zoned::now", "SystemTime::now"], |file| {
        !["clock", "sim", "cli", "main"].contains(&file.part().as_str())
    });
}

#[test]
fn production_code_does_not_stop_at_a_surprise() {
    refuse(&[".unwrap()", "todo!(", "unimplemented!(", "unreachable!()"], |_| true);
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .map(|file| (file.code_lines(), &file.name))
        .filter(|(lines, _)| *lines > MAX_FILE_LINES)
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    assert!(
        long.is_empty(),
        "files over {MAX_FILE_LINES} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| file.name)
        .collect();
    assert!(
        silent.is_empty(),
        "files that do not open with `//!`:\n{}",
        silent.join("\n")
    );
}

#[test]
fn file_names_say_something() {
    let empty: Vec<String> = sources()
        .into_iter()
        .map(|file| file.name)
        .filter(|name| {
            name.trim_end_matches(".rs")
                .split('/')
                .any(|step| EMPTY_NAMES.contains(&step))
        })
        .collect();
    assert!(empty.is_empty(), "names that say nothing: {empty:?}");
}

/// One file of `src/`.
struct Source {
    /// Relative to `src/`.
    name: String,
    text: String,
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The top-level module the file belongs to.
    fn part(&self) -> String {
        let first = self.name.split('/').next().unwrap();
        first.trim_end_matches(".rs").to_owned()
    }

    /// The module path of the file: `store/orders.rs` is `[store, orders]`.
    fn module(&self) -> Vec<&str> {
        let mut steps: Vec<&str> = self.name.trim_end_matches(".rs").split('/').collect();
        if matches!(steps.last(), Some(&"mod" | &"lib" | &"main")) {
            steps.pop();
        }
        steps
    }

    /// Everything above the tests, which stand at the bottom.
    fn production(&self) -> &str {
        let opens_tests = |at: usize| {
            let next = self.text[at + TESTS.len()..].lines().next().unwrap_or_default();
            (next.starts_with("mod ") || next.starts_with("pub")) && next.ends_with('{')
        };
        let found = self
            .text
            .match_indices(TESTS)
            .map(|(at, _)| at)
            .find(|at| opens_tests(*at));
        &self.text[..found.map_or(self.text.len(), |at| at + 1)]
    }

    fn code_lines(&self) -> usize {
        self.production().lines().count()
    }

    /// The production code without comments; texts stay.
    fn code(&self) -> String {
        without_comments(self.production())
    }

    /// The top-level modules the production code names.
    fn uses(&self) -> BTreeSet<String> {
        let code = self.code();
        let mut found = BTreeSet::new();
        for root in ["crate", "super", "self", "mikrelay"] {
            for at in whole_words(&code, root) {
                let rest = &code[at + root.len()..];
                let Some(rest) = rest.strip_prefix("::") else { continue };
                let mut base: Vec<String> = match root {
                    "crate" | "mikrelay" => Vec::new(),
                    _ => self.module().into_iter().map(str::to_owned).collect(),
                };
                if root == "super" {
                    base.pop();
                }
                found.extend(first_steps(base, rest));
            }
        }
        found.remove(&self.part());
        found
    }
}

/// The top-level modules that a path or a use tree, which continues `base`, leads to.
fn first_steps(mut base: Vec<String>, mut rest: &str) -> Vec<String> {
    while let Some(next) = rest.strip_prefix("super::") {
        base.pop();
        rest = next;
    }
    if let Some(first) = base.first() {
        return vec![first.clone()];
    }
    if let Some(tree) = rest.strip_prefix('{') {
        return branches(tree)
            .iter()
            .filter_map(|branch| identifier(branch.trim()))
            .collect();
    }
    identifier(rest).into_iter().collect()
}

/// The branches of a use tree whose opening brace has been read.
fn branches(tree: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&tree[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&tree[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn identifier(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    // A type or macro of the crate's root is no module.
    (!name.is_empty() && name.starts_with(|c: char| c.is_lowercase())).then_some(name)
}

/// Where `word` stands as a whole word.
fn whole_words(code: &str, word: &str) -> Vec<usize> {
    let inner = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !code[..*at].ends_with(inner) && !code[..*at].ends_with("::"))
        .filter(|at| !code[at + word.len()..].starts_with(inner))
        .collect()
}

/// Blanks `//` comments; a `//` inside a text on the same line is kept.
fn without_comments(code: &str) -> String {
    let mut clean = String::with_capacity(code.len());
    for line in code.lines() {
        clean.push_str(&line[..comment_start(line)]);
        clean.push('\n');
    }
    clean
}

fn comment_start(line: &str) -> usize {
    let (mut in_text, mut escaped) = (false, false);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            '/' if !in_text && line[at..].starts_with("//") => return at,
            _ => {}
        }
    }
    line.len()
}

fn may_use(file: &Source, part: &str, used: &str) -> bool {
    match part {
        "lib" => true,
        "main" => used == "cli",
        // The simulators serve the demo; no other command knows them.
        "cli" => used != "sim" || file.name.starts_with("cli/demo"),
        word if WORDS.contains(&word) => WORDS.contains(&used),
        _ => EDGES
            .iter()
            .find(|(name, _)| *name == part)
            .is_some_and(|(_, allowed)| {
                allowed.contains(&used) || (allowed.contains(&"words") && WORDS.contains(&used))
            }),
    }
}

/// Fails when the production code of a concerned file holds one of the needles.
/// Defect S10 of the documented service: codes from a generator that can be computed. Only the operating system's own
/// source is drawn from where codes, tokens and keys are made; the others serve delays and the numbers of log lines.
#[test]
fn s10_codes_and_secrets_come_from_the_operating_systems_source() {
    let harmless = ["jobs.rs", "payment/hooks.rs", "web/route.rs"];
    refuse(
        &["rand::rng(", "rand::random", "ThreadRng", "SmallRng", "StdRng"],
        |file| file.part() != "sim" && !harmless.iter().any(|name| file.name.ends_with(name)),
    );
    let drawn = sources()
        .into_iter()
        .filter(|file| file.part() != "voucher")
        .flat_map(|file| {
            let calls: Vec<_> = file
                .code()
                .lines()
                .filter(|line| line.contains("draw_for_portal(") || line.contains("Voucher::draw("))
                .map(str::to_owned)
                .collect();
            calls
        });
    for call in drawn {
        assert!(call.contains("SysRng"), "{call}");
    }
}

fn refuse(needles: &[&str], concerned: impl Fn(&Source) -> bool) {
    let mut found = Vec::new();
    for file in sources().iter().filter(|file| concerned(file)) {
        for (index, line) in file.code().lines().enumerate() {
            for needle in needles.iter().filter(|needle| line.contains(**needle)) {
                found.push(format!("{}:{}: `{needle}`", file.name, index + 1));
            }
        }
    }
    assert!(found.is_empty(), "not allowed here:\n{}", found.join("\n"));
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 20, "the sources were not found");
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_tests(&path) {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.push(Source::new(name, &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// A file of nothing but tests.
fn is_tests(path: &Path) -> bool {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .is_some_and(|stem| stem == "tests" || stem.ends_with("_tests"))
}

/// The reader itself is tested, or a rule could hold because nothing was seen.
mod reader {
    use super::*;

    fn uses(name: &str, text: &str) -> Vec<String> {
        Source::new(name, text).uses().into_iter().collect()
    }

    #[test]
    fn sees_paths_groups_and_parents() {
        assert_eq!(uses("web/mod.rs", "use crate::routeros::Session;"), ["routeros"]);
        assert_eq!(
            uses("web/mod.rs", "use crate::{ids::{A, B}, notify, Thing};"),
            ["ids", "notify"]
        );
        assert_eq!(
            uses("web/mod.rs", "fn f() { let x = crate::store::open(); }"),
            ["store"]
        );
        assert_eq!(uses("jobs.rs", "use super::payment::Relay;"), ["payment"]);
        assert_eq!(
            uses("web/route.rs", "use super::reply; use super::super::sim::router;"),
            ["sim"]
        );
        assert_eq!(uses("main.rs", "fn main() { mikrelay::cli::run() }"), ["cli"]);
    }

    #[test]
    fn leaves_comments_tests_and_texts_alone() {
        assert!(uses("web/mod.rs", "// crate::routeros\n//! crate::sim\n").is_empty());
        assert!(
            uses(
                "web/mod.rs",
                "use crate::web::x;\n\n#[cfg(test)]\nmod tests {\n use crate::sim::y;\n}"
            )
            .is_empty()
        );
        assert_eq!(comment_start(r#"let a = "http://x"; // b"#), 20);
    }

    #[test]
    fn refuses_a_forbidden_edge() {
        let web = Source::new("web/mod.rs", "");
        assert!(!may_use(&web, "web", "routeros"));
        assert!(may_use(&web, "web", "payment"));
        assert!(!may_use(&Source::new("cli/serve.rs", ""), "cli", "sim"));
        assert!(may_use(&Source::new("cli/demo.rs", ""), "cli", "sim"));
        assert!(!may_use(&Source::new("money.rs", ""), "money", "store"));
    }
}
