//! What people see of metrics: the explorer, and a board of pinned charts.

use leptos::prelude::*;

/// The explorer.
#[component]
pub fn Explorer() -> impl IntoView {}

/// The viewer's own board.
#[component]
pub fn OwnBoard() -> impl IntoView {}
