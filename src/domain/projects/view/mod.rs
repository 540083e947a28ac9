//! What people see of projects: tiles of the overview, the list, and a page for each.

mod card;
mod list;
mod page;
mod row;
mod rows;
mod runs;
mod score;
mod toolbar;
mod trends;
pub use card::{ErrorsCard, ProjectsCard};
pub use list::ProjectsList;
pub use page::ProjectPage;
pub use row::{ProjectRow, ProjectsHead};
