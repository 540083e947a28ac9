//! Signing in, and one's own sessions.

use crate::domain::access::{Me, PasswordChange, SessionsPage};
use crate::server::openapi::op::{FORM, JSON, Op, delete, get, named, object, paged, post, put};
use serde_json::json;

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let password = object(
        &["username", "password"],
        json!({
            "grant_type": { "type": "string", "enum": ["password"] },
            "username": { "type": "string" },
            "password": { "type": "string", "format": "password" },
            "scope": { "type": "string" }
        }),
    );
    let refresh = object(
        &["refresh_token"],
        json!({
            "grant_type": { "type": "string", "enum": ["refresh_token"] },
            "refresh_token": { "type": "string" }
        }),
    );
    let ticket = object(
        &["ticket", "expires_in"],
        json!({
            "ticket": { "type": "string" },
            "expires_in": { "type": "integer", "description": "Seconds." }
        }),
    );
    vec![
        post("/token", "sign_in", "Signs in (OAuth 2, password form).")
            .takes_as(
                FORM,
                password,
                json!({ "username": "ada", "password": "correct horse battery" }),
            )
            .answers_as(200, "Tokens, and who one is.", [(JSON, named("Tokens"))])
            .fails(&[401]),
        post("/token/refresh", "refresh_token", "Exchanges a refresh token for the next tokens.")
            .more("A refresh token is good once. If one is used again, the session ends.")
            .takes_as(FORM, refresh, json!({ "refresh_token": "eyJ…" }))
            .answers_as(200, "Tokens, and who one is.", [(JSON, named("Tokens"))])
            .fails(&[401]),
        post("/logout", "sign_out", "Ends the session, its access token too.")
            .answers_as(204, "It is over.", [])
            .fails(&[401, 403, 409]),
        post("/api/v1/ws-ticket", "ws_ticket", "A ticket for one socket, given as `?ticket=`.")
            .answers_as(200, "Good once, and not for long.", [(JSON, ticket)]),
        get("/api/v1/me", "me", "Who one is, and what one may do.")
            .answers::<Me>(200, "The caller."),
        get("/api/v1/me/sessions", "my_sessions", "Where one is signed in.")
            .query(paged(500, 50))
            .answers::<SessionsPage>(200, "A page of them.")
            .fails(&[404, 409]),
        delete("/api/v1/me/sessions/{id}", "end_my_session", "Signs out elsewhere.")
            .name("id", "Id of the session.")
            .answers_as(204, "It is over.", [])
            .fails(&[404, 409]),
        put(
            "/api/v1/me/password",
            "change_my_password",
            "Sets one's own password; all other sessions end.",
        )
        .takes::<PasswordChange>(
            json!({ "current": "correct horse battery", "password": "a better one, and longer" }),
        )
        .answers_as(204, "It is set.", [])
        .fails(&[404, 409]),
    ]
}
