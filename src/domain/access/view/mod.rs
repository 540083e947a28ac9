//! Pages of access: users, roles, tokens, the audit log, and everybody's own account.

mod account;
mod audit;
mod frame;
mod matrix;
mod roles;
mod sessions;
mod tokens;
mod users;
mod words;
pub use account::AccountPage;
pub use audit::AuditLog;
pub use roles::RolesList;
pub use tokens::TokensList;
pub use users::UsersList;

#[cfg(feature = "ssr")]
mod login;
#[cfg(feature = "ssr")]
pub use login::{Login, LoginPage, Purpose};
