//! Answers that are kept: for every read, a second one is answered with what the first made, a
//! write that matters makes the next one fresh, one that does not matter leaves it, and nobody is
//! answered with what was made for somebody else.

mod board;
mod cases;

use super::{Secured, sign_in};
use bellwether::server::needs::{Entry, Needs};
use bellwether::server::{answers, router, tables};
use board::{Board, TRIES, undated};
use cases::{Case, MADE_ANEW, OPEN, OWN, PAGES, REST, VIEWS};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Lists that make tables of their own, which are kept; the others' are made of pages that are.
const TABLES: [&str; 5] = [
    "/api/v1/alerts",
    "/api/v1/trades",
    "/api/v1/metrics",
    "/api/v1/metrics/{name}",
    "/api/v1/metrics/{name}/range",
];

fn as_table(path: &str, format: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}format={format}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_is_made_once_and_again_when_it_matters() {
    Board::start().await.all_are_kept(REST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_of_pages_is_made_once_and_again_when_it_matters() {
    Board::start().await.all_are_kept(PAGES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_of_what_is_kept() {
    let board = Board::start().await;
    let nobody = board.somebody("nobody", "write_events").await;
    let made = tables::lists().chain(TABLES).filter(|list| !is_among(MADE_ANEW, list));
    for list in made.filter(|list| !OWN.contains(list)) {
        let case = REST.iter().find(|case| case.route == list).unwrap_or_else(|| panic!("{list}"));
        let path = board.path(case).await;
        for format in ["csv", "ndjson"] {
            let path = as_table(&path, format);
            assert!(board.kept_over(None, &path).await, "{path}: a second read is found");
            for write in case.matters {
                board.fresh_after(*write, &path).await;
            }
            board.refuses(case, &path, &nobody).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_dated_anew() {
    let board = Board::start().await;
    let read = async || board.secured.by_admin("GET", "/api/v1/agents", None).await;
    let mut found = false;
    for _ in 0..TRIES {
        let before = read().await;
        board.write(cases::PRICE).await;
        let (hits, _) = board.counts("answers").await;
        let after = read().await;
        if board.counts("answers").await.0 == hits {
            continue;
        }
        found = true;
        assert_eq!(before["items"], after["items"]);
        let seq = |answer: &Value| answer["cursor"]["seq"].as_u64().unwrap();
        assert!(seq(&after) > seq(&before), "{after}");
        assert!(after["as_of"].as_str() >= before["as_of"].as_str());
        break;
    }
    assert!(found);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_with_what_was_made_for_somebody_else() {
    let board = Board::start().await;
    let nobody = board.somebody("nobody", "write_events").await;
    let mut tokens = BTreeMap::new();
    for case in REST.iter().chain(PAGES) {
        let path = board.path(case).await;
        board.read(&path).await;
        board.refuses(case, &path, &nobody).await;
        if !tokens.contains_key(case.needs) {
            tokens.insert(case.needs, board.somebody(case.needs, case.needs).await);
        }
        let path = board.path(case).await;
        board.read(&path).await;
        let (hits, _) = board.counts("answers").await;
        let answer = board.secured.ask("GET", &path, &tokens[case.needs], None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(board.counts("answers").await.0, hits, "{path}: made for whoever may do less");
    }
    // What is made for them is less.
    let names = async |token: &str| {
        let answer = board.secured.ask("GET", "/api/ui/metric_names", token, None).await.json();
        let items = answer["items"].as_array().unwrap().iter();
        items.map(|item| item["name"].to_string()).collect::<BTreeSet<_>>()
    };
    let (all, some) = (names(&board.secured.admin).await, names(&tokens["view_metrics"]).await);
    assert!(some.is_subset(&all) && some.contains("\"m\""), "{some:?}");
    assert!(all.contains("\"portfolio_value\"") && !some.contains("\"portfolio_value\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_says_where_whoever_asks_has_found_the_board() {
    let board = Board::start().await;
    let bearer = format!("Bearer {}", board.secured.admin);
    for host in ["board.example", "other.example", "board.example"] {
        let headers = [("authorization", bearer.as_str()), ("host", host)];
        let feed = board.secured.server.request("GET", "/api/v1/alerts.atom", &headers, "").await;
        let feed = String::from_utf8(feed.body).unwrap();
        assert!(feed.contains(&format!("href=\"http://{host}/alerts\"")), "{feed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_made_once_a_flush() {
    let board = Board::start().await;
    let nobody = board.somebody("nobody", "write_events").await;
    for case in VIEWS {
        let path = board.path(case).await;
        let mut seen = (false, false);
        for _ in 0..50 {
            if seen == (true, true) {
                break;
            }
            // A write makes it anew, and a second read of that is found, unless the board moves on.
            board.write(case.matters[0]).await;
            let (hits, misses) = board.counts("views").await;
            board.told(&path).await;
            board.told(&path).await;
            let now = board.counts("views").await;
            assert_eq!(now.0 + now.1 - hits - misses, 2, "{path}");
            seen = (seen.0 || now.0 > hits, seen.1 || now.1 > misses);
        }
        assert_eq!(seen, (true, true), "{path}: found, and made anew");
        board.refuses(case, &path, &nobody).await;
    }
    // Whoever may not see hosts is not told of them.
    let hosts = async |token: &str| {
        board.secured.ask("GET", "/dashboard/summary", token, None).await.json()["hosts"].clone()
    };
    let some = board.somebody("some", "view_projects").await;
    assert_ne!(hosts(&board.secured.admin).await, hosts(&some).await);
    // The page tells once a second what has only been counted.
    let counted = |page: &Value| page["internals"]["cache"]["hit_rate"].is_number();
    let Secured { server, admin } = &board.secured;
    let system = server.until_by(admin, "/api/v1/system", counted).await;
    for member in ["hits", "misses", "hit_rate", "entries", "evictions"] {
        for cache in ["views", "answers", "history"] {
            assert!(!system["internals"]["cache"][cache][member].is_null() || member == "hit_rate");
        }
        assert!(!system["internals"]["cache"][member].is_null(), "{member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_or_made_anew_is_fresh_after_every_write() {
    let board = Board::start().await;
    let (sends, sees) = ("write_events", "view_projects");
    let tokens = [board.somebody(sends, sends).await, board.somebody(sees, sees).await];
    for case in VIEWS.iter().chain(MADE_ANEW.iter().map(|(case, _)| case)) {
        let path = board.path(case).await;
        let before = board.told(&path).await;
        board.write(case.matters[0]).await;
        let counts = board.counts("answers").await;
        assert_ne!(before, board.told(&path).await, "{path}: tells what was written");
        assert_eq!(board.counts("answers").await, counts, "{path} is not kept");
        board.refuses(case, &path, &tokens[usize::from(case.needs == sends)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_of_themselves() {
    let board = Board::start().await;
    let (mut told, mut pinned) = (Vec::new(), Vec::new());
    for name in ["ann", "bob"] {
        board.secured.user(name, "viewer").await;
        let token = sign_in(&board.secured.server, name).await;
        let token = token["access_token"].as_str().unwrap().to_owned();
        let ask = async |path| board.secured.ask("GET", path, &token, None).await;
        let mut all = Vec::new();
        for path in OWN {
            assert_eq!(board.secured.ask("GET", path, "", None).await.status, 401, "{path}");
            let answer = ask(path).await;
            assert_eq!(answer.status, 200, "{path}");
            all.push(undated(&answer));
        }
        told.push(all);
        let chart = json!({ "metric": "m", "title": name });
        let made = board.secured.ask("POST", "/api/v1/me/pins", &token, Some(chart)).await;
        assert_eq!(made.status, 201);
        for path in ["/api/v1/me/pins", "/api/ui/pins"] {
            let items = ask(path).await.json()["items"].as_array().unwrap().clone();
            pinned.push(
                items.iter().map(|pin| pin["chart"]["title"].to_string()).collect::<String>(),
            );
        }
    }
    for (i, path) in OWN.iter().enumerate() {
        assert_ne!(told[0][i], told[1][i], "{path}");
    }
    assert_eq!(pinned, ["\"ann\"", "\"ann\"", "\"bob\"", "\"bob\""]);
}

fn is_among(cases: &[(Case, &str)], route: &str) -> bool {
    cases.iter().any(|(case, _)| case.route == route)
}

// Routes of pages are found by rendering them, which takes a runtime.
#[tokio::test]
async fn every_read_there_is_has_a_case() {
    let functions: BTreeSet<_> = leptos::server_fn::axum::server_fn_paths()
        .filter(|(_, method)| *method == http::Method::GET)
        .map(|(path, _)| path)
        .collect();
    let reads: BTreeSet<String> = router::table()
        .into_iter()
        .filter(|Entry { method, .. }| method == http::Method::GET)
        .filter(|entry| !matches!(entry.needs, Needs::Page(_) | Needs::Socket(_)))
        .map(|entry| entry.path)
        .filter(|path| !path.starts_with("/api/ui/") || functions.contains(path.as_str()))
        .collect();
    let cases = REST.iter().chain(PAGES).map(|case| case.route.to_owned());
    let cases: BTreeSet<String> = cases.collect();
    let kept: BTreeSet<String> = answers::kept().map(str::to_owned).collect();
    assert_eq!(kept, cases, "what is kept is tried");
    let anew = MADE_ANEW.iter().map(|(case, _)| case.route.to_owned());
    let rest = OWN.iter().copied().chain(OPEN.iter().map(|(path, _)| *path)).map(str::to_owned);
    let known = cases.into_iter().chain(VIEWS.iter().map(|case| case.route.to_owned()));
    let known: BTreeSet<String> = known.chain(anew).chain(rest).collect();
    assert_eq!(reads, known, "each read is kept, or it is said why not");
}
