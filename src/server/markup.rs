//! Pages and pictures that are written as text: what they have in common.

use super::{assets, guard};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

/// Text as it may stand in HTML and XML, in quotes as well. What XML 1.0 cannot say at all (section
/// 2.2) is a replacement character.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            letter => out.push(letter),
        }
    }
    out
}

/// A page that is only read: it needs no script. `title` is text; `class` is the body's, `nav` what
/// stands beside `main`, both HTML.
pub fn page(title: &str, class: &str, nav: &str, main: &str) -> String {
    let (title, css) = (escaped(title), assets::paths().css);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · Bellwether</title>\n\
         <script src=\"/theme.js\"></script>\n<link rel=\"stylesheet\" href=\"{css}\">\n\
         <link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">\n</head>\n\
         <body class=\"{class}\">\n<a class=\"skip\" href=\"#main\">Skip to content</a>\n{nav}\n\
         <main id=\"main\" tabindex=\"-1\">\n{main}\n</main>\n</body>\n</html>\n"
    )
}

/// Answers with such a page.
pub fn answer(html: String) -> Response {
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    let policy = HeaderValue::from_static(guard::SCRIPTLESS);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        assert_eq!(escaped("<b a=\"1\">&\u{1}\n"), "&lt;b a=&quot;1&quot;&gt;&amp;\u{fffd}\n");
    }
}
