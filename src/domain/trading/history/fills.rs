//! The table of trades. Each row holds its book as it was after the trade, so that the next one in
//! order takes the last row and the lots that it closes, however long the book is. A trade that
//! comes late has its book matched again from there on, once for all late ones of a batch.

use super::matching::{Front, Standing};
use super::read;
use crate::domain::trading::state::{BookKey, Lot, Place};
use crate::domain::trading::{Amount, Decimal, Executed, Side};
use crate::wire::{Stamp, Timestamp};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// SQL that makes the tables. Money is text: its digits are kept as they are.
pub const SCHEMA: &str = "
    CREATE TABLE trade_books (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, currency TEXT NOT NULL,
        account TEXT NOT NULL, UNIQUE (symbol, currency, account));
    CREATE TABLE trades (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, book INTEGER NOT NULL,
        side INTEGER NOT NULL, symbol TEXT NOT NULL, account TEXT NOT NULL, strategy TEXT,
        currency TEXT NOT NULL, id TEXT NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL,
        fees TEXT, order_type TEXT, late INTEGER NOT NULL, realized TEXT, position TEXT NOT NULL,
        front_at INTEGER, front_seq INTEGER, front_price TEXT, front_left TEXT);
    CREATE INDEX trades_at ON trades (at, seq);
    CREATE INDEX trades_book ON trades (book, at, seq);
    CREATE INDEX trades_lots ON trades (book, side, at, seq);
    CREATE INDEX trades_symbol ON trades (symbol, at, seq);
    CREATE INDEX trades_account ON trades (account, at, seq);
    CREATE INDEX trades_side ON trades (side, at, seq);
    CREATE INDEX trades_strategy ON trades (strategy, at, seq) WHERE strategy IS NOT NULL;";

/// Rows that are matched again at a time.
const CHUNK: usize = 1_000;

/// A trade that is to be written.
#[derive(Debug, Clone)]
pub struct Entry {
    stamp: Stamp,
    trade: Executed,
}

impl Entry {
    /// As it came in.
    pub const fn new(stamp: Stamp, trade: Executed) -> Self {
        Self { stamp, trade }
    }

    const fn place(&self) -> Place {
        (self.stamp.time, self.stamp.seq)
    }

    const fn lot(&self) -> Lot {
        Lot { quantity: self.trade.quantity, price: self.trade.price }
    }
}

/// Takes the trades of a book that a batch holds, in the order in which they came, into the table.
///
/// # Errors
/// The database cannot be read or written.
pub fn take(tx: &Connection, key: &BookKey, entries: &[Entry]) -> Result<()> {
    let book = book(tx, key)?;
    let last = before(tx, book, (Timestamp::from_ms(i64::MAX), u64::MAX >> 1))?;
    let mut newest = last.as_ref().map(|((at, _), _)| *at);
    let mut sorted: Vec<(&Entry, bool)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let at = entry.stamp.time;
        sorted.push((entry, newest.is_some_and(|newest| at < newest)));
        newest = newest.max(Some(at));
    }
    sorted.sort_by_key(|(entry, _)| entry.place());
    let Some((first, _)) = sorted.first() else { return Ok(()) };
    let first = first.place();
    let (place, mut standing) = last.unzip();
    if place.is_none_or(|place| place < first) {
        let standing = standing.get_or_insert_default();
        for (entry, late) in sorted {
            let place = entry.place();
            let realized = standing.take(place, entry.trade.side, entry.lot(), |side, place| {
                lot_after(tx, book, side, place)
            })?;
            insert(tx, book, key, entry, late, realized.as_ref(), standing)?;
        }
        return Ok(());
    }
    for (entry, late) in sorted {
        insert(tx, book, key, entry, late, None, &Standing::default())?;
    }
    again(tx, book, first)
}

/// Matches a book again, from the trade at `first` on.
fn again(tx: &Connection, book: i64, first: Place) -> Result<()> {
    let mut standing = before(tx, book, first)?.map(|(_, standing)| standing).unwrap_or_default();
    let mut rows = from(tx, book, first)?;
    let mut update = tx.prepare_cached(
        "UPDATE trades SET realized = ?2, position = ?3, front_at = ?4, front_seq = ?5,
            front_price = ?6, front_left = ?7 WHERE seq = ?1",
    )?;
    while let Some((last, ..)) = rows.last() {
        let (at, seq) = *last;
        for (place, side, lot) in rows {
            let found = |side, place| lot_after(tx, book, side, place);
            let realized = standing.take(place, side, lot, found)?;
            let front = standing.front.as_ref();
            update.execute(params![
                place.1 as i64,
                realized.map(|it| it.to_string()),
                standing.position.to_string(),
                front.map(|it| it.place.0.ms()),
                front.map(|it| it.place.1 as i64),
                front.map(|it| it.price.to_string()),
                front.map(|it| it.left.to_string()),
            ])?;
        }
        rows = from(tx, book, (at, seq + 1))?;
    }
    Ok(())
}

