//! A server of one's own for every test: port 0, its own data directory, gone with the test.

use bellwether::domain::settings::Changes;
use bellwether::server::config::{Settings, Tuning};
use bellwether::server::router;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Nothing that a test waits for takes longer, however busy the machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    pub data_dir: TempDir,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    tuning: Tuning,
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::tuned(Tuning::default()).await
    }

    pub async fn tuned(tuning: Tuning) -> Self {
        Self::over(tempfile::tempdir().unwrap(), tuning).await
    }

    /// One that is started with these settings of the board.
    pub async fn set(board: &[(&str, f64)]) -> Self {
        let board = board.iter().map(|(key, value)| ((*key).into(), *value)).collect();
        Self::with(tempfile::tempdir().unwrap(), Tuning::default(), board).await
    }

    /// One over what another has left.
    pub async fn started_over(data_dir: TempDir, tuning: Tuning) -> Self {
        Self::over(data_dir, tuning).await
    }

    async fn over(data_dir: TempDir, tuning: Tuning) -> Self {
        Self::with(data_dir, tuning, Changes::new()).await
    }

    /// One that is started with other settings than most.
    pub async fn changed(change: impl FnOnce(&mut Settings)) -> Self {
        Self::run(tempfile::tempdir().unwrap(), change).await
    }

    async fn with(data_dir: TempDir, tuning: Tuning, board: Changes) -> Self {
        Self::run(data_dir, |settings| {
            settings.board = board;
            settings.tuning = tuning;
        })
        .await
    }

    async fn run(data_dir: TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut settings = Settings {
            data_dir: data_dir.path().to_owned(),
            sampler: false,
            ..Settings::default()
        };
        change(&mut settings);
        let tuning = settings.tuning;
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            let ready = move || ready.send(()).unwrap();
            router::run(listener, settings, ready, stopped).await.unwrap();
        });
        tokio::time::timeout(PATIENCE, is_ready).await.expect("ready in time").expect("ready");
        Self { address, data_dir, stop: Some(stop), task, tuning }
    }

    /// As [`Self::restart`], with these settings of the board.
    pub async fn restart_set(self, board: &[(&str, f64)]) -> Self {
        let board = board.iter().map(|(key, value)| ((*key).into(), *value)).collect();
        let (data_dir, tuning) = self.stop().await;
        Self::with(data_dir, tuning, board).await
    }

    /// Ends the server as SIGTERM does, and starts another on the same data.
    pub async fn restart(self) -> Self {
        let (data_dir, tuning) = self.stop().await;
        Self::over(data_dir, tuning).await
    }

    /// Ends the server as SIGTERM does, and leaves its data.
    pub async fn stop(mut self) -> (TempDir, Tuning) {
        let _ = self.stop.take().unwrap().send(());
        tokio::time::timeout(PATIENCE, self.task).await.expect("stops in time").unwrap();
        (self.data_dir, self.tuning)
    }

    /// One request, with these headers.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request =
            http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let send = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(PATIENCE))
                .max_redirects(0)
                .build()
                .into();
            let mut response = agent.run(request).expect("an answer");
            let headers = response
                .headers()
                .iter()
                .map(|(n, v)| (n.as_str().to_owned(), v.to_str().unwrap_or("").to_owned()))
                .collect();
            let status = response.status().as_u16();
            let body = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
            Answer { status, headers, body }
        });
        send.await.unwrap()
    }

    /// A GET whose body comes as it was sent: compressed, if these encodings are taken up.
    pub async fn raw(&self, path: &str, encodings: &str) -> Answer {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // HTTP/1.0, so that the body ends with the connection and not in chunks.
        let request = format!("GET {path} HTTP/1.0\r\naccept-encoding: {encodings}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
        read.expect("an answer in time").unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
        Answer { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "").await
    }

    /// Sends events and waits until they are shown.
    pub async fn send(&self, events: Value) -> Value {
        let json = [("content-type", "application/json")];
        let body = events.to_string();
        let answer = self.request("POST", "/api/v1/events?wait=applied", &json, body).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Sends JSON.
    pub async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.request(method, path, &json, body.to_string()).await
    }

    /// Sends nothing, to have something done.
    pub async fn post(&self, path: &str) -> Answer {
        self.request("POST", path, &[], "").await
    }

    /// Reads JSON again and again until it is as wanted.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until_by("", path, wanted).await
    }

    /// The same with a token.
    pub async fn until_by(
        &self,
        token: &str,
        path: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = std::time::Instant::now();
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let headers = if token.is_empty() { &headers[..0] } else { &headers };
        loop {
            let answer = self.request("GET", path, headers, "").await;
            let value = answer.json();
            if answer.status == 200 && wanted(&value) {
                return value;
            }
            assert!(begun.elapsed() < PATIENCE, "{path} stays {value}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Opens `/dashboard/live`.
    pub async fn live(&self, query: &str) -> Socket {
        self.socket(&format!("/dashboard/live?{query}")).await
    }

    /// Opens a socket.
    pub async fn socket(&self, path: &str) -> Socket {
        self.socket_with(path, &[]).await.unwrap()
    }

    /// Opens a socket with these headers; the status if that is refused.
    pub async fn socket_with(&self, path: &str, headers: &[(&str, &str)]) -> Result<Socket, u16> {
        use tokio_tungstenite::tungstenite::Error;
        let url = format!("ws://{}{path}", self.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// A client's end of a socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// The next JSON message.
    pub async fn next(&mut self) -> Value {
        match self.message().await {
            Ok(value) => value,
            Err(close) => panic!("closed: {close:?}"),
        }
    }

    /// The next JSON message of this type; others are passed over.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next JSON message, or why the socket was closed.
    pub async fn message(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            match next.expect("a message in time") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub async fn say(&mut self, message: Value) {
        self.say_text(message.to_string()).await;
    }

    pub async fn say_text(&mut self, text: String) {
        // A server that has already closed the socket is found out by the next read.
        let _ = self.stream.send(Message::text(text)).await;
    }

    /// The close code, once all messages before it are read.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Err(close) = self.message().await {
                return close.map(|frame| frame.code.into());
            }
        }
    }
}
