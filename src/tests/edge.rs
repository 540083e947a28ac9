//! The edge over real connections: proxies, other origins, limits, slow bodies, the local socket.

use crate::harness::{Answer, PATIENCE, Server};
use bellwether::cli::local;
use bellwether::domain::access::Secret;
use bellwether::server::edge::{Networks, Origins};
use bellwether::server::limits::Allowed;
use bellwether::server::listen::SOCKET;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

async fn trusting(proxies: &[&str], limits: Allowed) -> Server {
    let trusted = Networks::parse(&texts(proxies)).unwrap();
    Server::changed(|settings| {
        settings.trusted = trusted;
        settings.limits = limits;
    })
    .await
}

fn strict(limits: Allowed) -> Allowed {
    Allowed { loopback: true, ..limits }
}

#[track_caller]
fn is_too_many(answer: &Answer) {
    assert_eq!(answer.status, 429, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let after: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(after >= 1);
    assert_eq!(answer.json()["retry_after_s"], after);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_users_nothing_comes_through_a_proxy() {
    for proxies in [&[][..], &["127.0.0.0/8"]] {
        let server = trusting(proxies, Allowed::default()).await;
        for header in ["x-forwarded-for", "forwarded", "x-forwarded-host"] {
            let answer = server.request("GET", "/healthz", &[(header, "203.0.113.9")], "").await;
            assert_eq!(answer.status, 403, "{header}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("make a user first"), "{detail}");
        }
        assert_eq!(server.get("/healthz").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_is_believed_that_the_client_speaks_https() {
    let https = [("x-forwarded-proto", "https")];
    let trusting = trusting(&["127.0.0.1"], Allowed::default()).await;
    let believed = trusting.request("GET", "/healthz", &https, "").await;
    assert!(believed.header("strict-transport-security").unwrap().starts_with("max-age="));
    let plain = trusting.get("/healthz").await;
    assert_eq!(plain.header("strict-transport-security"), None);
    let server = Server::start().await;
    let ignored = server.request("GET", "/healthz", &https, "").await;
    assert_eq!(ignored.header("strict-transport-security"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_a_trusted_proxy_are_counted_by_their_own_addresses() {
    let server = trusting(&["127.0.0.1"], Allowed { requests: 1, ..Allowed::default() }).await;
    // What is refused was counted all the same, so that the limit holds for it too.
    let from = async |client: String| {
        let list = [("x-forwarded-for", client.as_str())];
        server.request("GET", "/healthz", &list, "").await.status
    };
    let mut limited = false;
    for n in 0..50 {
        // A list that the client began says nothing.
        limited |= from(format!("198.51.100.{n}, 203.0.113.9")).await == 429;
    }
    assert!(limited);
    assert_eq!(from("203.0.113.10".to_owned()).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_rate_are_told_when_to_come_back() {
    let limits = strict(Allowed { requests: 1, ..Allowed::default() });
    let server = trusting(&[], limits).await;
    let begun = std::time::Instant::now();
    let refused = loop {
        let answer = server.get("/healthz").await;
        if answer.status != 200 {
            break answer;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing is refused");
    };
    is_too_many(&refused);
    // And it comes back.
    while server.get("/healthz").await.status != 200 {
        assert!(begun.elapsed() < PATIENCE, "nothing is let in again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let free = trusting(&[], Allowed { requests: 1, ..Allowed::default() }).await;
    for _ in 0..10 {
        assert_eq!(free.get("/healthz").await.status, 200, "this machine is not limited");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_are_closed_at_once() {
    let limits = strict(Allowed { connections: 1, ..Allowed::default() });
    let server = trusting(&[], limits).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    let head = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    first.write_all(head).await.unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    let mut heard = Vec::new();
    // An end or a reset, and either before anything was said.
    let ended = tokio::time::timeout(PATIENCE, second.read_to_end(&mut heard)).await;
    ended.expect("closed at once").unwrap_or_default();
    assert!(heard.is_empty());
    drop(first);
    let begun = std::time::Instant::now();
    loop {
        let mut third = TcpStream::connect(server.address).await.unwrap();
        let _ = third.write_all(head).await;
        if third.read_exact(&mut byte).await.is_ok() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "the place is not freed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_beyond_the_limit_are_refused_and_places_are_freed() {
    let limits = strict(Allowed { sockets: 1, ..Allowed::default() });
    let server = trusting(&[], limits).await;
    let mut first = server.live("topics=summary").await;
    first.next_of("welcome").await;
    let asked = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for path in ["/dashboard/live", "/ws/dashboard", "/ws/agent?source=s"] {
        is_too_many(&upgrade(&server, path, &asked).await);
    }
    drop(first);
    let begun = std::time::Instant::now();
    while upgrade(&server, "/dashboard/live", &asked).await.status != 101 {
        assert!(begun.elapsed() < PATIENCE, "the place is not freed");
    }
}

/// The answer to an upgrade; one that is granted is dropped at once.
async fn upgrade(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    exchange(server, &format!("{request}\r\n")).await
}

/// Sends these bytes and reads one answer.
async fn exchange(server: &Server, request: &str) -> Answer {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut bytes)).await;
        let ended = read.expect("an answer in time").unwrap() == 0;
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(!ended, "no answer: {text}");
            continue;
        };
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: Vec<_> =
            headers.map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().unwrap());
        if ended || body.len() >= length {
            return Answer { status, headers, body: body.as_bytes().to_vec() };
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_stall_or_take_too_long_are_ended() {
    let tuned = |idle, whole| {
        Server::changed(move |settings| {
            settings.tuning.edge.body_idle = Duration::from_millis(idle);
            settings.tuning.edge.body_whole = Duration::from_millis(whole);
        })
    };
    let stalls = tuned(100, 60_000).await;
    for (method, path) in [
        ("PATCH", "/api/v1/settings"),
        ("POST", "/api/v1/events"),
        ("POST", "/api/v1/tasks/retry"),
        ("POST", "/api/v1/import/junit?project=p"),
    ] {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: 100\r\n\r\n{{"
        );
        let answer = exchange(&stalls, &head).await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        assert_eq!(answer.json()["detail"], "the body did not arrive in time", "{path}");
    }
    // A byte now and then is no silence, but it takes too long.
    let drips = tuned(60_000, 300).await;
    let mut stream = TcpStream::connect(drips.address).await.unwrap();
    let head = "PATCH /api/v1/settings HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\ncontent-length: 100000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while to.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut first = [0; 12];
    let read = tokio::time::timeout(PATIENCE, from.read_exact(&mut first)).await;
    read.expect("ended in time").unwrap();
    assert_eq!(&first, b"HTTP/1.1 400");
    dripping.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_are_told_nothing_unless_they_are_named() {
    const NAMED: &str = "https://a.example";
    let origins = Origins::parse(&texts(&[NAMED])).unwrap();
    let server = Server::changed(|settings| settings.origins = origins).await;
    let preflight = async |origin, headers| {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", headers),
            ("sec-fetch-site", "cross-site"),
        ];
        server.request("OPTIONS", "/api/v1/events", &asked, "").await
    };
    let answer = preflight(NAMED, "authorization, ce-id,Ce-Type,x-other").await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    for (name, value) in [
        ("access-control-allow-origin", NAMED),
        ("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE"),
        ("access-control-allow-headers", {
            "authorization, content-type, if-none-match, ce-id, ce-type"
        }),
        ("access-control-max-age", "600"),
        ("vary", "origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let of = async |origin, method, path| {
        let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
        server.request(method, path, &headers, "").await
    };
    let read = of(NAMED, "GET", "/dashboard/summary").await;
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, Some(NAMED)));
    assert_eq!(read.header("access-control-expose-headers"), Some("etag, link, retry-after"));
    assert_eq!(read.header("access-control-allow-credentials"), None);
    let sent = of(NAMED, "POST", "/api/v1/events").await;
    assert_eq!((sent.status, sent.header("access-control-allow-origin")), (415, Some(NAMED)));

    for other in ["https://b.example", "http://a.example", "https://a.example.b.example", "null"] {
        let answer = preflight(other, "authorization").await;
        assert_eq!(answer.status, 405, "{other}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{other}");
        let read = of(other, "GET", "/dashboard/summary").await;
        assert_eq!((read.status, read.header("access-control-allow-origin")), (200, None));
        let varies = read.headers.iter().any(|(n, v)| n == "vary" && v.contains("origin"));
        assert!(varies, "{other}: {:?}", read.headers);
        assert_eq!(of(other, "POST", "/api/v1/events").await.status, 403, "{other}");
    }
    let none = Server::start().await;
    let asked = [("origin", NAMED), ("access-control-request-method", "POST")];
    let answer = none.request("OPTIONS", "/api/v1/events", &asked, "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_reach_the_server_through_its_data_directory() {
    let limits = strict(Allowed { requests: 1, ..Allowed::default() });
    let server = trusting(&[], limits).await;
    let dir = server.data_dir.path().to_owned();
    let meta = std::fs::metadata(dir.join(SOCKET)).unwrap();
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    let ask = |method: &'static str, path: &'static str, json: Option<Value>| {
        let dir = dir.clone();
        let asked = move || local::request(&dir, method, path, json.as_ref());
        tokio::task::spawn_blocking(asked)
    };
    for _ in 0..10 {
        let (status, health) = ask("GET", "/healthz", None).await.unwrap().unwrap();
        assert_eq!((status, &health["status"]), (200, &json!("ok")), "it is not limited");
    }
    let change = json!({"work": {"stuck_after_s": 77}});
    let (status, answer) = ask("PATCH", "/api/v1/settings", Some(change)).await.unwrap().unwrap();
    assert_eq!(status, 200, "{answer}");
    let (status, problem) = ask("GET", "/api/v1/nothing", None).await.unwrap().unwrap();
    assert_eq!((status, &problem["status"]), (404, &json!(404)));

    let (kept, _) = server.stop().await;
    assert!(!kept.path().join(SOCKET).exists(), "gone with its server");
    let gone = local::request(kept.path(), "GET", "/healthz", None);
    assert_eq!(gone.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_counted_wherever_they_are() {
    let server = Server::changed(|all| {
        all.trusted = Networks::parse(&["127.0.0.1".to_owned()]).unwrap();
        all.limits = Allowed { requests: 5, sockets: 1, ..Allowed::default() };
        all.admin_password = Some(Secret("correct horse".to_owned()));
    });
    let server = server.await;
    let at = |n: usize| format!("203.0.113.{n}");
    let form = "username=admin&password=correct+horse";
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let tokens = server.request("POST", "/token", &[kind, ("x-forwarded-for", &at(0))], form).await;
    let tokens = tokens.json();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let open = async |address: String| {
        let headers = [("authorization", bearer.as_str()), ("x-forwarded-for", &address)];
        server.socket_with("/dashboard/live", &headers).await
    };
    let held = open(at(1)).await.unwrap();
    assert_eq!(open(at(2)).await.err(), Some(429), "the user has one already");
    drop(held);
    let mut refused = false;
    for n in 0..60 {
        let (address, bearer) = (at(10 + n), bearer.as_str());
        let headers = [("authorization", bearer), ("x-forwarded-for", address.as_str())];
        refused |= server.request("GET", "/api/v1/me", &headers, "").await.status == 429;
    }
    assert!(refused, "from sixty addresses one user asks too often");
}
