//! One pass over the XML, keeping only what the event needs.

use super::details::Details;
use super::groups::{Groups, Problem};
use super::numbers;
use crate::domain::check::MAX_DURATION_MS;
use crate::domain::projects::Checks;
use crate::intake::xml_text::{plain, reference, truncate, unescape};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting; node's subtests nest suites, but not so far.
const MAX_DEPTH: usize = 64;

/// Text of one problem that is looked at, in bytes.
const MAX_TEXT: usize = 16 * 1024;

/// What an element means where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Suite,
    Case,
    Failure,
    Error,
    Skipped,
    /// A try that did not decide: of a case that was tried again.
    Retried,
    Other,
}

impl Element {
    fn of(name: &str, parent: Option<Self>) -> Self {
        match (name, parent) {
            ("testsuites" | "testsuite", None | Some(Self::Suite)) => Self::Suite,
            ("testcase", Some(Self::Suite)) => Self::Case,
            ("failure", Some(Self::Suite | Self::Case)) => Self::Failure,
            ("error", Some(Self::Suite | Self::Case)) => Self::Error,
            ("skipped", Some(Self::Case)) => Self::Skipped,
            ("rerunFailure" | "rerunError" | "flakyFailure" | "flakyError", Some(Self::Case)) => {
                Self::Retried
            }
            _ => Self::Other,
        }
    }
}

/// A test case that is being read.
#[derive(Debug, Default)]
struct Case {
    broken: bool,
    skipped: bool,
    file: Option<String>,
    line: Option<u32>,
}

/// A failure or error that is being read.
#[derive(Debug, Default)]
struct Open {
    kind: String,
    message: String,
    text: String,
    file: Option<String>,
    line: Option<u32>,
}

/// What a report says.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub checks: Checks,
    pub errored: bool,
    pub failed: bool,
    pub groups: Groups,
    pub timestamp: Option<Timestamp>,
    /// Seconds, by whom they were measured: the root, its suites, the cases.
    seconds: [f64; 3],
    root_dated: bool,
    /// Failures and errors, and the errors among them, by the attributes of the root and (summed)
    /// of its suites.
    declared: [(u32, u32); 2],
    /// Elements that describe a failure, an error or a retried case.
    described: u32,
    path: Vec<Element>,
    suite_files: Vec<Option<String>>,
    case: Option<Case>,
    open: Option<Open>,
}

impl Report {
    /// Reads the whole document.
    ///
    /// # Errors
    /// See [`super::decode`].
    pub fn read(text: &str) -> Result<Self, ApiError> {
        let mut reader = Reader::from_str(text);
        // A stray ampersand is common in messages and harmless.
        reader.config_mut().allow_dangling_amp = true;
        let mut report = Self::default();
        let mut rooted = false;
        loop {
            let event = reader
                .read_event()
                .map_err(|error| malformed(text, reader.error_position(), &error.to_string()))?;
            let wrong = |what: &str| malformed(text, reader.buffer_position(), what);
            match event {
                Event::Start(start) | Event::Empty(start) if report.path.is_empty() && rooted => {
                    let _ = start;
                    return Err(wrong("a second root element"));
                }
                Event::Start(start) => {
                    report.open(&start).map_err(|error| error.at(wrong))?;
                    rooted = true;
                }
                Event::Empty(start) => {
                    report.open(&start).map_err(|error| error.at(wrong))?;
                    report.close();
                    rooted = true;
                }
                Event::End(_) => report.close(),
                Event::Text(content) => report.text(&content),
                Event::CData(content) => report.text(&content),
                Event::GeneralRef(name) => match reference(&name) {
                    Some(character) => report.text(character.encode_utf8(&mut [0; 4])),
                    None => report.text(&format!("&{};", &*name)),
                },
                Event::DocType(_) => return Err(wrong("document types are not accepted")),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof if !rooted => return Err(wrong("no element in it")),
                Event::Eof if !report.path.is_empty() => return Err(wrong("it ends too early")),
                Event::Eof => {
                    report.distrust();
                    return Ok(report);
                }
            }
        }
    }

