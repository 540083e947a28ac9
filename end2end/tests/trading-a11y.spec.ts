// The pages of trading for everyone: no barrier that axe can find, none wider than the screen.
import { inspect, type State, tooWide } from '../barriers.ts';
import { type Board, expect, HOUR, open, test } from '../fixtures.ts';
import { book, paid, priced, trade } from '../trading.ts';

const LONG = 'a-symbol-whose-name-is-much-longer-than-anybody-would-choose-but-somebody-did-choose-it';

const at = (path: string): State => ({ name: path, show: (page) => open(page, path) });
const EMPTY = [at('/portfolio'), at('/trades')];
const STATES: State[] = [
  ...EMPTY,
  at('/portfolio?account=second&currency=EUR'),
  at('/trades?strategy=nobody'),
  {
    name: 'an import that is asked about',
    show: async (page) => {
      await open(page, '/trades');
      await page.getByText('Import trades from a CSV file').click();
      const csv = `${LONG},Instrument\n1,2`;
      await page.locator('input[type=file]').setInputFiles({ name: `${LONG}.csv`, mimeType: 'text/csv', buffer: Buffer.from(csv) });
      await expect(page.getByRole('button', { name: 'Import' })).toBeVisible();
    },
  },
];

async function filled(board: Board): Promise<void> {
  await board.send(
    ...book(),
    trade(LONG, 'buy', '123456789.123456789', '98765.4321', { account: LONG, strategy: LONG, order_type: LONG, fees: '123456.789' }),
    trade('SAP', 'buy', 2, 150, { currency: 'EUR', account: 'second' }),
    paid(1_000, { currency: 'EUR', account: 'second' }),
    paid('12345678901234.56'),
    paid(70, { currency: 'CHF' }),
    priced('EUR-USD', '1.1'),
    trade('AAPL', 'buy', 10, 190, { ago: 150 * HOUR, trade: LONG }),
  );
}

test('the pages of trading have no barriers when nothing is there', async ({ page }) => {
  await inspect(page, EMPTY);
});

for (const state of STATES) {
  test(`${state.name} has no barriers`, async ({ page, board }) => {
    await filled(board);
    await inspect(page, [state]);
  });
}

test('no page of trading is wider than the screen', async ({ page, board }) => {
  test.setTimeout(180_000);
  const found = await tooWide(page, EMPTY);
  await filled(board);
  found.push(...(await tooWide(page, STATES)));
  expect(found).toEqual([]);
});

test('all of the navigation is in reach of a thumb', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open(page, '/portfolio');
  const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link').filter({ visible: true });
  expect(await links.count()).toBe(8);
  for (const link of await links.all()) {
    const box = (await link.boundingBox())!;
    expect(box.x, 'in the screen').toBeGreaterThanOrEqual(0);
    expect(box.x + box.width, 'in the screen').toBeLessThanOrEqual(360);
    expect(Math.min(box.width, box.height), 'large enough to touch').toBeGreaterThanOrEqual(40);
  }
});
