//! Who looks at the board, and what they may see of it.

pub use crate::domain::access::Permission;
use crate::domain::access::{Me, Permissions, Via};
use crate::wire::{ApiError, ErrorKind};
use leptos::prelude::*;
use std::sync::Arc;

/// Makes known who looks: as the server found out, handed on in the page, so that the browser need
/// not ask. To be called before anything else is made.
pub fn provide_me() {
    let found = SharedValue::new(|| use_context::<Me>().unwrap_or_else(nobody));
    provide_context(Arc::new(found.into_inner()));
}

/// Who looks. To be asked while something is made, not while an event is handled.
pub fn me() -> Arc<Me> {
    use_context().unwrap_or_else(|| Arc::new(nobody()))
}

/// Whether whoever looks may do all of `needed`. To be asked as [`me`] is.
pub fn may(needed: impl Into<Permissions>) -> bool {
    me().permissions.covers(needed.into())
}

fn nobody() -> Me {
    Me {
        username: "anonymous".into(),
        email: None,
        full_name: None,
        role: None,
        permissions: Permissions::NONE,
        via: Via::Anonymous,
        open: false,
    }
}

/// Loads the page anew if an answer says that whoever was known when it was rendered is so no more:
/// that leads to where one signs in. Only for the browser.
pub fn leave_if_signed_out(error: &ApiError, known: bool) {
    if known && error.code == ErrorKind::Unauthenticated {
        // What cannot be loaded anew goes on saying that it is not permitted.
        let _ = window().location().reload();
    }
}

/// Whether it is known who looks, by a session or since the board is open to all.
pub fn is_known() -> bool {
    me().via != Via::Anonymous
}
