//! After a full run no secret is anywhere: not in the log at its most talkative, not in a file of the
//! data directory, not in an event.

use super::PASSWORD;
use crate::process::{Served, command};
use bellwether::pipeline::journal::Reader;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

struct Run {
    url: String,
    agent: ureq::Agent,
    /// All that must not be found.
    secrets: Vec<String>,
}

impl Run {
    fn form(&self, path: &str, fields: &[(&str, &str)]) -> http::Response<ureq::Body> {
        self.agent.post(format!("{}{path}", self.url)).send_form(fields.to_vec()).unwrap()
    }

    fn json(&self, method: &str, path: &str, bearer: &str, body: Value) -> (u16, Value) {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {bearer}"));
        let mut answer = self.agent.run(request.body(body.to_string()).unwrap()).unwrap();
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    fn secret(&mut self, value: &Value) -> String {
        let secret = value.as_str().unwrap().to_owned();
        self.secrets.push(secret.clone());
        secret
    }

    /// Everything that has to do with secrets, and some of it wrong.
    fn all(&mut self) {
        let fields = [("username", "admin"), ("password", PASSWORD)];
        let text = self.form("/token", &fields).body_mut().read_to_string().unwrap();
        let tokens: Value = serde_json::from_str(&text).unwrap();
        let access = self.secret(&tokens["access_token"]);
        let refresh = self.secret(&tokens["refresh_token"]);
        let wrong = "wrong but still secret";
        self.secrets.extend([PASSWORD, wrong, "another password 7"].map(str::to_owned));
        assert_eq!(
            self.form("/token", &[("username", "admin"), ("password", wrong)]).status(),
            401
        );
        let login = self.form("/login", &fields);
        let cookie = login.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
        self.secrets.push(cookie.get(16..).unwrap().to_owned());
        let user = json!({ "username": "ann", "password": "another password 7", "role": "viewer" });
        assert_eq!(self.json("POST", "/api/v1/users", &access, user).0, 201);
        let bad = json!({ "username": "bob", "password": "another password 7", "role": "none" });
        assert_eq!(self.json("POST", "/api/v1/users", &access, bad).0, 422);
        let spec = json!({ "name": "ci", "role": "producer" });
        let made = self.json("POST", "/api/v1/tokens", &access, spec).1;
        let token = self.secret(&made["token"]);
        self.secrets.push(token.get(19..).unwrap().to_owned());
        let event = json!({ "type": "task.queued", "data": { "task": "t" } });
        assert_eq!(self.json("POST", "/api/v1/events", &token, event).0, 200);
        let ticket = self.json("POST", "/api/v1/ws-ticket", &access, Value::Null).1;
        let ticket = self.secret(&ticket["ticket"]);
        for path in [
            format!("/dashboard/live?ticket={ticket}"),
            format!("/dashboard/summary?token={token}"),
            format!("/dashboard/summary?access_token={access}"),
            format!("/login?next=/x&password={wrong}").replace(' ', "+"),
        ] {
            let _ = self.agent.get(format!("{}{path}", self.url)).call();
        }
        let _ = self
            .agent
            .get(format!("{}/api/v1/me", self.url))
            .header("authorization", &token)
            .call();
        let fields = [("refresh_token", refresh.as_str())];
        let next = self.form("/token/refresh", &fields).body_mut().read_to_string().unwrap();
        let next: Value = serde_json::from_str(&next).unwrap();
        let (access, _) = (self.secret(&next["access_token"]), self.secret(&next["refresh_token"]));
        assert_eq!(self.form("/token/refresh", &fields).status(), 401);
        assert_eq!(self.json("GET", "/api/v1/me", &access, Value::Null).0, 401);
    }
}

#[test]
fn a_full_run_leaves_no_secret_behind() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let log = dir.path().join("log");
    let mut served = command(&data, &[]);
    served
        .env("BELLWETHER_LOG", "trace")
        .env("BELLWETHER_ADMIN_PASSWORD", PASSWORD)
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap());
    let served = Served::wait_for(served.spawn().unwrap());
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build();
    let mut run = Run { url: served.url.clone(), agent: agent.into(), secrets: Vec::new() };
    run.all();
    let (status, _) = served.signal("-TERM");
    assert!(status.success(), "{status}");
    let mut places = vec![("the log".to_owned(), std::fs::read(&log).unwrap())];
    assert!(places[0].1.len() > 1_000, "the log is talkative");
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
            places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    let events = Reader::open(&data).unwrap().read(0).unwrap();
    assert!(events.iter().any(|event| event.event.kind() == "token.created"));
    let all: Vec<String> = events.iter().map(|event| event.event.encode().unwrap()).collect();
    places.push(("an event".to_owned(), all.join("\n").into_bytes()));
    places.push(("what an event prints".to_owned(), format!("{events:?}").into_bytes()));
    for (place, bytes) in &places {
        for secret in &run.secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {place}");
        }
    }
    let hash = b"$argon2id$";
    let told = places.last().unwrap();
    assert!(!told.1.windows(hash.len()).any(|window| window == hash), "a hash is printed");
}
