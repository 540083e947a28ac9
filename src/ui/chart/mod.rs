//! Charts as SVG paths: drawn by the server, taken over by the browser, never wider in data than
//! in pixels.
//!
//! Drawings are stretched to the width they get and strokes are not, so a page without script
//! shows the same chart; words are HTML beside the drawing, so they are never stretched.

pub mod path;
pub mod scale;

mod frame;
mod legend;
mod pointer;
mod series;
mod sparkline;
mod table;
mod time_chart;
mod width;

pub use pointer::Linked;
pub use series::{Kind, Series};
pub use sparkline::{Bars, Sparkline};
pub use time_chart::TimeChart;

/// `base` with the class of a colour: `accent` when empty.
fn tone(base: &str, class: &str) -> String {
    let class = if class.is_empty() { "accent" } else { class };
    format!("{base} ch-{class}")
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;
