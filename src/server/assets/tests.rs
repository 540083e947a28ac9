use super::content_type;
use super::disk::Folder;
use super::site::{Asset, Site};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use tower::ServiceExt as _;

static SITE: Site = Site {
    hash: "0123456789abcdef",
    assets: &[
        Asset { path: "/favicon.svg", etag: "f1", identity: b"<svg/>", br: None, gzip: None },
        Asset {
            path: "/pkg/bellwether_bg.wasm",
            etag: "w1",
            identity: b"wasm",
            br: Some(b"wasm by brotli"),
            gzip: Some(b"wasm by gzip"),
        },
        Asset {
            path: "/pkg/boot.js",
            etag: "b1",
            identity: b"boot",
            br: None,
            gzip: Some(b"boot by gzip"),
        },
    ],
};

async fn send(
    router: Router,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn get(path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    send(SITE.router(), Method::GET, path, headers).await
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_bundle_at_its_hash_is_kept_for_good() {
    let response = get("/pkg/0123456789abcdef/bellwether_bg.wasm", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&response, "content-type"), "application/wasm");
    assert_eq!(header(&response, "vary"), "accept-encoding");
    assert_eq!(text(response).await, "wasm");
}

#[tokio::test]
async fn another_hash_is_a_problem_and_never_the_wrong_version() {
    for path in ["/pkg/fedcba9876543210/boot.js", "/pkg/0123456789abcdef/other.js", "/pkg/other.js"]
    {
        let response = get(path, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(&response, "content-type"), "application/problem+json");
        assert_eq!(header(&response, "cache-control"), "");
        assert!(text(response).await.contains(path));
    }
}

#[tokio::test]
async fn other_addresses_are_asked_for_again() {
    for (path, etag) in [("/favicon.svg", "\"f1\""), ("/pkg/boot.js", "\"b1\"")] {
        let response = get(path, &[]).await;
        assert_eq!(header(&response, "cache-control"), "no-cache", "{path}");
        assert_eq!(header(&response, "etag"), etag, "{path}");
        let again = get(path, &[("if-none-match", &format!("\"old\", W/{etag}"))]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(header(&again, "etag"), etag, "{path}");
        assert_eq!(text(again).await, "");
    }
}

#[tokio::test]
async fn a_tag_of_one_encoding_does_not_stand_for_another() {
    let asked = [("accept-encoding", "br"), ("if-none-match", "\"w1\"")];
    let response = get("/pkg/bellwether_bg.wasm", &asked).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "etag"), "\"w1-br\"");
}

#[tokio::test]
async fn head_has_the_headers_alone() {
    let response = send(SITE.router(), Method::HEAD, "/favicon.svg", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "image/svg+xml");
    assert_eq!(header(&response, "content-length"), "6");
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn the_client_chooses_the_encoding() {
    for (accepted, coding, body) in [
        ("", "", "wasm"),
        ("gzip, deflate, br, zstd", "br", "wasm by brotli"),
        ("gzip", "gzip", "wasm by gzip"),
        ("br;q=0.5, gzip;q=0.9", "gzip", "wasm by gzip"),
        ("br;q=0, *", "gzip", "wasm by gzip"),
        ("*;q=0.1", "br", "wasm by brotli"),
        ("br;q=0.2, identity", "", "wasm"),
        ("br;q=nonsense", "", "wasm"),
        ("*;q=0", "", "wasm"),
        ("BR ; q=0.3", "br", "wasm by brotli"),
    ] {
        let response = get("/pkg/bellwether_bg.wasm", &[("accept-encoding", accepted)]).await;
        assert_eq!(header(&response, "content-encoding"), coding, "{accepted:?}");
        assert_eq!(text(response).await, body, "{accepted:?}");
    }
    let response = get("/pkg/boot.js", &[("accept-encoding", "br, gzip;q=0.1")]).await;
    assert_eq!(header(&response, "content-encoding"), "gzip", "only what there is");
}

#[tokio::test]
async fn a_folder_is_served_as_it_is_now() {
    let root = tempfile::tempdir().unwrap();
    let pkg = root.path().join("site/pkg");
    std::fs::create_dir_all(&pkg).unwrap();
    std::fs::write(root.path().join("secret.txt"), "secret").unwrap();
    std::fs::write(root.path().join("site/robots.txt"), "User-agent: *").unwrap();
    let router: Router = Folder::new(root.path().join("site")).router();
    std::fs::write(pkg.join("boot.js"), "boot").unwrap();

    for (path, status, body) in [
        ("/pkg/boot.js", 200, "boot"),
        ("/robots.txt", 200, "User-agent: *"),
        ("/pkg/other.js", 404, "nothing is at /pkg/other.js"),
        ("/pkg/../../secret.txt", 404, "nothing is at"),
        ("/pkg/..%2F..%2Fsecret.txt", 404, "nothing is at"),
        ("/pkg/%2Fetc%2Fpasswd", 404, "nothing is at"),
        ("/pkg/boot.js%2F..%2F..%2F..%2Fsecret.txt", 404, "nothing is at"),
        ("/secret.txt", 404, ""),
    ] {
        let response = send(router.clone(), Method::GET, path, &[]).await;
        assert_eq!(response.status(), status, "{path}");
        if status == 200 {
            assert_eq!(header(&response, "cache-control"), "no-cache");
            assert_eq!(header(&response, "content-type"), content_type(path));
        }
        assert!(text(response).await.contains(body), "{path}");
    }
}
