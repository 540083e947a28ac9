//! The socket in the data directory: the same routes, for commands of the user who runs the server.

use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// Its name in the data directory.
pub const NAME: &str = "bellwether.sock";

/// Longest path that a socket can have, in bytes (`sun_path` of unix(7), and a zero after it).
const MAX_PATH: usize = 107;

/// The directory, opened, and the path of its socket; where that is too long for one, by way of the
/// open directory, as Linux lets one.
///
/// # Errors
/// The directory cannot be opened.
pub fn within(dir: &Path) -> io::Result<(File, PathBuf)> {
    let open = File::open(dir)?;
    let path = dir.join(NAME);
    if path.as_os_str().len() <= MAX_PATH {
        return Ok((open, path));
    }
    let short = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())).join(NAME);
    Ok((open, short))
}

/// A socket that is removed when it is dropped.
pub struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl LocalSocket {
    /// Listens in `dir`, in place of a socket that an earlier server has left there: the directory
    /// is locked for this one. If it cannot, the log says why, and the server goes without.
    pub fn bind(dir: &Path) -> Option<Self> {
        let path = dir.join(NAME);
        let listener = clear(&path).and_then(|()| {
            let (_open, short) = within(dir)?;
            let listener = UnixListener::bind(short)?;
            std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            Ok(listener)
        });
        match listener {
            Ok(listener) => Some(Self { listener, path }),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "commands cannot reach this server");
                None
            }
        }
    }

    /// The next connection of the user who runs the server, or of root, who may read the directory
    /// anyhow; others are closed at once.
    ///
    /// # Errors
    /// None can be taken now.
    pub async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let own = rustix::process::geteuid().as_raw();
            if stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0) {
                return Ok(stream);
            }
        }
    }
}

/// Removes a socket that nobody listens on; anything else that stands there is left alone.
fn clear(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
