//! The guides and the reference, as pages of the binary: what is in `docs/`, without a network.

use super::App;
use super::markup::{self, escaped};
use super::needs::{Needs, Routes};
use crate::wire::ApiError;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use std::fmt::Write as _;

macro_rules! pages {
    ($($name:literal),+ $(,)?) => {
        /// Every page: its name, and its text (CommonMark). The first is shown if none is named.
        const PAGES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../docs/", $name, ".md")))),+
        ];
    };
}

pages! {
    "index",
    "guide-ci",
    "guide-agents",
    "guide-trading",
    "ci",
    "jobs",
    "telemetry",
    "work",
    "trading",
    "metrics",
    "alerts",
    "export",
    "deploy",
    "access",
    "openid",
    "backup",
    "upgrade",
}

/// Routes of the documentation.
pub fn routes() -> Routes {
    Routes::default().get("/docs", Needs::Nothing, index).get("/docs/{page}", Needs::Nothing, page)
}

/// `GET /docs`
async fn index(State(_): State<App>) -> Result<Response, ApiError> {
    shown("index")
}

/// `GET /docs/{page}`
async fn page(
    State(_): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(super::problem::malformed)?;
    shown(&name)
}

fn shown(name: &str) -> Result<Response, ApiError> {
    let found = PAGES.iter().find(|(known, _)| *known == name);
    let (name, text) = found
        .ok_or_else(|| ApiError::not_found("there is no page of that name; /docs lists all"))?;
    Ok(markup::answer(markup::page(title(text), "docs", &nav(name), &rendered(text))))
}

/// The list of pages, which stands beside each of them.
fn nav(at: &str) -> String {
    let mut links = String::new();
    for (name, text) in PAGES {
        let current = if *name == at { " aria-current=\"page\"" } else { "" };
        let path = if *name == "index" { "/docs".to_owned() } else { format!("/docs/{name}") };
        let name = if *name == "index" { "All pages" } else { title(text) };
        // Writing to a string cannot fail.
        let _ = write!(links, "<li><a href=\"{path}\"{current}>{}</a></li>", escaped(name));
    }
    format!(
        "<nav aria-label=\"Documentation\"><p><a href=\"/\">Bellwether</a></p><ul>{links}\
         <li><a href=\"/api/docs\">The interface, every path</a></li></ul></nav>"
    )
}

/// The first heading.
fn title(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("Documentation")
}

/// CommonMark with tables as HTML. Headings can be linked to, links to other files of `docs/` lead
/// to their pages, and wide tables and code scroll by themselves.
fn rendered(text: &str) -> String {
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut heading: Option<usize> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                heading = Some(events.len());
                events.push(event);
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some(begin) = heading.take() {
                    name(&mut events, begin);
                }
                events.push(event);
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = CowStr::from(address(&dest_url));
                events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::Start(Tag::Table(_)) => {
                let open =
                    "<div class=\"docs-wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">";
                events.push(Event::Html(open.into()));
                events.push(event);
            }
            Event::End(TagEnd::Table) => {
                events.push(event);
                events.push(Event::Html("</div>\n".into()));
            }
            event => events.push(event),
        }
    }
    let mut out = String::new();
    html::push_html(&mut out, events.into_iter());
    // What scrolls can be scrolled by keys.
    out.replace("<pre><code", "<pre tabindex=\"0\"><code")
}

/// Gives the heading that begins at `begin` an id made of its words, as the links in the texts have
/// it.
fn name(events: &mut [Event<'_>], begin: usize) {
    let mut words = String::new();
    for event in events.get(begin..).unwrap_or_default() {
        if let Event::Text(text) | Event::Code(text) = event {
            words.push_str(text);
        }
    }
    let slug: String = words
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' | '-' => Some('-'),
            letter if letter.is_alphanumeric() || letter == '_' => Some(letter),
            _ => None,
        })
        .collect();
    if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(begin) {
        *id = Some(slug.into());
    }
}

/// Where a link of a text leads: `alerts.md#rules` to `/docs/alerts#rules`.
fn address(to: &str) -> String {
    let (file, part) = to.split_once('#').map_or((to, None), |(file, part)| (file, Some(part)));
    let page = file.strip_prefix("docs/").unwrap_or(file).strip_suffix(".md");
    match page.filter(|page| PAGES.iter().any(|(name, _)| name == page)) {
        Some(page) => {
            let page = if page == "index" { "/docs".to_owned() } else { format!("/docs/{page}") };
            part.map_or_else(|| page.clone(), |part| format!("{page}#{part}"))
        }
        None => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_page_and_every_link_between_them_leads_somewhere() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
            .collect();
        files.sort();
        let mut pages: Vec<&str> = PAGES.iter().map(|(name, _)| *name).collect();
        pages.sort_unstable();
        assert_eq!(files, pages);
        for (page, text) in PAGES {
            let html = rendered(text);
            for link in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                if let Some(to) = link.strip_prefix("/docs/") {
                    let (name, part) = to.split_once('#').unwrap_or((to, ""));
                    let (_, text) = PAGES.iter().find(|(known, _)| known == &name).unwrap();
                    let there =
                        part.is_empty() || rendered(text).contains(&format!("id=\"{part}\""));
                    assert!(there, "{page} links to {link}");
                } else if let Some(part) = link.strip_prefix('#') {
                    assert!(html.contains(&format!("id=\"{part}\"")), "{page} links to {link}");
                } else {
                    assert!(!link.contains(".md"), "{page} links to {link}");
                }
            }
        }
    }

    #[test]
    fn headings_have_names_and_tables_scroll() {
        let html = rendered("# A `b`, c\n\n|x|\n|-|\n|1|\n\n[m](metrics.md#over-time)\n");
        assert!(html.contains("<h1 id=\"a-b-c\">"), "{html}");
        assert!(html.contains("class=\"docs-wide\""), "{html}");
        assert!(html.contains("href=\"/docs/metrics#over-time\""), "{html}");
    }
}
