//! What people see of projects: tiles of the overview, the list, and a page for each.

mod card;
mod job;
mod list;
mod page;
mod pings;
mod row;
mod rows;
mod runs;
mod score;
mod toolbar;
mod trends;
pub use card::{ErrorsCard, ProjectsCard};
pub use list::ProjectsList;
pub use page::ProjectPage;
pub use pings::PingsList;
pub use row::{ProjectRow, ProjectsHead};
