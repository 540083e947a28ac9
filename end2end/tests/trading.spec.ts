// Portfolio and trades: exact, live, chosen among in the address, and taken in from a file.
import { close, enter, refused, user } from '../access.ts';
import { ago, card, expect, HOUR, mark, MINUTE, type Page, open, test, unbroken } from '../fixtures.ts';
import { book, paid, priced, trade } from '../trading.ts';
import { expectDrawnAtOnce, scroll, watch } from '../scale.ts';

/** A position's row. */
const position = (page: Page, symbol: string) =>
  page.locator('table.positions tbody tr').filter({ has: page.getByRole('link', { name: symbol, exact: true }) });
const symbols = (page: Page, table: string) => page.locator(`table.${table} [data-row-link]`);
const count = (page: Page) => page.getByRole('region', { name: 'Trades' }).locator('.count');

test('an empty portfolio says how to fill it, and fills without a reload', async ({ page, board }) => {
  await open(page, '/portfolio');
  await mark(page);
  await expect(page.getByText('No trade has been reported yet')).toBeVisible();
  await expect(page.locator('.snippet')).toContainText('trade.executed');
  await board.send(...book());
  await expect(card(page, /^Value/).locator('.big')).toHaveText('104,078.12 USD');
  await unbroken(page);
});

test('figures are exact to the cent, and all digits are there to read', async ({ page, board }) => {
  await board.send(...book());
  await open(page, '/portfolio');
  await expect(card(page, /^Value/).locator('.big')).toHaveText('104,078.12 USD');
  await expect(card(page, /^Value/)).toContainText('3 positions worth 44,500.13');
  await expect(card(page, /^Unrealised/).locator('.big')).toHaveText('+3,299.13');
  await expect(card(page, /^Unrealised/).locator('.big span')).toHaveAttribute('title', '3299.125');
  await expect(card(page, /^Realised/).locator('.big')).toHaveText('+796.00');
  await expect(card(page, /^Realised/)).toContainText('gross of 17.01 fees; net +779.00');
  await expect(card(page, /^Cash/).locator('.big')).toHaveText('59,578.00');
  await expect(card(page, /^Cash/).locator('.big span')).toHaveAttribute('title', '59577.995');
  await expect(card(page, /^Cash/)).toContainText('100,000.00 paid in');

  const oil = position(page, 'OIL');
  await expect(oil.locator('.tag')).toHaveText('short');
  await expect(oil.getByRole('cell').nth(1)).toHaveText('-10');
  await expect(oil).toContainText('+15.00');
  await expect(position(page, 'AAPL').getByRole('cell')).toHaveText(
    [/^AAPL/, '60', '200.10', '221.50', '13,290.00', /^\+1,284.00/, /^\+10.7/, /12\.8/],
  );
  await expect(page.locator('.allocation .leg')).toContainText('BTC-USD');
});

test('a price lights its position and moves the value without a reload', async ({ page, board }) => {
  await board.send(...book());
  await open(page, '/portfolio');
  await mark(page);
  const row = position(page, 'BTC-USD');
  await expect(row).not.toHaveClass(/hit/);
  await board.send(priced('BTC-USD', 65_000));
  await expect(row).toHaveClass(/hit-odd/);
  await expect(row).toContainText('32,500.00');
  await expect(position(page, 'AAPL'), 'another position is not lit').not.toHaveClass(/hit/);
  await expect(card(page, /^Value/).locator('.big')).toHaveText('104,578.00 USD');
  await board.send(trade('BTC-USD', 'sell', '0.5', 65_000));
  await expect(row).toHaveCount(0);
  await expect(card(page, /^Realised/).locator('.big')).toHaveText('+3,296.00');
  await unbroken(page);
});

