//! What people see of trading: the portfolio, and trades.

mod blotter;
mod equity;
mod held;
mod import;
mod notes;
mod portfolio;
mod positions;
mod ratios;
mod tiles;
mod trade_rows;
mod trades;
mod words;
pub use portfolio::PortfolioPage;
pub use trades::TradesList;
