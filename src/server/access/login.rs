//! Where people sign in: a plain form that works without JavaScript, and without any of the board's.

use super::caller::Caller;
use super::session::{self, From};
use super::{oidc, users};
use crate::domain::access::view::{LoginPage, Purpose};
use crate::domain::access::{NewUser, Secret, Via};
use crate::server::body::FormBody;
use crate::server::needs::{Needs, Routes};
use crate::server::peer::Peer;
use crate::server::{App, pages};
use crate::wire::{ApiError, ErrorKind};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Where one signs in and out.
pub fn routes() -> Routes {
    oidc::routes()
        .get("/login", Needs::Nothing, show)
        .post("/login", Needs::Nothing, sign_in)
        .post("/login/first", Needs::Nothing, first)
        .post("/logout", Needs::Known, sign_out)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Params {
    next: String,
}

#[derive(Deserialize)]
struct SignInForm {
    username: String,
    password: Secret,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct FirstForm {
    username: String,
    password: Secret,
    again: Secret,
}

/// Where to go on: a page of ours, whatever the address says.
pub fn local(next: &str) -> &str {
    let foreign = next.starts_with("//") || next.contains('\\') || next.contains(char::is_control);
    if next.starts_with('/') && !foreign && !next.starts_with("/login") { next } else { "/" }
}

/// The page as it is before anything was tried.
pub(super) fn blank(app: &App, next: &str) -> LoginPage {
    let open = app.access.is_open(&app.hub.published().state.access);
    LoginPage {
        purpose: if open { Purpose::First } else { Purpose::SignIn },
        username: String::new(),
        next: local(next).to_owned(),
        problem: None,
        provider: app.access.policy.provider_name.as_deref().map(str::to_owned),
    }
}

/// `GET /login`
async fn show(
    State(app): State<App>,
    caller: Caller,
    params: Result<Query<Params>, QueryRejection>,
) -> Response {
    let next = params.map(|Query(params)| params.next).unwrap_or_default();
    if caller.via == Via::Session {
        return to(local(&next));
    }
    pages::login(StatusCode::OK, blank(&app, &next)).await
}

/// Goes on at a page.
pub fn to(path: &str) -> Response {
    let headers = [(header::LOCATION, path), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Goes on at a page with a session, or with none.
pub fn with_cookie(path: &str, value: Option<&str>, secure: bool) -> Response {
    let mut response = to(path);
    // Cookies hold nothing that a header cannot.
    if let Ok(cookie) = HeaderValue::from_str(&session::set_cookie(value, secure)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether the client speaks https.
pub(super) fn secure(peer: Option<&Extension<Peer>>) -> bool {
    peer.is_some_and(|Extension(peer)| peer.secure)
}

/// The page again, saying what is wrong.
pub(super) async fn again(page: LoginPage, error: &ApiError) -> Response {
    let problem = Some(match error.errors.first() {
        Some(field) => format!("{} {}", field.pointer.trim_start_matches('/'), field.detail),
        None => error.detail.clone(),
    });
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = pages::login(status, LoginPage { problem, ..page }).await;
    if let Some(seconds) = error.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// `POST /login`
async fn sign_in(
    State(app): State<App>,
    caller: Caller,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    form: Result<FormBody<SignInForm>, ApiError>,
) -> Response {
    let FormBody(form) = match form {
        Ok(form) => form,
        Err(error) => return again(blank(&app, ""), &error).await,
    };
    let page = LoginPage { username: form.username.clone(), ..blank(&app, &form.next) };
    let from = From::of(&caller, &headers);
    let user = match session::verify(&app, &from, &form.username, &form.password.0).await {
        Ok(user) => user,
        Err(error) => return again(page, &error).await,
    };
    match session::open_browser(&app, from, &user, "password").await {
        Ok(cookie) => with_cookie(&page.next, Some(&cookie), secure(peer.as_ref())),
        Err(error) => again(page, &error).await,
    }
}

/// `POST /login/first`: makes the first admin of an open board, and signs them in.
async fn first(
    State(app): State<App>,
    caller: Caller,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    FormBody(form): FormBody<FirstForm>,
) -> Result<Response, ApiError> {
    if caller.via != Via::Open {
        let detail = "there are users already; one of them can make others";
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    let page = LoginPage { username: form.username.clone(), ..blank(&app, "") };
    if form.password.0 != form.again.0 {
        let error = ApiError::new(ErrorKind::Invalid, "the two passwords are not the same");
        return Ok(again(page, &error).await);
    }
    let new = NewUser {
        username: form.username,
        password: form.password,
        role: "admin".to_owned(),
        email: None,
        full_name: None,
    };
    let made = match users::create(&app, &caller, new).await {
        Ok(made) => made,
        Err(error) => return Ok(again(page, &error).await),
    };
    let shown = app.hub.published();
    let Some(user) = shown.state.access.users.get(&made.username) else { return Ok(to("/login")) };
    let from = From::of(&caller, &headers);
    let cookie = session::open_browser(&app, from, user, "password").await?;
    Ok(with_cookie("/", Some(&cookie), secure(peer.as_ref())))
}

/// `POST /logout`: 204 for programs, and back to where one signs in for people.
async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    session::sign_out(&app, &caller).await?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut response = with_cookie("/login", None, secure(peer.as_ref()));
    if !accept.is_some_and(|accept| accept.contains("text/html")) {
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().remove(header::LOCATION);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(next: &str, expect: &str) {
        assert_eq!(local(next), expect, "{next}");
    }

    #[test]
    fn nobody_is_led_to_another_site() {
        check("/projects?q=a", "/projects?q=a");
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/x",
            "/login",
            "x",
        ] {
            check(foreign, "/");
        }
    }
}
