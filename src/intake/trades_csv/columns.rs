//! Which column holds what: by its usual names, or as it was said.

use crate::wire::{ApiError, ErrorKind, FieldError};
use std::collections::BTreeMap;

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    Symbol,
    Side,
    Quantity,
    Price,
    Time,
    Fees,
    Trade,
    /// An order may have several trades, so it is the id of none.
    Order,
    Account,
    Currency,
    Strategy,
    OrderType,
}

impl Member {
    pub const ALL: [Self; 12] = [
        Self::Symbol,
        Self::Side,
        Self::Quantity,
        Self::Price,
        Self::Time,
        Self::Fees,
        Self::Trade,
        Self::Order,
        Self::Account,
        Self::Currency,
        Self::Strategy,
        Self::OrderType,
    ];

    /// As it is called in a mapping and in errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Symbol => "symbol",
            Self::Side => "side",
            Self::Quantity => "quantity",
            Self::Price => "price",
            Self::Time => "time",
            Self::Fees => "fees",
            Self::Trade => "trade",
            Self::Order => "order",
            Self::Account => "account",
            Self::Currency => "currency",
            Self::Strategy => "strategy",
            Self::OrderType => "order_type",
        }
    }

    /// What its column is usually called; the first that is there counts.
    const fn usual(self) -> &'static [&'static str] {
        match self {
            Self::Symbol => &["symbol", "ticker", "instrument", "security", "pair"],
            Self::Side => &["side", "type", "action", "direction", "buy/sell", "buy_sell"],
            Self::Quantity => &["quantity", "qty", "size", "amount", "shares", "units"],
            Self::Price => &["price", "px", "fill_price", "execution_price", "unit_price"],
            Self::Time => &[
                "time",
                "timestamp",
                "executed_at",
                "datetime",
                "date_time",
                "date",
                "trade_time",
                "trade_date",
            ],
            Self::Fees => &["fees", "fee", "commission", "commissions"],
            Self::Trade => &["trade", "trade_id", "id", "execution_id", "exec_id", "fill_id"],
            Self::Order => &["order_id", "order"],
            Self::Account => &["account", "account_id"],
            Self::Currency => &["currency", "ccy"],
            Self::Strategy => &["strategy"],
            Self::OrderType => &["order_type"],
        }
    }
}

/// Which column holds what.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Columns {
    at: BTreeMap<Member, usize>,
    names: Vec<String>,
}

/// A name as it is compared: in small letters, with one kind of blank.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

impl Columns {
    /// Reads the header; `mapping` names columns by member, for those whose names do not say it.
    ///
    /// # Errors
    /// 422 naming every member that is not there, or that the mapping has wrong.
    pub fn find(header: Vec<String>, mapping: &BTreeMap<String, String>) -> Result<Self, ApiError> {
        let plainly: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let mut errors = Vec::new();
        let mut at = BTreeMap::new();
        for (member, column) in mapping.iter().filter(|(_, column)| !column.is_empty()) {
            let pointer = format!("/map.{member}");
            let known = Member::ALL.into_iter().find(|known| known.name() == member.as_str());
            let exact = header.iter().position(|name| name == column);
            let found = exact.or_else(|| plainly.iter().position(|name| *name == plain(column)));
            match (known, found) {
                (Some(member), Some(column)) => {
                    at.insert(member, column);
                }
                (None, _) => {
                    let all = Member::ALL.map(Member::name).join(", ");
                    errors.push(FieldError::new(pointer, format!("must be one of {all}")));
                }
                (_, None) => {
                    let detail = format!("there is no column {column}");
                    errors.push(FieldError::new(pointer, detail));
                }
            }
        }
        for member in Member::ALL {
            let taken = |column: &usize| at.values().any(|taken| taken == column);
            let usual = member.usual().iter();
            let found = usual
                .filter_map(|name| plainly.iter().position(|plain| plain == name))
                .find(|column| !taken(column));
            if let (false, Some(found)) = (at.contains_key(&member), found) {
                at.insert(member, found);
            }
        }
        // What a mapping has wrong may be what is missing.
        let mapped = errors.is_empty();
        for member in [Member::Symbol, Member::Quantity, Member::Price] {
            if mapped && !at.contains_key(&member) {
                let name = member.name();
                let usual = member.usual().join(", ");
                let detail = format!(
                    "no column is called that ({usual}); say which one it is: map.{name}=COLUMN"
                );
                errors.push(FieldError::new(format!("/{name}"), detail));
            }
        }
        if errors.is_empty() {
            return Ok(Self { at, names: header });
        }
        let detail = "the columns of the table are not understood";
        Err(ApiError { errors, ..ApiError::new(ErrorKind::Invalid, detail) })
    }

    /// How many columns there are.
    pub const fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether it is a table that a board has written.
    pub fn are_own(&self) -> bool {
        ["realized_pnl", "late"].iter().all(|own| self.names.iter().any(|name| name == own))
    }

    /// Whether there is a column for a member.
    pub fn has(&self, member: Member) -> bool {
        self.at.contains_key(&member)
    }

    /// What a line has for a member; none if it is empty or there is no such column.
    pub fn get<'a>(&self, line: &'a csv::StringRecord, member: Member) -> Option<&'a str> {
        let text = line.get(*self.at.get(&member)?)?.trim();
        // As an export marks what a spreadsheet would take for a formula.
        let text = match text.strip_prefix('\'') {
            Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
            _ => text,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// What the column of a member is called in this table; the member itself if there is none.
    pub fn name(&self, member: &str) -> String {
        let found = self.at.iter().find(|(known, _)| known.name() == member);
        let name = found.and_then(|(_, column)| self.names.get(*column));
        name.map_or_else(|| member.to_owned(), Clone::clone)
    }
}
