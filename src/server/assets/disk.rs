//! The site as files in a folder, for whoever is changing it: always the newest, never cached.

use super::{content_type, nothing_at};
use crate::wire::{ApiError, ErrorKind};
use axum::Router;
use axum::extract::Path as Segment;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A site's folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(Arc<Path>);

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self(root.into())
    }

    /// `LEPTOS_SITE_ROOT`, which cargo-leptos sets, or where `tools/site.sh` builds.
    pub(super) fn of_this_process() -> Self {
        Self::new(
            std::env::var_os("LEPTOS_SITE_ROOT")
                .map_or_else(|| "target/site".into(), PathBuf::from),
        )
    }

    /// A route for each file that is there now outside `/pkg`, and one for whatever `/pkg` holds.
    pub(super) fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let folder = self.clone();
        let bundle = async move |Segment(file): Segment<String>| {
            folder.answer(&format!("/pkg/{file}")).await
        };
        let mut public = Vec::new();
        // Without a folder there is nothing to serve, and the first page will say so.
        let _ = list(&self.0, "", &mut public);
        public.into_iter().fold(Router::new().route("/pkg/{*file}", get(bundle)), |router, path| {
            let folder = self.clone();
            let file = path.clone();
            router.route(&path, get(async move || folder.answer(&file).await))
        })
    }

    async fn answer(&self, path: &str) -> Response {
        let Some(file) = self.locate(path) else { return nothing_at(path) };
        match tokio::fs::read(&file).await {
            Ok(bytes) => {
                let headers = [
                    (header::CONTENT_TYPE, content_type(path)),
                    (header::CACHE_CONTROL, "no-cache"),
                ];
                (headers, bytes).into_response()
            }
            Err(error) if is_absence(&error) => nothing_at(path),
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a file of the site cannot be read");
                ApiError::new(ErrorKind::Internal, format!("{path} cannot be read")).into_response()
            }
        }
    }

    /// The file a path means; nothing if it would leave the folder.
    fn locate(&self, path: &str) -> Option<PathBuf> {
        let relative = Path::new(path.strip_prefix('/')?);
        let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
        (inside && !path.contains('\\')).then(|| self.0.join(relative))
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename
    )
}

/// The paths of all files but those of the bundle.
fn list(folder: &Path, prefix: &str, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // Braces would be a parameter of the route.
        if name.starts_with('.')
            || name.contains(['{', '}'])
            || (prefix.is_empty() && name == "pkg")
        {
            continue;
        }
        let path = format!("{prefix}/{name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
