//! Users, roles, tokens and the audit log.

use crate::domain::access::{
    AuditPage, NewToken, NewUser, RoleItem, RoleSpec, RolesPage, TokenItem, TokenSpec, TokensPage,
    UserItem, UserPatch, UsersPage,
};
use crate::server::openapi::op::{
    JSON, Op, delete, get, object, paged, param, post, put, text, time, word,
};
use serde_json::json;

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let role = json!({ "description": "Looks after the queues", "permissions": ["view_agents", "retry_tasks"] });
    let new_role = object(
        &["name", "permissions"],
        json!({
            "name": { "type": "string", "minLength": 1, "maxLength": 200 },
            "description": { "type": "string" },
            "permissions": { "$ref": "#/components/schemas/Permissions" }
        }),
    );
    let retire = param(
        "retire",
        "Whether what the last key signed is good no more.",
        json!({ "type": "string", "enum": ["true", "false"] }),
    );
    vec![
        get("/api/v1/users", "users", "Users, by name.")
            .query(paged(500, 50))
            .answers::<UsersPage>(200, "A page of them."),
        post("/api/v1/users", "create_user", "Makes a user.")
            .takes::<NewUser>(json!({ "username": "ada", "password": "correct horse battery", "role": "operator" }))
            .answers::<UserItem>(201, "They may sign in.")
            .fails(&[409]),
        get("/api/v1/users/{username}", "user", "A user.")
            .name("username", "Name of the user.")
            .answers::<UserItem>(200, "The user.")
            .fails(&[404]),
        put("/api/v1/users/{username}", "change_user", "Changes a user; what is left out stays.")
            .name("username", "Name of the user.")
            .takes::<UserPatch>(json!({ "role": "viewer" }))
            .answers::<UserItem>(200, "The user now.")
            .fails(&[404, 409]),
        delete("/api/v1/users/{username}", "remove_user", "Removes a user, and ends their sessions.")
            .name("username", "Name of the user.")
            .answers_as(204, "They are gone.", [])
            .fails(&[404, 409]),
        get("/api/v1/roles", "roles", "Roles, built-in ones first.")
            .query(paged(500, 50))
            .answers::<RolesPage>(200, "A page of them."),
        post("/api/v1/roles", "create_role", "Defines a role.")
            .takes_as(JSON, new_role, json!({ "name": "dispatcher", "permissions": ["view_agents", "retry_tasks"] }))
            .answers::<RoleItem>(200, "It was defined before, and means that now.")
            .answers::<RoleItem>(201, "It is defined.")
            .fails(&[409]),
        get("/api/v1/roles/{name}", "role", "A role.")
            .name("name", "Name of the role.")
            .answers::<RoleItem>(200, "The role.")
            .fails(&[404]),
        put("/api/v1/roles/{name}", "define_role", "Defines a role, or defines it anew.")
            .name("name", "Name of the role.")
            .takes::<RoleSpec>(role)
            .answers::<RoleItem>(200, "It means that now.")
            .answers::<RoleItem>(201, "It is defined.")
            .fails(&[404, 409]),
        delete("/api/v1/roles/{name}", "remove_role", "Removes a role that nobody has.")
            .name("name", "Name of the role.")
            .answers_as(204, "It is gone.", [])
            .fails(&[404, 409]),
        get("/api/v1/tokens", "tokens", "API tokens; their secrets are not kept.")
            .query(paged(500, 50))
            .answers::<TokensPage>(200, "A page of them."),
        post("/api/v1/tokens", "create_token", "Makes an API token; its secret is told this once.")
            .more("It allows what `role` allows, or exactly `permissions`.")
            .takes::<TokenSpec>(json!({ "name": "ci", "role": "producer" }))
            .answers::<NewToken>(201, "The token, with its secret.")
            .fails(&[409]),
        get("/api/v1/tokens/{id}", "token", "An API token.")
            .name("id", "Id of the token.")
            .answers::<TokenItem>(200, "The token.")
            .fails(&[404]),
        delete("/api/v1/tokens/{id}", "revoke_token", "Revokes an API token.")
            .name("id", "Id of the token.")
            .answers_as(204, "It is good no more.", [])
            .fails(&[404]),
        post("/api/v1/keys/rotate", "rotate_keys", "Makes a new key to sign access tokens with.")
            .query([retire])
            .answers_as(200, "The new key.", [(JSON, object(&["kid"], json!({ "kid": { "type": "string" } })))]),
        get("/api/v1/audit", "audit", "Who did what, or tried to, newest first.")
            .query([
                text("actor", "Who."),
                text("action", "What; `user` is everything about users."),
                text("target", "Whom or what it was done to."),
                text("address", "From where."),
                word("outcome", "How it went.", &["done", "denied"]),
                time("start_time", "From then on."),
                time("end_time", "Until before then."),
            ])
            .query(paged(500, 50))
            .answers::<AuditPage>(200, "A page of it."),
    ]
}
