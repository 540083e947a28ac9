//! Who may see and do what, by a server of one's own.

mod account;
mod anonymous;
mod caches;
mod cli;
mod login;
mod matrix;
mod pages;
mod secrets;
mod sockets;
mod tokens;

use crate::harness::{Answer, Server, Socket};
use bellwether::server::config::{Settings, Tuning};
use serde_json::{Value, json};

/// The password of every user here.
pub const PASSWORD: &str = "correct horse battery";

/// A server with an admin.
pub struct Secured {
    pub server: Server,
    /// The admin's API token.
    pub admin: String,
}

impl Secured {
    pub async fn start() -> Self {
        Self::tuned(Tuning::default()).await
    }

    pub async fn tuned(tuning: Tuning) -> Self {
        Self::over(Server::tuned(tuning).await).await
    }

    /// One that is started with other settings than most.
    pub async fn changed(change: impl FnOnce(&mut Settings)) -> Self {
        Self::over(Server::changed(change).await).await
    }

    async fn over(server: Server) -> Self {
        let user = json!({ "username": "root", "password": PASSWORD, "role": "admin" });
        let made = server.json("POST", "/api/v1/users", user).await;
        assert_eq!(made.status, 201, "{:?}", made.json());
        let access = sign_in(&server, "root").await;
        let secured = Self { server, admin: access["access_token"].as_str().unwrap().to_owned() };
        let admin = secured.token(json!({ "name": "root token", "role": "admin" })).await;
        Self { admin, ..secured }
    }

    /// One request with a token, or none.
    pub async fn ask(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![];
        if !token.is_empty() {
            headers.push(("authorization", bearer.as_str()));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.server.request(method, path, &headers, body).await
    }

    /// One request of the admin's, which must succeed.
    pub async fn by_admin(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.ask(method, path, &self.admin, body).await;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {said}", answer.status);
        serde_json::from_str(&said).unwrap_or(Value::Null)
    }

    /// Makes a token; returns its secret.
    pub async fn token(&self, spec: Value) -> String {
        let made = self.by_admin("POST", "/api/v1/tokens", Some(spec)).await;
        made["token"].as_str().unwrap().to_owned()
    }

    /// Makes a user.
    pub async fn user(&self, name: &str, role: &str) {
        let user = json!({ "username": name, "password": PASSWORD, "role": role });
        self.by_admin("POST", "/api/v1/users", Some(user)).await;
    }

    /// Opens a socket with these headers.
    pub async fn socket(&self, path: &str, headers: &[(&str, &str)]) -> Result<Socket, u16> {
        self.server.socket_with(path, headers).await
    }

    /// Opens a socket with a token.
    pub async fn socket_by(&self, path: &str, token: &str) -> Result<Socket, u16> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        self.socket(path, if token.is_empty() { &[] } else { &headers }).await
    }
}

/// Sends a form.
pub async fn form(server: &Server, path: &str, fields: &[(&str, &str)]) -> Answer {
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let pairs = fields.iter().map(|(name, value)| {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        format!("{name}={value}")
    });
    let body = pairs.collect::<Vec<_>>().join("&");
    server.request("POST", path, &kind, body).await
}

/// Signs a program in; returns what it is given.
pub async fn sign_in(server: &Server, user: &str) -> Value {
    let answer = form(server, "/token", &[("username", user), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

/// Signs a browser in; returns its cookie.
pub async fn browse(server: &Server, user: &str) -> String {
    let answer = form(server, "/login", &[("username", user), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
    let set = answer.header("set-cookie").expect("a cookie");
    set.split(';').next().unwrap().to_owned()
}