test('positions are sorted in the address, and lead to their trades', async ({ page, board }) => {
  await board.send(...book());
  await open(page, '/portfolio');
  await expect(symbols(page, 'positions')).toHaveText(['BTC-USD', 'AAPL', 'OIL']);
  const head = (name: string) => page.getByRole('columnheader', { name, exact: true });
  await head('Symbol').getByRole('link').click();
  await expect(page).toHaveURL(/\?sort=symbol$/);
  await expect(symbols(page, 'positions')).toHaveText(['AAPL', 'BTC-USD', 'OIL']);
  await expect(head('Symbol')).toHaveAttribute('aria-sort', 'ascending');
  await head('Quantity').getByRole('link').click();
  await expect(page).toHaveURL(/sort=-quantity$/);
  await expect(symbols(page, 'positions')).toHaveText(['AAPL', 'BTC-USD', 'OIL']);
  await head('Quantity').getByRole('link').click();
  await expect(symbols(page, 'positions')).toHaveText(['OIL', 'BTC-USD', 'AAPL']);
  await page.getByRole('link', { name: '7d', exact: true }).click();
  await expect(page, 'the order stays').toHaveURL(/sort=quantity.*window=7d/);
  await page.reload();
  await expect(symbols(page, 'positions')).toHaveText(['OIL', 'BTC-USD', 'AAPL']);
  await symbols(page, 'positions').first().click();
  await expect(page).toHaveURL(/\/trades\?symbol=OIL$/);
  await expect(count(page)).toHaveText('1 trade');
});

test('equity and drawdown share their crosshair; ratios say what they come of', async ({ page, board }) => {
  await board.send(...book());
  await open(page, '/portfolio');
  const plots = page.locator('.curve .ch-plot');
  await expect(plots).toHaveCount(2);
  await plots.first().focus();
  await page.keyboard.press('End');
  await expect(page.locator('.curve .ch-readout')).toHaveCount(2);
  await page.keyboard.press('Escape');
  await expect(page.locator('.curve .ch-readout')).toHaveCount(0);
  await expect(page.locator('.moved')).toContainText('+100,000.00');
  const ratios = card(page, 'Return and risk');
  await expect(ratios).toContainText(/From 6 daily returns since/);
  await expect(ratios.locator('dd').nth(1)).toHaveText(/^-?\d+\.\d\d$/);

  const box = (await plots.first().boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 60, { steps: 4 });
  await expect(page.locator('.curve .ch-brush'), 'both show what is selected').toHaveCount(2);
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*to=/);
});

test('what is not yet known is not made up', async ({ page, board }) => {
  await board.send(paid(1_000), trade('X', 'buy', 1, 100));
  await open(page, '/portfolio');
  await expect(card(page, 'Return and risk').locator('dd').nth(1)).toHaveText('not yet known: takes two daily returns');
  await expect(card(page, /^Profit today/).locator('.big')).toHaveText('0.00');
});

test('accounts and currencies are chosen in the address; what cannot be converted is said', async ({ page, board }) => {
  await board.send(...book(), paid(1_000, { currency: 'EUR', account: 'second' }), trade('SAP', 'buy', 2, 150, { currency: 'EUR', account: 'second' }));
  await open(page, '/portfolio');
  await expect(page.locator('.rates')).toContainText('Kept apart: 1,000.00 EUR (cash 700.00, positions 300.00): no EUR-USD price is known');
  await page.getByLabel('Account').selectOption('second');
  await expect(page).toHaveURL(/account=second/);
  await expect(symbols(page, 'positions')).toHaveText(['SAP']);
  await expect(card(page, /^Value/).locator('.big')).toHaveText('0.00 USD');
  await page.getByLabel('Currency').selectOption('EUR');
  await expect(page).toHaveURL(/currency=EUR/);
  await expect(card(page, /^Value/).locator('.big')).toHaveText('1,000.00 EUR');
  await board.send(priced('SAP', 160));
  await expect(card(page, /^Value/).locator('.big'), 'a chosen account is live').toHaveText('1,020.00 EUR');

  await board.send(priced('EUR-USD', '1.1'));
  await page.getByLabel('Account').selectOption('');
  await page.getByLabel('Currency').selectOption('');
  await expect(card(page, /^Value/).locator('.big')).toHaveText('105,200.12 USD');
  await expect(page.locator('.rates')).toContainText('1 EUR = 1.10 USD');
});

