//! The real server, in this process, on a port and a data directory of its own.

use bellwether::server::config::Settings;
use bellwether::server::router;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A running server; it ends when this is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub dir: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A directory on the disk that the build uses: `/tmp` may be memory, where syncing costs nothing.
pub fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

impl Server {
    /// With so many threads for requests, and default settings but for the sampler.
    pub fn start(workers: usize) -> Self {
        let dir = directory();
        let data_dir = dir.path().to_owned();
        let settings = Settings { data_dir, sampler: false, ..Settings::default() };
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(workers)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                let ready = move || ready.send(address).unwrap();
                router::run(listener, settings, ready, stopped).await.unwrap();
            });
        });
        let address = is_ready.recv().expect("a server that starts");
        Self { address, dir, stop: Some(stop), thread: Some(thread) }
    }

    /// As many threads as there are processors, as `bellwether serve` has it.
    pub fn full() -> Self {
        Self::start(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
