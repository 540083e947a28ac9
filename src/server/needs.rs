//! Every route with what it needs: declared where it is made, checked before anything answers.
//!
//! What is not declared is not answered, so that a route that somebody forgot is closed and not
//! open.

use super::App;
use super::access::caller::Refused;
use super::access::{self, Act, Caller};
use crate::domain::access::Permissions;
use crate::wire::{ApiError, ErrorKind};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use std::collections::HashMap;
use std::sync::Arc;

/// What a route needs of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is open to all.
    Nothing,
    /// That it is known who asks, be it by an open board.
    Known,
    /// These permissions.
    All(Permissions),
    /// These permissions; it is a page, so that whoever has not signed in is led there.
    Page(Permissions),
    /// What it needs is asked once the socket is open, for credentials may come as its first
    /// message; see [`super::socket`].
    Socket(Permissions),
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its method.
    pub method: Method,
    /// Its path, as axum writes it.
    pub path: String,
    /// What it needs.
    pub needs: Needs,
}

/// Routes with what they need.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    table: Vec<Entry>,
}

macro_rules! methods {
    ($($name:ident = $method:ident),+) => {
        $(
            #[doc = concat!("Adds a route for `", stringify!($method), "`.")]
            #[must_use]
            pub fn $name<H, T>(self, path: &str, needs: Needs, handler: H) -> Self
            where
                H: Handler<T, App>,
                T: 'static,
            {
                self.add(MethodFilter::$method, Method::$method, path, needs, handler)
            }
        )+
    };
}

impl Routes {
    methods!(get = GET, post = POST, put = PUT, patch = PATCH, delete = DELETE);

    fn add<H, T>(
        mut self,
        filter: MethodFilter,
        method: Method,
        path: &str,
        needs: Needs,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.router = self.router.route(path, on(filter, handler));
        self.table.push(Entry { method, path: path.to_owned(), needs });
        self
    }

    /// Adds others.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.router = self.router.merge(others.router);
        self.table.extend(others.table);
        self
    }

    /// Changes the router, to lay something over its routes.
    #[must_use]
    pub fn over(self, change: impl FnOnce(Router<App>) -> Router<App>) -> Self {
        Self { router: change(self.router), table: self.table }
    }

    /// Every route there is.
    pub fn table(&self) -> &[Entry] {
        &self.table
    }

    /// The router, with what every route needs checked before it.
    pub fn guarded(self, app: &App) -> Router<App> {
        let mut table: HashMap<String, Vec<(Method, Needs)>> = HashMap::new();
        for Entry { method, path, needs } in self.table {
            table.entry(path).or_default().push((method, needs));
        }
        let guard = Guard { app: app.clone(), table: Arc::new(table) };
        self.router.route_layer(from_fn_with_state(guard, check))
    }
}

#[derive(Clone)]
struct Guard {
    app: App,
    table: Arc<HashMap<String, Vec<(Method, Needs)>>>,
}

impl Guard {
    /// What a request needs; nothing if there is no such method, or no such path.
    fn needs(&self, request: &Request) -> Option<Option<Needs>> {
        let path = request.extensions().get::<MatchedPath>()?.as_str();
        // What GET needs, HEAD does.
        let method = match request.method() {
            &Method::HEAD => &Method::GET,
            other => other,
        };
        let methods = self.table.get(path)?.iter();
        let found = methods.into_iter().find(|(known, _)| known == method);
        Some(found.map(|(_, needs)| *needs))
    }
}

async fn check(
    State(guard): State<Guard>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let needs = match guard.needs(&request) {
        Some(Some(needs)) => needs,
        // No such method: the route itself says so.
        Some(None) => return next.run(request).await,
        None => {
            tracing::error!(path = request.uri().path(), "a route does not say what it needs");
            return ApiError::new(ErrorKind::Forbidden, "nobody may do that").into_response();
        }
    };
    let refused = request.extensions().get::<Refused>().filter(|_| needs != Needs::Nothing);
    if let Some(Refused(error)) = refused {
        return error.clone().into_response();
    }
    let needed = match needs {
        Needs::Nothing => return next.run(request).await,
        // Whoever shows nothing yet may do so once the socket is open.
        Needs::Socket(_) if caller.is_nobody() => Ok(()),
        Needs::Known => known(&caller),
        Needs::Page(permissions) if caller.is_nobody() && !sees(&caller, permissions) => {
            if for_people(&request) {
                return to_login(&request);
            }
            Err(access::caller::unauthenticated("sign in first"))
        }
        // A page says what is missing by itself.
        Needs::Page(_) => Ok(()),
        Needs::All(permissions) | Needs::Socket(permissions) => caller.may(permissions),
    };
    let what = format!("{} {}", request.method(), request.uri().path());
    let what: String = what.chars().take(200).collect();
    let answer = match needed {
        Ok(()) => next.run(request).await,
        Err(error) => {
            let denied = error.code == ErrorKind::Forbidden;
            let answer = error.clone().into_response();
            if denied {
                note(&guard.app, &caller, what, &error.detail);
            }
            return answer;
        }
    };
    // A handler may look closer: at whom is to be changed, say.
    if answer.status() == StatusCode::FORBIDDEN {
        note(&guard.app, &caller, what, "more than they may do");
    }
    answer
}

/// Whether somebody without credentials may see a page.
fn sees(caller: &Caller, needed: Permissions) -> bool {
    !caller.permissions.is_empty() && caller.permissions.covers(needed)
}

fn known(caller: &Caller) -> Result<(), ApiError> {
    if caller.is_nobody() && caller.permissions.is_empty() {
        return Err(access::caller::unauthenticated("sign in first"));
    }
    Ok(())
}

/// Notes that somebody who is known was denied something.
fn note(app: &App, caller: &Caller, what: String, why: &str) {
    let act = Act::by(caller, "access.deny").on(what).because(why);
    access::own::denied(app, act);
}

/// Whether it is a browser that asks, for somebody to read the answer.
fn for_people(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Leads a browser to where one signs in, and from there back.
fn to_login(request: &Request) -> Response {
    let from = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let to = match from {
        "/" => "/login".to_owned(),
        from => format!("/login?next={}", crate::wire::encoded(from)),
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store".into())])
        .into_response()
}