test('a late trade is folded in by its own time, and the correction is listed', async ({ page, board }) => {
  await board.send(...book());
  await open(page, '/portfolio');
  await expect(card(page, 'Corrections')).toHaveCount(0);
  await board.send(trade('AAPL', 'buy', 10, 190, { ago: 6 * 24 * HOUR, trade: 'forgotten' }));
  await expect(card(page, 'Corrections')).toContainText('1 late trade moved realised profit by +101.00 USD.');
  await expect(card(page, 'Corrections')).toContainText('forgotten');
  await expect(card(page, /^Realised/).locator('.big')).toHaveText('+897.00');
});

test('trades come in on top, live; further down they wait', async ({ page, board }) => {
  await board.send(...Array.from({ length: 150 }, (_, i) => trade('X', 'buy', 1, 100 + i, { ago: (200 - i) * MINUTE })));
  await open(page, '/trades');
  await mark(page);
  await expect(count(page)).toHaveText('150 trades');
  await board.send(trade('NEW', 'sell', 2, 50, { strategy: 'momentum' }));
  await expect(symbols(page, 'trades').first()).toHaveText('NEW');
  await expect(page.locator('table.trades tbody:not(.spacer) tr').first()).toHaveClass('hit-odd');
  await expect(page.locator('table.trades tbody:not(.spacer) tr').first().locator('.side')).toContainText('sell');
  await expect(count(page)).toHaveText('151 trades');

  await page.evaluate(() => window.scrollTo(0, 2_000));
  const seen = symbols(page, 'trades').nth(20);
  await expect(seen).toBeInViewport();
  const before = await seen.evaluate((row) => [row.closest('tr')!.textContent, row.getBoundingClientRect().top]);
  await board.send(trade('NEWER', 'buy', 1, 60), trade('NEWEST', 'buy', 1, 61));
  await expect(page.getByRole('button', { name: '2 new' })).toBeVisible();
  expect(await seen.evaluate((row) => [row.closest('tr')!.textContent, row.getBoundingClientRect().top]), 'nothing moved').toEqual(before);
  await page.getByRole('button', { name: '2 new' }).click();
  await expect(symbols(page, 'trades').first()).toHaveText('NEWEST');
  await expect(symbols(page, 'trades').first()).toBeInViewport();
  await expect(count(page)).toHaveText('153 trades');
  await unbroken(page);
});

test('filters stand in the address, survive a reload, and hold for what comes in', async ({ page, board }) => {
  await board.send(...book());
  await open(page, '/trades');
  await mark(page);
  await expect(count(page)).toHaveText('4 trades');
  await page.getByRole('searchbox').fill('AAPL');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\?symbol=AAPL$/);
  await expect(count(page)).toHaveText('2 trades');
  await page.getByLabel('Side').selectOption('sell');
  await expect(count(page)).toHaveText('1 trade');
  await unbroken(page);
  await page.reload();
  await expect(count(page)).toHaveText('1 trade');
  await expect(page.getByLabel('Side')).toHaveValue('sell');
  await expect(page.locator('.conn [role=status]')).toHaveText('Live');
  await board.send(trade('AAPL', 'buy', 1, 222), trade('BTC-USD', 'sell', '0.1', 64_000), trade('AAPL', 'sell', 5, 223));
  await expect(count(page)).toHaveText('2 trades');
  await expect(page.locator('table.trades tbody:not(.spacer) tr').first()).toContainText('1,115.00');
  const link = page.getByRole('link', { name: 'As CSV' });
  await expect(link).toHaveAttribute('href', '/api/v1/trades?symbol=AAPL&side=sell&format=csv');
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
  expect(file.suggestedFilename()).toContain('.csv');

  await page.goto(`/trades?start_time=${ago(90 * MINUTE).slice(0, 16)}&end_time=${ago(30 * MINUTE).slice(0, 16)}`);
  await expect(symbols(page, 'trades')).toHaveText(['OIL']);
  await page.goto('/trades?strategy=nobody');
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(count(page)).toHaveText('7 trades');
});

