//! What has just changed is lit for a moment.

use leptos::prelude::*;

/// A class that is another one each time `item` changes, so that its animation begins anew; none
/// before the first change.
pub fn flashes<T>(item: Signal<Option<T>>) -> Memo<&'static str>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let seen = Memo::new(move |count: Option<&(u32, Option<T>)>| {
        let now = item.get();
        match count {
            None => (0, now),
            Some((n, last)) if *last == now => (*n, now),
            Some((n, _)) => (n + 1, now),
        }
    });
    Memo::new(move |_| match seen.with(|(n, _)| *n) {
        0 => "",
        n if n % 2 == 0 => "hit-even",
        _ => "hit-odd",
    })
}
