// Trades, prices and cash for the browser tests.
import { ago, type Event, HOUR, MINUTE } from './fixtures.ts';

type Data = { ago?: number; [member: string]: unknown };

function event(type: string, { ago: past, ...data }: Data): Event {
  return { type, source: 'e2e', data, ...(past === undefined ? {} : { time: ago(past) }) };
}

/** A fill, `ago` milliseconds ago (now when left out). */
export const trade = (symbol: string, side: 'buy' | 'sell', quantity: number | string, price: number | string, more: Data = {}) =>
  event('trade.executed', { symbol, side, quantity, price, ...more });
export const priced = (symbol: string, price: number | string, more: Data = {}) => event('price.updated', { symbol, price, ...more });
export const paid = (amount: number | string, more: Data = {}) => event('cash.moved', { amount, ...more });

const DAY = 24 * HOUR;

/** A small book: two long positions, a short one, something closed, fees, and days of prices. */
export function book(): Event[] {
  return [
    paid(100_000, { ago: 6 * DAY }),
    trade('BTC-USD', 'buy', '0.5', 60_000, { ago: 6 * DAY - HOUR, fees: 15, strategy: 'momentum', order_type: 'limit' }),
    trade('AAPL', 'buy', 100, '200.10', { ago: 5 * DAY, fees: '1.005', strategy: 'value' }),
    ...[5, 4, 3, 2, 1].flatMap((days) => [
      priced('BTC-USD', 60_000 + (days % 2 ? 1_500 : -900) * days, { ago: days * DAY - HOUR }),
      priced('AAPL', 200 + days, { ago: days * DAY - HOUR }),
    ]),
    trade('AAPL', 'sell', 40, 220, { ago: 2 * HOUR, fees: 1, strategy: 'value', order_type: 'market' }),
    trade('OIL', 'sell', 10, '80.5', { ago: HOUR, strategy: 'macro', order_type: 'market' }),
    priced('BTC-USD', '64000.25', { ago: 2 * MINUTE }),
    priced('AAPL', '221.5', { ago: 2 * MINUTE }),
    priced('OIL', 79, { ago: 2 * MINUTE }),
  ];
}
