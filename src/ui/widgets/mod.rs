//! The small parts that every page is made of.

mod age;
mod card;
mod dynamic;
mod empty;
mod flash;
mod form;
mod icon;
mod load;
mod status;
mod table;
mod trouble;
mod watched;
mod window;
pub use age::{Age, AsOf, ago, since};
pub use card::Card;
pub use dynamic::{Words, dynamic, keyed, mark, one_of, part_of, text, words};
pub use empty::{Empty, Snippet};
pub use flash::flashes;
pub use form::{Answers, Ask, Field, Form, Kind, Sending, form};
pub use icon::{Icon, IconName};
pub use load::{Asking, PageStatus, Reading, loaded, problem, reading};
pub use status::{Badge, ScoreBar, Verdict};
pub use table::{Column, act, table};
pub use trouble::trouble_line;
pub use watched::{AskList, ListPage, Watched, ask_list, items, read_at, read_list};
pub use window::{Window, use_cells, use_window};
