//! Signing in by people: the form, the cookie, and who may make a browser send it.

use super::{PASSWORD, Secured, browse, form};
use crate::harness::Server;

async fn with(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    server.request(method, path, headers, "").await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_and_out() {
    let secured = Secured::start().await;
    let server = &secured.server;
    let page = server.request("GET", "/work?x=1", &[("accept", "text/html")], "").await;
    assert_eq!((page.status, page.header("location")), (303, Some("/login?next=%2Fwork%3Fx%3D1")));
    let login = server.get("/login?next=/work").await;
    assert_eq!(login.status, 200);
    let html = String::from_utf8(login.body).unwrap();
    assert!(html.contains("action=\"/login\"") && html.contains("value=\"/work\""), "{html}");
    let fields = [("username", "root"), ("password", PASSWORD), ("next", "/work")];
    let answer = form(server, "/login", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/work")));
    let set = answer.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = set.split(';').next().unwrap();
    let me = server.request("GET", "/api/v1/me", &[("cookie", cookie)], "").await.json();
    assert_eq!(me["username"], "root");
    assert_eq!(with(server, "GET", "/work", &[("cookie", cookie)]).await, 200);
    let html = [("cookie", cookie), ("accept", "text/html")];
    let out = server.request("POST", "/logout", &html, "").await;
    assert_eq!((out.status, out.header("location")), (303, Some("/login")));
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(with(server, "GET", "/api/v1/me", &[("cookie", cookie)]).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_on_the_page() {
    let secured = Secured::start().await;
    let fields = [("username", "<b>root"), ("password", "wrong"), ("next", "//evil.example")];
    let answer = form(&secured.server, "/login", &fields).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("set-cookie").is_none());
    let html = String::from_utf8(answer.body).unwrap();
    assert!(html.contains("he user name or the password is wrong"), "{html}");
    assert!(!html.contains("<b>root") && !html.contains("wrong\"") && !html.contains("evil"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_that_were_tampered_with_are_nobodys() {
    let secured = Secured::start().await;
    let cookie = browse(&secured.server, "root").await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut flipped = value.to_owned().into_bytes();
    flipped[20] = if flipped[20] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let other_id = format!("{}{}", "0".repeat(16), &value[16..]);
    for bad in ["", "x", &value[..16], &flipped, &other_id, &format!("{value}A"), &value[16..]] {
        let cookie = format!("{name}={bad}");
        let status = with(&secured.server, "GET", "/api/v1/me", &[("cookie", &cookie)]).await;
        assert_eq!(status, 401, "{bad}");
    }
    let status = with(&secured.server, "GET", "/api/v1/me", &[("cookie", &cookie)]).await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_use_the_cookie() {
    let secured = Secured::start().await;
    let server = &secured.server;
    let cookie = browse(server, "root").await;
    let own = format!("http://{}", server.address);
    let path = "/api/v1/ws-ticket";
    let ask = async |headers: &[(&str, &str)]| {
        let mut all = vec![("cookie", cookie.as_str())];
        all.extend_from_slice(headers);
        with(server, "POST", path, &all).await
    };
    assert_eq!(ask(&[("origin", &own)]).await, 200);
    assert_eq!(ask(&[("origin", &own), ("sec-fetch-site", "same-origin")]).await, 200);
    for foreign in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(ask(&[("origin", foreign)]).await, 403, "{foreign}");
    }
    for site in ["cross-site", "same-site"] {
        assert_eq!(ask(&[("sec-fetch-site", site)]).await, 403, "{site}");
    }
    // What only reads is answered, and no page of another site can read the answer.
    let headers = [("cookie", cookie.as_str()), ("origin", "http://evil.example")];
    let read = server.request("GET", "/api/v1/me", &headers, "").await;
    assert!(read.header("access-control-allow-origin").is_none());
    let fields = "username=root&password=x";
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let forced = [kind, ("origin", "http://evil.example")];
    assert_eq!(server.request("POST", "/login", &forced, fields).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_is_made_by_the_page() {
    let server = Server::start().await;
    let html = String::from_utf8(server.get("/login").await.body).unwrap();
    assert!(html.contains("action=\"/login/first\""), "{html}");
    let fields = [("username", "root"), ("password", PASSWORD), ("again", "another one")];
    assert_eq!(form(&server, "/login/first", &fields).await.status, 422);
    assert_eq!(server.get("/dashboard/summary").await.status, 200, "still open");
    let fields = [("username", "root"), ("password", PASSWORD), ("again", PASSWORD)];
    let answer = form(&server, "/login/first", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let me = server.request("GET", "/api/v1/me", &[("cookie", &cookie)], "").await.json();
    assert_eq!(me["role"], "admin");
    let again = [("username", "eve"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(form(&server, "/login/first", &again).await.status, 409);
    let html = String::from_utf8(server.get("/login").await.body).unwrap();
    assert!(html.contains("action=\"/login\""), "{html}");
}
