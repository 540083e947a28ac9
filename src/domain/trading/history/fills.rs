//! The table of trades. Each row holds its book as it was after the trade, so that the next one in
//! order takes the last row and the lots that it closes, however long the book is. A trade that
//! comes late leaves its book behind from there on: a mark says from where, and its rows are matched
//! again a part at a time, at once if they are few. Until then they stay as they were.

use super::matching::{Front, Standing};
use super::read;
use crate::domain::trading::state::{Book, BookKey, Lot, Place};
use crate::domain::trading::{Amount, Decimal, Executed, Side};
use crate::wire::{Seq, Stamp, Timestamp};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// SQL that makes the tables. Money is text: its digits are kept as they are. Trades have no row
/// ids, since SQLite does not search an index by a time and a row id together: of many trades of
/// one moment it would go through all.
pub const SCHEMA: &str = "
    CREATE TABLE trade_books (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, currency TEXT NOT NULL,
        account TEXT NOT NULL, dirty_at INTEGER, dirty_seq INTEGER,
        base_at INTEGER, base_seq INTEGER, position TEXT, front_at INTEGER, front_seq INTEGER,
        front_price TEXT, front_left TEXT, UNIQUE (symbol, currency, account));
    CREATE TABLE trade_lots (book INTEGER NOT NULL, side INTEGER NOT NULL, at INTEGER NOT NULL,
        seq INTEGER NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL,
        PRIMARY KEY (book, side, at, seq)) WITHOUT ROWID;
    CREATE INDEX trade_books_behind ON trade_books (id) WHERE dirty_at IS NOT NULL;
    CREATE TABLE trades (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, book INTEGER NOT NULL,
        side INTEGER NOT NULL, symbol TEXT NOT NULL, account TEXT NOT NULL, strategy TEXT,
        currency TEXT NOT NULL, id TEXT NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL,
        fees TEXT, order_type TEXT, late INTEGER NOT NULL, realized TEXT, position TEXT NOT NULL,
        front_at INTEGER, front_seq INTEGER, front_price TEXT, front_left TEXT) WITHOUT ROWID;
    CREATE INDEX trades_at ON trades (at, seq);
    CREATE INDEX trades_book ON trades (book, at, seq);
    CREATE INDEX trades_lots ON trades (book, side, at, seq);
    CREATE INDEX trades_symbol ON trades (symbol, at, seq);
    CREATE INDEX trades_account ON trades (account, at, seq);
    CREATE INDEX trades_side ON trades (side, at, seq);
    CREATE INDEX trades_strategy ON trades (strategy, at, seq) WHERE strategy IS NOT NULL;";

/// Rows that are matched again in a transaction, about.
pub const CHUNK: usize = 5_000;
/// Books that have a turn in a chunk, if so many are behind.
pub const TURNS: usize = 10;
/// As many lots that are looked up take as long as a row.
const LOTS: usize = 4;

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

/// Lets a book begin with what was open when `state` was kept, at `seq`: the trades it comes of are
/// known no more.
///
/// # Errors
/// The database cannot be written.
pub fn begin(tx: &Connection, key: &BookKey, state: &Book, seq: Seq) -> Result<()> {
    let (book, _) = book(tx, key)?;
    let (side, open) = state.open();
    let mut open = open.into_iter();
    let front = open.next();
    tx.prepare_cached(
        "UPDATE trade_books SET base_at = ?2, base_seq = ?3, position = ?4, front_at = ?5,
            front_seq = ?6, front_price = ?7, front_left = ?8 WHERE id = ?1",
    )?
    .execute(params![
        book,
        state.last_at.ms(),
        seq as i64,
        state.quantity().to_string(),
        front.as_ref().map(|((at, _), ..)| at.ms()),
        front.as_ref().map(|((_, seq), ..)| *seq as i64),
        front.as_ref().map(|(_, _, price)| price.to_string()),
        front.as_ref().map(|(_, left, _)| left.to_string()),
    ])?;
    let mut lot = tx.prepare_cached("INSERT INTO trade_lots VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for ((at, seq), left, price) in open {
        let (left, price) = (left.to_string(), price.to_string());
        lot.execute(params![book, side as i64, at.ms(), seq as i64, left, price])?;
    }
    Ok(())
}

