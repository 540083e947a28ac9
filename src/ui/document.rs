//! The document around every page.

use super::app::App;
use crate::domain::access::view::{Login, LoginPage};
use crate::server::assets::AssetPaths;
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// The document around the page where one signs in, which needs no script.
pub fn login_document(assets: AssetPaths, page: LoginPage) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <title>"Sign in · Bellwether"</title>
                <script src="/theme.js"></script>
                <link rel="stylesheet" href=assets.css />
                <link rel="icon" href="/icon.svg" type="image/svg+xml" />
            </head>
            <body>
                <Login page=page />
            </body>
        </html>
    }
}

/// The whole document. Scripts and styles are files of their own, so that the page's policy need
/// not allow inline ones.
pub fn document(assets: AssetPaths) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f6f7f9" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0d1015" />
                <script src="/theme.js"></script>
                <link rel="stylesheet" href=assets.css />
                // What only works with JavaScript is not offered without it.
                <noscript>
                    <style>".js { display: none !important }"</style>
                </noscript>
                <link rel="icon" href="/icon.svg" type="image/svg+xml" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <link rel="modulepreload" href=assets.js />
                <link rel="preload" r#as="fetch" href=assets.wasm type="application/wasm" crossorigin="anonymous" />
                <script type="module" src=assets.boot></script>
                <script type="module" src="/bell.js"></script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
