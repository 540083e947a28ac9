//! Line icons on a 16 px grid.

use leptos::prelude::*;

/// Which icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IconName {
    /// The bell.
    Brand,
    /// Four tiles.
    Overview,
    /// A tick.
    Projects,
    /// Two machines.
    System,
    /// Three steps of a queue.
    Work,
    /// A key: access.
    Key,
    /// A head and shoulders.
    Person,
    /// Two of them.
    People,
    /// A shield: what a role allows.
    Shield,
    /// Lines of a log.
    Log,
    /// A flag: alerts.
    Flag,
    /// A bell that is struck through.
    Quiet,
    /// Two sliders: rules.
    Rules,
    /// A paper plane: whom alerts reach.
    Send,
    /// A pencil.
    Edit,
    /// A plus sign.
    Plus,
    /// An empty circle: an agent that is free.
    Idle,
    /// A circle with a point: somebody has it, and has not begun.
    Assigned,
    /// A clock: waiting.
    Waiting,
    /// An arrow round: once more.
    Retry,
    /// A cross.
    Cross,
    /// Circle with a tick: all is well.
    Ok,
    /// Triangle: somebody should look.
    Warning,
    /// Octagon with a cross: somebody should look now.
    Critical,
    /// Dashed circle: nobody knows.
    Unknown,
    /// Circle with an i: worth knowing.
    Info,
    /// A magnifying glass.
    Search,
    /// Half a sun: light and dark.
    Theme,
    /// A question mark.
    Help,
    /// Two sheets.
    Copy,
    /// Two bars.
    Pause,
    /// A triangle to the right.
    Play,
    /// An arrow out of a box.
    External,
    /// An arrow up.
    Up,
    /// An arrow down.
    Down,
    /// A dash.
    Flat,
    /// A purse: the portfolio.
    Purse,
    /// A curve between two axes.
    Chart,
}

impl IconName {
    const fn path(self) -> &'static str {
        match self {
            Self::Brand => {
                "M8 1.8c2.6 0 4.2 1.8 4.2 4.4v3L13.6 12H2.4l1.4-2.8v-3C3.8 3.6 5.4 1.8 8 1.8zM6.5 14h3"
            }
            Self::Overview => "M2 2h5v7H2zM9 2h5v4H9zM9 8h5v6H9zM2 11h5v3H2z",
            Self::Projects => "M3 8.5l3 3 7-7",
            Self::System => "M2 3h12v4H2zM2 9h12v4H2zM5 5v.1M5 11v.1",
            Self::Work => "M2 3h7M2 8h12M2 13h9M12 1.500v3",
            Self::Key => "M5.5 6.500a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM7.7 7.300L13.5 1.500M11 4l2 2",
            Self::Person => {
                "M8 2.500a2.8 2.8 0 1 0 0 5.600 2.8 2.8 0 0 0 0-5.600zM2.5 14c.6-2.800 2.800-4 5.500-4s4.900 1.200 5.500 4"
            }
            Self::People => {
                "M6 3a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM1.5 13.500c.5-2.400 2.200-3.500 4.500-3.500s4 1.100 4.500 3.500M10.800 3.300a2.5 2.5 0 0 1 0 4.400M12.300 10.300c1.200.5 2 1.600 2.200 3.200"
            }
            Self::Shield => {
                "M8 1.800l5 2v4c0 3-2 5.200-5 6.400-3-1.200-5-3.400-5-6.400v-4zM5.800 8l1.600 1.600 2.900-3.200"
            }
            Self::Log => "M3.500 1.800h9v12.400h-9zM6 5h4M6 8h4M6 11h2.500",
            Self::Flag => "M3.500 14.500V2h9l-2 3.200 2 3.200h-9",
            Self::Quiet => {
                "M4 6.200v3L2.600 12h8.400M12.200 9V6.200C12.200 3.600 10.600 1.800 8 1.800c-1 0-1.800.3-2.500.700M6.500 14h3M2 2l12 12"
            }
            Self::Rules => "M2 5h5M11 5h3M9 3v4M2 11h2M8 11h6M6 9v4",
            Self::Send => "M14 2L7 9M14 2L9.500 14 7 9 2 6.500z",
            Self::Edit => "M3 13l.700-3L11 2.700 13.300 5 6 12.300z",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Idle => "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z",
            Self::Assigned => "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zM8 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2z",
            Self::Waiting => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.500v3.500l2.500 1.500",
            Self::Retry => "M13 3v4H9M12.6 7A5.2 5.2 0 1 0 13 9.500",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
            Self::Ok => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM5.5 8.2l1.7 1.7 3.3-3.6",
            Self::Warning => "M8 2l6.5 11.5h-13zM8 6.5v3M8 11.5v.1",
            Self::Critical => {
                "M5 1.5h6L14.5 5v6L11 14.5H5L1.5 11V5zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4"
            }
            Self::Unknown => {
                "M8 2a6 6 0 0 1 3 .8M13.2 5a6 6 0 0 1 .8 3M13.2 11a6 6 0 0 1-2.2 2.200M8 14a6 6 0 0 1-3-.8M2.8 11A6 6 0 0 1 2 8M2.8 5A6 6 0 0 1 5 2.8"
            }
            Self::Info => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 7.500v3.500M8 5v.1",
            Self::Search => "M7 2.500a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.500l3 3",
            Self::Theme => {
                "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 2v12M8 5.500l4-1.500M8 9l6-1M8 12.500l4-1"
            }
            Self::Help => {
                "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.3 6.300a1.7 1.7 0 1 1 2.5 1.500c-.6.3-.8.6-.8 1.200M8 11.300v.1"
            }
            Self::Copy => "M5 5h8v8H5zM3 11V3h8",
            Self::Pause => "M5.5 3v10M10.5 3v10",
            Self::Play => "M5 3l8 5-8 5z",
            Self::External => "M6 3H3v10h10v-3M9 3h4v4M13 3L7 9",
            Self::Up => "M8 13V3M4 7l4-4 4 4",
            Self::Down => "M8 3v10M4 9l4 4 4-4",
            Self::Flat => "M3 8h10",
            Self::Purse => "M2 4.500h11.500v9H2zM2 4.500l8.500-2.500v2.500M10.500 8h3v2.500h-3z",
            Self::Chart => "M2 2v12h12M4.500 10.500l3-4 2.500 2.500L14 4",
        }
    }
}

/// An icon; it decorates, so a screen reader passes it over.
#[component]
pub fn Icon(name: IconName) -> impl IntoView {
    view! {
        <svg class="ic" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=name.path()></path>
        </svg>
    }
}
