//! Who is at the other end of a connection.

use std::net::IpAddr;
use std::sync::Arc;

/// Who is at the other end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// The client's address; none for the local socket.
    pub address: Option<IpAddr>,
    /// Whether the client speaks https.
    pub secure: bool,
    /// Whether it came over the data directory's socket.
    pub local: bool,
    /// Whether it carries forwarded headers that are not believed.
    pub forwarded: bool,
    /// The host the client addressed.
    pub host: Option<Arc<str>>,
}
