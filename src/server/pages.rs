//! Pages: rendered whole on the server, so that they read well without JavaScript.

use super::access::Caller;
use super::needs::{Needs, Routes};
use super::{App, assets, guard};
use crate::domain::access::view::LoginPage;
use crate::ui;
use crate::ui::widgets::PageStatus;
use crate::wire::ApiError;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use leptos::nonce::Nonce;
use leptos::prelude::provide_context;

/// Every page's route.
pub fn routes() -> Routes {
    let pages = leptos_axum::generate_route_list(ui::app::App);
    pages.into_iter().fold(Routes::default(), |routes, listing| {
        let needs = Needs::Page(ui::shell::needs(listing.path()));
        routes.get(listing.path(), needs, page)
    })
}

/// Renders the page at the request's path.
pub async fn page(State(app): State<App>, caller: Caller, request: Request) -> Response {
    let nonce = Nonce::new();
    let policy = HeaderValue::from_str(&guard::page_policy(&nonce));
    let status = PageStatus::default();
    let said = status.clone();
    let shown = app.hub.published();
    let me = super::access::account::me(&shown, &caller);
    let loud = ui::shell::Loud::from(shown.alert_numbers);
    let context = move || {
        provide_context(app.clone());
        provide_context(caller.clone());
        provide_context(me.clone());
        provide_context(loud);
        provide_context(nonce.clone());
        provide_context(said.clone());
    };
    let render = leptos_axum::render_app_async_with_context(context, || {
        ui::document::document(assets::paths())
    });
    // It answers once all of the page is there, so nothing is said after this.
    let mut response = render(request).await;
    if let Ok(status) = StatusCode::from_u16(status.get()) {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    if let Ok(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // A page states what is so now; the copy in a cache would not.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Renders the page where one signs in.
pub async fn login(status: StatusCode, page: LoginPage) -> Response {
    let nonce = Nonce::new();
    let policy = HeaderValue::from_str(&guard::page_policy(&nonce));
    let context = move || provide_context(nonce.clone());
    let render = leptos_axum::render_app_async_with_context(context, move || {
        ui::document::login_document(assets::paths(), page.clone())
    });
    let mut response = render(Request::new(Body::empty())).await;
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What no route answers: a problem for programs, a page for people.
pub async fn not_found(State(app): State<App>, caller: Caller, request: Request) -> Response {
    let path = request.uri().path();
    let for_people = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let interface = ["/api/", "/dashboard/", "/ws/", "/pkg/"].iter().any(|p| path.starts_with(p));
    if interface || !for_people || !request.method().is_safe() {
        return ApiError::not_found(format!("nothing is at {path}")).into_response();
    }
    page(State(app), caller, request).await
}
