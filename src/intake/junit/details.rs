//! What a failure says about itself, dug out of the dialects of message and text.

use crate::intake::xml_text::plain;

/// A failure in words, and where and of what kind it is as far as the words tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    pub message: String,
    pub kind: Option<String>,
    pub file: Option<String>,
    pub line: Option<u32>,
}

/// Messages that only repeat that something went wrong; the text knows more.
const EMPTY_WORDS: &[&str] = &["", "failed", "failure", "error", "collection failure"];

impl Details {
    /// Reads the `message` attribute and the text of a `failure` or `error`.
    pub fn read(attribute: &str, text: &str) -> Self {
        let (attribute, text) = (plain(attribute), plain(text));
        let attribute = attribute.trim();
        let message = if EMPTY_WORDS.contains(&attribute.to_ascii_lowercase().as_str()) {
            first_line(&text).unwrap_or(attribute)
        } else {
            unwrap_phase(attribute)
        };
        let mut details = rust_panic(message, &text)
            .or_else(|| go_line(message))
            .unwrap_or_else(|| Self { message: message.to_owned(), ..Self::default() });
        if let Some((file, line, kind)) = pytest_place(&text) {
            details.file.get_or_insert(file);
            details.line.get_or_insert(line);
            details.kind = Some(kind);
        }
        details.kind = kind_of(&details.message).or(details.kind);
        details
    }
}

/// The line of the text that says most: pytest marks it with `E`, else the first that is not one
/// of the headings of Go's test output.
fn first_line(text: &str) -> Option<&str> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let marked = lines().find_map(|line| line.strip_prefix("E  ").map(str::trim));
    let heading = |line: &str| line.starts_with("=== ") || line.starts_with("--- ");
    marked.or_else(|| lines().find(|line| !heading(line)))
}

/// pytest: `failed on setup with "ConnectionError: refused"`.
fn unwrap_phase(message: &str) -> &str {
    let inner = message.strip_prefix("failed on ").and_then(|rest| rest.split_once(" with \""));
    inner.and_then(|(_, quoted)| quoted.strip_suffix('"')).unwrap_or(message)
}

/// Rust: `thread 'x' (12) panicked at src/lib.rs:40:13`, with what it says on the next line. The
/// thread's number changes every time, so the same panic would never be the same message.
fn rust_panic(message: &str, text: &str) -> Option<Details> {
    const MARK: &str = "panicked at ";
    let (_, place) = message.split_once(MARK)?;
    let (file, line) = place_of(place.trim_end_matches(':'))?;
    let said = text.lines().skip_while(|line| !line.contains(MARK)).nth(1).map(str::trim);
    let message = said.filter(|line| !line.is_empty()).unwrap_or("panicked").to_owned();
    Some(Details { message, kind: None, file: Some(file), line: Some(line) })
}

/// Go: `ledger_test.go:12: balance is 3, want 4`.
fn go_line(message: &str) -> Option<Details> {
    let (place, rest) = message.split_once(": ")?;
    let (file, line) = place_of(place).filter(|(file, _)| file.ends_with(".go"))?;
    Some(Details { message: rest.to_owned(), kind: None, file: Some(file), line: Some(line) })
}

/// pytest ends the text with `tests/test_ledger.py:17: AssertionError`.
fn pytest_place(text: &str) -> Option<(String, u32, String)> {
    let (place, kind) = text.trim_end().lines().next_back()?.split_once(": ")?;
    let (file, line) = place_of(place).filter(|(file, _)| file.ends_with(".py"))?;
    let word = kind.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    word.then(|| (file, line, kind.to_owned()))
}

/// `file:line` or `file:line:column`.
fn place_of(text: &str) -> Option<(String, u32)> {
    let (head, last) = text.rsplit_once(':')?;
    let last = last.parse().ok()?;
    match head.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))) {
        Some((file, line)) => Some((file.to_owned(), line)),
        None => Some((head.to_owned(), last)),
    }
}

/// The exception a message begins with (`AssertionError: …`).
fn kind_of(message: &str) -> Option<String> {
    let endings = ["Error", "Exception", "Failure", "Failed", "Warning", "Timeout", "Exit"];
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    let (head, _) = message.split_once(':')?;
    let named = head.chars().all(word) && endings.iter().any(|end| head.ends_with(end));
    named.then(|| head.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` is the message, then the kind, file and line, each `-` when unknown.
    #[track_caller]
    fn check(attribute: &str, text: &str, expected: [&str; 4]) {
        let d = Details::read(attribute, text);
        let line = d.line.map(|n| n.to_string());
        let or = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
        assert_eq!([d.message, or(d.kind), or(d.file), or(line)], expected);
    }

    #[test]
    fn the_attribute_or_the_text() {
        check("it broke", "trace", ["it broke", "-", "-", "-"]);
        check(" Failed ", "\n  at last\n", ["at last", "-", "-", "-"]);
        check("", "", ["", "-", "-", "-"]);
        check("AssertionError: 1 != 2", "", ["AssertionError: 1 != 2", "AssertionError", "-", "-"]);
        check(
            "java.io.IOException: x",
            "",
            ["java.io.IOException: x", "java.io.IOException", "-", "-"],
        );
        check("expected: 1", "", ["expected: 1", "-", "-", "-"]);
        check("so an Error: no", "", ["so an Error: no", "-", "-", "-"]);
    }

    #[test]
    fn rust_panics_are_the_same_whichever_thread() {
        let attribute = "thread 't' (31090) panicked at src/lib.rs:40:13";
        let text = format!("{attribute}:\nnot balanced\nstack backtrace:");
        check(attribute, &text, ["not balanced", "-", "src/lib.rs", "40"]);
        check(attribute, "", ["panicked", "-", "src/lib.rs", "40"]);
    }

    #[test]
    fn go_names_the_line_after_its_headings() {
        let text = "=== RUN   TestA\n    a_test.go:12: got 3\n    --- FAIL: TestA (0.00s)\n";
        check("Failed", text, ["got 3", "-", "a_test.go", "12"]);
    }

    #[test]
    fn pytest_names_place_and_kind_at_the_end() {
        let text = "    assert 1 == 2\nE   assert 1 == 2\n\ntests/test_a.py:17: AssertionError";
        check("assert 1 == 2", text, ["assert 1 == 2", "AssertionError", "tests/test_a.py", "17"]);
        let setup = "failed on setup with \"OSError: no\"";
        check(setup, "t.py:2: OSError", ["OSError: no", "OSError", "t.py", "2"]);
        let collect = "Hint: …\nE   ModuleNotFoundError: No module named 'x'";
        let said = "ModuleNotFoundError: No module named 'x'";
        check("collection failure", collect, [said, "ModuleNotFoundError", "-", "-"]);
    }
}
