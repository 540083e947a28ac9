//! Parts of a page that change, boxed: each kind of closure would otherwise stand in the browser's
//! module together with all that renders it, which is ten times its own size.

use leptos::prelude::*;
use std::sync::Arc;

/// An attribute that changes.
pub type Words = Box<dyn Fn() -> String + Send + Sync>;

/// Something that is there or not, by what `make` finds.
pub fn dynamic(make: impl Fn() -> Option<AnyView> + Send + Sync + 'static) -> AnyView {
    let make: Box<dyn Fn() -> Option<AnyView> + Send + Sync> = Box::new(make);
    make.into_any()
}

/// Text that changes.
pub fn text(make: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    words(make).into_any()
}

/// Words for an attribute that changes.
pub fn words(make: impl Fn() -> String + Send + Sync + 'static) -> Words {
    Box::new(make)
}

/// A mark for an attribute (`aria-current`, say): `value` while `on`, else none.
pub fn mark(
    value: &'static str,
    on: impl Fn() -> bool + Send + Sync + 'static,
) -> Box<dyn Fn() -> Option<&'static str> + Send + Sync> {
    Box::new(move || on().then_some(value))
}

/// What `make` makes of each id, which is kept for as long as its id is among `ids`.
pub fn keyed(
    ids: impl Fn() -> Vec<Arc<str>> + Send + Sync + 'static,
    make: impl Fn(Arc<str>) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let ids: Box<dyn Fn() -> Vec<Arc<str>> + Send + Sync> = Box::new(ids);
    let make: Arc<dyn Fn(Arc<str>) -> AnyView + Send + Sync> = Arc::new(make);
    let row = move |id: Arc<str>| make(id);
    view! { <For each=ids key=|id| id.clone() children=row /> }.into_any()
}

/// One thing of a list by what tells it apart. It keeps what it was when it leaves the list, since
/// what shows it is about to go.
pub fn one_of<T: Clone + PartialEq + Send + Sync + 'static>(
    all: Memo<Vec<T>>,
    is: impl Fn(&T) -> bool + Send + Sync + 'static,
) -> Memo<Option<T>> {
    let is: Box<dyn Fn(&T) -> bool + Send + Sync> = Box::new(is);
    Memo::new(move |last: Option<&Option<T>>| {
        let found = all.with(|all| all.iter().find(|one| is(one)).cloned());
        found.or_else(|| last.cloned().flatten())
    })
}

/// A part of something that may not be there; the default while it is not.
pub fn part_of<T, P>(item: Signal<Option<T>>, pick: fn(&T) -> P) -> Memo<P>
where
    T: Send + Sync + 'static,
    P: Clone + PartialEq + Default + Send + Sync + 'static,
{
    Memo::new(move |_| item.with(|item| item.as_ref().map(pick)).unwrap_or_default())
}
