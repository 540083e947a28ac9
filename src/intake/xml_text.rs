//! Text out of the XML that tools really write: other encodings, illegal characters, colours.

use std::borrow::Cow;

/// The bytes of an XML document as text. Honours byte order marks and Latin-1 declarations;
/// bytes that are not UTF-8 become replacement characters, for test output holds anything.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest),
        _ if declares_latin1(bytes) => {
            bytes.iter().map(|&b| char::from(b)).collect::<String>().into()
        }
        _ => String::from_utf8_lossy(bytes),
    }
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn declares_latin1(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(100)).unwrap_or_default().to_ascii_lowercase();
    let end = head.windows(2).position(|w| w == b"?>").unwrap_or(0);
    let head = String::from_utf8_lossy(head.get(..end).unwrap_or_default()).into_owned();
    head.starts_with("<?xml")
        && ["iso-8859-1", "latin1", "windows-1252"].iter().any(|name| head.contains(name))
}

/// The character that `&name;` stands for; `None` for names that only a DTD could explain.
pub(super) fn reference(name: &str) -> Option<char> {
    let number = name.strip_prefix('#');
    match (name, number) {
        ("amp", _) => Some('&'),
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        (_, Some(number)) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
        _ => None,
    }
}

/// Resolves references in an attribute's value; what is none stays as it is.
pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut parts = raw.split('&');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once(';').and_then(|(name, rest)| Some((reference(name)?, rest))) {
            Some((character, rest)) => {
                out.push(character);
                out.push_str(rest);
            }
            None => {
                out.push('&');
                out.push_str(part);
            }
        }
    }
    out
}

/// Takes out terminal escape sequences (ECMA-48 CSI and OSC) and control characters other than
/// line breaks and tabs.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '\r' => {}
            '\n' | '\t' => out.push(c),
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => {}
            c => out.push(c),
        }
    }
    out
}

fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
            chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
        }
        Some(']') => {
            // An operating system command ends with BEL or another escape; a line at most.
            while chars.next_if(|c| !matches!(c, '\u{7}' | '\u{1b}' | '\n')).is_some() {}
        }
        _ => {}
    }
}

/// The beginning of `text`, at most `max` bytes, ending at a character.
pub(super) fn truncate(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        assert_eq!(plain(&unescape(raw)), expected);
    }

    #[test]
    fn reads_what_runners_write() {
        check("a &lt; b &amp;&amp; c", "a < b && c");
        check("&#65;&#x42;&nbsp;&", "AB&nbsp;&");
        check("&#x1b;[31mred&#x1b;[0m &#0;end&#xFFFE;", "red end");
        check("\u{1b}]0;title\u{7}text\u{1b}", "text");
        check("one\r\ntwo\u{8}", "one\ntwo");
        check("&#99999999;", "\u{fffd}");
    }

    #[test]
    fn other_encodings_become_text() {
        assert_eq!(decode("\u{feff}<a/>".as_bytes()), "<a/>");
        let utf16: Vec<u8> = "\u{feff}<é/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16), "<é/>");
        let latin1 = b"<?xml version='1.0' encoding='ISO-8859-1'?><\xE9/>";
        assert!(decode(latin1).ends_with("<é/>"));
        assert_eq!(decode(b"a\xFFb"), "a\u{fffd}b");
    }

    #[test]
    fn truncation_keeps_characters_whole() {
        assert_eq!(truncate("aéé", 4), "aé");
        assert_eq!(truncate("abc", 9), "abc");
    }

    proptest! {
        #[test]
        fn no_input_panics(text in ".{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(plain(&unescape(&text)).chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
            let _ = decode(&bytes);
        }
    }
}