/// Takes the trades of a book that a batch holds, in the order in which they came, into the table.
/// If some are late, what has to be matched again is matched at once where it is no more than
/// `left` rows, and taken off that; otherwise [`again`] comes to it.
///
/// # Errors
/// The database cannot be read or written.
pub fn take(tx: &Connection, key: &BookKey, entries: &[Entry], left: &mut usize) -> Result<()> {
    let (book, behind) = book(tx, key)?;
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
    if behind.is_none() && place.is_none_or(|place| place < first) {
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
    let from = behind.map_or(first, |behind| behind.min(first));
    if is_short(tx, book, from, *left)? {
        *left = left.saturating_sub(part(tx, book, from, *left)?);
        return Ok(());
    }
    mark(tx, book, Some(from))
}

/// Matches books that are behind again, about `count` rows of them; they take turns, and `turn` is
/// the one that had the last. Returns how many rows that was worth, 0 if none is behind.
///
/// # Errors
/// The database cannot be read or written.
pub fn again(tx: &Connection, turn: &mut i64, count: usize) -> Result<usize> {
    let (slice, mut left) = (count.div_ceil(TURNS), count);
    while left > 0 {
        let Some((book, from)) = behind(tx, *turn)? else { break };
        *turn = book;
        left = left.saturating_sub(part(tx, book, from, slice.min(left))?);
    }
    Ok(count - left)
}

/// Matches rows of a book again, `count` of them from `from` on, and moves its mark behind them.
/// Fewer if they close very many lots. Returns how many rows that was worth.
fn part(tx: &Connection, book: i64, from: Place, count: usize) -> Result<usize> {
    let mut standing = before(tx, book, from)?.map(|(_, standing)| standing).unwrap_or_default();
    let (mut rows, mut lots, mut next) = (0_usize, 0_usize, None);
    let mut update = tx.prepare_cached(
        "UPDATE trades SET realized = ?2, position = ?3, front_at = ?4, front_seq = ?5,
            front_price = ?6, front_left = ?7 WHERE seq = ?1",
    )?;
    for (place, side, lot) in trades(tx, book, from, count.saturating_add(1))? {
        if rows.max(lots / LOTS) >= count {
            next = Some(place);
            break;
        }
        let realized = standing.take(place, side, lot, |side, place| {
            lots += 1;
            lot_after(tx, book, side, place)
        })?;
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
        rows += 1;
    }
    mark(tx, book, next)?;
    Ok(rows.max(lots / LOTS))
}

/// Id of a book, made if it is new, and from where on it is behind.
fn book(tx: &Connection, key: &BookKey) -> Result<(i64, Option<Place>)> {
    let BookKey { symbol, currency, account } = key;
    tx.prepare_cached(
        "INSERT OR IGNORE INTO trade_books (symbol, currency, account) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![symbol, currency, account])?;
    tx.prepare_cached(
        "SELECT id, dirty_at AS at, dirty_seq AS seq FROM trade_books
         WHERE symbol = ?1 AND currency = ?2 AND account = ?3",
    )?
    .query_row(params![symbol, currency, account], |row| {
        let is_behind = row.get::<_, Option<i64>>("at")?.is_some();
        Ok((row.get("id")?, if is_behind { Some(place_of(row)?) } else { None }))
    })
}

/// The book that is behind and comes next after the one that had the last turn, and from where on.
fn behind(tx: &Connection, turn: i64) -> Result<Option<(i64, Place)>> {
    let mut statement = tx.prepare_cached(
        "SELECT id, dirty_at AS at, dirty_seq AS seq FROM trade_books INDEXED BY trade_books_behind
         WHERE dirty_at IS NOT NULL AND id > ?1 ORDER BY id LIMIT 1",
    )?;
    for after in [turn, 0] {
        let next = statement.query_row([after], |row| Ok((row.get("id")?, place_of(row)?)));
        if let Some(found) = next.optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether a book is behind.
///
/// # Errors
/// The database cannot be read.
pub fn any_behind(db: &Connection) -> Result<bool> {
    db.prepare_cached(
        "SELECT 1 FROM trade_books INDEXED BY trade_books_behind WHERE dirty_at IS NOT NULL LIMIT 1",
    )?
    .exists([])
}

/// Says from where on a book is behind; not at all if nowhere is named.
fn mark(tx: &Connection, book: i64, from: Option<Place>) -> Result<()> {
    let (at, seq) = from.unzip();
    tx.prepare_cached("UPDATE trade_books SET dirty_at = ?2, dirty_seq = ?3 WHERE id = ?1")?
        .execute(params![book, at.map(Timestamp::ms), seq.map(|seq| seq as i64)])
        .map(drop)
}

/// Whether a book has no more than `count` trades from a place on.
fn is_short(tx: &Connection, book: i64, place: Place, count: usize) -> Result<bool> {
    let (at, seq) = place;
    let more = tx
        .prepare_cached(
            "SELECT 1 FROM trades WHERE book = ?1 AND (at, seq) >= (?2, ?3)
             ORDER BY at, seq LIMIT 1 OFFSET ?4",
        )?
        .exists(params![book, at.ms(), seq as i64, count as i64])?;
    Ok(!more)
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

/// The last trade of a book before a place, and the book after it; what it began with if there is
/// none.
fn before(tx: &Connection, book: i64, place: Place) -> Result<Option<(Place, Standing)>> {
    let (at, seq) = place;
    let last = tx
        .prepare_cached(
            "SELECT at, seq, position, front_at, front_seq, front_price, front_left FROM trades
             WHERE book = ?1 AND (at, seq) < (?2, ?3) ORDER BY at DESC, seq DESC LIMIT 1",
        )?
        .query_row(params![book, at.ms(), seq as i64], standing_of)
        .optional()?;
    if last.is_some() {
        return Ok(last);
    }
    tx.prepare_cached(
        "SELECT base_at AS at, base_seq AS seq, position, front_at, front_seq, front_price,
            front_left FROM trade_books WHERE id = ?1 AND base_at IS NOT NULL",
    )?
    .query_row([book], standing_of)
    .optional()
}

fn standing_of(row: &Row<'_>) -> Result<(Place, Standing)> {
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
        "SELECT * FROM (SELECT at, seq, quantity, price FROM trades
            WHERE book = ?1 AND side = ?2 AND (at, seq) > (?3, ?4) ORDER BY at, seq LIMIT 1)
         UNION ALL
         SELECT * FROM (SELECT at, seq, quantity, price FROM trade_lots
            WHERE book = ?1 AND side = ?2 AND (at, seq) > (?3, ?4) ORDER BY at, seq LIMIT 1)
         ORDER BY at, seq LIMIT 1",
    )?
    .query_row(params![book, side as i64, at.ms(), seq as i64], |row| {
        Ok((place_of(row)?, lot_of(row)?))
    })
    .optional()
}

/// The next `count` trades of a book from a place on.
fn trades(
    tx: &Connection,
    book: i64,
    place: Place,
    count: usize,
) -> Result<Vec<(Place, Side, Lot)>> {
    let (at, seq) = place;
    tx.prepare_cached(
        "SELECT at, seq, side, quantity, price FROM trades
         WHERE book = ?1 AND (at, seq) >= (?2, ?3) ORDER BY at, seq LIMIT ?4",
    )?
    .query_map(params![book, at.ms(), seq as i64, count as i64], |row| {
        Ok((place_of(row)?, side_of(row.get("side")?), lot_of(row)?))
    })?
    .collect()
}

/// The side that is kept as this number.
pub fn side_of(number: i64) -> Side {
    if number == Side::Buy as i64 { Side::Buy } else { Side::Sell }
}
