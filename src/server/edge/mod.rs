//! The edge: what stands between the net and the routes. Who is at the other end, in what they may
//! be believed, and what pages of other origins may do.

pub mod bodies;
pub mod cors;
mod forwarded;
mod networks;
mod origins;
mod tls;

pub use forwarded::{Claim, carried, claimed};
pub use networks::Networks;
pub(in crate::server) use origins::written;
pub use origins::{Origins, origin};
pub use tls::Tls;
