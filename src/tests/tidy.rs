//! The rules of the house that no compiler checks, read from the source itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The domains; none of them knows another.
const DOMAINS: [&str; 7] = ["projects", "work", "trading", "metrics", "system", "alerts", "access"];
/// What the fold and the rules of a domain may use besides their own vocabulary and `wire`.
const PURE: [&str; 8] =
    ["health", "window", "sketch", "percentiles", "vocabulary", "check", "DataError", "Validate"];
/// Longest file, in lines; its inline tests are not counted.
const MAX_LINES: usize = 400;

struct Source {
    /// Below `src`, with slashes.
    name: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.name.starts_with("tests/") || self.name.contains("tests")
    }

    /// The domain it belongs to.
    fn domain(&self) -> Option<&'static str> {
        let (domain, _) = self.name.strip_prefix("domain/")?.split_once('/')?;
        DOMAINS.into_iter().find(|known| *known == domain)
    }

    /// Its code up to its inline tests, without comments, by line number.
    fn code(&self) -> Vec<(usize, &str)> {
        let lines = self.text.lines().enumerate();
        let code = lines.take_while(|(_, line)| !line.starts_with("mod tests {"));
        code.map(|(i, line)| (i + 1, line.split("//").next().unwrap())).collect()
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push(Source { name, text: std::fs::read_to_string(&path).unwrap() });
            }
        }
    }
    assert!(found.len() > 50, "the source is there");
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// What `use crate::domain::…` and paths in the code name, one by one: the first segment after
/// `crate::domain::`.
fn domain_names(line: &str) -> BTreeSet<String> {
    let word = |text: &str| {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
    };
    let mut names = BTreeSet::new();
    for (at, found) in line.match_indices("crate::domain::") {
        let rest = &line[at + found.len()..];
        match rest.strip_prefix('{') {
            None => {
                names.insert(word(rest));
            }
            // Only what stands directly in these braces counts.
            Some(list) => {
                let mut depth = 0;
                let top = list.split(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    c == ',' && depth == 0
                });
                names.extend(top.map(|part| word(part.trim())));
            }
        }
    }
    names.remove("");
    names
}

#[track_caller]
fn check(rule: &str, wrong: impl Fn(&Source) -> Vec<String>) {
    let found: Vec<String> = sources().iter().flat_map(wrong).collect();
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn features_are_gated_on_mod_and_use_lines_only() {
    check("cfg(feature) stands before `mod` or `use`, in a mod.rs or lib.rs", |source| {
        let lines: Vec<&str> = source.text.lines().collect();
        let gated = |i: usize| {
            let next = lines[i + 1..].iter().find(|line| !line.trim().starts_with("#["));
            next.is_some_and(|line| {
                ["mod ", "pub mod ", "use ", "pub use "].iter().any(|w| line.starts_with(w))
            })
        };
        let gate = concat!("cfg(", "feature");
        let any = concat!("cfg!(", "feature");
        lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.contains(gate) || line.contains(any))
            .filter(|(i, line)| {
                !(line.starts_with("#[") && gated(*i)) && source.name != "tests/tidy.rs"
            })
            .map(|(i, line)| format!("{}:{}: {line}", source.name, i + 1))
            .collect()
    });
}

#[test]
fn no_domain_imports_another() {
    check("a domain imports another", |source| {
        let Some(own) = source.domain() else { return Vec::new() };
        let others = DOMAINS.iter().filter(|other| **other != own);
        let lines = source.code();
        others
            .flat_map(|other| {
                let near =
                    [format!("super::super::{other}"), format!("super::super::super::{other}")];
                lines
                    .iter()
                    .filter(move |(_, line)| {
                        domain_names(line).contains(*other)
                            || near.iter().any(|path| line.contains(path.as_str()))
                    })
                    .map(|(i, line)| format!("{}:{i}: {line}", source.name))
            })
            .collect()
    });
}

#[test]
fn folds_and_rules_import_nothing_but_their_vocabulary() {
    check("a fold or a rule imports what it must not", |source| {
        let Some(own) = source.domain() else { return Vec::new() };
        let file = source.name.rsplit_once(&format!("{own}/")).unwrap().1;
        let pure = ["state.rs", "state/", "health.rs", "health/"];
        if !pure.iter().any(|part| file.starts_with(part)) || source.is_test() {
            return Vec::new();
        }
        let allowed = |line: &str| {
            let parts = line.split("crate::").skip(1);
            let inner = parts
                .into_iter()
                .all(|rest| rest.starts_with("wire") || rest.starts_with("domain"));
            let names = domain_names(line);
            let known = |name: &String| name == own || PURE.contains(&name.as_str());
            inner && names.iter().all(known)
        };
        let lines = source.code().into_iter();
        lines
            .filter(|(_, line)| !allowed(line))
            .map(|(i, line)| format!("{}:{i}: {line}", source.name))
            .collect()
    });
}

#[test]
fn files_are_short() {
    check("a file is too long", |source| {
        let lines = source.code().len();
        let long = lines > MAX_LINES && !source.is_test();
        long.then(|| format!("{}: {lines} lines", source.name)).into_iter().collect()
    });
}

#[test]
fn no_path_of_somebodys_machine() {
    check("a path of one machine", |source| {
        let homes = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];
        let lines = source.text.lines().enumerate();
        lines
            .filter(|(_, line)| homes.iter().any(|home| line.contains(&format!("\"{home}"))))
            .map(|(i, line)| format!("{}:{}: {line}", source.name, i + 1))
            .collect()
    });
}

#[test]
fn clocks_are_read_where_they_may_be() {
    check("the clock is read where it must not be", |source| {
        if source.is_test() || source.name == "pipeline/clock.rs" {
            return Vec::new();
        }
        let pure = source.name.starts_with("domain/") || source.name.starts_with("wire/");
        let wall = ["SystemTime::now", "SystemTime::UNIX_EPOCH", "Utc::now", "Local::now"];
        let lines = source.code().into_iter();
        lines
            .filter(|(_, line)| {
                wall.iter().any(|clock| line.contains(clock)) || pure && line.contains("Instant::")
            })
            .map(|(i, line)| format!("{}:{i}: {line}", source.name))
            .collect()
    });
}

#[test]
fn imports_are_read_as_written() {
    let names = |line| domain_names(line).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(names("use crate::domain::health::{Finding, Rule};"), "health");
    assert_eq!(
        names("use crate::domain::{self, work::{Event, State}, system};"),
        "self system work"
    );
    assert_eq!(names("let x = crate::domain::work::f(crate::domain::check::g);"), "check work");
}
