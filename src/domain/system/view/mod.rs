//! What people see of hosts and of the server itself.

mod card;
mod host;
mod insides;
mod page;
pub use card::SystemCard;
pub use page::HostsPage;