    /// Takes in what the report counts but does not describe: gotestsum counts a package that does
    /// not build among `errors` and says no more about it. A run may look worse by its attributes
    /// than by its cases, never better.
    fn distrust(&mut self) {
        let [root, suites] = self.declared;
        let (problems, errors) = if root.0 > 0 { root } else { suites };
        let missing = problems.saturating_sub(self.described);
        if missing == 0 {
            return;
        }
        let error = errors > 0;
        self.errored |= error;
        self.failed |= !error;
        let kind = if error { "error" } else { "failure" };
        for _ in 0..missing.min(1000) {
            let message = "counted in the report, but not described".to_owned();
            self.groups.add(Problem { kind: kind.to_owned(), message, ..Problem::default() });
        }
    }

    /// How long the run took, by the best measure there is.
    pub fn duration_ms(&self) -> Option<f64> {
        let seconds = self.seconds.iter().find(|seconds| **seconds > 0.0)?;
        // To the microsecond: what binary fractions add beyond that was not measured.
        Some(((seconds * 1e6).round() / 1e3).min(MAX_DURATION_MS))
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Refused> {
        if self.path.len() >= MAX_DEPTH {
            return Err(Refused::Malformed("nested too deeply".to_owned()));
        }
        let name = start.local_name();
        let element = Element::of(name.as_ref(), self.path.last().copied());
        if self.path.is_empty() && element != Element::Suite {
            return Err(Refused::Foreign(truncate(name.as_ref(), 100).to_owned()));
        }
        match element {
            Element::Suite => self.open_suite(&Attributes::read(start)?),
            Element::Case => self.open_case(&Attributes::read(start)?),
            Element::Failure | Element::Error => {
                self.described = self.described.saturating_add(1);
                let mut attributes = Attributes::read(start)?;
                self.open = Some(Open {
                    kind: attributes.take("type").unwrap_or_default(),
                    message: attributes.take("message").unwrap_or_default(),
                    text: String::new(),
                    line: attributes.line(),
                    file: attributes.take("file"),
                });
            }
            Element::Skipped => {
                if let Some(case) = &mut self.case {
                    case.skipped = true;
                }
            }
            Element::Retried => self.described = self.described.saturating_add(1),
            Element::Other => {
                Attributes::read(start)?;
            }
        }
        self.path.push(element);
        Ok(())
    }

    fn open_suite(&mut self, attributes: &Attributes) {
        let seconds = attributes.get("time").and_then(numbers::seconds).unwrap_or(0.0);
        // Only the root and its own suites: what nests deeper is already in their time.
        let level = self.path.len();
        if let Some(sum) = self.seconds.get_mut(level).filter(|_| level < 2) {
            *sum += seconds;
        }
        if let Some((problems, errors)) = self.declared.get_mut(level) {
            let number =
                |name| attributes.get(name).and_then(|n| n.trim().parse().ok()).unwrap_or(0_u32);
            *errors = errors.saturating_add(number("errors"));
            *problems =
                problems.saturating_add(number("errors")).saturating_add(number("failures"));
        }
        let at = attributes.get("timestamp").and_then(numbers::timestamp);
        if let Some(at) = at.filter(|_| !self.root_dated) {
            self.timestamp = Some(self.timestamp.map_or(at, |earliest| earliest.min(at)));
            self.root_dated = self.path.is_empty();
        }
        let file = attributes.get("file").or_else(|| attributes.get("filepath")).map(str::to_owned);
        self.suite_files.push(file);
    }

    fn open_case(&mut self, attributes: &Attributes) {
        if let (Some(s), [_, _, sum]) =
            (attributes.get("time").and_then(numbers::seconds), &mut self.seconds)
        {
            *sum += s;
        }
        // GoogleTest and CTest say here, not in an element, that a case did not run.
        let idle = ["notrun", "disabled", "skipped", "suppressed", "ignored"];
        let said =
            |name| attributes.get(name).is_some_and(|v| idle.contains(&&*v.to_ascii_lowercase()));
        self.case = Some(Case {
            skipped: said("status") || said("result"),
            file: attributes.get("file").map(str::to_owned),
            line: attributes.line(),
            ..Case::default()
        });
    }

    fn text(&mut self, content: &str) {
        let inside = matches!(self.path.last(), Some(Element::Failure | Element::Error));
        if let Some(open) = self.open.as_mut().filter(|_| inside) {
            let room = MAX_TEXT.saturating_sub(open.text.len());
            open.text.push_str(truncate(content, room));
        }
    }

    fn close(&mut self) {
        match self.path.pop() {
            Some(Element::Suite) => {
                self.suite_files.pop();
            }
            Some(Element::Case) => self.close_case(),
            Some(Element::Failure) => self.close_problem(false),
            Some(Element::Error) => self.close_problem(true),
            Some(Element::Skipped | Element::Retried | Element::Other) | None => {}
        }
    }

    fn close_case(&mut self) {
        let Some(case) = self.case.take() else { return };
        let checks = &mut self.checks;
        let count = match case {
            Case { broken: true, .. } => &mut checks.failed,
            Case { skipped: true, .. } => &mut checks.skipped,
            _ => &mut checks.passed,
        };
        *count = count.saturating_add(1);
        checks.total = checks.total.saturating_add(1);
    }

    fn close_problem(&mut self, error: bool) {
        let Some(open) = self.open.take() else { return };
        self.errored |= error;
        self.failed |= !error;
        let said = Details::read(&open.message, &open.text);
        let (mut file, mut line) = match said.file {
            Some(file) => (Some(file), said.line),
            None => (open.file, open.line),
        };
        if let Some(case) = &mut self.case {
            case.broken = true;
            if file.is_none() {
                (file, line) = (case.file.clone(), case.line);
            }
        }
        let kind = match (plain(&open.kind).trim(), said.kind) {
            ("", Some(kind)) => kind,
            ("", None) => if error { "error" } else { "failure" }.to_owned(),
            (kind, _) => kind.to_owned(),
        };
        let suite_file = || self.suite_files.iter().rev().flatten().next().cloned();
        let file = file.or_else(suite_file);
        self.groups.add(Problem { kind, message: said.message, file, line });
    }
}

/// Why an element ends the reading.
enum Refused {
    /// Not well-formed, or beyond a limit.
    Malformed(String),
    /// The root is this element.
    Foreign(String),
}

impl Refused {
    fn at(self, malformed: impl Fn(&str) -> ApiError) -> ApiError {
        match self {
            Self::Malformed(what) => malformed(&what),
            Self::Foreign(name) => ApiError::invalid(
                "",
                format!(
                    "expected JUnit XML with `testsuites` or `testsuite` at its root, not `{name}`"
                ),
            ),
        }
    }
}

/// The attributes of an element, unescaped.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn read(start: &BytesStart<'_>) -> Result<Self, Refused> {
        let mut all = Vec::new();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| Refused::Malformed(error.to_string()))?;
            let value = unescape(truncate(&attribute.value, MAX_TEXT));
            all.push((attribute.key.as_ref().to_owned(), value));
        }
        Ok(Self(all))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.swap_remove(place).1).filter(|value| !value.is_empty())
    }

    fn line(&self) -> Option<u32> {
        self.get("line").or_else(|| self.get("lineno"))?.trim().parse().ok()
    }
}

/// 400, with the line and column (in characters, from 1) of the byte `offset`.
fn malformed(text: &str, offset: u64, what: &str) -> ApiError {
    let offset = usize::try_from(offset).unwrap_or(text.len());
    let before = truncate(text, offset);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let detail = format!("the report is not readable XML: {what} (line {line}, column {column})");
    ApiError::new(ErrorKind::Malformed, detail)
}
