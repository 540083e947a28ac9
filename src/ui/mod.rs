//! STUB
pub mod chart;
pub mod format;
pub mod app {
    use leptos::prelude::*;
    #[component]
    pub fn App() -> impl IntoView {
        "stub"
    }
}
#[cfg(feature = "ssr")]
pub mod document {
    use leptos::prelude::*;
    pub fn document(_a: crate::server::assets::AssetPaths) -> impl IntoView {
        "stub"
    }
}
