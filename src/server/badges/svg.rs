//! The picture of a badge: two words beside each other, as badges on the web look.

use crate::server::markup::escaped;

/// Height in pixels.
const HEIGHT: f64 = 20.0;
/// Room on either side of a word, in pixels.
const PAD: f64 = 6.0;

/// Draws a badge; `color` is one of those that shields.io names.
pub fn draw(label: &str, message: &str, color: &str) -> String {
    let fill = match color {
        "brightgreen" => "#2a7f3f",
        "yellow" => "#8a6100",
        "red" => "#c22f2f",
        _ => "#6b6b6b",
    };
    let (left, right) = (width(label), width(message));
    let (left_box, right_box) = (left + 2.0 * PAD, right + 2.0 * PAD);
    let whole = left_box + right_box;
    let (label, message) = (escaped(label), escaped(message));
    let title = format!("{label}: {message}");
    let text = |x: f64, length: f64, words: &str| {
        format!(r#"<text x="{x:.1}" y="14" textLength="{length:.1}">{words}</text>"#)
    };
    let (first, second) = (text(PAD, left, &label), text(left_box + PAD, right, &message));
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.1}" height="{HEIGHT}" role="img" aria-label="{title}"><title>{title}</title><clipPath id="r"><rect width="{whole:.1}" height="{HEIGHT}" rx="3"/></clipPath><g clip-path="url(#r)"><rect width="{left_box:.1}" height="{HEIGHT}" fill="#444"/><rect x="{left_box:.1}" width="{right_box:.1}" height="{HEIGHT}" fill="{fill}"/></g><g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">{first}{second}</g></svg>
"##
    )
}

/// How wide text is in 11 px Verdana, about: the picture says how long it shall be drawn.
fn width(text: &str) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '!' | '|' | '\'' | '.' | ',' | ':' | ';' => 3.9,
        'f' | 't' | 'r' | ' ' | '/' | '(' | ')' | '[' | ']' | '-' => 4.7,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 10.6,
        'A'..='Z' | '_' => 7.8,
        c if c.is_ascii() => 6.9,
        // Wide letters of other scripts.
        _ => 11.0,
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_badge_is_drawn() {
        insta::assert_snapshot!(draw("a & <b>", "healthy", "brightgreen"));
    }

    proptest! {
        #[test]
        fn any_label_makes_well_formed_xml(label in ".{0,80}") {
            let svg = draw(&label, "x", "red");
            let mut reader = quick_xml::Reader::from_str(&svg);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => prop_assert!(false, "{}: {}", svg, error),
                }
            }
        }
    }
}
