//! What each role allows, side by side.

use crate::domain::access::{Permission, RoleItem};
use crate::ui::widgets::{Icon, IconName};
use leptos::prelude::*;

/// A line for every permission, a column for every role.
pub fn matrix(roles: &[RoleItem]) -> AnyView {
    let head = |role: &RoleItem| view! { <th scope="col">{role.name.to_string()}</th> }.into_any();
    let heads: Vec<AnyView> = roles.iter().map(head).collect();
    let lines: Vec<AnyView> = Permission::ALL.iter().map(|one| line(*one, roles)).collect();
    view! {
        <section class="card" aria-labelledby="matrix">
            <h2 id="matrix">"What each role allows"</h2>
            <div class="scroll-x" tabindex="0" role="group" aria-labelledby="matrix">
                <table class="rows allows">
                    <thead><tr><th scope="col">"Permission"</th>{heads}</tr></thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn line(one: Permission, roles: &[RoleItem]) -> AnyView {
    let cell = |role: &RoleItem| {
        let has = role.permissions.has(one);
        let (icon, word) = if has { (IconName::Projects, "yes") } else { (IconName::Flat, "no") };
        view! {
            <td class=word><Icon name=icon /><span class="sr">{word}</span></td>
        }
        .into_any()
    };
    let cells: Vec<AnyView> = roles.iter().map(cell).collect();
    view! {
        <tr>
            <th scope="row"><b>{one.name()}</b><small>{one.does()}</small></th>
            {cells}
        </tr>
    }
    .into_any()
}
