//! Which rows of a long list are in sight: only those are drawn.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

/// Rows drawn before anything has been measured; also what the server renders.
const FIRST: usize = 100;
/// Rows drawn above and below those in sight, so that scrolling meets no gap.
const MARGIN: usize = 12;

/// Part of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    from: usize,
    to: usize,
    count: usize,
    row_px: f64,
}

impl Window {
    /// First row drawn, and the one after the last.
    pub const fn range(self) -> (usize, usize) {
        (self.from, self.to)
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
    fn in_sight(count: usize, row_px: f64, top: f64, height: f64) -> Self {
        if row_px <= 0.0 {
            return Self { from: 0, to: count.min(FIRST), count, row_px: 0.0 };
        }
        let first = (-top / row_px).max(0.0) as usize;
        let rows = (height / row_px).ceil() as usize;
        let from = first.saturating_sub(MARGIN).min(count);
        let to = (first + rows + MARGIN).min(count).max(from);
        Self { from, to, count, row_px }
    }
}

/// Follows the page's scrolling for the rows in the returned body, `count` of them in all.
pub fn use_window(count: Signal<usize>) -> (NodeRef<html::Tbody>, Memo<Window>) {
    let body = NodeRef::<html::Tbody>::new();
    // Row height, top of the list and height of the screen; unknown on the server.
    let measured = RwSignal::new((0.0, 0.0, 0.0));
    let window = Memo::new(move |_| {
        let (row_px, top, height) = measured.get();
        Window::in_sight(count.get(), row_px, top, height)
    });
    let measure = move || {
        let Some(body) = body.get_untracked() else { return };
        let row = body.query_selector("tr").ok().flatten();
        let row_px = row.map_or(0.0, |row| row.get_bounding_client_rect().height());
        let before = window.try_get_untracked().map_or(0.0, Window::before);
        let top = body.get_bounding_client_rect().top() - before;
        let height = leptos::prelude::window().inner_height().ok().and_then(|h| h.as_f64());
        measured.try_set((row_px, top, height.unwrap_or(0.0)));
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
        request_animation_frame(measure);
    });
    (body, window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(count: usize, row_px: f64, top: f64, expect: (usize, usize)) {
        assert_eq!(Window::in_sight(count, row_px, top, 400.0).range(), expect);
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
        let window = Window::in_sight(1_000, 40.0, -4_000.0, 400.0);
        let (from, to) = window.range();
        let drawn = (to - from) as f64 * 40.0;
        assert!((window.before() + drawn + window.after() - 40_000.0).abs() < 1e-9);
    }
}