test('a file of trades is taken in, its columns matched and its bad lines told', async ({ page, board }) => {
  await open(page, '/trades');
  await page.getByText('Import trades from a CSV file').click();
  const csv = ['when,Instrument,side,quantity,price', `${ago(HOUR)},BTC-USD,buy,0.25,60000`, `${ago(HOUR)},BTC-USD,hold,1,60000`, `${ago(MINUTE)},AAPL,buy,10,200`];
  await page.locator('input[type=file]').setInputFiles({ name: 'fills.csv', mimeType: 'text/csv', buffer: Buffer.from(csv.join('\n')) });
  await expect(page.locator('.import')).toContainText('fills.csv has the columns when, Instrument, side, quantity, price.');
  await page.getByLabel('symbol', { exact: true }).selectOption('Instrument');
  await page.getByLabel('time', { exact: true }).selectOption('when');
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(page.locator('.import')).toContainText('2 accepted, 0 there already, 1 rejected');
  await expect(page.getByRole('table', { name: 'Rejected lines' }).getByRole('row').nth(1)).toContainText(/3.*side/);
  await expect(count(page)).toHaveText('2 trades');
  await expect(symbols(page, 'trades')).toHaveText(['AAPL', 'BTC-USD']);
});

test.describe('those who may not', () => {
  test.use({ expected: refused(401, 403) });

  test('see a gate, and no import', async ({ page, board }) => {
    await board.send(...book());
    await close(board);
    await board.call('/api/v1/roles', { name: 'blotter', permissions: ['view_trades'] });
    await user(board, 'theo', 'blotter');
    await enter(page, 'theo', '/trades');
    await expect(count(page)).toHaveText('4 trades');
    await expect(page.locator('.import')).toHaveCount(0);
    await page.goto('/portfolio');
    await expect(page.getByRole('alert')).toContainText('You may not see this page');
    await expect(page.getByRole('alert')).toContainText('view_portfolio');
  });
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false, expected: { console: [/was preloaded using link preload but not used/] } });

  test('both pages read well', async ({ page, board }) => {
    await board.send(...book(), paid(10, { account: 'second' }));
    await page.goto('/portfolio');
    await expect(card(page, /^Value/).locator('.big')).toHaveText('104,088.12 USD');
    await expect(page.locator('.curve svg').first()).toHaveAttribute('aria-label', /latest/);
    await page.getByRole('columnheader', { name: 'Symbol' }).getByRole('link').click();
    await expect(symbols(page, 'positions')).toHaveText(['AAPL', 'BTC-USD', 'OIL']);
    await page.getByLabel('Account').selectOption('second');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page).toHaveURL(/account=second.*sort=symbol/);
    await expect(card(page, /^Value/).locator('.big')).toHaveText('10.00 USD');

    await board.send(...Array.from({ length: 120 }, (_, i) => trade('X', 'buy', 1, 100 + i, { ago: (300 - i) * MINUTE })));
    await page.goto('/trades');
    await expect(count(page)).toHaveText('124 trades');
    await expect(symbols(page, 'trades')).toHaveCount(100);
    await page.getByRole('link', { name: 'Next page' }).click();
    await expect(symbols(page, 'trades')).toHaveCount(24);
    await page.goto('/trades?symbol=AAPL');
    await expect(count(page)).toHaveText('2 trades');
  });
});

test.describe('a hundred thousand trades', () => {
  test.setTimeout(240_000);

  test('draw only the rows in sight', async ({ page, board }) => {
    const at = Date.now() - 100_000_000;
    for (let from = 0; from < 100_000; from += 5_000) {
      await board.send(...Array.from({ length: 5_000 }, (_, i) => ({
        ...trade(`S-${(from + i) % 40}`, i % 2 ? 'sell' : 'buy', 1, 100 + (i % 50), { trade: `t-${from + i}` }),
        time: new Date(at + (from + i) * 1_000).toISOString(),
      })));
    }
    await open(page, '/trades');
    await expect(count(page)).toHaveText('100,000 trades');
    await watch(page);
    await scroll(page, 20);
    await expect(page.locator('table.trades td[title="t-0, account default"]')).toBeInViewport();
    expect(await page.locator('table.trades tr').count()).toBeLessThan(200);
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2));
    await expect(page.locator('table.trades td[title="t-50000, account default"]')).toHaveCount(1);
    await expectDrawnAtOnce(page, 2_000);
  });
});
