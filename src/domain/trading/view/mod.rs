//! What people see of trading: the portfolio, and trades.

use leptos::prelude::*;

/// The page of the portfolio.
#[component]
pub fn PortfolioPage() -> impl IntoView {}

/// The page of trades.
#[component]
pub fn TradesList() -> impl IntoView {}
