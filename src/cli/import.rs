//! `bellwether import`: reports of other tools, a request a file.

use super::client::{Client, Failure, Target};
use super::{Bar, Outcome};
use crate::domain::projects::{Checks, ValidationStatus};
use crate::wire::encoded;
use serde::Deserialize;
use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Bring in the reports of other tools.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Format {
    Junit(JunitArgs),
    Sarif(SarifArgs),
}

/// Import JUnit XML, as pytest, nextest, Gradle, gotestsum, Jest and others write it.
///
/// Each file is one run of the project. Exit status 1 if any file could not be imported; that its
/// tests failed is no error here.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  bellwether import junit --url http://127.0.0.1:3000 \\\n    \
    --project shop --branch main target/nextest/ci/junit.xml")]
struct JunitArgs {
    #[command(flatten)]
    reports: ReportArgs,
}

/// Import SARIF 2.1.0, as ruff, bandit, eslint, CodeQL and others write it.
///
/// Each file is one run of the project. Exit status 1 if any file could not be imported; that it
/// holds findings is no error here.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  ruff check --output-format sarif | bellwether import sarif \\\n    \
    --url http://127.0.0.1:3000 --project shop-lint -"
)]
struct SarifArgs {
    #[command(flatten)]
    reports: ReportArgs,
}

/// Reports, and what is to be known of them.
#[derive(Debug, clap::Args)]
struct ReportArgs {
    #[command(flatten)]
    target: Target,
    /// Whose reports these are
    #[arg(long, value_name = "NAME")]
    project: String,
    /// Branch the tests ran on
    #[arg(long)]
    branch: Option<String>,
    /// Commit the tests ran on
    #[arg(long)]
    commit: Option<String>,
    /// Page of the run, to link to
    #[arg(long, value_name = "URL")]
    run_url: Option<String>,
    /// Reports to import; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What the board read from a report.
#[derive(Debug, Deserialize)]
struct Imported {
    #[serde(default)]
    duplicates: u64,
    project: String,
    status: ValidationStatus,
    checks: Option<Checks>,
    duration_ms: Option<f64>,
}

/// Imports. Exit status 1 if a file could not be.
///
/// # Errors
/// The board cannot be reached: the other files would fare no better.
pub fn run(args: &Args) -> Outcome {
    let (format, kind, args) = match &args.format {
        Format::Junit(args) => ("junit", "application/xml", &args.reports),
        Format::Sarif(args) => ("sarif", "application/sarif+json", &args.reports),
    };
    let client = args.target.client();
    let path = args.path(format);
    let all = args.files.len() as u64;
    let bar = if all > 1 { Bar::new("reports") } else { Bar::hidden() };
    let mut refused = 0_u64;
    for (done, file) in (0..).zip(&args.files) {
        bar.set(done, all);
        let name = if all > 1 { format!(" ({})", file.display()) } else { String::new() };
        match post(&client, (&path, kind), file, &bar) {
            Ok(run) => bar.say(&format!("{}{name}", run.words())),
            Err(error) => {
                refused += 1;
                bar.say(&format!("error: {}: {error}", file.display()));
                if matches!(error.downcast_ref(), Some(Failure::Unreachable { .. })) {
                    break;
                }
            }
        }
    }
    bar.clear();
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn post(
    client: &Client,
    (path, kind): (&str, &str),
    file: &Path,
    bar: &Bar,
) -> Result<Imported, Box<dyn Error>> {
    let mut report = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut report)?;
    } else {
        std::fs::File::open(file)?.read_to_end(&mut report)?;
    }
    let mut told = false;
    Ok(client.post_patiently(path, kind, &report, |failure, wait| {
        bar.retrying(failure, &mut told);
        std::thread::sleep(wait);
        true
    })?)
}

impl ReportArgs {
    fn path(&self, format: &str) -> String {
        let mut path = format!("/api/v1/import/{format}?project={}", encoded(&self.project));
        let more = [("branch", &self.branch), ("commit", &self.commit), ("url", &self.run_url)];
        for (name, value) in more {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        path
    }
}

impl Imported {
    /// `shop: failed, 12 of 14 passed, 2 failed, 3.2 s`
    fn words(&self) -> String {
        let status = match self.status {
            ValidationStatus::Passed => "passed",
            ValidationStatus::Failed => "failed",
            ValidationStatus::Error => "error",
            ValidationStatus::Skipped => "skipped",
        };
        let mut words = format!("{}: {status}", self.project);
        if let Some(Checks { total, passed, failed, skipped }) = self.checks {
            words.push_str(&format!(", {passed} of {total} passed"));
            for (n, what) in [(failed, "failed"), (skipped, "skipped")] {
                if n > 0 {
                    words.push_str(&format!(", {n} {what}"));
                }
            }
        }
        match self.duration_ms {
            Some(ms) if ms < 1_000.0 => words.push_str(&format!(", {ms:.0} ms")),
            Some(ms) => words.push_str(&format!(", {:.1} s", ms / 1_000.0)),
            None => {}
        }
        if self.duplicates > 0 {
            words.push_str(" (imported before)");
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: serde_json::Value, expect: &str) {
        let imported: Imported = serde_json::from_value(answer).unwrap();
        assert_eq!(imported.words(), expect);
    }

    #[test]
    fn a_report_is_told_in_a_line() {
        let checks = serde_json::json!({"total": 14, "passed": 12, "failed": 2, "skipped": 0});
        check(
            serde_json::json!({"project": "P", "status": "failed", "checks": checks, "duration_ms": 3210.0}),
            "P: failed, 12 of 14 passed, 2 failed, 3.2 s",
        );
        check(
            serde_json::json!({"project": "P", "status": "error", "checks": null, "duration_ms": 12.4, "duplicates": 1}),
            "P: error, 12 ms (imported before)",
        );
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        reports: ReportArgs,
    }

    #[test]
    fn the_run_is_named_in_the_address() {
        let line = ["", "--url", "http://b", "--project", "a b", "--branch", "x/y", "r.xml"];
        let line = <Line as clap::Parser>::try_parse_from(line).unwrap();
        let path = line.reports.path("junit");
        assert_eq!(path, "/api/v1/import/junit?project=a%20b&branch=x%2Fy");
    }
}
