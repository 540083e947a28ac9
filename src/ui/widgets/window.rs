//! Which rows of a long list are in sight: only those are drawn.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

/// Rows drawn before they have been measured; also what the server renders.
const FIRST: usize = 100;
/// Rows drawn above and below those in sight, so that scrolling meets no gap.
const MARGIN: usize = 12;
/// The same for lines of cells, which are many nodes each.
const MARGIN_OF_CELLS: usize = 4;

/// Part of a list. A grid of cells is a list of lines, each of several cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    from: usize,
    to: usize,
    count: usize,
    row_px: f64,
    /// Cells a line; 1 in a list of rows.
    columns: usize,
}

/// What has been measured, in pixels; all zero on the server and before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Measured {
    row_px: f64,
    columns: usize,
    /// From the upper edge of the screen to the list's beginning.
    top: f64,
    /// Of the screen.
    height: f64,
    /// What shape the rows or cells had.
    shape: u8,
}

impl Measured {
    const NOTHING: Self = Self { row_px: 0.0, columns: 1, top: 0.0, height: 0.0, shape: 0 };
}

impl Window {
    /// First row or cell drawn, and the one after the last.
    pub const fn range(self) -> (usize, usize) {
        (self.from * self.columns, self.to * self.columns)
    }

    /// Whether it is known which rows are in sight; not on the server.
    pub const fn is_measured(self) -> bool {
        self.row_px > 0.0
    }

    /// Height of the rows before, in pixels.
    pub fn before(self) -> f64 {
        self.from as f64 * self.row_px
    }

    /// Height of the rows after, in pixels.
    pub fn after(self) -> f64 {
        self.count.saturating_sub(self.to) as f64 * self.row_px
    }

    /// The rows of which some can be seen, when the list begins `top` pixels below the upper edge
    /// of a screen that is `height` pixels high.
    fn in_sight(count: usize, margin: usize, measured: Measured) -> Self {
        let Measured { row_px, columns, top, height, .. } = measured;
        if row_px <= 0.0 {
            return Self { from: 0, to: count.min(FIRST), count, row_px: 0.0, columns: 1 };
        }
        let count = count.div_ceil(columns.max(1));
        let first = (-top / row_px).max(0.0) as usize;
        let rows = (height / row_px).ceil() as usize;
        let from = first.saturating_sub(margin).min(count);
        let to = (first + rows + margin).min(count).max(from);
        Self { from, to, count, row_px, columns }
    }

    /// The same, of which no more is drawn than may be before its rows are measured: as many marks
    /// as are in sight would be far too many cells.
    fn unsure(self) -> Self {
        Self { to: self.to.min(self.from + FIRST.div_ceil(self.columns.max(1))), ..self }
    }
}

/// Follows the page's scrolling for the rows in the returned body, `count` of them in all.
pub fn use_window(count: Signal<usize>) -> (NodeRef<html::Tbody>, Memo<Window>) {
    let body = NodeRef::<html::Tbody>::new();
    let measure = move |window: Memo<Window>| {
        let body = body.get_untracked()?;
        let row = body.query_selector("tr").ok().flatten();
        let row_px = row.map_or(0.0, |row| row.get_bounding_client_rect().height());
        let before = window.try_get_untracked().map_or(0.0, Window::before);
        let top = body.get_bounding_client_rect().top() - before;
        Some(Measured { row_px, top, ..Measured::NOTHING })
    };
    (body, follow(count, Signal::stored(0), MARGIN, Box::new(measure)))
}

/// Follows the page's scrolling for the cells in the returned grid, `count` of them in all. Lines
/// that are not drawn are its padding. Cells are measured anew when `shape` is another.
pub fn use_cells(count: Signal<usize>, shape: Signal<u8>) -> (NodeRef<html::Div>, Memo<Window>) {
    let grid = NodeRef::<html::Div>::new();
    let measure = move |window: Memo<Window>| {
        let grid = grid.get_untracked()?;
        // Where no cell is drawn there is none to measure, and the screen may have moved on.
        let known = || window.try_get_untracked().map(|window| (window.row_px, window.columns));
        let (row_px, columns) = line_of(&grid).or_else(known)?;
        let top = grid.get_bounding_client_rect().top();
        Some(Measured { row_px, columns, top, ..Measured::NOTHING })
    };
    (grid, follow(count, shape, MARGIN_OF_CELLS, Box::new(measure)))
}

