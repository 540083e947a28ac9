//! Members that are null, which are as good as left out.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// How deep objects and arrays are looked into; no vocabulary goes further.
const DEPTH: usize = 4;

/// The same JSON without the members of its objects that are null.
///
/// # Errors
/// It is no JSON.
pub fn left_out(text: &str) -> serde_json::Result<String> {
    let mut out = String::with_capacity(text.len());
    copy(text, 0, &mut out)?;
    Ok(out)
}

fn copy(text: &str, depth: usize, out: &mut String) -> serde_json::Result<()> {
    let mut first = true;
    let mut comma = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
    };
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') if depth < DEPTH => {
            let Members(members) = serde_json::from_str(text)?;
            out.push('{');
            for (name, value) in members.into_iter().filter(|(_, value)| value.get() != "null") {
                comma(out);
                out.push_str(&serde_json::to_string(&name)?);
                out.push(':');
                copy(value.get(), depth + 1, out)?;
            }
            out.push('}');
        }
        Some(b'[') if depth < DEPTH => {
            let entries: Vec<&RawValue> = serde_json::from_str(text)?;
            out.push('[');
            for entry in entries {
                comma(out);
                copy(entry.get(), depth + 1, out)?;
            }
            out.push(']');
        }
        _ => out.push_str(text),
    }
    Ok(())
}

/// The members of an object as they stand there.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(left_out(text).unwrap(), expect, "{text}");
    }

    #[test]
    fn members_that_are_null_are_left_out_and_all_else_stays() {
        check(r#"{"a":null}"#, "{}");
        check(
            r#" { "a" : 1.50 , "b\n":null,"c":[null,{"d":null,"e":"null"}]} "#,
            r#"{"a":1.50,"c":[null,{"e":"null"}]}"#,
        );
        check(r#"{"a":{"b":{"c":{"d":{"e":null}}}}}"#, r#"{"a":{"b":{"c":{"d":{"e":null}}}}}"#);
        check("7", "7");
        // However deep it goes, it does not go further.
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
        check(&deep, &deep);
        assert!(left_out("{").is_err());
    }
}
