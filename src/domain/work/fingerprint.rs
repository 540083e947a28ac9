//! Which errors are alike: what numbers, ids, addresses and paths they name does not count.

use std::sync::Arc;

/// Longest pattern, in bytes; what follows does not tell errors apart.
const MAX_PATTERN: usize = 300;

/// The line of an error that says what went wrong, with what varies left out: numbers become
/// `<n>`, ids `<id>`, paths `<path>`, web addresses `<url>`.
pub fn pattern(error: &str) -> String {
    let line = telling_line(error);
    let mut out = String::new();
    let mut rest = line;
    while !rest.is_empty() && out.len() < MAX_PATTERN {
        let (token, after) = token(rest);
        rest = after;
        match token {
            Token::Url => out.push_str("<url>"),
            Token::Path => out.push_str("<path>"),
            Token::Word(word) => fold_word(word, &mut out),
            Token::Space => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            Token::Other(other) => out.push(other),
        }
    }
    out.truncate(out.floor_char_boundary(MAX_PATTERN));
    out.trim().to_owned()
}

/// The name of the group of errors that share `pattern`: 16 hexadecimal digits of its BLAKE3 hash.
pub fn fingerprint(pattern: &str) -> Arc<str> {
    let hash = blake3::hash(pattern.as_bytes()).to_hex();
    hash.get(..16).unwrap_or_default().into()
}

/// The first line that is not blank; the last one of a Python traceback, where the error stands.
fn telling_line(error: &str) -> &str {
    let mut lines = error.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    if first.starts_with("Traceback") { lines.next_back().unwrap_or(first) } else { first }
}

enum Token<'a> {
    Url,
    Path,
    /// Letters and digits.
    Word(&'a str),
    Space,
    Other(char),
}

/// The first token of a text that is not empty, and what follows it.
fn token(text: &str) -> (Token<'_>, &str) {
    let until = |end: fn(char) -> bool| text.find(end).unwrap_or(text.len());
    let split = |at: usize| text.split_at_checked(at).unwrap_or((text, ""));
    let unquoted = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ')' | ']' | '>');
    if text.starts_with("http://") || text.starts_with("https://") {
        return (Token::Url, split(until(unquoted)).1);
    }
    let (head, after) = split(until(|c| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ')' | '(' | ']' | '[' | ':' | ';' | '=')
    }));
    let rooted = head.starts_with('/') || head.starts_with("./") || head.starts_with("../");
    if head.len() > 1 && (rooted || (head.contains('/') && head.contains('.'))) {
        return (Token::Path, after);
    }
    let (word, after) = split(until(|c| !c.is_alphanumeric()));
    if !word.is_empty() {
        return (Token::Word(word), after);
    }
    let mut chars = text.chars();
    match chars.next() {
        Some(c) if c.is_whitespace() => (Token::Space, chars.as_str()),
        Some(c) => (Token::Other(c), chars.as_str()),
        None => (Token::Space, ""),
    }
}

fn fold_word(word: &str, out: &mut String) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hex = word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let units = word.trim_start_matches(|c: char| c.is_ascii_digit());
    if digits == 0 {
        out.push_str(word);
    } else if digits == word.len() {
        number(out);
    } else if hex || is_id(word, units) {
        out.push_str("<id>");
    } else {
        let mut in_number = false;
        for c in word.chars() {
            if !c.is_ascii_digit() {
                out.push(c);
            } else if !in_number {
                number(out);
            }
            in_number = c.is_ascii_digit();
        }
    }
}

/// Whether a word with digits in it is no number with a unit: it begins with a digit, and what
/// follows the number is long or holds digits again.
fn is_id(word: &str, units: &str) -> bool {
    units.len() < word.len() && (units.len() > 3 || units.bytes().any(|b| b.is_ascii_digit()))
}

/// A number; the parts of one with a point or of a list of them are one.
fn number(out: &mut String) {
    if let Some(before) = out.strip_suffix('.')
        && before.ends_with("<n>")
    {
        out.truncate(before.len());
    } else {
        out.push_str("<n>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &str, expect: &str) {
        assert_eq!(pattern(error), expect);
    }

    #[test]
    fn what_varies_is_left_out() {
        check("the tool ran out of time after 300 s", "the tool ran out of time after <n> s");
        check("timeout after 30.5s on try 3", "timeout after <n>s on try <n>");
        check("order 8f14e45fceea167a not found", "order <id> not found");
        check(
            "no such file: /var/lib/app/42/data.csv (os error 2)",
            "no such file: <path> (os error <n>)",
        );
        check("GET https://api.example/v1/x?y=1 -> 502", "GET <url> -> <n>");
        check("worker12 lost task-18c4f-7", "worker<n> lost task-<id>-<n>");
        check(
            "request 0198c6b2-7f4e-7a10-9d2b-1c2d3e4f5a6b failed",
            "request <id>-<id>-<id>-<id>-<id> failed",
        );
        check("src/lib.rs:40:13: boom", "<path>:<n>:<n>: boom");
        check("", "");
    }

    #[test]
    fn a_traceback_is_known_by_its_last_line() {
        check(
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\nValueError: bad 7\n",
            "ValueError: bad <n>",
        );
    }

    #[test]
    fn any_text_has_a_bounded_pattern() {
        for text in ["é".repeat(1000), "1.".repeat(1000), "/".repeat(1000), "\u{0}".repeat(400)] {
            assert!(pattern(&text).len() <= MAX_PATTERN);
        }
    }

    #[test]
    fn alike_errors_share_a_fingerprint() {
        let print = |text: &str| fingerprint(&pattern(text));
        assert_eq!(print("try 1 of /a/b"), print("try 22 of /c/d/e"));
        assert_ne!(print("try 1"), print("retry 1"));
    }
}