/// Height of a line of cells with the gap to the next, and cells a line.
fn line_of(grid: &web_sys::Element) -> Option<(f64, usize)> {
    let cells = grid.children();
    let first = cells.item(0)?.get_bounding_client_rect();
    for i in 1..cells.length() {
        let down = cells.item(i)?.get_bounding_client_rect().top() - first.top();
        if down > 0.5 {
            return Some((down, i as usize));
        }
    }
    Some((first.height(), cells.length() as usize))
}

type Measure = Box<dyn Fn(Memo<Window>) -> Option<Measured> + Send + Sync>;

fn follow(
    count: Signal<usize>,
    shape: Signal<u8>,
    margin: usize,
    measure: Measure,
) -> Memo<Window> {
    let measured = RwSignal::new(Measured::NOTHING);
    let window = Memo::new(move |_| {
        let measured = measured.get();
        let window = Window::in_sight(count.get(), margin, measured);
        if measured.shape == shape.get() { window } else { window.unsure() }
    });
    let measure = StoredValue::new(measure);
    let measure = move || {
        let Some(found) = measure.try_with_value(|measure| measure(window)).flatten() else {
            return;
        };
        let height = leptos::prelude::window().inner_height().ok().and_then(|h| h.as_f64());
        let Some(shape) = shape.try_get_untracked() else { return };
        let found = Measured { height: height.unwrap_or(0.0), shape, ..found };
        if measured.try_get_untracked().is_some_and(|had| had != found) {
            measured.try_set(found);
        }
    };
    Effect::new(move |_| {
        let scroll = window_event_listener(ev::scroll, move |_| measure());
        let resize = window_event_listener(ev::resize, move |_| measure());
        on_cleanup(move || {
            scroll.remove();
            resize.remove();
        });
    });
    Effect::new(move |_| {
        count.track();
        shape.track();
        request_animation_frame(measure);
    });
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(count: usize, row_px: f64, top: f64, expect: (usize, usize)) {
        let measured = Measured { row_px, top, height: 400.0, ..Measured::NOTHING };
        assert_eq!(Window::in_sight(count, MARGIN, measured).range(), expect);
    }

    #[test]
    fn what_is_in_sight_is_drawn() {
        check(5_000, 0.0, 0.0, (0, 100));
        check(5_000, 40.0, 200.0, (0, 22));
        check(5_000, 40.0, -4_000.0, (88, 122));
        check(5_000, 40.0, -1e9, (5_000, 5_000));
        check(3, 40.0, 0.0, (0, 3));
        check(0, 40.0, 0.0, (0, 0));
    }

    #[test]
    fn rows_and_spacers_fill_the_list() {
        let measured = Measured { row_px: 40.0, top: -4_000.0, height: 400.0, ..Measured::NOTHING };
        let window = Window::in_sight(1_000, MARGIN, measured);
        let (from, to) = window.range();
        let drawn = (to - from) as f64 * 40.0;
        assert!((window.before() + drawn + window.after() - 40_000.0).abs() < 1e-9);
    }

    #[test]
    fn lines_of_cells_are_drawn_whole() {
        let measured = Measured {
            row_px: 40.0,
            columns: 7,
            top: -4_000.0,
            height: 400.0,
            ..Measured::NOTHING
        };
        let window = Window::in_sight(2_000, MARGIN_OF_CELLS, measured);
        assert_eq!(window.range(), (96 * 7, 114 * 7));
        let lines = 2_000_usize.div_ceil(7) as f64;
        assert!((window.before() + 18.0 * 40.0 + window.after() - lines * 40.0).abs() < 1e-9);
        let nothing = Window::in_sight(2_000, MARGIN_OF_CELLS, Measured::NOTHING);
        assert_eq!(nothing.range(), (0, 100));
    }

    #[test]
    fn a_new_shape_is_drawn_sparingly_until_it_is_measured() {
        let marks =
            Measured { row_px: 20.0, columns: 60, top: -400.0, height: 900.0, ..Measured::NOTHING };
        let window = Window::in_sight(2_000, MARGIN_OF_CELLS, marks);
        let (from, to) = window.range();
        assert!(to - from > 1_000, "{window:?}");
        assert_eq!(window.unsure().range(), (from, from + 120));
        assert_eq!(window.unsure().before(), window.before());
        let few = Window::in_sight(30, MARGIN_OF_CELLS, marks);
        assert_eq!(few.unsure(), few);
    }
}