/// Id of a book, made if it is new.
fn book(tx: &Connection, key: &BookKey) -> Result<i64> {
    let BookKey { symbol, currency, account } = key;
    tx.prepare_cached("INSERT OR IGNORE INTO trade_books VALUES (NULL, ?1, ?2, ?3)")?
        .execute(params![symbol, currency, account])?;
    tx.prepare_cached(
        "SELECT id FROM trade_books WHERE symbol = ?1 AND currency = ?2 AND account = ?3",
    )?
    .query_row(params![symbol, currency, account], |row| row.get(0))
}

fn insert(
    tx: &Connection,
    book: i64,
    key: &BookKey,
    entry: &Entry,
    late: bool,
    realized: Option<&Amount>,
    standing: &Standing,
) -> Result<()> {
    let Entry { stamp, trade } = entry;
    let front = standing.front.as_ref();
    tx.prepare_cached(
        "INSERT INTO trades VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
            ?15, ?16, ?17, ?18, ?19, ?20)",
    )?
    .execute(params![
        stamp.seq as i64,
        stamp.time.ms(),
        book,
        trade.side as i64,
        key.symbol,
        key.account,
        trade.strategy,
        key.currency,
        trade.trade.as_ref().unwrap_or(&stamp.id),
        trade.quantity.to_string(),
        trade.price.to_string(),
        trade.fees.map(|fees| fees.to_string()),
        trade.order_type,
        late,
        realized.map(Amount::to_string),
        standing.position.to_string(),
        front.map(|it| it.place.0.ms()),
        front.map(|it| it.place.1 as i64),
        front.map(|it| it.price.to_string()),
        front.map(|it| it.left.to_string()),
    ])
    .map(drop)
}

/// The last trade of a book before a place, and the book after it.
fn before(tx: &Connection, book: i64, place: Place) -> Result<Option<(Place, Standing)>> {
    let (at, seq) = place;
    tx.prepare_cached(
        "SELECT at, seq, position, front_at, front_seq, front_price, front_left FROM trades
         WHERE book = ?1 AND (at, seq) < (?2, ?3) ORDER BY at DESC, seq DESC LIMIT 1",
    )?
    .query_row(params![book, at.ms(), seq as i64], |row| {
        let front = match row.get::<_, Option<i64>>("front_at")? {
            Some(at) => Some(Front {
                place: (Timestamp::from_ms(at), row.get::<_, i64>("front_seq")?.unsigned_abs()),
                price: read(row.get_ref("front_price")?.as_str()?)?,
                left: read(row.get_ref("front_left")?.as_str()?)?,
            }),
            None => None,
        };
        let position = read(row.get_ref("position")?.as_str()?)?;
        Ok((place_of(row)?, Standing { position, front }))
    })
    .optional()
}

fn place_of(row: &Row<'_>) -> Result<Place> {
    Ok((Timestamp::from_ms(row.get("at")?), row.get::<_, i64>("seq")?.unsigned_abs()))
}

fn lot_of(row: &Row<'_>) -> Result<Lot> {
    let digits = |column| read::<Decimal>(row.get_ref(column)?.as_str()?);
    Ok(Lot { quantity: digits("quantity")?, price: digits("price")? })
}

/// The lot of a side that comes next after a place.
fn lot_after(tx: &Connection, book: i64, side: Side, place: Place) -> Result<Option<(Place, Lot)>> {
    let (at, seq) = place;
    tx.prepare_cached(
        "SELECT at, seq, quantity, price FROM trades
         WHERE book = ?1 AND side = ?2 AND (at, seq) > (?3, ?4) ORDER BY at, seq LIMIT 1",
    )?
    .query_row(params![book, side as i64, at.ms(), seq as i64], |row| {
        Ok((place_of(row)?, lot_of(row)?))
    })
    .optional()
}

/// Trades of a book from a place on, a chunk of them.
fn from(tx: &Connection, book: i64, place: Place) -> Result<Vec<(Place, Side, Lot)>> {
    let (at, seq) = place;
    tx.prepare_cached(
        "SELECT at, seq, side, quantity, price FROM trades
         WHERE book = ?1 AND (at, seq) >= (?2, ?3) ORDER BY at, seq LIMIT ?4",
    )?
    .query_map(params![book, at.ms(), seq as i64, CHUNK as i64], |row| {
        Ok((place_of(row)?, side_of(row.get("side")?), lot_of(row)?))
    })?
    .collect()
}

/// The side that is kept as this number.
pub fn side_of(number: i64) -> Side {
    if number == Side::Buy as i64 { Side::Buy } else { Side::Sell }
}
