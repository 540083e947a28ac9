//! `bellwether user`, `token` and `key`, with and without a server over the directory.

use super::PASSWORD;
use crate::process::{Served, wait};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a command over a data directory, with this on its standard input.
fn run(dir: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bellwether"))
        .args(args)
        .arg("--data-dir")
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not read it may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn failed(output: &Output, code: i32, part: &str) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(part), "{said}");
}

fn status(served: &Served, token: &str) -> u16 {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = agent.get(format!("{}/api/v1/me", served.url));
    let answer = request.header("authorization", format!("Bearer {token}")).call().unwrap();
    answer.status().as_u16()
}

#[test]
fn users_and_tokens_are_made_before_and_while_a_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let add = |name: &str, role: &str| {
        let args = ["user", "add", name, "--role", role, "--password-stdin"];
        run(&data, &args, &format!("{PASSWORD}\n"))
    };
    // Whoever has the directory can make an admin later, so the first need not be one.
    done(&add("bob", "viewer"));
    done(&run(&data, &["user", "remove", "bob"], ""));
    done(&add("root", "admin"));
    failed(&add("root", "admin"), 1, "already");
    let before = done(&run(&data, &["token", "add", "before", "--role", "producer"], ""));
    let served = Served::start(&data, &[]);
    done(&add("ann", "viewer"));
    let during = done(&run(&data, &["token", "add", "during", "--role", "viewer"], ""));
    for token in [&before, &during] {
        assert!(token.starts_with("bw_") && token.lines().count() == 1, "{token}");
        assert_eq!(status(&served, token.trim()), 200);
    }
    assert_eq!(done(&run(&data, &["user", "list"], "")).lines().count(), 2);
    let list = done(&run(&data, &["token", "list"], ""));
    let id = list.lines().find(|line| line.contains("before")).unwrap();
    let id = id.split('\t').next().unwrap();
    done(&run(&data, &["token", "revoke", id], ""));
    assert_eq!(status(&served, before.trim()), 401);
    done(&run(&data, &["key", "rotate"], ""));
    done(&run(&data, &["user", "remove", "ann"], ""));
    failed(&run(&data, &["user", "remove", "root"], ""), 1, "last");
    let short = run(&data, &["user", "password", "root", "--password-stdin"], "short\n");
    failed(&short, 1, "at least 8");
    assert!(served.signal("-TERM").0.success());
    let list = done(&run(&data, &["user", "list"], ""));
    assert_eq!(list.trim(), "root\tadmin");
    failed(&run(&data, &["token", "add", "x"], ""), 2, "--role");
}

#[test]
fn it_refuses_to_listen_where_nobody_could_be_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    let serve = |listen: &str, more: &[&str], password: Option<&str>| {
        let mut serve = Command::new(env!("CARGO_BIN_EXE_bellwether"));
        serve.args(["serve", "--no-sampler", "--listen", listen, "--data-dir"]).arg(dir.path());
        serve.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
        serve.env_remove("BELLWETHER_ADMIN_PASSWORD");
        serve.envs(password.map(|password| ("BELLWETHER_ADMIN_PASSWORD", password)));
        serve
    };
    let refused = |listen: &str, more: &[&str], password: Option<&str>| {
        let mut child = serve(listen, more, password).spawn().unwrap();
        let code = wait(&mut child).code();
        let output = child.wait_with_output().unwrap();
        (code, String::from_utf8(output.stderr).unwrap())
    };
    let (here, anywhere) = ("127.0.0.1:0", "0.0.0.0:0");
    let (code, said) = refused(anywhere, &[], None);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no users") && said.contains("bellwether user add"), "{said}");
    let (code, said) = refused(here, &["--anonymous", "operator"], None);
    assert!(code == Some(2) && said.contains("retry_tasks"), "{said}");
    let (code, said) = refused(here, &["--anonymous", "nobody"], None);
    assert!(code == Some(2) && said.contains("no such role"), "{said}");
    let (code, said) = refused(anywhere, &[], Some("short"));
    assert!(code == Some(2) && said.contains("at least 8"), "{said}");
    // With a password it would; here it is enough that the admin is made.
    let served = Served::wait_for(serve(here, &[], Some(PASSWORD)).spawn().unwrap());
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let fields = [("username", "admin"), ("password", PASSWORD)];
    let mut answer = agent.post(format!("{}/token", served.url)).send_form(fields).unwrap();
    let tokens: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(tokens["user"]["role"], "admin");
}
